"""A bare aiohttp server: what asking anything over HTTP costs here. ``python -m streams.bench.bare_server PORT``."""

from __future__ import annotations

import sys

from aiohttp import web

from streams.process_memory import collect_seldom

_ANSWER = b'{"decision":"allow","reasons":[],"hold":null,"valid_until":"2026-01-01T00:00:00.000Z"}'


async def _answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=_ANSWER, content_type="application/json")


def main(port: int) -> None:
    """Answer every question alike until the process is ended."""
    collect_seldom()
    app = web.Application()
    app.router.add_post("/v1/gate/decisions", _answer)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=lambda _: None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
