"""Slack, by an incoming webhook: a message in one channel that calls one member, with a button that acknowledges.

Whatever comes from outside stands in ``plain_text``, or with ``& < >`` written out, and its links and signs before
names are broken (`plain_text.unlinked`), so that it calls no member, group or channel and nothing is fetched for a
preview; ``unfurl_links`` is off beside that. The one mention there is, is made from the settings.

No signed link stands here: everybody in the channel would act in the name of the member who is called. The button does
not have that fault: Slack says, signed, who pressed it (`incoming/slack.py`).

Slack knows no idempotency key: what was perhaps taken is sent again and may stand there twice.

Sources: Slack, "Sending messages using incoming webhooks", "Block Kit" (bounds of each block), "Rate limits".
"""

from __future__ import annotations

import msgspec

from playbooks.effects.http_answer import by_status
from playbooks.effects.http_post import Answer, Poster
from playbooks.effects.message import Message, Stage
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome
from playbooks.effects.plain_text import clipped, paragraph, unlinked
from playbooks.effects.wording import NO_LINK, facts, marked_subject, place_word
from playbooks.labels import ActionKind, Channel
from playbooks.settings import PlaybookSettings
from playbooks.settings.channels import SlackSettings
from playbooks.settings.people import Person

#: What the button is called between Slack and us.
ACKNOWLEDGE = "firebreak_acknowledge"
#: Slack's bounds: of a header (150), of a section (3,000), of the text beside the blocks (4,000 is advised).
MAX_HEADER_CHARS = 150
#: Less than a section holds: when somebody presses the button Slack sends the whole message back, each sign in up to
#: sixteen bytes, and the console takes no larger body than it needs to.
MAX_TEXT_CHARS = 1_500
MAX_FACTS_CHARS = 800
MAX_FALLBACK_CHARS = 300

#: What Slack says beside a status. Only these words are repeated, for nobody can put a secret into them.
_WORDS = frozenset(
    (
        *("action_prohibited", "channel_is_archived", "channel_not_found", "invalid_blocks", "invalid_payload"),
        *("invalid_token", "no_active_hooks", "no_service", "no_team", "no_text", "posting_to_general_channel_denied"),
        *("rate_limited", "rollup_error", "team_disabled", "too_many_attachments", "user_not_found"),
    )
)
#: The webhook itself is gone or forbidden: somebody has to make a new one.
_REVOKED = frozenset({"invalid_token", "no_active_hooks", "no_service", "no_team", "team_disabled"})


class Slack:
    """Posts messages. Raises `MissingSecret` where the webhook's address is not there, or is none."""

    channel = Channel.SLACK

    def __init__(self, settings: SlackSettings, *, has_public_url: bool) -> None:
        self._webhook = settings.webhook.read_address("channels.slack.webhook")
        self._poster = Poster("Slack", settings.timeout_s, "what channels.slack.webhook names")
        self._button = settings.signing_secret is not None and has_public_url

    @classmethod
    def opened(cls, settings: PlaybookSettings) -> Slack | None:
        """The effect, or None where ``channels.slack`` is not set."""
        slack = settings.channels.slack
        return cls(slack, has_public_url=settings.console.public_url is not None) if slack else None

    def address(self, person: Person) -> str | None:
        """The member who is called."""
        return person.slack

    async def send(self, message: Message) -> Outcome:
        """Post one message."""

        def understood(answer: Answer) -> Outcome:
            return outcome_of(answer, message.sending_ms)

        body = msgspec.json.encode(payload(message, button=self._button))
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return await self._poster.post(self._webhook.reveal(), body, headers, understood)


def payload(message: Message, *, button: bool) -> dict[str, object]:
    """The message as blocks; `button` says whether a press on one would reach us."""
    subject = unlinked(marked_subject(message))
    text = clipped(unlinked(paragraph(message.notice.text).strip()), MAX_TEXT_CHARS)
    known = " · ".join(("Firebreak", *(f"{name}: {value}" for name, value in facts(message))))
    if message.links is None:
        known = f"{known}\n{NO_LINK}"
    called: dict[str, object] = {"type": "mrkdwn", "text": f"For <@{message.address}>", "verbatim": True}
    blocks: list[dict[str, object]] = [
        {"type": "header", "text": _plain(clipped(subject, MAX_HEADER_CHARS))},
        {"type": "section", "text": called},
    ]
    if text:
        blocks.append({"type": "section", "text": _plain(text)})
    blocks.append({"type": "context", "elements": [_plain(clipped(unlinked(known), MAX_FACTS_CHARS))]})
    if buttons := _buttons(message, button=button):
        blocks.append({"type": "actions", "elements": buttons})
    return {
        "text": f"<@{message.address}> {escaped(clipped(subject, MAX_FALLBACK_CHARS))}",
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str) -> str:
    """`text` with the three signs written out that mean something to Slack.

    >>> escaped("<!channel> R&D")
    '&lt;!channel&gt; R&amp;D'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def outcome_of(answer: Answer, now_ms: int) -> Outcome:
    """What Slack's answer means: a status, and beside it a word.

    >>> outcome_of(Answer(404, None, b"no_service"), 0)
    Failed(reason=<FailedReason.BAD_CREDENTIALS: 'bad_credentials'>, answer='Slack: HTTP 404 no_service')
    """
    said = answer.body.decode("ascii", "replace").strip()
    code = f"Slack: HTTP {answer.status}" + (f" {said}" if said in _WORDS else "")
    outcome = by_status(answer.status, answer.retry_after, now_ms, "Slack")
    match outcome:
        case Delivered() if said == "ok":
            return Delivered(code)
        case Delivered():
            return Failed(FailedReason.NOT_UNDERSTOOD, f"{code} is not Slack's answer")
        case Failed() if said in _REVOKED:
            return Failed(FailedReason.BAD_CREDENTIALS, code)
        case Failed() if said == "action_prohibited":
            # The workspace's own rule, though the status is that of a wrong password.
            return Failed(FailedReason.REFUSED, code)
        case Failed():
            return Failed(outcome.reason, code)
        case _:
            return outcome


def _buttons(message: Message, *, button: bool) -> list[dict[str, object]]:
    links = message.links
    asked = button and message.action is ActionKind.PAGE and message.notice.stage is Stage.OPEN
    own: list[dict[str, object]] = []
    if asked and message.notice.incident:
        acknowledge = {"action_id": ACKNOWLEDGE, "value": message.notice.incident, "style": "primary"}
        own.append({"type": "button", "text": _plain("I have it"), **acknowledge})
    shown = ((place_word(message), links.incident), ("Runbook", links.runbook)) if links else ()
    return own + [
        {"type": "button", "text": _plain(words), "url": address, "action_id": f"firebreak_{words.lower()}"}
        for words, address in shown
        if address
    ]


def _plain(text: str) -> dict[str, object]:
    # Without "emoji": what stands between colons stays as it is.
    return {"type": "plain_text", "text": text, "emoji": False}
