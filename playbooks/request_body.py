"""The body of a request, read with a bound on the time; what keeps it from being read is the sender's, never ours."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError


class Unreadable(Exception):
    """The body is not what its head says, or it broke off; the message is for who sent it."""


async def receive_body(request: web.Request, within_s: float) -> bytes:
    """The whole body.

    Raises `Unreadable`, `TimeoutError` where it took longer than `within_s`, and `web.HTTPRequestEntityTooLarge`.
    """
    try:
        async with asyncio.timeout(within_s):
            return await request.read()
    except (web.RequestPayloadError, HttpProcessingError):
        packed = request.headers.get(hdrs.CONTENT_ENCODING)
        advice = "send the body without a Content-Encoding" if packed else "its length or its chunks are wrong"
        raise Unreadable(f"the body cannot be read; {advice}") from None
    except ConnectionError:
        raise Unreadable("the body broke off") from None
