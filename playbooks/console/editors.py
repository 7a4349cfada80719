"""The page of posts that the policy stopped: who asked, what was found, and the words of editors and approvers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
from aiohttp import web

from playbooks.console.desk import DESK, Desk, Said, Viewer
from playbooks.gate.rules import called
from playbooks.labels import EditorialWord, Verdict
from playbooks.policy.check import Checked
from playbooks.policy.finding import MEANING, PolicyReason
from playbooks.policy.override import TOLD, Told, after, refused_to_approve, refused_to_let_go
from playbooks.policy.stopped import Given, Stopped, topics_of
from playbooks.settings.brands import BrandSettings, PolicySettings
from playbooks.store.engine import reading
from playbooks.store.gate import editorial
from playbooks.store.gate.policy_posts import newest
from playbooks.store.gate.texts import texts_in

#: So many posts are shown; the rest when these are decided.
SHOWN = 100
#: And so many of those that went.
GONE = 20
#: The word for a question that only needs to know whether a person might: no reason is given yet.
_ANY_REASON = "?"


class Topic(msgspec.Struct, frozen=True):
    """A topic that nobody has approved: who may, and whether the viewer is one of them."""

    key: str
    approvers: str
    may: bool


class WordRow(msgspec.Struct, frozen=True):
    """What somebody said of the post, before it was asked about again."""

    by: str
    said: str
    reason: str
    said_ms: int


class Row(msgspec.Struct, frozen=True):
    """One post as the page shows it; `text` is None where it was erased. `why_not` says why the viewer may not.

    `settled`: everything that was found has been let go, and the post goes when it is asked about again.
    """

    id: str
    title: str
    text: str | None
    links: tuple[str, ...]
    asked: str
    rejected: bool
    findings: tuple[str, ...]
    words: tuple[WordRow, ...]
    topics: tuple[Topic, ...]
    settled: bool
    may_let_go: bool
    why_not: str
    first_ms: int
    last_ms: int
    times: int
    went_ms: int | None


async def posts(request: web.Request, viewer: Viewer) -> web.Response:
    """Every text that the policy stopped and nobody let go, and the last that went by a person's word."""
    desk = request.app[DESK]
    waiting, gone = await asyncio.to_thread(_read, desk, viewer)
    values = {"here": "posts", "rows": waiting[:SHOWN], "more": len(waiting) > SHOWN, "gone": gone}
    return desk.page("editors.html", values, viewer, said=_said(request))


