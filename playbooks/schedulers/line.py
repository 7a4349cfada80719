"""The line to a scheduler's API: JSON over HTTP, its clock beside ours, and what its statuses mean."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from detectors.mention import to_ms
from playbooks.effects.http_answer import retry_after_s
from playbooks.effects.http_post import Answer, Poster
from playbooks.effects.outcome import Failed, Retry, RetryReason
from playbooks.schedulers.post import Found, Look, Trouble, Why
from playbooks.wall_clock import Clock

#: A page of posts may be long: a hundred long ones with their pictures' addresses.
MAX_PAGE_BYTES = 8 * 1024 * 1024
#: More pages than this are not a list that ends.
MAX_PAGES = 500

#: How many posts are asked for, or stopped, at once.
AT_ONCE = 4
#: What one post is answered with, every other would be too.
_FOR_ALL = (Why.BUSY, Why.BAD_CREDENTIALS, Why.UNREACHABLE)

T = TypeVar("T")
R = TypeVar("R")
C = TypeVar("C")
Query = Mapping[str, str] | Sequence[tuple[str, str]]

_NO_ANSWER = {RetryReason.UNREACHABLE: Why.UNREACHABLE, RetryReason.NO_ANSWER: Why.NO_ANSWER}
_LATER = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever its status. `data` is its JSON, None where there is none that can be read."""

    status: int
    data: Any
    after_s: float | None = None

    @property
    def good(self) -> bool:
        """Whether the status says yes.

        >>> Reply(204, None).good, Reply(302, None).good
        (True, False)
        """
        return 200 <= self.status <= 299


