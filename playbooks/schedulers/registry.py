"""The adapters there are. A new one is its file, its line here, its word in `settings.SchedulerKind`, its row in
docs/schedulers.md, and its server in tests/parts/schedulers."""

from __future__ import annotations

from collections.abc import Callable

from playbooks.schedulers.buffer import Buffer
from playbooks.schedulers.facebook import Facebook
from playbooks.schedulers.hootsuite import Hootsuite
from playbooks.schedulers.mastodon import Mastodon
from playbooks.schedulers.postiz import Postiz
from playbooks.schedulers.scheduler import Scheduler
from playbooks.schedulers.webhook import OwnScheduler
from playbooks.schedulers.wordpress import WordPress
from playbooks.secret import Secret
from playbooks.settings.schedulers import SchedulerKind, SchedulerSettings
from playbooks.wall_clock import Clock

Opener = Callable[[SchedulerSettings, Secret, Clock], Scheduler]

ADAPTERS: dict[SchedulerKind, Opener] = {
    SchedulerKind.BUFFER: Buffer,
    SchedulerKind.MASTODON: Mastodon,
    SchedulerKind.POSTIZ: Postiz,
    SchedulerKind.WORDPRESS: WordPress,
    SchedulerKind.HOOTSUITE: Hootsuite,
    SchedulerKind.FACEBOOK: Facebook,
    SchedulerKind.WEBHOOK: OwnScheduler,
}
#: Kinds that know no draft: what is given back there goes out at a time, or not at all.
_WITHOUT_DRAFTS = frozenset({SchedulerKind.MASTODON, SchedulerKind.HOOTSUITE, SchedulerKind.FACEBOOK})


def has_drafts(kind: SchedulerKind) -> bool:
    """Whether a post can be given back there as a draft.

    >>> has_drafts(SchedulerKind.BUFFER), has_drafts(SchedulerKind.MASTODON)
    (True, False)
    """
    return kind not in _WITHOUT_DRAFTS


def open_scheduler(name: str, settings: SchedulerSettings, clock: Clock) -> Scheduler:
    """The adapter of one account; raises `MissingSecret` where its token is not there."""
    assert settings.token is not None, "scheduler_faults stops the start"
    return ADAPTERS[settings.kind](settings, settings.token.read(f"schedulers.{name}.token"), clock)
