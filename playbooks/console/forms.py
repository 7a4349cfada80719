"""What a browser sends in: a small form, with the token that only a page of ours can have given it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from aiohttp import web

from playbooks.console.words import zone_shown
from playbooks.oncall.zone import moment_ms
from playbooks.request_body import Unreadable, receive_body

MAX_FORM_BYTES = 64 * 1024
MAX_FIELDS = 20
FORM_TIMEOUT_S = 5.0
CSRF = "csrf"


class BadForm(Exception):
    """The form cannot be taken; the message is for the person who sent it."""


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a form; raises `BadForm`. A field that is there twice counts as its first."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadForm("This is not a form of the console's.")
    try:
        body = await receive_body(request, FORM_TIMEOUT_S)
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except TimeoutError:
        raise BadForm("The form did not arrive in time.") from None
    except (Unreadable, ValueError):
        raise BadForm("The form cannot be read.") from None
    return dict(reversed(fields))


def moment_of(field: str) -> int | None:
    """A moment as a browser's field for it gives it, by the clocks of whoever looks; None for an empty one.

    Raises `BadForm`.

    >>> moment_of("2026-02-02T02:40"), moment_of("")
    (1770000000000, None)
    """
    if not field:
        return None
    try:
        at = datetime.fromisoformat(field)
        return moment_ms(at, zone_shown()) if at.tzinfo is None else int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise BadForm("That is no moment.") from None


def csrf_token(session: str) -> str:
    """The token for the forms of a session; who does not know the session's secret cannot make it.

    >>> csrf_token("secret") == csrf_token("secret") != csrf_token("another")
    True
    """
    return hmac.new(session.encode(), b"firebreak console form", hashlib.sha256).hexdigest()


def check_csrf(form: Mapping[str, str], session: str) -> None:
    """Raises `BadForm` where the form does not carry the token of `session`."""
    if not hmac.compare_digest(form.get(CSRF, "").encode(), csrf_token(session).encode()):
        raise BadForm("This form is from another session. Go back, reload the page and try again.")
