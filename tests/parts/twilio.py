"""Twilio as it is documented: Messages and Calls, its error codes, and the signature of what it sends."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from aiohttp import web

from tests.parts.http_servers import Request

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "fedcba9876543210fedcba9876543210"
#: Twilio's own numbers for tests.
VALID, INVALID, UNSUBSCRIBED = "+15005550006", "+15005550001", "+15005550004"


@dataclass(slots=True)
class TwilioApi:
    """``POST .../Messages.json`` and ``.../Calls.json`` of one account, and ``GET`` of the account itself."""

    token: str = TOKEN
    status: str = "active"
    left: int = 1_000
    made: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, request: Request) -> web.Response:
        """One message or call."""
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{self.token}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return _error(401, 20003, "Authenticate")
        if self.left <= 0:
            return _error(429, 20429, "Too Many Requests")
        self.left -= 1
        if (request.method, request.path) == ("GET", f"/2010-04-01/Accounts/{ACCOUNT}.json"):
            return web.json_response({"sid": ACCOUNT, "status": self.status, "type": "Full"})
        resource = request.path.rpartition("/")[2].removesuffix(".json")
        if request.path != f"/2010-04-01/Accounts/{ACCOUNT}/{resource}.json" or resource not in ("Messages", "Calls"):
            return _error(404, 20404, f"The requested resource {request.path} was not found")
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        return self._make(resource, form)

    def _make(self, resource: str, form: dict[str, str]) -> web.Response:
        if form["To"] == INVALID:
            return _error(400, 21211, f"The 'To' number {form['To']} is not a valid phone number.")
        if form["To"] == UNSUBSCRIBED:
            return _error(400, 21610, "Attempt to send to unsubscribed recipient")
        if resource == "Messages" and not 0 < len(form["Body"]) <= 1600:
            return _error(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        if resource == "Calls":
            ElementTree.fromstring(form["Twiml"])
            assert len(form["Twiml"]) <= 4000
        self.made.append(form)
        sid = ("SM" if resource == "Messages" else "CA") + f"{len(self.made):032x}"
        return web.json_response({"sid": sid, "status": "queued", "to": form["To"], "error_code": None}, status=201)


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """``X-Twilio-Signature``: the address, then each field's name and value in the order of names."""
    said = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


def spoken(twiml: str) -> str:
    """What the called person hears."""
    return " ".join(say.text or "" for say in ElementTree.fromstring(twiml).iter("Say"))


def _error(status: int, code: int, message: str) -> web.Response:
    said = {
        "code": code,
        "message": message,
        "status": status,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
    }
    return web.json_response(said, status=status)
