"""Who hears of what cannot be stopped: the person on call, at once, with each post's time; and when all is stopped.

Each thing is told once: a post that still goes, one that went out, an account that cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import xxhash

from detectors.mention import rfc3339
from playbooks.effects.message import Notice
from playbooks.effects.plain_text import one_line, unlinked
from playbooks.incidents.action import Action
from playbooks.labels import ActionKind
from playbooks.oncall.people import OPS
from playbooks.schedulers.account import Account
from playbooks.schedulers.decisions import AccountState, Canary, Verdict
from playbooks.schedulers.kept import Kept, Stage
from playbooks.schedulers.naming import account_called
from playbooks.schedulers.post import Why
from playbooks.settings.schedulers import SchedulerSettings

ON_CALL, POSTING_TEAM = "on-call", "posting-team"
#: What goes out so soon after the next try is told without waiting for it.
MARGIN_MS = 60_000
#: For how long an account may be unread, for a reason that passes by itself, before it is told.
UNREAD_MS = 120_000
#: Posts listed in one message.
LISTED = 20


def urgent(kept: Iterable[Kept], verdicts: Mapping[str, Verdict], next_ms: int) -> list[Kept]:
    """The posts that still go and that trying again does not stop in time."""
    found = []
    for post in kept:
        why = verdicts[post.post].why if post.post in verdicts else None
        lasting = why is not None and not why.passes
        if post.stage.goes and (lasting or post.due_ms <= next_ms + MARGIN_MS):
            found.append(post)
    return found


def leaked_since(kept: Iterable[Kept], since_ms: int | None) -> list[Kept]:
    """The posts that are known to have gone out since `since_ms`."""
    return [
        post for post in kept if post.stage is Stage.LEAKED and since_ms is not None and post.changed_ms >= since_ms
    ]


def news(after: Account, pressing: Sequence[Kept], leaked: Sequence[Kept]) -> tuple[str, ...]:
    """What there is to tell of an account now; what of it was not told before is told."""
    items = [f"going:{post.post}" for post in pressing] + [f"leaked:{post.post}" for post in leaked]
    unread_since = after.proven_ms if after.proven_ms is not None else (after.since_ms or after.checked_ms)
    lasting = after.why is not None and not after.why.passes
    unread = after.why not in (None, Why.GATE_OPEN)
    if after.state is AccountState.OPEN:
        return (f"idle:{after.why}",) if unread and lasting else ()
    if unread and (lasting or after.checked_ms - unread_since >= UNREAD_MS):
        items.append(f"unread:{after.why}")
    if after.canary is Canary.ALLOWED:
        items.append("gate")
    return tuple(items)


def telling(
    name: str,
    settings: SchedulerSettings,
    before: Account | None,
    after: Account,
    pressing: Sequence[Kept],
    leaked: Sequence[Kept],
    incident: str,
) -> list[Action]:
    """The pages and notices that follow from how an account stands now, compared with what was told `before`."""
    known = set(before.told) if before else set()
    fresh = [item for item in after.told if item not in known]
    of = account_called(name, settings)
    if after.state is AccountState.OPEN:
        if not fresh:
            return []
        text = f"{of} cannot be read: {after.detail}.\n\nNothing is held there now; a hold could not stop its posts."
        return [_action(name, after, ActionKind.NOTIFY, OPS, f"Not readable: {of}", text, settings, incident)]
    if fresh:
        subject, text = _trouble(of, after, pressing, leaked)
        to = [(ActionKind.PAGE, ON_CALL), (ActionKind.NOTIFY, POSTING_TEAM)]
        return [_action(name, after, kind, role, subject, text, settings, incident) for kind, role in to]
    if known and not after.told and after.state is AccountState.HELD:
        text = f"Everything that was scheduled for {of} is stopped now, and was read back: {_counted(after.stopped)}."
        return [_action(name, after, ActionKind.NOTIFY, ON_CALL, f"Stopped after all: {of}", text, settings, incident)]
    return []


def _trouble(of: str, after: Account, pressing: Sequence[Kept], leaked: Sequence[Kept]) -> tuple[str, str]:
    lines = []
    if leaked:
        lines += [f"WENT OUT while {of} was held:", *_listed(leaked), ""]
    if pressing:
        lines += ["STILL SCHEDULED, and Firebreak cannot stop it; stop it there by hand:", *_listed(pressing), ""]
    if after.why not in (None, Why.GATE_OPEN):
        lines += [f"Not all of it can be read ({after.detail}), so nobody can say what goes out. Look there.", ""]
    if after.canary is Canary.ALLOWED:
        lines += ["THE GATE ALLOWED a post of the check that it had to refuse. Whoever asks it may post.", ""]
    lines.append(f"Stopped so far: {_counted(after.stopped)}. Firebreak goes on trying, and tells when all is stopped.")
    what = "went out" if leaked else "cannot be stopped" if pressing else "is not proven to be held"
    return f"{of}: what is scheduled {what}", "\n".join(lines)


def _listed(posts: Sequence[Kept]) -> list[str]:
    soonest = sorted(posts, key=lambda post: post.due_ms)
    lines = [
        f"- {rfc3339(post.due_ms)} {unlinked(one_line(post.text, 80)) or '(no words)'} [{one_line(post.post, 40)}]"
        + (f": {post.detail}" if post.detail else "")
        for post in soonest[:LISTED]
    ]
    more = len(soonest) - LISTED
    return [*lines, f"- and {more} more, the last at {rfc3339(soonest[-1].due_ms)}"] if more > 0 else lines


def _counted(posts: int) -> str:
    return "1 post" if posts == 1 else f"{posts} posts"


def _action(
    name: str,
    after: Account,
    kind: ActionKind,
    role: str,
    subject: str,
    text: str,
    settings: SchedulerSettings,
    incident: str,
) -> Action:
    notice = Notice(
        subject=subject,
        text=text,
        brand=settings.brand,
        platform=settings.platform,
        severity=4,
        incident=incident,
        page="holds",
    )
    digest = xxhash.xxh3_128_hexdigest(f"{name}:{after.hold}:{after.checked_ms}:{role}".encode())
    return Action(
        id=f"scheduler-{digest}",
        incident=incident,
        run="",
        step="scheduler",
        action=kind,
        target=role,
        body=msgspec.to_builtins(notice),
        at_ms=after.checked_ms,
        due_ms=after.checked_ms,
    )
