"""The settings of a brand: what it is known by, its campaigns, and what its outgoing posts are read for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from detectors.mention import PlatformName
from playbooks.settings.gate import Otherwise
from playbooks.settings.section import AtLeastOne, Moment, Name, OneLine, Section


class PlannedSettings(Section, frozen=True):
    """A campaign in a brand's calendar; `factor` is how many times the usual it brings. It mutes nothing."""

    name: Annotated[OneLine, msgspec.Meta(max_length=80)]
    begins: Moment = msgspec.field(name="from")
    ends: Moment = msgspec.field(name="to")
    factor: Annotated[float, msgspec.Meta(ge=1, le=1000)]
    platforms: tuple[PlatformName, ...] = ()


class PostLanguage(StrEnum):
    """A language that outgoing posts are read in, by its BCP 47 tag."""

    ENGLISH = "en"
    DANISH = "da"
    DUTCH = "nl"
    FRENCH = "fr"
    GERMAN = "de"
    ITALIAN = "it"
    PORTUGUESE = "pt"
    SPANISH = "es"
    SWEDISH = "sv"


#: A word or phrase of a post; with a `*` at its end, every word that begins so.
PostWords = Annotated[str, msgspec.Meta(min_length=2, max_length=80, pattern=r"^[^*]+\*?\Z")]


class TopicSettings(Section, frozen=True):
    """Something that is approved before it is posted: the words it is known by, and the people or roles who approve."""

    words: Annotated[tuple[PostWords, ...], msgspec.Meta(min_length=1)]
    approvers: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]


class LimitSettings(Section, frozen=True):
    """The most characters and hashtags that a platform takes of this brand, where it is not what it takes of others."""

    chars: AtLeastOne | None = None
    tags: Annotated[int, msgspec.Meta(ge=0)] | None = None


class PolicySettings(Section, frozen=True):
    """What outgoing posts of a brand are read for beside what no brand says (docs/policy.md).

    `domains` are the brand's own, `contacts` the addresses and telephone numbers that it gives out, `words` those that
    it does not use, each with the reason. `editors` are people or roles who may let a post go all the same; one that is
    rejected only with `override_rejected`.
    """

    languages: tuple[PostLanguage, ...] = (PostLanguage.ENGLISH,)
    domains: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    words: dict[PostWords, str] = {}
    topics: dict[Name, TopicSettings] = {}
    limits: dict[PlatformName, LimitSettings] = {}
    editors: tuple[Name, ...] = ()
    override_rejected: bool = False


class BrandSettings(Section, frozen=True):
    """One configured brand. `terms` are what sources look for in posts, `planned` is its calendar of campaigns."""

    name: OneLine | None = None
    terms: tuple[OneLine, ...] = ()
    own_accounts: tuple[OneLine, ...] = ()
    when_detection_is_dead: Otherwise = Otherwise.HOLD
    planned: tuple[PlannedSettings, ...] = ()
    policy: PolicySettings = PolicySettings()
