"""Bluesky: the posts of the whole network, as Jetstream streams them, searched for the configured brands.

One task reads frames, one sends mentions; between them is a bounded queue. While Kafka is slow the queue fills and
the socket is not read, so the server waits, or drops us and we come back to where we were. The cursor is written to
the store only after Kafka has acknowledged everything before it: after a crash posts are read again, none is missed,
and repeats are dropped downstream.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import Any, Final

import websockets
from websockets.asyncio.client import ClientConnection, connect

from detectors.mention import Mention, rfc3339
from playbooks import telemetry
from playbooks.delivery.backoff import wait_s
from playbooks.labels import Role, SourceName, WaitCause
from playbooks.store.cursors import read_cursor, write_cursor
from playbooks.store.engine import StoreUnreachable
from streams.settings import Settings
from streams.sources.bluesky_post import deletion
from streams.sources.jetstream import (
    AHEAD_US,
    AuthorGone,
    BadFrame,
    Frame,
    Mentions,
    Notice,
    PostGone,
    Refusal,
    read_frame,
    speaks_v2,
    subscribe_url,
)
from streams.sources.process import Surroundings, run_source
from streams.sources.resume import Gap, resume, starts_late
from streams.sources.sent import Sent
from streams.sources.terms import Terms
from streams.together import first_of

log = logging.getLogger(__name__)

QUEUED_FRAMES: Final = 2_000
BATCH_FRAMES: Final = 500
#: The server is asked to leave out larger frames; one that sends them all the same is cut off.
SOCKET_BYTES: Final = 4 * 1024 * 1024
SOCKET_FRAMES: Final = 32
IDLE_S: Final = 20.0
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 60.0
CURSOR_EVERY_S: Final = 1.0
CURSOR_DIGITS: Final = 16
WATCH_EVERY_S: Final = 1.0
SILENT_S: Final = 60.0
GAP_SHOWN_S: Final = 3_600.0
SUBPROTOCOL: Final = websockets.Subprotocol("xrpc.v1.json")

_CONNECTION_ERRORS: Final = (OSError, TimeoutError, websockets.WebSocketException)


async def run_bluesky(settings: Settings, stop: asyncio.Event) -> None:
    """Follow Jetstream until `stop` is set; raises `SettingsError` where no brand has terms."""
    terms = Terms(settings.brands)

    async def work(around: Surroundings) -> None:
        await Follower(around, terms).follow()

    await run_source(SourceName.BLUESKY, settings, settings.sources.bluesky.metrics_port, stop, work)


class Refused(Exception):
    """The server ended the stream and said why."""


class Follower:
    """One following of the stream, from the cursor in the store until it is stopped or cancelled."""

    def __init__(self, around: Surroundings, terms: Terms) -> None:
        self._around = around
        self._settings = around.settings.sources.bluesky
        self._terms = terms
        self._sent = Sent(self._settings.remembered_posts)
        self._queue: asyncio.Queue[Frame] = asyncio.Queue(QUEUED_FRAMES)
        self._read_us: int | None = None
        self._acknowledged_us: int | None = None
        self._written_us: int | None = None

    async def follow(self) -> None:
        """Read and send until told to stop, then write down how far it came."""
        stored = await asyncio.to_thread(read_cursor, self._around.engine, self._around.name)
        if stored is not None and stored.cursor.isdecimal():
            self._read_us = int(stored.cursor[:CURSOR_DIGITS])
        await first_of(self._read(), self._send(), self._watch(), self._around.stop.wait())
        await self._write_cursor()

    async def _watch(self) -> None:
        """Show how far behind the clock the stream is, and that nothing comes: silence is not calm."""
        last_us, since = self._read_us, time.monotonic()
        while True:
            if self._read_us != last_us:
                last_us, since = self._read_us, time.monotonic()
            if last_us is not None:
                telemetry.SOURCE_LAG.labels(source=self._around.name).set(max(0.0, (_now_us() - last_us) / 1e6))
            silent_s = time.monotonic() - since
            why = f"nothing has come from {self._settings.url} for {silent_s:.0f} s" if silent_s > SILENT_S else None
            self._around.conditions.say("silence", why)
            await asyncio.sleep(WATCH_EVERY_S)

    # --- reading

    async def _read(self) -> None:
        tries = 0
        while True:
            asked_us = self._resume()
            before_us = self._read_us
            why = await self._session(asked_us)
            telemetry.SOURCE_RECONNECTS.labels(source=self._around.name).inc()
            telemetry.SURROUNDINGS_WAITS.labels(role=Role.SOURCE, cause=WaitCause.UPSTREAM).inc()
            tries = 1 if self._read_us != before_us else tries + 1
            pause_s = wait_s(tries, random.random(), FIRST_WAIT_S, LONGEST_WAIT_S)  # noqa: S311
            self._around.conditions.say("upstream", f"not connected to {self._settings.url}: {why}")
            log.warning("%s: %s; again in %.1f s", self._around.name, why, pause_s)
            await asyncio.sleep(pause_s)

    def _resume(self) -> int | None:
        settings = self._settings
        age_us, rewind_us = int(settings.max_cursor_age_h * 3_600e6), int(settings.rewind_s * 1e6)
        asked = resume(self._read_us, _now_us(), age_us, AHEAD_US, rewind_us)
        if asked.gap is not None:
            self._report(asked.gap, self._read_us)
            self._read_us = None
        return asked.ask_us

    async def _session(self, asked_us: int | None) -> str:
        """Read one connection to its end; returns why it ended, for a person."""
        v2 = speaks_v2(self._settings.url)
        options: dict[str, Any] = {"subprotocols": [SUBPROTOCOL]} if v2 else {}
        try:
            async with connect(
                subscribe_url(self._settings.url, asked_us),
                compression=None,
                ping_interval=None,
                close_timeout=1.0,
                max_size=SOCKET_BYTES,
                max_queue=SOCKET_FRAMES,
                **options,
            ) as socket:
                self._around.conditions.say("upstream", None)
                log.info("%s: connected to %s", self._around.name, self._settings.url)
                await self._read_frames(socket, asked_us)
        except Refused as wrong:
            return str(wrong)
        except websockets.InvalidStatus as wrong:
            return f"it answered {wrong.response.status_code}: {bytes(wrong.response.body or b'')[:200]!r}"
        except _CONNECTION_ERRORS as wrong:
            return f"{type(wrong).__name__}: {str(wrong)[:200]!r}"
        return "the connection ended"

    async def _read_frames(self, socket: ClientConnection, asked_us: int | None) -> None:
        timely = False
        while True:
            frame = read_frame(await _next(socket), self._terms, _now_us())
            match frame.content:
                case BadFrame(reason, detail):
                    telemetry.SOURCE_BAD_FRAMES.labels(source=self._around.name).inc()
                    log.debug("%s: bad frame: %s, %r", self._around.name, reason, detail)
                case Notice(name, message):
                    log.warning("%s: the server says %r: %r", self._around.name, name[:100], message[:300])
                    if name == "OutdatedCursor":
                        self._report(Gap.SERVER_SAID_SO, asked_us)
                        timely = True
                case Refusal(name, message):
                    raise Refused(f"the server ended the stream: {name[:100]!r}, {message[:300]!r}")
                case _:
                    pass
            if frame.time_us is None:
                continue
            if not timely and starts_late(asked_us, frame.time_us, int(self._settings.gap_s * 1e6)):
                self._report(Gap.LATE_START, asked_us)
            timely = True
            await self._queue.put(frame)
            self._read_us = frame.time_us

    def _report(self, gap: Gap, from_us: int | None) -> None:
        telemetry.SOURCE_GAPS.labels(source=self._around.name).inc()
        since = rfc3339(from_us // 1_000) if from_us is not None else "an unknown time"
        why = f"posts may be missing since {since}: {gap.value}"
        self._around.conditions.say("gap", why, GAP_SHOWN_S)
        log.error("%s: %s", self._around.name, why)

    # --- sending

    async def _send(self) -> None:
        while True:
            frames = await self._next_frames()
            mentions = [mention for frame in frames for mention in self._mentions(frame)]
            await self._around.producer.send_mentions(mentions)
            telemetry.SOURCE_MENTIONS.labels(source=self._around.name).inc(len(mentions))
            self._acknowledged_us = frames[-1].time_us
            if self._written_us is None or _now_us() - self._written_us >= CURSOR_EVERY_S * 1e6:
                await self._write_cursor()

    async def _next_frames(self) -> list[Frame]:
        frames = [await self._queue.get()]
        while len(frames) < BATCH_FRAMES and not self._queue.empty():
            frames.append(self._queue.get_nowait())
        return frames

    def _mentions(self, frame: Frame) -> list[Mention]:
        at_us = frame.time_us or 0
        match frame.content:
            case Mentions(post, author, mentions):
                self._sent.remember(post, author, tuple(mention.brand for mention in mentions))
                return list(mentions)
            case PostGone(post):
                return [deletion(post, brand, at_us) for brand in self._sent.forget(post)]
            case AuthorGone(author):
                gone = self._sent.forget_author(author)
                return [deletion(post, brand, at_us) for post, brands in gone.items() for brand in brands]
            case _:
                return []

    async def _write_cursor(self) -> None:
        if self._acknowledged_us is None:
            return
        cursor, now_us = str(self._acknowledged_us), _now_us()
        try:
            await asyncio.to_thread(write_cursor, self._around.engine, self._around.name, cursor, now_us // 1_000)
        except StoreUnreachable as wrong:
            # Reading goes on: an older cursor only means that more is read twice. The lease bounds how long.
            telemetry.SURROUNDINGS_WAITS.labels(role=Role.SOURCE, cause=WaitCause.STORE).inc()
            log.warning("%s: the cursor cannot be written: %s", self._around.name, wrong)
        self._written_us = now_us


async def _next(socket: ClientConnection) -> bytes:
    """The next frame, as it came. A silent connection is asked whether it is alive; raises `TimeoutError` if not."""
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                return await socket.recv(decode=False)
        except TimeoutError:
            pass
        async with asyncio.timeout(IDLE_S):
            await (await socket.ping())


def _now_us() -> int:
    return time.time_ns() // 1_000
