"""The heartbeat: a service outside hears from us while all is well, and pages by another road when it does not.

It speaks as Healthchecks does, and many after it: a POST to a secret address says that all is well, one to the address
with ``/fail`` says that it is not, with the reasons as its body. The service pages when neither comes for longer than
it was told to wait, which is what remains when Firebreak, its machine or its network is gone.

Healthchecks answers 200 also where it took nothing: the body says ``OK (not found)`` or ``OK (rate limited)``. By a
slug it answers 404, 409 and 429. Source: https://healthchecks.io/docs/http_api/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit, urlunsplit

from playbooks.effects.http_answer import by_status
from playbooks.effects.http_post import Answer, Poster
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome, Retry, RetryReason
from playbooks.effects.plain_text import one_line
from playbooks.labels import Role
from playbooks.readiness.finding import Area, Finding, Reason, Weight
from playbooks.readiness.processes import heard
from playbooks.readiness.wording import span
from playbooks.settings import HeartbeatSettings
from playbooks.store.pulses import Pulse

#: Reasons that are told, and how long each may be: the service keeps them and shows them to whoever it pages.
MAX_REASONS = 20
MAX_REASON_CHARS = 500


class Heartbeat:
    """Tells one service. Raises `MissingSecret` where the address is not there, or is none."""

    def __init__(self, settings: HeartbeatSettings) -> None:
        self._url = settings.url.read_address("heartbeat.url")
        self._poster = Poster("the heartbeat's service", settings.timeout_s, "what heartbeat.url names")

    async def beat(self, troubles: Sequence[str], now_ms: int) -> Outcome:
        """Say that all is well, or that it is not."""
        url, body = self._url.reveal(), b""
        if troubles:
            url, body = (
                failing(url),
                "\n".join(one_line(each, MAX_REASON_CHARS) for each in troubles[:MAX_REASONS]).encode(),
            )
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return await self._poster.post(url, body, headers, lambda answer: outcome_of(answer, now_ms))


def failing(url: str) -> str:
    """The address that says that it is not well.

    >>> failing("https://hc-ping.com/1-2?create=1"), failing("https://hc.example.org/ping/1-2/")
    ('https://hc-ping.com/1-2/fail?create=1', 'https://hc.example.org/ping/1-2/fail')
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/fail"))


def outcome_of(answer: Answer, now_ms: int) -> Outcome:
    """What the service's answer means.

    >>> outcome_of(Answer(200, None, b"OK (not found)"), 0).reason.value
    'bad_address'
    """
    taken = by_status(answer.status, answer.retry_after, now_ms, "the heartbeat's service")
    said = answer.body.decode("ascii", "replace").strip().lower()
    match taken:
        case Delivered() if said == "ok (not found)":
            return Failed(FailedReason.BAD_ADDRESS, "the heartbeat's service does not know the address (not found)")
        case Delivered() if said == "ok (rate limited)":
            return Retry(RetryReason.BUSY, "the heartbeat's service takes no more at this rate (rate limited)")
        case Retry() | Failed() if answer.status in (404, 409):
            # Of a slug that nobody or that several checks have.
            return Failed(FailedReason.BAD_ADDRESS, f"{taken.answer}: it knows no single check by the address")
        case _:
            return taken


def heartbeat_findings(settings: HeartbeatSettings | None, pulses: Sequence[Pulse], now_ms: int) -> Iterator[Finding]:
    """What is found about the heartbeat, by what the runners say of it."""
    if settings is None:
        text = "Nobody outside would notice if Firebreak itself were gone: no heartbeat is set up."
        to_do = "Set heartbeat.url (docs/readiness.md), or route the alert FirebreakWatchdog to such a service."
        yield _found(Weight.LOOK, Reason.NO_HEARTBEAT, text, to_do)
        return
    runners = heard(pulses, Role.RUNNER, now_ms).alive
    taken = max((one.reached_ms for one in runners if one.reached_ms is not None), default=None)
    late_ms = int(settings.every_s * 3_000)
    if taken is not None and now_ms - taken <= late_ms:
        text = f"The heartbeat was taken {span(max(0, now_ms - taken))} ago."
        yield _found(Weight.WELL, Reason.HEARTBEAT_TAKEN, text, "")
        return
    since = "yet" if taken is None else f"for {span(now_ms - taken)}"
    text = f"No heartbeat has been taken {since}: either something is not well, or its service refuses it."
    yield _found(Weight.LOOK, Reason.HEARTBEAT_NOT_TAKEN, text, "See what else is found here, and the runner's log.")


def _found(weight: Weight, reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=weight, area=Area.HEARTBEAT, reason=reason, text=text, to_do=to_do)
