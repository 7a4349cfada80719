"""The gate for proxies: nginx's ``auth_request`` and Envoy's HTTP ``ext_authz`` ask with headers, and go by the status.

200 lets the request go; 403 holds it, 401 is a wrong token, anything else is a refusal too. What stands in the headers
is what the proxy says: it must set each of them itself and pass on none of its client's (docs/gate.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import msgspec
from aiohttp import web
from multidict import CIMultiDictProxy

from detectors.pattern_words import in_words
from playbooks.gate.decision import GateAnswer, GateRequest
from playbooks.gate.objection import Reason
from playbooks.gate.refusal import Refused
from playbooks.labels import GateReason, Verdict
from playbooks.settings.gate import Otherwise

PROXY_PATH: Final = "/v1/gate/ext-auth"
TOKEN_HEADER: Final = "X-Firebreak-Token"  # noqa: S105  # a header's name
#: What a proxy says of a post, by header; the two that hold lists or more are read below.
FIELDS: Final[Mapping[str, str]] = {
    "X-Firebreak-Brand": "brand",
    "X-Firebreak-Platform": "platform",
    "X-Firebreak-Account": "account",
    "X-Firebreak-Campaign": "campaign",
    "X-Firebreak-Actor": "actor",
    "X-Firebreak-Scheduler": "scheduler",
    "X-Firebreak-Run": "run",
}
POST_HEADER: Final = "X-Firebreak-Post-Id"
#: What names the post where the other is not there.
REQUEST_HEADER: Final = "X-Request-Id"
#: The text, percent-encoded UTF-8: a header takes nothing else.
TEXT_HEADER: Final = "X-Firebreak-Text"
TAGS_HEADER: Final = "X-Firebreak-Tags"
AUTOMATED_HEADER: Final = "X-Firebreak-Automated"
ANSWER_HEADER: Final = "X-Firebreak-Decision"
REASONS_HEADER: Final = "X-Firebreak-Reasons"
HOLD_HEADER: Final = "X-Firebreak-Hold"
#: What an older Envoy sends in place of what it should have filled in.
_TEMPLATE: Final = re.compile(r"%[A-Z_]+(\(.*\))?%")


def question_of(headers: CIMultiDictProxy[str]) -> tuple[GateRequest, bool]:
    """The question that a proxy asks, and whether it has the post's text; raises `Refused` where it is none.

    A header that is not there, or empty, leaves the field out, which matches every hold.
    """
    fields: dict[str, object] = {name: said for header, name in FIELDS.items() if (said := _one(headers, header))}
    if tags := _one(headers, TAGS_HEADER):
        fields["tags"] = [tag.strip() for tag in tags.split(",")]
    if automated := _one(headers, AUTOMATED_HEADER):
        fields["automated"] = {"true": True, "false": False}.get(automated.lower(), automated)
    text = _one(headers, TEXT_HEADER)
    try:
        fields["post"] = {
            "id": _one(headers, POST_HEADER) or _one(headers, REQUEST_HEADER),
            "text": unquote(text, errors="strict"),
        }
        return msgspec.convert(fields, GateRequest), bool(text)
    except UnicodeDecodeError:
        raise _refused(f"{TEXT_HEADER} is not percent-encoded UTF-8") from None
    except msgspec.ValidationError as wrong:
        raise _refused(f"the headers are not a question: {in_words(str(wrong))}") from None


def without_text(has_text: bool, says: Otherwise) -> tuple[Reason, ...]:
    """What is against a post whose text the proxy does not know.

    >>> without_text(True, Otherwise.HOLD), without_text(False, Otherwise.ALLOW)
    ((), ())
    """
    if has_text or says is Otherwise.ALLOW:
        return ()
    return (Reason(GateReason.TEXT_NOT_GIVEN, f"The post's text is not known: send {TEXT_HEADER}."),)


def proxy_answer(answer: GateAnswer) -> web.Response:
    """The answer as a status and headers."""
    headers = {
        ANSWER_HEADER: answer.decision.value,
        REASONS_HEADER: ",".join(dict.fromkeys(reason.code.value for reason in answer.reasons)),
        "Cache-Control": "no-store",
    }
    if answer.hold is not None:
        headers[HOLD_HEADER] = answer.hold
    status = HTTPStatus.OK if answer.decision is Verdict.ALLOW else HTTPStatus.FORBIDDEN
    return web.Response(status=status, headers=headers)


def _one(headers: CIMultiDictProxy[str], name: str) -> str:
    said = headers.getall(name, [])
    if len(said) > 1:
        raise _refused(f"{name} is there {len(said)} times; the proxy must set it itself, once")
    value = said[0].strip() if said else ""
    if _TEMPLATE.fullmatch(value):
        raise _refused(f"{name} is {value}: the proxy does not fill it in, so every post would be called the same")
    return value


def _refused(message: str) -> Refused:
    # 403 and not 400: nginx makes a fault of its own of everything but 401 and 403.
    return Refused(HTTPStatus.FORBIDDEN, GateReason.BAD_REQUEST, message)
