"""Two incidents that are one, merged by hand: nothing of either is lost, and nobody who was asked is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, select

from detectors.signal import Signal
from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library, Pinned, parse_playbook
from playbooks.content.lock_file import hash_of
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.log_entry import AcknowledgedBy, MergedFrom, MergedInto, Resolved
from playbooks.labels import ActionKind, Judgement
from playbooks.store import schema, timers
from playbooks.store.delivery.call_next import Call, call_next, line_of
from playbooks.store.engine import reading
from playbooks.store.holds import holds
from playbooks.store.incidents import deeds, incidents
from playbooks.store.incidents.deeds import Told
from playbooks.store.incidents.incidents import incident_history, incident_view, take_signal
from playbooks.store.incidents.judging import WEEK_MS, count_week, judge, weeks
from playbooks.store.incidents.merging import merge
from playbooks.store.incidents.verifying import verify
from tests.parts.signals import HOUR_MS, LADDER, MINUTE_MS, MORNING_MS, PLAIN, a_signal, armed

ROLES = {"on-call": {"ada"}, "second": {"bo"}, "board": {"cy", "dee"}, "duty-phone": {"eve"}}
WHY = "Both are about the same parcels."


def both() -> Library:
    """The plain playbook, which pages once and holds, and the ladder, which goes on until somebody answers."""
    sources = [(path, path.read_bytes()) for path in (PLAIN, LADDER)]
    return Library([Pinned(parse_playbook(raw.decode(), path), hash_of(raw), released=True) for path, raw in sources])


LIBRARY = both()


def members(role: str) -> frozenset[str]:
    """Who is in a role."""
    return frozenset(ROLES.get(role, ()))


@dataclass
class Two:
    """Two incidents that one signal has opened, and a clock."""

    engine: Engine
    now_ms: int = MORNING_MS
    ladder: str = ""
    plain: str = ""

    def signal(self, id: str = "sig-1", severity: int = 3, brand: str = "acme") -> list[str]:
        """A signal that fires both; the incidents it opened."""
        before = {view.id for view in incidents.list_incidents(self.engine)}
        self.take(a_signal(id, at_ms=self.now_ms, severity=severity, brand=brand))
        return [view.id for view in incidents.list_incidents(self.engine) if view.id not in before]

    def take(self, seen: Signal) -> None:
        """A signal is taken in."""
        take_signal(self.engine, seen, LIBRARY, armed(self.engine, brand=seen.brand), self.now_ms)

    def view(self, incident: str) -> IncidentView:
        """An incident now."""
        found = incident_view(self.engine, incident)
        assert found
        return found

    def merge(self, incident: str, into: str, reason: str = WHY) -> Told:
        """Cy merges."""
        return merge(self.engine, incident, into, "cy", reason, self.now_ms)

    def call_next(self, incident: str, person: str) -> Call:
        """Somebody asks for the next person, after looking who that is."""
        line = line_of(self.engine, incident, person, LIBRARY, members)
        assert line
        return call_next(self.engine, incident, person, line.seen, LIBRARY, ["acme"], members, self.now_ms)

    def at(self, minute: float) -> Two:
        """Let time pass, and wake what is due on the way."""
        until_ms = MORNING_MS + int(minute * MINUTE_MS)
        while (due := self._next_ms()) is not None and due <= until_ms:
            self.now_ms = max(self.now_ms, due)
            for timer in timers.due(self.engine, self.now_ms, 100):
                incidents.wake(self.engine, timer, LIBRARY, ["acme"], members, self.now_ms)
        self.now_ms = until_ms
        return self

    def sent(self, kind: ActionKind, incident: str, since: float = -1) -> list[tuple[float, str]]:
        """What went out about an incident, by minute and role."""
        mine = (schema.outbox.c.incident == incident, schema.outbox.c.action == kind.value)
        query = select(schema.outbox.c.due_ms, schema.outbox.c.target).where(*mine)
        with reading(self.engine) as conn:
            rows = sorted(((due - MORNING_MS) / MINUTE_MS, role) for due, role in conn.execute(query))
        return [row for row in rows if row[0] > since]

    def _next_ms(self) -> int | None:
        query = select(schema.timers.c.due_ms).where(schema.timers.c.woken_ms.is_(None))
        with reading(self.engine) as conn:
            return conn.execute(query.order_by(schema.timers.c.due_ms).limit(1)).scalar()


@pytest.fixture
def two(store: Engine) -> Two:
    """Both are open."""
    told = Two(store)
    told.signal()
    by = {view.playbook: view.id for view in incidents.list_incidents(store)}
    told.ladder, told.plain = by["ladder"], by["plain"]
    return told


def test_the_one_points_to_the_other_and_both_logs_say_who_and_why(two: Two) -> None:
    assert two.merge(two.ladder, two.plain) is Told.DONE
    gone, stays = two.view(two.ladder), two.view(two.plain)
    assert (gone.state, gone.merged_into) == (IncidentState.RESOLVED, two.plain)
    assert (stays.state, [one.incident for one in stays.merged]) == (IncidentState.OPENED, [two.ladder])
    assert stays.causes == ("plain", "ladder")
    said = [
        (row.actor, row.entry.reason)
        for incident in (two.ladder, two.plain)
        for row in incident_history(two.engine, incident)
        if isinstance(row.entry, MergedInto | MergedFrom)
    ]
    assert said == [("cy", WHY), ("cy", WHY)]
    assert [one.faults for one in verify(two.engine)] == [(), ()]


def test_what_would_have_joined_the_one_joins_the_other_and_no_new_one_is_opened(two: Two) -> None:
    two.merge(two.ladder, two.plain)
    assert two.signal("sig-2") == []
    assert two.view(two.plain).signals == 3, "its own, the other's, and the one that came after"
    assert two.view(two.ladder).signals == 1
    worse = two.signal("sig-3", severity=5)
    assert (worse, two.view(two.plain).severity, two.view(two.ladder).severity) == ([], 5, 3)


def test_a_signal_that_fires_only_what_was_merged_joins_too(two: Two) -> None:
    two.merge(two.plain, two.ladder)
    two.take(a_signal("sig-2", at_ms=two.now_ms, severity=4))
    assert (two.view(two.ladder).signals, two.view(two.ladder).severity) == (3, 4)


def test_whoever_was_asked_is_still_asked_until_somebody_has_the_one_that_goes_on(two: Two) -> None:
    two.at(1).merge(two.ladder, two.plain)
    two.at(16)
    assert two.sent(ActionKind.PAGE, two.ladder, since=1) == [(5, "second"), (15, "board")]
    assert deeds.acknowledge(two.engine, two.plain, "bo", two.now_ms) is Told.DONE
    two.at(59)
    assert [role for _, role in two.sent(ActionKind.PAGE, two.ladder, since=16)] == []
    two.at(61)
    assert two.sent(ActionKind.PAGE, two.ladder, since=59) == [(60, "board")], "who must each say so is asked for it"


def test_who_answers_a_message_of_the_merged_one_has_the_one_that_goes_on(two: Two) -> None:
    two.merge(two.ladder, two.plain)
    two.at(2)
    told = deeds.acknowledge_by(two.engine, two.ladder, "ada", AcknowledgedBy.LINK, two.now_ms)
    assert (told, two.view(two.plain).has_it) == (Told.DONE, frozenset({"ada"}))
    assert deeds.acknowledge(two.engine, two.ladder, "ada", two.now_ms) is Told.ALREADY
    assert (2, "on-call") in two.sent(ActionKind.NOTIFY, two.ladder), "its pagers stop ringing"


def test_who_cannot_take_it_has_the_next_called_also_of_the_merged_one(two: Two) -> None:
    two.merge(two.ladder, two.plain)
    two.at(1)
    assert two.call_next(two.ladder, "ada") is Call.CALLED
    two.at(1.1)
    assert (1, "second") in two.sent(ActionKind.PAGE, two.ladder)


def test_tasks_of_the_merged_one_can_be_ticked_and_are_overdue_in_time(two: Two) -> None:
    two.merge(two.ladder, two.plain)
    two.at(19)
    (ask,) = (action for action in two.view(two.ladder).actions if action.id.endswith(":ask:1"))
    assert deeds.tick(two.engine, two.ladder, ask.id, "bo", "Burst pipe.", "", two.now_ms) is Told.DONE
    two.at(31)
    done = {one.action.split(":")[1]: one.is_overdue for one in two.view(two.ladder).done}
    assert done == {"ask": False, "stop-sale": True}
    deeds.resolve(two.engine, two.plain, "bo", "Mended.", two.now_ms)
    (sale,) = (action for action in two.view(two.ladder).actions if action.id.endswith(":stop-sale:1"))
    assert deeds.tick(two.engine, two.ladder, sale.id, "bo", "", "go on", two.now_ms) is Told.IS_OVER


def test_holds_of_the_merged_one_stay_in_force_until_people_let_go(two: Two) -> None:
    before = [hold.id for hold in holds.holds_in_force(two.engine)]
    two.merge(two.plain, two.ladder)
    deeds.resolve(two.engine, two.ladder, "bo", "Mended.", two.now_ms)
    assert [hold.id for hold in holds.holds_in_force(two.engine)] == before != []
    needed = holds.holds_in_force(two.engine)[0].releasers_needed
    for person in ("ada", "bo")[:needed]:
        holds.agree_release(two.engine, before[0], person, "Looked at all of it.", two.now_ms)
    assert holds.holds_in_force(two.engine) == []


def test_when_it_ends_those_hear_of_it_too_who_were_told_of_the_merged_one(two: Two) -> None:
    two.merge(two.ladder, two.plain)
    two.at(2)
    deeds.resolve(two.engine, two.plain, "bo", "Mended.", two.now_ms)
    assert {role for _, role in two.sent(ActionKind.NOTIFY, two.ladder, since=1)} == {"on-call", "board"}
    pages = len(two.sent(ActionKind.PAGE, two.ladder))
    two.at(24 * 60)
    assert len(two.sent(ActionKind.PAGE, two.ladder)) == pages, "nobody is asked any more"


def test_when_it_ends_by_itself_they_hear_of_it_too(two: Two) -> None:
    two.merge(two.ladder, two.plain)
    two.at(2)
    deeds.acknowledge(two.engine, two.plain, "bo", two.now_ms)
    two.at(14 * 24 * 60)
    assert two.view(two.plain).state is IncidentState.RESOLVED
    last = max(minute for minute, _ in two.sent(ActionKind.NOTIFY, two.ladder))
    assert {role for minute, role in two.sent(ActionKind.NOTIFY, two.ladder) if minute == last} >= {"on-call"}


def test_a_day_after_both_causes_begin_anew(two: Two) -> None:
    two.merge(two.ladder, two.plain)
    two.now_ms += 40 * HOUR_MS
    opened = {two.view(id).playbook for id in two.signal("sig-9")}
    assert opened == {"ladder", "plain"}
    ended = [row for row in incident_history(two.engine, two.plain) if isinstance(row.entry, Resolved)]
    assert len(ended) == 1, "what stood for two causes ends once"
    assert two.view(two.plain).state is IncidentState.RESOLVED


def test_merged_twice_it_goes_on_as_the_last(two: Two) -> None:
    third = a_third(two)
    two.merge(two.ladder, two.plain)
    two.merge(two.plain, third)
    assert set(two.view(third).causes) == {two.view(third).cause, "plain", "ladder"}
    deeds.acknowledge(two.engine, two.ladder, "ada", two.now_ms)
    assert two.view(third).has_it == {"ada"}
    assert two.merge(two.ladder, third) is Told.ALREADY


def a_third(two: Two) -> str:
    """A third incident of the brand, of a cause of its own."""
    raw = PLAIN.read_text(encoding="utf-8").replace("id: plain", "id: other", 1)
    other = Pinned(parse_playbook(raw, PLAIN), hash_of(raw.encode()), released=True)
    library = Library([*both().newest(), other])
    take_signal(two.engine, a_signal("sig-other", at_ms=two.now_ms), library, armed(two.engine), two.now_ms)
    return next(view.id for view in incidents.list_incidents(two.engine) if view.playbook == "other")


def test_opened_again_it_is_an_incident_of_its_own(two: Two) -> None:
    two.merge(two.ladder, two.plain)
    assert deeds.reopen(two.engine, two.ladder, "ada", "It is not.", LIBRARY, {"acme"}, two.now_ms) is Told.IS_ANOTHER
    deeds.resolve(two.engine, two.plain, "bo", "Mended.", two.now_ms)
    assert deeds.reopen(two.engine, two.ladder, "ada", "It is not.", LIBRARY, {"acme"}, two.now_ms + 1) is Told.DONE
    again = two.view(two.ladder)
    assert (again.state, again.merged_into) == (IncidentState.REOPENED, None)
    assert deeds.acknowledge(two.engine, two.ladder, "ada", two.now_ms + 2) is Told.DONE
    assert two.view(two.ladder).has_it == {"ada"}


@pytest.mark.parametrize("wrong", ["reason", "itself", "brand", "unknown", "over", "again", "person"])
def test_what_cannot_be_merged_changes_nothing(two: Two, wrong: str) -> None:
    other = two.signal("sig-else", brand="other")[0]
    asked: dict[str, tuple[Callable[[], Told], Told]] = {
        "reason": (lambda: two.merge(two.ladder, two.plain, "  "), Told.NO_REASON),
        "itself": (lambda: two.merge(two.ladder, two.ladder), Told.IS_ITSELF),
        "brand": (lambda: two.merge(two.ladder, other), Told.NOT_TOGETHER),
        "unknown": (lambda: two.merge(two.ladder, "inc-none"), Told.NO_SUCH_INCIDENT),
        "over": (lambda: two.merge(two.ladder, two.plain), Told.IS_OVER),
        "again": (lambda: two.merge(two.ladder, two.plain), Told.ALREADY),
        "person": (lambda: merge(two.engine, two.ladder, two.plain, "Nobody!", WHY, two.now_ms), Told.NO_PERSON),
    }
    if wrong == "over":
        deeds.resolve(two.engine, two.plain, "bo", "Mended.", two.now_ms)
    if wrong == "again":
        two.merge(two.ladder, two.plain)
    before = [len(incident_history(two.engine, id)) for id in (two.ladder, two.plain)]
    act, told = asked[wrong]
    assert act() is told
    assert [len(incident_history(two.engine, id)) for id in (two.ladder, two.plain)] == before


# --- real or false ----------------------------------------------------------------------------------------------------


def test_a_person_says_whether_it_was_real_and_the_last_word_counts(two: Two) -> None:
    assert judge(two.engine, two.plain, "cy", Judgement.FALSE, "A planned sale.", two.now_ms) is Told.DONE
    assert judge(two.engine, two.plain, "bo", Judgement.FALSE, "Yes.", two.now_ms) is Told.ALREADY
    deeds.resolve(two.engine, two.plain, "bo", "A sale.", two.now_ms)
    assert judge(two.engine, two.plain, "bo", Judgement.REAL, "It was not planned.", two.now_ms) is Told.DONE
    assert (two.view(two.plain).judgement, two.view(two.plain).judged_by) == (Judgement.REAL, "bo")
    assert judge(two.engine, two.plain, "bo", Judgement.FALSE, " ", two.now_ms) is Told.NO_REASON


def test_false_pages_are_counted_by_brand_and_week(two: Two) -> None:
    judge(two.engine, two.plain, "cy", Judgement.FALSE, "A planned sale.", two.now_ms)
    two.signal("sig-else", brand="other")
    with_drill = a_signal("sig-drill", at_ms=two.now_ms, run="drill-fire")
    two.take(with_drill)
    counted = {("acme", Judgement.FALSE): 1, ("acme", Judgement.UNJUDGED): 1, ("other", Judgement.UNJUDGED): 2}
    assert dict(count_week(two.engine, two.now_ms)) == counted
    assert dict(count_week(two.engine, two.now_ms + WEEK_MS - 1)) == counted
    assert dict(count_week(two.engine, two.now_ms + WEEK_MS)) == {}
    (first, second) = weeks(two.engine, two.now_ms + 2 * WEEK_MS - 1, 3)
    assert (first.brand, first.judged[Judgement.FALSE], second.brand) == ("acme", 1, "other")
    judge(two.engine, two.plain, "cy", Judgement.UNJUDGED, "Not sure any more.", two.now_ms)
    assert count_week(two.engine, two.now_ms)["acme", Judgement.UNJUDGED] == 2


def test_what_paged_nobody_is_no_false_page(store: Engine) -> None:
    take_signal(store, a_signal(), LIBRARY, armed(store, Arming.OBSERVE), MORNING_MS)
    (first, *_) = incidents.list_incidents(store)
    judge(store, first.id, "cy", Judgement.FALSE, "Nothing.", MORNING_MS)
    assert dict(count_week(store, MORNING_MS)) == {}
