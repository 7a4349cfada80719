"""The people of a drill that has none: they read their mail, press the link in it, sign in, and let the hold go.

By the same roads as real people: the page behind the link, the console's sign-in and its forms.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar
from sqlalchemy import Engine

from playbooks.drills.measure import Known
from playbooks.holds.hold import Hold
from playbooks.settings import PlaybookSettings
from playbooks.store.sessions import issue_link
from playbooks.wall_clock import now_ms
from streams.demo.inbox import Inbox, Mail

#: So long they look at what was held before they let it go. Meanwhile the canary goes on asking.
LOOKS_S: Final = 5.0
_REASON: Final = "The cause is mended, and I have looked at what was held."
_HAVE_IT: Final = re.compile(r"^You have it \(the page asks first\): (\S+)\s*$", re.MULTILINE)
_FIELD: Final = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_LINK_MS: Final = 60_000
_TIMEOUT: Final = ClientTimeout(total=10.0)


@dataclass(slots=True)
class Household:
    """Everybody in the settings of a system that was started for a drill; `console` is its address."""

    settings: PlaybookSettings
    engine: Engine
    inbox: Inbox
    console: str
    _read: int = 0
    _held_since: dict[str, float] = field(default_factory=dict)
    _agreed: set[tuple[str, str]] = field(default_factory=set)

    async def answer(self, known: Known) -> None:
        """Do what there is to do just now; what does not work is tried again at the next look."""
        try:
            await self._read_mail()
            await self._let_go(known)
        except (ClientError, TimeoutError, OSError):
            return

    async def _read_mail(self) -> None:
        while self._read < len(self.inbox.mails):
            link = _HAVE_IT.search(_text(self.inbox.mails[self._read]))
            if link is not None:
                async with ClientSession(timeout=_TIMEOUT) as session:
                    async with session.get(link[1]) as page:
                        page.raise_for_status()
                    async with session.post(link[1]) as done:
                        done.raise_for_status()
            self._read += 1

    async def _let_go(self, known: Known) -> None:
        for hold in known.holds:
            since = self._held_since.setdefault(hold.id, time.monotonic())
            if not hold.in_force or time.monotonic() < since + LOOKS_S:
                continue
            person = next((key for key in self.settings.people if (hold.id, key) not in self._agreed), None)
            if person is not None:
                await self._release(person, hold)
                self._agreed.add((hold.id, person))

    async def _release(self, person: str, hold: Hold) -> None:
        """Sign in, look at the incident and at what was held, send the form. Who may not let go finds none."""
        secret = issue_link(self.engine, person, now_ms(), _LINK_MS)
        # Cookies of an address without a name are not kept otherwise, and this is all on loopback.
        async with ClientSession(timeout=_TIMEOUT, cookie_jar=CookieJar(unsafe=True)) as session:
            async with session.post(f"{self.console}/sign-in/{secret}", data={"person": person}) as signed_in:
                signed_in.raise_for_status()
            its = f"/holds/{quote(hold.id)}"
            for page in (f"/incidents/{hold.incident}", f"{its}/posts"):
                async with session.get(f"{self.console}{page}") as looked:
                    form = _form(await looked.text(), f"{its}/release")
                if form is not None:
                    async with session.post(f"{self.console}{its}/release", data=form) as released:
                        released.raise_for_status()
                    return


def _form(html: str, action: str) -> dict[str, str] | None:
    """What the page fills in by itself in the form that leads there, and a reason; None where it has no such form."""
    _, found, rest = html.partition(f'action="{action}"')
    return dict(_FIELD.findall(rest.partition("</form>")[0])) | {"reason": _REASON} if found else None


def _text(mail: Mail) -> str:
    body = mail.message.get_body(("plain",))
    return str(body.get_content()) if body else ""
