"""Asking the gate round a piece of code: a decorator and a context manager, failing closed.

What is guarded runs only after a clear and fresh yes for this very post; anything else raises `NotAllowed`, also that
the gate cannot be reached. A "held" is remembered for a short while, so that a loop does not hammer the gate; a yes
never is.

>>> import asyncio, aiohttp
>>> from playbooks.gate.client import GateClient
>>> from playbooks.gate.decision import GateRequest, OutgoingPost
>>> from playbooks.secret import Secret
>>> async def main() -> str:
...     async with aiohttp.ClientSession() as session:
...         guard = GateGuard(GateClient(session, "http://127.0.0.1:9", Secret("token")))
...         @guard.checked(lambda text: GateRequest(brand="acme", platform="x", post=OutgoingPost(id=text, text=text)))
...         async def publish(text: str) -> str:
...             return f"posted {text}"
...         try:
...             return await publish("Hello")
...         except NotAllowed as no:
...             return no.answer.outcome.value
>>> asyncio.run(main())
'unreachable'
"""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

import msgspec

from playbooks.gate.answer import Answer, Outcome
from playbooks.gate.decision import GateRequest
from playbooks.wall_clock import Clock, now_ms

#: How long a "held" is remembered. Longer spares the gate, and a release is noticed so much later; never a hold.
REMEMBER_MS = 2_000
#: So many posts are remembered.
_MOST = 10_000
#: What does nothing yet when it is called.
_RUN_LATER = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)

P = ParamSpec("P")
T = TypeVar("T")


class NotAllowed(Exception):
    """The post may not go now; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("; ".join(answer.reasons) or answer.outcome.value)
        self.answer = answer


class Asking(Protocol):
    """What `GateClient` does."""

    async def ask(self, request: GateRequest) -> Answer:
        """Whether this one post may go."""


class AskingPlainly(Protocol):
    """What `PlainGateClient` does."""

    def ask(self, request: GateRequest) -> Answer:
        """Whether this one post may go."""


class Remembered:
    """The posts that were held or rejected a short while ago, and why."""

    def __init__(self, for_ms: int = REMEMBER_MS) -> None:
        self._for_ms = for_ms
        self._known: OrderedDict[bytes, tuple[int, Answer]] = OrderedDict()

    def before(self, request: GateRequest, at_ms: int) -> Answer | None:
        """The answer that still counts; never one that lets the post go."""
        until_ms, answer = self._known.get(_key(request), (0, None))
        # A clock that was put back keeps nothing longer than was meant.
        return answer if 0 < until_ms - at_ms <= self._for_ms else None

    def note(self, request: GateRequest, answer: Answer, at_ms: int) -> None:
        """Remember a no that the gate itself gave."""
        if answer.outcome in (Outcome.HELD, Outcome.REJECTED):
            self._known[_key(request)] = at_ms + self._for_ms, answer
            while len(self._known) > _MOST:
                self._known.popitem(last=False)


def _key(request: GateRequest) -> bytes:
    try:
        return msgspec.json.encode(request)
    except UnicodeEncodeError:
        return b""  # a text that is none: the client says no, and that is not remembered


class GateGuard:
    """Guards coroutines. `remember_ms` is how long a "held" counts without asking again."""

    def __init__(self, client: Asking, *, remember_ms: int = REMEMBER_MS, clock: Clock = now_ms) -> None:
        self._client = client
        self._clock = clock
        self._remembered = Remembered(remember_ms)

    @asynccontextmanager
    async def allowed(self, request: GateRequest) -> AsyncIterator[Answer]:
        """The block runs where the post may go; begin with what posts it: the yes is good for a second at most.

        Raises `NotAllowed` otherwise.
        """
        answer = self._remembered.before(request, self._clock())
        if answer is None:
            answer = await self._client.ask(request)
            self._remembered.note(request, answer, self._clock())
        yield _good(answer, self._clock())

    def checked(
        self, request_of: Callable[P, GateRequest]
    ) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
        """A decorator: the coroutine function runs where the post that `request_of` makes of its arguments may go.

        Raises `TypeError` where it is given anything else.
        """

        def decorate(publish: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
            if not _is_kind(inspect.iscoroutinefunction, publish):
                raise TypeError(f"{publish!r} is no 'async def': {PlainGateGuard.__name__} guards ordinary functions")

            @wraps(publish)
            async def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
                async with self.allowed(request_of(*args, **kwargs)):
                    return await publish(*args, **kwargs)

            return guarded

        return decorate


class PlainGateGuard:
    """Guards ordinary functions, as `GateGuard` does coroutines."""

    def __init__(self, client: AskingPlainly, *, remember_ms: int = REMEMBER_MS, clock: Clock = now_ms) -> None:
        self._client = client
        self._clock = clock
        self._remembered = Remembered(remember_ms)

    @contextmanager
    def allowed(self, request: GateRequest) -> Iterator[Answer]:
        """The block runs where the post may go; raises `NotAllowed` otherwise."""
        answer = self._remembered.before(request, self._clock())
        if answer is None:
            answer = self._client.ask(request)
            self._remembered.note(request, answer, self._clock())
        yield _good(answer, self._clock())

    def checked(self, request_of: Callable[P, GateRequest]) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """A decorator: the function runs where the post that `request_of` makes of its arguments may go.

        Raises `TypeError` where it is given a coroutine function or a generator, which runs later than it is called;
        also when a function gives back something that has still to run.
        """

        def decorate(publish: Callable[P, T]) -> Callable[P, T]:
            if any(_is_kind(kind, publish) for kind in _RUN_LATER):
                raise TypeError(
                    f"{publish!r} runs later than it is called, when the yes may be old: "
                    f"{GateGuard.__name__} guards an 'async def', 'allowed' the lines that post"
                )

            @wraps(publish)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
                with self.allowed(request_of(*args, **kwargs)):
                    return _has_run(publish(*args, **kwargs), publish)

            return guarded

        return decorate


def _is_kind(kind: Callable[[object], bool], publish: object) -> bool:
    """Also of an object that is called like a function."""
    return kind(publish) or kind(getattr(type(publish), "__call__", None))  # noqa: B004


def _has_run(result: T, publish: object) -> T:
    if inspect.iscoroutine(result) or inspect.isgenerator(result):
        result.close()
        raise TypeError(f"{publish!r} gave back something that has still to run; it was ended, and nothing guards it")
    return result


def _good(answer: Answer, at_ms: int) -> Answer:
    if answer.good_at(at_ms):
        return answer
    if answer.allowed:
        answer = Answer(Outcome.EXPIRED, ("the gate's yes was no longer good when it was to be used",))
    raise NotAllowed(answer)
