"""The settings of the schedulers in which posts are held."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from detectors.mention import PlatformName
from playbooks.settings.section import Name, OneLine, Positive, SecretFrom, Section


class SchedulerKind(StrEnum):
    """The schedulers that posts can be held in."""

    BUFFER = "buffer"
    MASTODON = "mastodon"
    POSTIZ = "postiz"
    WORDPRESS = "wordpress"
    HOOTSUITE = "hootsuite"
    FACEBOOK = "facebook"
    WEBHOOK = "webhook"


class SchedulerSettings(Section, frozen=True):
    """One account in one scheduler, and what holds cover it: those of its brand, platform and account.

    Which of `url`, `token`, `user`, `organization`, `channel` and `member` a kind needs stands in docs/schedulers.md.
    `check_s`: how often the account is read back while it is held; each kind has its own. `ahead_h`: posts that are due
    later than so far ahead are left alone until they come nearer.
    """

    kind: SchedulerKind
    brand: Name
    platform: PlatformName | None = None
    account: OneLine | None = None
    url: str | None = None
    token: SecretFrom | None = None
    user: str | None = None
    organization: str | None = None
    channel: str | None = None
    member: str | None = None
    check_s: Positive | None = None
    ahead_h: Annotated[float, msgspec.Meta(gt=0, le=24 * 14)] = 24.0 * 14
    timeout_s: Positive = 10.0
