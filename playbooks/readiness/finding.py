"""What a readiness check found: how bad, why, in words, and what to do; and the one answer that follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec


class Weight(StrEnum):
    """How bad it is, the worst first. Only `FAILS` makes the answer a no."""

    FAILS = "fails"
    LOOK = "look"
    UNKNOWN = "unknown"
    WELL = "well"

    @property
    def words(self) -> str:
        """As a heading over findings.

        >>> Weight.LOOK.words
        'Somebody should look'
        """
        return _WORDS[self]


_WORDS = {
    Weight.FAILS: "A page would fail",
    Weight.LOOK: "Somebody should look",
    Weight.UNKNOWN: "Cannot be seen from here",
    Weight.WELL: "In order",
}


class Area(StrEnum):
    """What was looked at."""

    BRANDS = "brands"
    PEOPLE = "people"
    CONTACTS = "contacts"
    CHANNELS = "channels"
    PLAYBOOKS = "playbooks"
    PROCESSES = "processes"
    GATE = "gate"
    SCHEDULERS = "schedulers"
    STORE = "store"
    KAFKA = "kafka"
    CLOCK = "clock"
    INCIDENTS = "incidents"
    HEARTBEAT = "heartbeat"


class Reason(StrEnum):
    """Why it was found. The word is the same in JSON, on the page and in docs/readiness.md."""

    NO_BRAND = "no_brand"
    NOBODY_ARMED = "nobody_armed"
    OBSERVES = "observes"
    ARMED = "armed"
    MUTED = "muted"

    NOBODY_TO_PAGE = "nobody_to_page"
    LEVEL_EMPTY = "level_empty"
    ROLE_UNSTAFFED = "role_unstaffed"
    GAP_AHEAD = "gap_ahead"
    ROTA_IN_TROUBLE = "rota_in_trouble"
    COVERED = "covered"

    NEVER_TESTED = "never_tested"
    NOT_CONFIRMED = "not_confirmed"
    ADDRESS_CHANGED = "address_changed"
    TESTED_LONG_AGO = "tested_long_ago"
    VERIFIED = "verified"

    SECRET_MISSING = "secret_missing"  # noqa: S105  # a word, no secret
    CREDENTIALS_REFUSED = "credentials_refused"
    CHANNEL_UNREACHABLE = "channel_unreachable"
    CHANNEL_WRONG = "channel_wrong"
    ONLY_A_TEST_SHOWS = "only_a_test_shows"
    ACCEPTED = "accepted"

    LIBRARY_BROKEN = "library_broken"
    NOTHING_PAGES = "nothing_pages"
    REVIEW_OVERDUE = "review_overdue"
    REVIEW_SOON = "review_soon"
    DEPRECATED = "deprecated"
    LIBRARY_IN_ORDER = "library_in_order"

    NOT_RUNNING = "not_running"
    IN_TROUBLE = "in_trouble"
    STANDS_STILL = "stands_still"
    RUNNING = "running"

    GATE_NOT_ASKED = "gate_not_asked"
    GATE_ASKED = "gate_asked"

    ACCOUNT_REFUSED = "account_refused"
    ACCOUNT_NOT_READ = "account_not_read"
    ACCOUNT_LEAKED = "account_leaked"
    ACCOUNT_NOT_HELD = "account_not_held"
    ACCOUNT_NOT_PROVEN = "account_not_proven"
    ACCOUNT_LOOKED_AT_LATE = "account_looked_at_late"
    ACCOUNT_IN_ORDER = "account_in_order"

    STORE_UNREACHABLE = "store_unreachable"
    STORE_NOT_MADE = "store_not_made"
    SCHEMA_OLDER = "schema_older"
    SCHEMA_NEWER = "schema_newer"
    STORE_IN_ORDER = "store_in_order"
    DISK_FULL = "disk_full"
    DISK_LOW = "disk_low"
    DISK_NOT_SEEN = "disk_not_seen"
    DISK_IN_ORDER = "disk_in_order"

    KAFKA_UNREACHABLE = "kafka_unreachable"
    TOPIC_MISSING = "topic_missing"
    TOPIC_DIFFERS = "topic_differs"
    KAFKA_IN_ORDER = "kafka_in_order"
    KAFKA_NOT_ASKED = "kafka_not_asked"

    CLOCK_OFF = "clock_off"
    CLOCK_NOT_COMPARED = "clock_not_compared"
    CLOCK_RIGHT = "clock_right"

    DUE_WAITS = "due_waits"
    TIMERS_WAIT = "timers_wait"
    UNACKNOWLEDGED = "unacknowledged"
    OVERDUE = "overdue"
    NOTHING_WAITS = "nothing_waits"

    NO_HEARTBEAT = "no_heartbeat"
    HEARTBEAT_NOT_TAKEN = "heartbeat_not_taken"
    HEARTBEAT_TAKEN = "heartbeat_taken"

    NOT_LOOKED_AT = "not_looked_at"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was found. `to_do` is empty where nothing is to be done."""

    weight: Weight
    area: Area
    reason: Reason
    text: str
    to_do: str = ""


class Answer(msgspec.Struct, frozen=True):
    """The answer to "would this page anyone right now?", and why in one sentence."""

    yes: bool
    sentence: str


class Check(msgspec.Struct, frozen=True):
    """A whole check, made at `at_ms` (wall clock, milliseconds since 1970 UTC). The worst findings come first."""

    at_ms: int
    answer: Answer
    findings: tuple[Finding, ...]

    def of(self, weight: Weight) -> list[Finding]:
        """The findings of one weight."""
        return [found for found in self.findings if found.weight is weight]


def concluded(findings: Iterable[Finding], at_ms: int, paged: Sequence[str]) -> Check:
    """The check that findings come to. `paged` are the names of those whom a page would reach now.

    >>> well = Finding(weight=Weight.WELL, area=Area.STORE, reason=Reason.STORE_IN_ORDER, text="The store answers.")
    >>> concluded([well], 0, ["Ada"]).answer
    Answer(yes=True, sentence='A page would go out now, to Ada.')
    """
    ordered = tuple(sorted(findings, key=_order))
    fails = [found for found in ordered if found.weight is Weight.FAILS]
    if not fails:
        return Check(at_ms, Answer(True, f"A page would go out now, to {_listed(paged)}."), ordered)
    more = len(fails) - 1
    also = "" if not more else " And one thing more." if more == 1 else f" And {more} things more."
    return Check(at_ms, Answer(False, fails[0].text + also), ordered)


def as_json(check: Check) -> bytes:
    """A check for programs: ``pages`` is the answer, the findings as they are."""
    told = {
        "pages": check.answer.yes,
        "answer": check.answer.sentence,
        "at_ms": check.at_ms,
        "findings": check.findings,
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


def _order(found: Finding) -> tuple[int, int]:
    return list(Weight).index(found.weight), list(Area).index(found.area)


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "nobody"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
