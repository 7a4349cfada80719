"""Texts and calls by Twilio's REST API, and what Twilio is asked to report of them later.

Twilio's yes means that it took the message (``201``, ``queued``). Whether it reached the telephone Twilio reports to
the ``StatusCallback``, an address of the console's that names the row of the ledger (`incoming/twilio.py`); without a
public address nobody reports, and the ledger goes on saying "accepted".

Twilio knows no idempotency key for what is sent to it: what was perhaps taken is sent again, and may come twice.

Sources: Twilio, "Messages resource", "Calls resource", "TwiML: Gather, Say", "Error and warning dictionary".
"""

from __future__ import annotations

from typing import assert_never
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from playbooks.effects.check import Checked
from playbooks.effects.http_answer import by_status, retry_after_s
from playbooks.effects.http_post import Answer, Poster, basic, json_object
from playbooks.effects.message import Message, Stage
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome, Retry, RetryReason
from playbooks.effects.plain_text import clipped, one_line, unlinked
from playbooks.effects.wording import marked_subject
from playbooks.labels import ActionKind, Channel
from playbooks.settings import PlaybookSettings
from playbooks.settings.channels import TwilioSettings
from playbooks.settings.people import Person

ACCOUNT = "/2010-04-01/Accounts/{account}.json"
API = "/2010-04-01/Accounts/{account}/{resource}.json"
#: Where Twilio reports to, and where it asks what a digit means, below the console's public address.
REPORT_PATH = "/in/twilio/report"
DIGIT_PATH = "/in/twilio/digit"
ACKNOWLEDGE_DIGIT = "4"

#: Longer texts go out in many parts; Twilio takes 1,600 characters.
MAX_SUBJECT_CHARS = 300
MAX_SPOKEN_CHARS = 500
RING_S = 40
NO_LINK_SHORT = "No link: Firebreak has no public address."

#: Twilio's error codes that say more than the status beside them.
_NUMBER = frozenset({21211, 21214, 21217, 21265, 21401, 21407, 21421, 21604, 21612, 21614, 13223, 13224})
_SIGN_IN = frozenset({20003, 20005, 20006, 20008, 20404, 21210, 21212, 21606, 21659, 21660})
_LATER = frozenset({20429, 21611, 14107, 30001, 63017})


class Twilio:
    """Signs in to one account and posts. Raises `MissingSecret` where the auth token is not there."""

    def __init__(self, settings: TwilioSettings, public_url: str | None) -> None:
        self.settings = settings
        self.public_url = public_url.rstrip("/") if public_url else None
        self._token = settings.token.read("channels.twilio.token")
        self._poster = Poster("Twilio", settings.timeout_s, "channels.twilio.url")

    async def create(self, resource: str, form: dict[str, str], now_ms: int) -> Outcome:
        """Make a message or a call."""

        def understood(answer: Answer) -> Outcome:
            return outcome_of(answer, now_ms)

        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": basic(self.settings.account, self._token),
            "Accept": "application/json",
        }
        url = self.settings.url.rstrip("/") + API.format(account=self.settings.account, resource=resource)
        return await self._poster.post(url, urlencode(form).encode(), headers, understood)

    async def check(self) -> Checked:
        """Ask for the account itself: it takes our token, and it is active."""
        headers = {"Authorization": basic(self.settings.account, self._token), "Accept": "application/json"}
        url = self.settings.url.rstrip("/") + ACCOUNT.format(account=self.settings.account)
        said = await self._poster.ask("GET", url, b"", headers)
        return Checked(account_of(said), said.date) if isinstance(said, Answer) else Checked(said)

    def callback(self, path: str, message: Message, channel: Channel) -> str | None:
        """An address of ours that Twilio asks or reports to about `message`; None without a public address."""
        if self.public_url is None:
            return None
        of = message.reference
        named = {"of": of.action, "try": str(of.attempt), "to": of.person, "by": channel.value}
        named["incident"] = message.notice.incident
        # Spelt so that no proxy spells it otherwise: the signature is over the address as it is written.
        return f"{self.public_url}{path}?{urlencode(named, safe=':')}"


class Texts:
    """Sends texts (SMS)."""

    channel = Channel.SMS

    def __init__(self, twilio: Twilio, sender: str) -> None:
        self._twilio = twilio
        self._sender = sender

    @classmethod
    def opened(cls, settings: PlaybookSettings) -> Texts | None:
        """The effect, or None where ``channels.twilio`` or its ``sms_from`` is not set."""
        twilio = settings.channels.twilio
        if twilio is None or twilio.sms_from is None:
            return None
        return cls(Twilio(twilio, settings.console.public_url), twilio.sms_from)

    def address(self, person: Person) -> str | None:
        """Their telephone number for texts."""
        return person.sms

    async def check(self) -> Checked:
        """Ask Twilio for the account."""
        return await self._twilio.check()

    async def send(self, message: Message) -> Outcome:
        """Send one text."""
        form = {"To": message.address, "From": self._sender, "Body": text(message)}
        if (report := self._twilio.callback(REPORT_PATH, message, self.channel)) is not None:
            form["StatusCallback"] = report
        return await self._twilio.create("Messages", form, message.sending_ms)


