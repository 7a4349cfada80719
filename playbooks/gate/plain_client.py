"""Asking the gate without asyncio, with nothing but the standard library, failing closed.

>>> from playbooks.gate.decision import GateRequest, OutgoingPost
>>> client = PlainGateClient("http://127.0.0.1:9", Secret("token"))
>>> client.ask(GateRequest(brand="acme", platform="x", post=OutgoingPost(id="1", text="Hello"))).outcome.value
'unreachable'
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

import msgspec

from playbooks.gate.answer import MAX_ANSWER_BYTES, NO_TEXT_AT_ALL, TIMEOUT_S, Answer, Outcome, judge
from playbooks.gate.decision import GateRequest
from playbooks.secret import Secret
from playbooks.wall_clock import Clock, now_ms

_CHUNK = 64 * 1024


class PlainGateClient:
    """Asks one gate. `url` is its address without a path, `timeout_s` for the whole question."""

    def __init__(self, url: str, token: Secret | str, *, timeout_s: float = TIMEOUT_S, clock: Clock = now_ms) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a gate, such as http://127.0.0.1:8081")
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path = parts.path.rstrip("/") + "/v1/gate/decisions"
        self._token = token if isinstance(token, Secret) else Secret(token)
        self._timeout_s = timeout_s
        self._clock = clock

    def ask(self, request: GateRequest) -> Answer:
        """Whether this one post may go. Never raises for what the gate or the network does: that is a no."""
        asked_ms, until_s = self._clock(), time.monotonic() + self._timeout_s
        kind = HTTPSConnection if self._secure else HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        # A timeout of the socket begins anew with every byte, also within the answer's head.
        alarm = threading.Timer(self._timeout_s, _hang_up, [connection])
        alarm.daemon = True
        alarm.start()
        try:
            status, body = self._send(connection, msgspec.json.encode(request), until_s)
        except TimeoutError:
            return self._too_late()
        except UnicodeEncodeError:
            return NO_TEXT_AT_ALL
        except (OSError, HTTPException, ValueError) as wrong:
            if time.monotonic() >= until_s:
                return self._too_late()
            return Answer(Outcome.UNREACHABLE, (f"the gate cannot be reached: {type(wrong).__name__}",))
        finally:
            alarm.cancel()
            connection.close()
        return judge(status, body, asked_ms, self._clock())

    def _too_late(self) -> Answer:
        return Answer(Outcome.TIMED_OUT, (f"the gate did not answer within {self._timeout_s:g} s",))

    def _send(self, connection: http.client.HTTPConnection, question: bytes, until_s: float) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._token.reveal()}", "Content-Type": "application/json"}
        connection.request("POST", self._path, question, headers)
        _within(connection, until_s)
        response = connection.getresponse()
        return response.status, _read(connection, response, until_s)


def _read(connection: HTTPConnection, response: HTTPResponse, until_s: float) -> bytes:
    body = bytearray()
    while True:
        # Before each part: a gate that sends a byte now and then would keep us for ever.
        _within(connection, until_s)
        part = response.read1(_CHUNK)
        if not part:
            return bytes(body)
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            raise ValueError("the answer is too large")


def _hang_up(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _within(connection: HTTPConnection, until_s: float) -> None:
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    if connection.sock is not None:
        connection.sock.settimeout(left_s)
