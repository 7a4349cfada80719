"""What a readiness check makes of facts: one clear answer, the worst first, each finding with what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from playbooks.armings.arming import Arming
from playbooks.armings.mute import Mute
from playbooks.content.catalog import Library, load_library
from playbooks.content.schema import Deprecated, PlaybookError
from playbooks.effects.asked import Asked
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Retry, RetryReason
from playbooks.labels import Channel, Role
from playbooks.oncall.rotas import NO_ROTAS, Known, Rotas, RotaTrouble, Trouble
from playbooks.oncall.stretch import Stretch
from playbooks.readiness.brands import brand_findings
from playbooks.readiness.channels import channel_findings
from playbooks.readiness.check import Facts, judged
from playbooks.readiness.finding import Area, Check, Finding, Reason, Weight, as_json, concluded
from playbooks.readiness.heartbeat import heartbeat_findings
from playbooks.readiness.library import library_findings
from playbooks.readiness.look import Kept, Looked
from playbooks.readiness.processes import STANDS_STILL_MS, chain_troubles, gate_findings, process_findings
from playbooks.readiness.surroundings import (
    MIB,
    Disk,
    OtherClock,
    StoreState,
    clock_findings,
    disk_findings,
    store_findings,
)
from playbooks.readiness.waiting import LATE_MS, Due, waiting_findings
from playbooks.settings import HeartbeatSettings, PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.channels import ChannelSettings, EmailSettings, SlackSettings
from playbooks.settings.people import OfRota, Person
from playbooks.settings.section import SecretFrom
from playbooks.store.delivery.contact_tests import ContactTest
from playbooks.store.pulses import FRESH_MS, Pulse
from tests.parts.require import CHECKOUT

NOW_MS = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp() * 1000)
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LIBRARY = load_library()
STORE = StoreState("sqlite:///fb.db", schema="0004", newest="0004")
DISK = Disk("/var", 9_000 * MIB, 20_000 * MIB)


def settings(**changes: object) -> PlaybookSettings:
    """Ada is everything, and is reached by mail and Slack."""
    known = PlaybookSettings(
        people={"ada": Person(name="Ada Lovelace", email="ada@example.org", slack="U0ADA1")},
        roles=dict.fromkeys(("on-call", "executives", "posting-team", "ops"), ("ada",)),
        brands={"acme": BrandSettings(name="Acme")},
        channels=ChannelSettings(email=EmailSettings(), slack=SlackSettings(webhook=SecretFrom(env="NOT_THERE"))),
        heartbeat=HeartbeatSettings(url=SecretFrom(env="NOT_THERE")),
    )
    return msgspec.structs.replace(known, **changes)


def pulses(now_ms: int = NOW_MS) -> tuple[Pulse, ...]:
    """Every process is well, and the gate was just asked."""
    return tuple(Pulse(role, f"{role}-1", now_ms - 5_000, now_ms - DAY_MS, now_ms - 9_000) for role in _ROLES)


_ROLES = (Role.WATCH, Role.RESPOND, Role.RUNNER, Role.GATE, Role.CONSOLE)


def kept(**changes: object) -> Kept:
    known: dict[str, object] = {"pulses": pulses(), "armed": {"acme": Arming.PAGE}}
    return Kept(**(known | changes))  # type: ignore[arg-type]


def check(
    known: PlaybookSettings | None = None,
    store: Kept | None = None,
    asked: Sequence[Asked] = (Asked(Channel.EMAIL, Delivered("the mail server lets us in")), Asked(Channel.SLACK)),
    rotas: Rotas = NO_ROTAS,
    library: Library = LIBRARY,
    faults: Sequence[PlaybookError] = (),
) -> Check:
    looked = Looked(STORE, store or kept(), DISK)
    return judged(known or settings(), Facts(looked, asked, rotas, library, faults, ()), NOW_MS)


def reasons(found: Iterable[Finding]) -> set[str]:
    return {one.reason.value for one in found}


def fails(found: Check) -> set[str]:
    return reasons(found.of(Weight.FAILS))


# --- the answer


def test_where_all_is_well_the_answer_is_yes_and_names_whom_it_would_reach() -> None:
    found = check()
    assert found.answer.yes, found.of(Weight.FAILS)
    assert found.answer.sentence == "A page would go out now, to Ada Lovelace."


def test_one_thing_that_fails_makes_it_a_no_and_stands_first_with_what_to_do() -> None:
    found = check(store=kept(pulses=[pulse for pulse in pulses() if pulse.role is not Role.RUNNER]))
    assert not found.answer.yes
    assert found.findings[0].reason is Reason.NOT_RUNNING
    assert found.answer.sentence == found.findings[0].text
    assert found.findings[0].to_do == "Start it (firebreak runner), or see why it ends."
    weights = [list(Weight).index(one.weight) for one in found.findings]
    assert weights == sorted(weights)


def test_without_the_store_the_answer_is_no_and_the_rest_is_still_looked_at() -> None:
    looked = Looked(StoreState("", trouble="the store cannot be reached: gone"), None, DISK)
    found = judged(settings(), Facts(looked, [], NO_ROTAS, LIBRARY, [], ()), NOW_MS)
    assert fails(found) == {"store_unreachable"}
    assert {"not_looked_at", "kafka_not_asked"} <= reasons(found.of(Weight.UNKNOWN))
    assert "covered" in reasons(found.findings)


def test_the_same_check_as_json() -> None:
    told = json.loads(as_json(check()))
    assert told["pages"] is True
    assert told["at_ms"] == NOW_MS
    assert {
        "weight": "well",
        "area": "brands",
        "reason": "armed",
        "text": "Acme is armed to page, and hold nothing back.",
        "to_do": "",
    } in told["findings"]


def test_how_many_more_things_fail_is_said() -> None:
    one = Finding(weight=Weight.FAILS, area=Area.STORE, reason=Reason.DISK_FULL, text="Full.")
    assert concluded([one], 0, []).answer.sentence == "Full."
    assert concluded([one] * 2, 0, []).answer.sentence == "Full. And one thing more."
    assert concluded([one] * 3, 0, []).answer.sentence == "Full. And 2 things more."


# --- brands


def test_a_brand_that_is_observed_is_told_and_only_observed_brands_page_nobody() -> None:
    both = {"acme": Arming.PAGE, "globex": Arming.OBSERVE}
    assert reasons(brand_findings(both, {}, (), NOW_MS)) == {"armed", "observes"}
    assert fails(check(store=kept(armed={"acme": Arming.OBSERVE}))) == {"nobody_armed"}
    assert fails(check(settings(brands={}), kept(armed={}))) == {"no_brand"}


def test_a_mute_in_force_is_told_with_its_end_its_person_and_their_reason_and_another_is_not() -> None:
    mute = Mute("m1", "acme", None, "complaint-storm", NOW_MS - 1, NOW_MS + 2 * HOUR_MS, "bo", "the relaunch", NOW_MS)
    over = msgspec.structs.replace(mute, ends_ms=NOW_MS)
    lifted = msgspec.structs.replace(mute, lifted_ms=NOW_MS)
    found = [
        one for one in brand_findings({}, {"acme": "Acme"}, [mute, over, lifted], NOW_MS) if one.reason is Reason.MUTED
    ]
    [one] = found
    assert one.text == (
        "Muted until 2 Mar 2026 14:00 UTC (2 hours more): the playbook complaint-storm of Acme. bo said: the relaunch"
    )


# --- people


def rota(*turns: Stretch) -> Rotas:
    class Turns:
        def stretches(self, from_ms: int, to_ms: int) -> list[Stretch]:
            return [turn for turn in turns if turn.from_ms < to_ms and turn.to_ms > from_ms]

        def people_near(self, at_ms: int, within_ms: int) -> frozenset[str]:
            return frozenset(key for turn in turns for key in turn.people)

    return Rotas({"comms": Known(Turns(), None)})


BY_ROTA = {"on-call": OfRota(rota="comms"), "executives": ("ada",), "posting-team": ("ada",), "ops": ("ada",)}


def test_a_role_that_is_empty_now_fails_and_says_which_brand_and_why() -> None:
    gone = settings(roles={**settings().roles, "on-call": ()})
    [found] = check(gone).of(Weight.FAILS)
    assert found.text == "A page about Acme to the role 'on-call' reaches nobody: nobody is in the role 'on-call'."


def test_a_gap_now_fails_and_a_gap_ahead_is_only_told() -> None:
    later = Stretch(NOW_MS + HOUR_MS, NOW_MS + 20 * DAY_MS, ("ada",))
    now = Stretch(NOW_MS - HOUR_MS, NOW_MS + HOUR_MS, ("ada",))
    far = Stretch(NOW_MS + 3 * HOUR_MS, NOW_MS + 20 * DAY_MS, ("ada",))
    assert fails(check(settings(roles=BY_ROTA), rotas=rota(later))) == {"nobody_to_page"}
    ahead = check(settings(roles=BY_ROTA), rotas=rota(now, far))
    assert ahead.answer.yes
    [gap] = [one for one in ahead.findings if one.reason is Reason.GAP_AHEAD]
    assert gap.text == "In the next 14 days nobody is on call as 'on-call' from 2 Mar 2026 13:00 UTC for 2 hours."


def test_a_gap_beyond_fourteen_days_is_not_told() -> None:
    turn = Stretch(NOW_MS - 1, NOW_MS + 14 * DAY_MS, ("ada",))
    assert "gap_ahead" not in reasons(check(settings(roles=BY_ROTA), rotas=rota(turn)).findings)
    turn = Stretch(NOW_MS - 1, NOW_MS + 14 * DAY_MS - 1, ("ada",))
    assert "gap_ahead" in reasons(check(settings(roles=BY_ROTA), rotas=rota(turn)).findings)


def test_a_rota_in_trouble_and_a_last_resort_that_is_a_rota_are_told() -> None:
    turn = Stretch(NOW_MS - 1, NOW_MS + 30 * DAY_MS, ("ada",))
    known = msgspec.structs.replace(settings(), roles={role: OfRota(rota="comms") for role in BY_ROTA})
    rotas = Rotas(rota(turn).known, (Trouble("comms", RotaTrouble.NO_ANSWER),))
    found = check(known, rotas=rotas)
    assert {"rota_in_trouble", "role_unstaffed"} <= reasons(found.of(Weight.LOOK))


# --- channels


def test_a_channel_that_does_not_work_fails_only_where_somebody_has_no_other() -> None:
    refused = Asked(Channel.EMAIL, Failed(FailedReason.BAD_CREDENTIALS, "SMTP 535"))
    assert check(asked=[refused, Asked(Channel.SLACK)]).answer.yes
    away = Asked(Channel.SLACK, missing="the environment variable SLACK is not set")
    [found] = check(asked=[refused, away]).of(Weight.FAILS)[:1]
    assert found.reason is Reason.NOBODY_TO_PAGE
    assert "Ada Lovelace by email: SMTP 535" in found.text
    assert "Ada Lovelace by slack: the environment variable SLACK is not set" in found.text


@pytest.mark.parametrize(
    ("asked", "reason", "weight"),
    [
        (Asked(Channel.EMAIL, Delivered("it lets us in")), Reason.ACCEPTED, Weight.WELL),
        (Asked(Channel.SLACK), Reason.ONLY_A_TEST_SHOWS, Weight.UNKNOWN),
        (Asked(Channel.EMAIL, missing="it is not set"), Reason.SECRET_MISSING, Weight.LOOK),
        (Asked(Channel.EMAIL, Retry(RetryReason.NO_ANSWER, "-")), Reason.CHANNEL_UNREACHABLE, Weight.LOOK),
        (Asked(Channel.EMAIL, Failed(FailedReason.BAD_CREDENTIALS, "-")), Reason.CREDENTIALS_REFUSED, Weight.LOOK),
        (Asked(Channel.EMAIL, Failed(FailedReason.NOT_PRIVATE, "-")), Reason.CHANNEL_WRONG, Weight.LOOK),
    ],
)
def test_what_a_channel_said_is_told_by_its_reason(asked: Asked, reason: Reason, weight: Weight) -> None:
    [found] = channel_findings([asked])
    assert (found.reason, found.weight) == (reason, weight)


# --- playbooks


def test_a_library_that_no_process_starts_with_fails_and_so_does_one_that_pages_nobody() -> None:
    fault = PlaybookError(Path("storm/1.0.0.yaml"), 7, "is released and was edited")
    assert fails(check(faults=[fault])) == {"library_broken"}
    assert "nothing_pages" in fails(check(library=Library(())))


def test_a_playbook_that_was_to_be_reviewed_is_told_before_and_after_its_date() -> None:
    one = next(pinned for pinned in LIBRARY.newest() if pinned.playbook.id == "complaint-storm")
    only = Library([one])
    by = one.playbook.review_by

    def on(day: date) -> set[str]:
        return reasons(library_findings(only, (), day))

    assert on(date.fromordinal(by.toordinal() - 14)) == {"library_in_order"}
    assert on(date.fromordinal(by.toordinal() - 13)) == {"review_soon"}
    assert on(by) == {"review_soon"}
    assert on(date.fromordinal(by.toordinal() + 1)) == {"review_overdue"}


def test_a_deprecated_playbook_is_told_until_what_stands_in_for_it_is_there() -> None:
    day = date(2026, 3, 2)
    known = {pinned.playbook.id: pinned for pinned in LIBRARY.newest()}
    ends = Deprecated(on=date(2026, 3, 10), use="tone-shift", why="It is the same.")
    old = msgspec.structs.replace(
        known["complaint-storm"], playbook=msgspec.structs.replace(known["complaint-storm"].playbook, deprecated=ends)
    )
    both, alone = Library([old, known["tone-shift"]]), Library([old])
    assert "deprecated" in reasons(library_findings(both, (), day))
    assert "deprecated" not in reasons(library_findings(both, (), date(2026, 3, 10)))
    assert "deprecated" in reasons(library_findings(alone, (), date(2026, 3, 10)))


# --- processes


def of_watch(**changes: object) -> list[Pulse]:
    own = msgspec.structs.replace(pulses()[0], **changes)
    return [own, *pulses()[1:]]


def test_a_process_that_was_not_heard_for_a_minute_is_not_there() -> None:
    just = of_watch(at_ms=NOW_MS - FRESH_MS)
    gone = of_watch(at_ms=NOW_MS - FRESH_MS - 1)
    assert chain_troubles(just, NOW_MS) == []
    [said] = chain_troubles(gone, NOW_MS)
    assert said.startswith("The watch is not running (it was last heard 2 Mar 2026 11:58 UTC)")


def test_the_gate_and_the_console_are_missed_without_a_page_failing() -> None:
    found = check(store=kept(pulses=pulses()[:3]))
    assert found.answer.yes
    missing = [one for one in found.of(Weight.LOOK) if one.reason is Reason.NOT_RUNNING]
    assert ["gate" in one.text or "console" in one.text for one in missing] == [True, True]


def test_a_watch_that_closes_nothing_stands_still_though_it_is_alive() -> None:
    at_the_limit = of_watch(reached_ms=NOW_MS - STANDS_STILL_MS)
    beyond = of_watch(reached_ms=NOW_MS - STANDS_STILL_MS - 1)
    assert chain_troubles(at_the_limit, NOW_MS) == []
    assert "Detection stands still" in chain_troubles(beyond, NOW_MS)[0]


def test_of_several_watches_the_slowest_counts() -> None:
    slow = msgspec.structs.replace(pulses()[0], process="watch-2", reached_ms=NOW_MS - HOUR_MS)
    assert "Detection stands still" in chain_troubles([*pulses(), slow], NOW_MS)[0]


def test_a_watch_that_has_only_just_begun_is_given_time_for_its_first_marker() -> None:
    begun = of_watch(reached_ms=None, started_ms=NOW_MS - STANDS_STILL_MS)
    late = of_watch(reached_ms=None, started_ms=NOW_MS - STANDS_STILL_MS - 1)
    assert chain_troubles(begun, NOW_MS) == []
    assert "no marker has reached watch" in chain_troubles(late, NOW_MS)[0]


def test_a_process_in_trouble_fails_unless_another_of_its_kind_is_well() -> None:
    troubled = of_watch(troubles=("Kafka does not answer",))
    assert "Kafka does not answer" in chain_troubles(troubled, NOW_MS)[0]
    helped = [*troubled, msgspec.structs.replace(pulses()[0], process="watch-2")]
    assert chain_troubles(helped, NOW_MS) == []
    assert "in_trouble" in reasons(process_findings(helped, NOW_MS))


def test_a_gate_that_nobody_asks_is_told_whoever_was_asked_last() -> None:
    silent = [Pulse(Role.GATE, "g", NOW_MS, 0)]
    asked = [*silent, Pulse(Role.GATE, "before", 0, 0, NOW_MS - 15 * 60_000)]
    assert reasons(gate_findings(silent, 15, NOW_MS)) == {"gate_not_asked"}
    assert reasons(gate_findings(asked, 15, NOW_MS)) == {"gate_asked"}
    assert reasons(gate_findings(asked, 15, NOW_MS + 1)) == {"gate_not_asked"}


# --- surroundings


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (STORE, "store_in_order"),
        (StoreState("x", trouble="gone"), "store_unreachable"),
        (StoreState("x", made=False), "store_not_made"),
        (StoreState("x", schema=None, newest="0004", known=False), "store_not_made"),
        (StoreState("x", schema="0003", newest="0004"), "schema_older"),
        (StoreState("x", schema="9999", newest="0004", known=False), "schema_newer"),
    ],
)
def test_the_store_is_told_as_it_is(state: StoreState, reason: str) -> None:
    assert reasons(store_findings(state)) == {reason}


def test_a_disk_that_fills_is_told_before_it_is_full() -> None:
    def of(free_mib: int, whole_mib: int = 10_000) -> set[str]:
        return reasons(disk_findings(Disk("/var", free_mib * MIB, whole_mib * MIB)))

    assert of(63) == {"disk_full"}
    assert of(64) == of(1023) == {"disk_low"}
    assert of(1024) == {"disk_in_order"}
    assert of(2_000, 100_000) == {"disk_low"}
    assert reasons(disk_findings(None)) == {"disk_not_seen"}


def test_clocks_that_differ_are_told_and_fail_where_signatures_would_be_refused() -> None:
    def of(*ahead_ms: int) -> list[tuple[str, str]]:
        others = [OtherClock(f"clock {number}", ahead) for number, ahead in enumerate(ahead_ms)]
        return [(one.reason.value, one.weight.value) for one in clock_findings(others)]

    assert of() == [("clock_not_compared", "unknown")]
    assert of(5_000, -5_000) == [("clock_right", "well")]
    assert of(0, 5_001) == [("clock_off", "look")]
    assert of(-300_000) == [("clock_off", "fails")]


# --- what waits, and the heartbeat


def test_what_is_due_and_a_timer_that_wait_fail_after_two_minutes() -> None:
    just = Due(NOW_MS - LATE_MS, NOW_MS - LATE_MS)
    late = Due(NOW_MS - LATE_MS - 1, NOW_MS - LATE_MS - 1)
    assert reasons(waiting_findings(just, (), NOW_MS)) == {"nothing_waits"}
    assert reasons(waiting_findings(late, (), NOW_MS)) == {"due_waits", "timers_wait"}


def test_the_heartbeat_is_told_as_the_runners_heard_it() -> None:
    known = settings().heartbeat
    never = [msgspec.structs.replace(pulses()[2], reached_ms=None)]
    old = [msgspec.structs.replace(pulses()[2], reached_ms=NOW_MS - 180_001)]
    assert reasons(heartbeat_findings(None, pulses(), NOW_MS)) == {"no_heartbeat"}
    assert reasons(heartbeat_findings(known, pulses(), NOW_MS)) == {"heartbeat_taken"}
    assert reasons(heartbeat_findings(known, never, NOW_MS)) == {"heartbeat_not_taken"}
    assert reasons(heartbeat_findings(known, old, NOW_MS)) == {"heartbeat_not_taken"}


# --- the document


def test_each_reason_stands_in_the_document_with_its_weights() -> None:
    text = (CHECKOUT / "docs" / "readiness.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([a-z, ]+) \| \S", text, re.MULTILINE)
    assert [name for name, _ in rows] == [reason.value for reason in Reason]
    assert all(set(weights.split(", ")) <= {weight.value for weight in Weight} for _, weights in rows)


def test_a_test_message_that_was_never_confirmed_keeps_no_page_back() -> None:
    test = ContactTest("test-1", "ada", Channel.EMAIL, "hash", "123456", NOW_MS, "failed", "SMTP 550")
    assert check(store=kept(tests=(test,))).answer.yes