async def let_go(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer lets a post go with this very text."""
    desk, id = request.app[DESK], request.match_info["post"]
    told = await asyncio.to_thread(
        editorial.let_go,
        desk.engine,
        id,
        viewer.person,
        form.get("reason", ""),
        desk.settings,
        desk.roles(),
        desk.clock(),
    )
    return _answer(told)


async def approve(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer approves a topic in a post with this very text."""
    desk, id = request.app[DESK], request.match_info["post"]
    told = await asyncio.to_thread(
        editorial.approve,
        desk.engine,
        id,
        form.get("topic", ""),
        viewer.person,
        form.get("reason", ""),
        desk.settings,
        desk.roles(),
        desk.clock(),
    )
    return _answer(told)


def _answer(told: Told) -> web.Response:
    match told:
        case Told.NO_PERSON:
            raise web.HTTPForbidden
        case Told.NO_SUCH_POST:
            raise web.HTTPNotFound
        case _:
            return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/posts?said={told.value}"})


def _said(request: web.Request) -> Said | None:
    word = request.query.get("said", "")
    return Said(TOLD[Told(word)], good=word == Told.DONE) if word in list(Told) else None


def _read(desk: Desk, viewer: Viewer) -> tuple[list[Row], list[Row]]:
    waiting, gone = newest(desk.engine, SHOWN + 1), newest(desk.engine, GONE, gone=True)
    with reading(desk.engine) as conn:
        texts = texts_in(conn, [stopped.text_ref for stopped, _ in (*waiting, *gone)])
    roles = desk.roles()
    rows = [
        [_row(desk, stopped, said, texts.get(stopped.text_ref), viewer, roles) for stopped, said in some]
        for some in (waiting, gone)
    ]
    return rows[0], rows[1]


def _row(
    desk: Desk, stopped: Stopped, said: Sequence[Given], text: str | None, viewer: Viewer, roles: editorial.Roles
) -> Row:
    rules = desk.settings.brands.get(stopped.brand, BrandSettings()).policy
    left = after(
        Checked(stopped.verdict, stopped.findings or ()),
        [given.word for given in said],
        None,
        may_pass_rejected=rules.override_rejected,
    )
    for_editors = any(one.verdict is not Verdict.ALLOW and not one.topic for one in left.findings)
    no = _refused(desk, stopped, rules, viewer, roles) if for_editors else Told.NOTHING_TO_SAY
    return Row(
        id=stopped.id,
        title=f"{desk.brand_name(stopped.brand)} on {stopped.platform}{_of(stopped.account)}",
        text=text,
        links=stopped.links or (),
        asked=_asked(stopped),
        rejected=stopped.verdict is Verdict.REJECT,
        findings=_findings(stopped),
        words=tuple(_word(desk, given) for given in said),
        topics=tuple(_topic(desk, stopped, key, rules, viewer, roles) for key in topics_of(left)),
        settled=text is not None and left.verdict is Verdict.ALLOW,
        may_let_go=no is None and text is not None and bool(viewer.person),
        why_not=_why_not(desk, no, rules) if viewer.person else "",
        first_ms=stopped.first_ms,
        last_ms=stopped.last_ms,
        times=stopped.times,
        went_ms=stopped.went_ms,
    )


def _refused(
    desk: Desk, stopped: Stopped, rules: PolicySettings, viewer: Viewer, roles: editorial.Roles
) -> Told | None:
    return refused_to_let_go(
        stopped.standing,
        called(viewer.person, desk.settings),
        _ANY_REASON,
        is_editor=editorial.is_among(viewer.person, rules.editors, roles),
        may_pass_rejected=rules.override_rejected,
    )


def _why_not(desk: Desk, no: Told | None, rules: PolicySettings) -> str:
    if no is None or no is Told.NOTHING_TO_SAY:
        return ""
    if no is Told.NOT_ALLOWED and not rules.editors:
        return "Nobody may let it go: the brand's settings name no editors (policy.editors)."
    if no is Told.NOT_ALLOWED:
        return f"{_named(desk, rules.editors)} may let it go."
    return TOLD[no]


def _topic(
    desk: Desk, stopped: Stopped, key: str, rules: PolicySettings, viewer: Viewer, roles: editorial.Roles
) -> Topic:
    approvers = rules.topics[key].approvers if key in rules.topics else ()
    names = called(viewer.person, desk.settings)
    is_one = bool(viewer.person) and editorial.is_among(viewer.person, approvers, roles)
    no = refused_to_approve(stopped.standing, key, names, _ANY_REASON, is_approver=is_one)
    return Topic(key, _named(desk, approvers) or "Nobody", no is None and stopped.text_hash is not None)


def _named(desk: Desk, names: Sequence[str]) -> str:
    return " or ".join(desk.name_of(name) for name in names)


def _findings(stopped: Stopped) -> tuple[str, ...]:
    if stopped.findings is not None:
        return tuple(finding.text for finding in stopped.findings)
    return tuple(MEANING[PolicyReason(code)] for code in stopped.reasons)


def _word(desk: Desk, given: Given) -> WordRow:
    let = given.word.kind is EditorialWord.LET_GO
    said = "lets it go" if let else f"approves {given.word.topic}"
    return WordRow(desk.name_of(given.word.person), said, given.word.reason, given.said_ms)


def _asked(stopped: Stopped) -> str:
    by = f", written by {' and '.join(stopped.authors)}" if stopped.authors else ""
    return f"{stopped.caller} asked for {stopped.post}{by}"


def _of(account: str) -> str:
    return f", {account}" if account else ""