class Calls:
    """Calls people and reads the subject to them; a digit acknowledges."""

    channel = Channel.VOICE

    def __init__(self, twilio: Twilio, caller: str) -> None:
        self._twilio = twilio
        self._caller = caller

    @classmethod
    def opened(cls, settings: PlaybookSettings) -> Calls | None:
        """The effect, or None where ``channels.twilio`` or its ``voice_from`` is not set."""
        twilio = settings.channels.twilio
        if twilio is None or twilio.voice_from is None:
            return None
        return cls(Twilio(twilio, settings.console.public_url), twilio.voice_from)

    def address(self, person: Person) -> str | None:
        """Their telephone number for calls."""
        return person.voice

    async def check(self) -> Checked:
        """Ask Twilio for the account."""
        return await self._twilio.check()

    async def send(self, message: Message) -> Outcome:
        """Make one call."""
        digit = self._twilio.callback(DIGIT_PATH, message, self.channel)
        form = {
            "To": message.address,
            "From": self._caller,
            "Timeout": str(RING_S),
            "Twiml": spoken(message, digit),
        }
        if (report := self._twilio.callback(REPORT_PATH, message, self.channel)) is not None:
            form |= {"StatusCallback": report, "StatusCallbackMethod": "POST"}
        return await self._twilio.create("Calls", form, message.sending_ms)


def text(message: Message) -> str:
    """A text: what it is about, and the one link that matters most, whole."""
    said = clipped(unlinked(marked_subject(message, MAX_SUBJECT_CHARS)), MAX_SUBJECT_CHARS)
    links = message.links
    if links is None:
        return f"{said}\n{NO_LINK_SHORT}"
    if links.confirm:
        return f"{said}\nOnly a test. Press to confirm that it reached you: {links.confirm}"
    return f"{said}\nI have it: {links.acknowledge}" if links.acknowledge else f"{said}\n{links.incident}"


def spoken(message: Message, digit_url: str | None) -> str:
    """What a call says, as TwiML. It is said twice; `digit_url` is where a digit goes, None where it would be lost.

    Text from outside is only text in it: what would be a tag is read out.
    """
    drill = "Drill. This is a drill. Nothing of it is real. " if message.is_drill else ""
    said = escape(one_line(f"{drill}Firebreak calls. {unlinked(message.notice.subject)}", MAX_SPOKEN_CHARS))
    asked = message.action is ActionKind.PAGE and message.notice.stage is Stage.OPEN
    if digit_url is None or not asked or not message.notice.incident:
        end = " Sign in to the console to acknowledge." if asked else ""
        return f'<Response><Say loop="2">{said}{end}</Say></Response>'
    press = f" Press {ACKNOWLEDGE_DIGIT} if you have it."
    gather = f'<Gather numDigits="1" timeout="8" action={quoteattr(digit_url)} method="POST">'
    return f"<Response>{gather}<Say>{said}{press}</Say><Say>{said}{press}</Say></Gather></Response>"


def account_of(answer: Answer) -> Outcome:
    """What Twilio's answer about the account means.

    >>> account_of(Answer(200, None, b'{"status": "suspended"}'))
    Failed(reason=<FailedReason.REFUSED: 'refused'>, answer='Twilio: the account is suspended')
    """
    said = json_object(answer.body)
    if answer.status != 200:
        return outcome_of(answer, 0)
    match said.get("status"):
        case "active":
            return Delivered("Twilio lets us in, and the account is active")
        case "suspended" | "closed" as status:
            return Failed(FailedReason.REFUSED, f"Twilio: the account is {status}")
        case _:
            return Failed(FailedReason.NOT_UNDERSTOOD, "Twilio: HTTP 200 is not Twilio's answer")


def outcome_of(answer: Answer, now_ms: int) -> Outcome:
    """What Twilio's answer means. Its error codes are numbers and are repeated; its words are not.

    >>> outcome_of(Answer(400, None, b'{"code": 21211, "message": "The number +1 is not valid"}'), 0)
    Failed(reason=<FailedReason.BAD_ADDRESS: 'bad_address'>, answer='Twilio: HTTP 400, error 21211')
    """
    said = json_object(answer.body)
    number = said.get("code")
    error = number if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 100_000 else 0
    code = f"Twilio: HTTP {answer.status}" + (f", error {error}" if error else "")
    outcome = by_status(answer.status, answer.retry_after, now_ms, "Twilio")
    match outcome:
        case Delivered():
            if isinstance(said.get("sid"), str):
                return Delivered(code)
            return Failed(FailedReason.NOT_UNDERSTOOD, f"{code} is not Twilio's answer")
        case Retry():
            return Retry(outcome.reason, code, outcome.after_s)
        case Failed() if error in _LATER:
            return Retry(RetryReason.BUSY, code, retry_after_s(answer.retry_after, now_ms))
        case Failed() if error in _NUMBER:
            return Failed(FailedReason.BAD_ADDRESS, code)
        case Failed():
            return Failed(FailedReason.BAD_CREDENTIALS if error in _SIGN_IN else outcome.reason, code)
        case _:
            assert_never(outcome)