class Broke(Exception):
    """A scheduler did not do, or did not say, what was asked. Caught in this package; it never leaves it."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.answer)
        self.trouble = trouble


class Line:
    """Asks one API. `name` is whose, for what people read; `headers` sign in and are in no error.

    `wrong` says what an answer means that is no yes, or a yes that is none; without it, the status does.
    `ahead_ms` is how far its clock was ahead of ours at the last answer that told.
    """

    def __init__(
        self,
        name: str,
        url: str,
        headers: Mapping[str, str],
        timeout_s: float,
        clock: Clock,
        wrong: Callable[[Reply], Trouble | None] | None = None,
    ) -> None:
        self.name = name
        self.ahead_ms: int | None = None
        self._url = url.rstrip("/")
        self._headers = {"Accept": "application/json", **headers}
        self._clock = clock
        self._wrong = wrong or self.by_status
        self._poster = Poster(name, timeout_s, "the scheduler's url", max_bytes=MAX_PAGE_BYTES)

    def now_ms(self) -> int:
        """The time by the scheduler's clock, as far as it is known."""
        return self._clock() + (self.ahead_ms or 0)

    async def ask(
        self,
        method: str,
        path: str,
        query: Query = (),
        body: object = None,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON in the answer to one request with `body` (as JSON) or a `form`. Raises `Broke`."""
        url = f"{self._url}{path}" + (f"?{urlencode(query)}" if query else "")
        sent, kind = _encoded(body, form)
        asked_ms = self._clock()
        said = await self._poster.ask(method, url, sent, {**self._headers, **kind, **(headers or {})})
        match said:
            case Answer():
                self._compare(said.date, asked_ms, self._clock())
                reply = Reply(said.status, _json(said.body), retry_after_s(said.retry_after, self.now_ms()))
                if (trouble := self._wrong(reply)) is not None:
                    raise Broke(trouble)
                return reply.data
            case Retry():
                raise Broke(Trouble(_NO_ANSWER.get(said.reason, Why.NOT_UNDERSTOOD), said.answer))
            case Failed():
                raise Broke(Trouble(Why.NOT_UNDERSTOOD, said.answer))

    def by_status(self, reply: Reply, code: str = "", why: Why | None = None) -> Trouble | None:
        """What the status says is wrong; None where nothing is. `code` and `why` are what the answer says beside it.

        >>> Line("Acme", "", {}, 1.0, lambda: 0).by_status(Reply(429, None, 7.0))
        Trouble(why=<Why.BUSY: 'busy'>, answer='Acme: HTTP 429', after_s=7.0)
        """
        if reply.good and why is None:
            return None
        said = f"{self.name}: HTTP {reply.status}" + (f", {code}" if code else "")
        return Trouble(why or _why(reply.status), said, reply.after_s)

    def not_understood(self, what: str) -> Broke:
        """To raise where an answer is not what the API documents."""
        return Broke(Trouble(Why.NOT_UNDERSTOOD, f"{self.name}: {what}"))

    def _compare(self, date: str, asked_ms: int, answered_ms: int) -> None:
        # To the second, as HTTP tells it.
        try:
            moment = parsedate_to_datetime(date)
        except ValueError:
            return
        theirs_ms = to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        self.ahead_ms = theirs_ms + 500 - (asked_ms + answered_ms) // 2


async def read_all(
    line: Line, page: Callable[[C | None], Awaitable[tuple[list[Found], C | None]]], *, first_only: bool = False
) -> Look:
    """Everything that `page` hands over: it is called with None first, then with what it says comes next.

    With `first_only` it is called once. Where a page cannot be read, what was read before it, with the trouble.
    """
    found: list[Found] = []
    follows: C | None = None
    for _ in range(MAX_PAGES):
        try:
            more, follows = await page(follows)
        except Broke as broke:
            return Look(tuple(found), broke.trouble, line.ahead_ms)
        found += more
        if follows is None or first_only:
            return Look(tuple(found), None, line.ahead_ms)
    return Look(tuple(found), line.not_understood("a list without an end").trouble, line.ahead_ms)


async def in_turn(things: Sequence[T], act: Callable[[T], Awaitable[R]]) -> list[R | Trouble]:
    """What `act` makes of each, a few at a time and in order; what is a trouble for all is not asked for again."""

    async def safely(thing: T) -> R | Trouble:
        try:
            return await act(thing)
        except Broke as broke:
            return broke.trouble

    found: list[R | Trouble] = []
    for begin in range(0, len(things), AT_ONCE):
        found += await asyncio.gather(*(safely(each) for each in things[begin : begin + AT_ONCE]))
        over = next((each for each in found[begin:] if isinstance(each, Trouble) and each.why in _FOR_ALL), None)
        if over is not None:
            return found + [over] * (len(things) - len(found))
    return found


def moment_ms(written: object) -> int | None:
    """The moment that an API wrote as RFC 3339, or in seconds since 1970; None where it is none.

    >>> moment_ms("1970-01-01T00:00:01.500Z"), moment_ms(2), moment_ms("1970-01-01T01:00:00+01:00"), moment_ms("soon")
    (1500, 2000, 0, None)
    """
    if isinstance(written, int) and not isinstance(written, bool):
        return written * 1000
    if not isinstance(written, str):
        return None
    try:
        moment = datetime.fromisoformat(written.replace("+0000", "+00:00"))
    except ValueError:
        return None
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def written(at_ms: int) -> str:
    """A moment as APIs take it, to the second.

    >>> written(1_500)
    '1970-01-01T00:00:01Z'
    """
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _why(status: int) -> Why:
    if status in _LATER:
        return Why.BUSY
    if status in (401, 403, 407):
        return Why.BAD_CREDENTIALS
    if status in (404, 410):
        return Why.NOT_THERE
    if status >= 500:
        return Why.SERVER_FAULT
    return Why.REFUSED if status >= 400 else Why.NOT_UNDERSTOOD


def _encoded(body: object, form: Mapping[str, str] | None) -> tuple[bytes, dict[str, str]]:
    if form is not None:
        return urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    if body is None:
        return b"", {}
    return msgspec.json.encode(body), {"Content-Type": "application/json;charset=utf-8"}


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
