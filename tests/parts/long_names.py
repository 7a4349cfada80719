"""A store full of the longest names and reasons that people may write, without blanks: what pages must bear."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
from sqlalchemy import Engine

from detectors.signal import SignalKind
from playbooks.armings.arming import Arming
from playbooks.armings.mute import Wanted
from playbooks.content.catalog import Library, load_library
from playbooks.delivery.standing import entry_of
from playbooks.drills.drill import Drill, Figures, Place, Posts, Result
from playbooks.effects.action_link import PATH, ActionLink, What, token_of
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.labels import Channel, DeliveryOutcome, Judgement
from playbooks.secret import Secret
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.channels import ChannelSettings, LinkSettings
from playbooks.settings.people import Person
from playbooks.settings.section import SecretFrom
from playbooks.store import drills, mutes
from playbooks.store.arming import arm
from playbooks.store.delivery import outbox
from playbooks.store.holds.holds import holds_in_force
from playbooks.store.incidents import deeds
from playbooks.store.incidents.judging import judge
from tests.parts.console import HOUR_MS, NOW_MS, crisis
from tests.parts.due_actions import begin, record
from tests.parts.gate import a_gate
from tests.parts.signals import ladder_library

BRAND: Final = "Acmeaeroplaneswithoutablankinthenameofthewholelargecompanyxx"
PERSON: Final = "Adalovelacecountessofsomethingverylongindeedwithoutanyblankx"
REASON: Final = "W" * 2_000
SECRET: Final = "the-secret-of-the-links"


def settings(folder: Path) -> PlaybookSettings:
    """People, a brand and links."""
    (folder / "links").write_text(SECRET)
    people = {key: Person(name=f"{PERSON[:-2]}{key}", zone="America/Argentina/ComodRivadavia") for key in ("ada", "bo")}
    both = ("ada", "bo")
    return PlaybookSettings(
        people=people,
        roles={"on-call": both, "executives": both, "posting-team": both, "second": both, "board": both},
        brands={"acme": BrandSettings(name=BRAND), "quiet": BrandSettings(name=BRAND)},
        channels=ChannelSettings(links=LinkSettings(secret=SecretFrom(file=str(folder / "links")))),
    )


def link(incident: str, what: What) -> str:
    """A link of a message."""
    acting = ActionLink(incident, "ada", what, (NOW_MS + HOUR_MS) // 1000)
    return PATH.format(token=token_of(acting, Secret(SECRET)))


def library() -> Library:
    """The one that Firebreak brings, and the ladder."""
    return Library([*load_library().all(), *ladder_library().all()])


def fill(store: Engine, known: PlaybookSettings) -> list[str]:
    """Everything that can happen has happened; the addresses of the pages that show it."""
    found = library()
    incident, over = crisis(store, severity=5), crisis(store, brand="quiet")
    ladder = crisis(store, "drill-7", library=ladder_library())
    for due in outbox.claim_due(store, "runner", NOW_MS, 60_000, 40):
        begin(store, due, [("ada", Channel.EMAIL)], [], 3, NOW_MS)
        record(store, entry_of(due, ("ada", Channel.EMAIL), DeliveryOutcome.RETRY, REASON, NOW_MS))
    deeds.acknowledge(store, ladder, "bo", NOW_MS)
    for one in (incident, ladder):
        deeds.note(store, one, "ada", REASON, NOW_MS)
        judge(store, one, "ada", Judgement.FALSE, REASON, NOW_MS)
    post = OutgoingPost(id="p" * 200, text=REASON)
    asked = GateRequest(brand="acme", platform="x", account="a" * 200, post=post)
    asyncio.run(a_gate(store, lambda: NOW_MS).decide(asked))
    wanted = Wanted("acme", SignalKind.VOLUME, None, NOW_MS, NOW_MS + HOUR_MS, REASON)
    mutes.mute(store, wanted, "ada", found, known, NOW_MS)
    mutes.mute(store, msgspec.structs.replace(wanted, kind=SignalKind.FLOOD), "ada", found, known, NOW_MS)
    mutes.lift(store, mutes.not_over(store, NOW_MS)[0].id, "ada", REASON, known, NOW_MS)
    arm(store, "quiet", Arming.PAGE, "ada", REASON, known, NOW_MS, early=True)
    result = Result(Figures(detect_s=1.0, page_s=2.0), Posts(4, 1, 3, 0), reached=("ada",))
    drills.keep(store, Drill("drill-9", "burst", "acme", Place.RUNNING, "ada", NOW_MS - 9, NOW_MS + 9, NOW_MS, result))
    (hold, *_) = holds_in_force(store)
    return [
        "/", f"/incidents/{incident}", f"/incidents/{over}", f"/incidents/{ladder}", "/holds",
        f"/holds/{quote(hold.id, safe='')}/posts", "/readiness", "/brands", "/brands/acme/arming/observe",
        "/brands/quiet/arming/page_and_hold", "/mutes", "/drills", "/report", "/false-pages", "/nothing",
        f"/runbooks/complaint-storm/2.0.0?incident={incident}", link(incident, What.ACKNOWLEDGE),
        link(ladder, What.ESCALATE), link(ladder, What.ACKNOWLEDGE), "/act/x",
    ]  # fmt: skip
