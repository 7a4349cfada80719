"""From a role to people to contact points, in life, in drills and in replays."""

from __future__ import annotations

from detectors.run import LIVE, Drill, Replay
from playbooks.effects.message import AddressOf
from playbooks.labels import Channel
from playbooks.oncall.people import Contact, Missed, Reach, Unreachable, reach
from playbooks.settings import PlaybookSettings
from playbooks.settings.people import Person

ADA = Person(name="Ada", email="ada@example.org", webhook="https://hooks.example.org/ada", drills=True)
BOB = Person(name="Bob", email="bob@example.org")
CLEO = Person(name="Cleo")
SETTINGS = PlaybookSettings(
    people={"ada": ADA, "bob": BOB, "cleo": CLEO},
    roles={"on-call": ("ada", "bob"), "silent": ("cleo",), "mixed": ("bob", "cleo"), "nobody": ()},
)
ROADS: dict[Channel, AddressOf] = {
    Channel.EMAIL: lambda person: person.email,
    Channel.WEBHOOK: lambda person: person.webhook,
    Channel.GRAFANA: lambda _: None,
}
ADA_MAIL = Contact("ada", "Ada", Channel.EMAIL, "ada@example.org")
ADA_HOOK = Contact("ada", "Ada", Channel.WEBHOOK, "https://hooks.example.org/ada")
BOB_MAIL = Contact("bob", "Bob", Channel.EMAIL, "bob@example.org")


def test_life_reaches_everybody_in_the_role_on_every_channel() -> None:
    assert reach(LIVE, "on-call", SETTINGS, ROADS) == Reach(to_send=(ADA_MAIL, ADA_HOOK, BOB_MAIL))


def test_a_drill_reaches_those_who_agreed_and_records_the_others() -> None:
    assert reach(Drill("drill-1"), "on-call", SETTINGS, ROADS) == Reach((ADA_MAIL, ADA_HOOK), (BOB_MAIL,))


def test_a_replay_reaches_nobody_and_records_everybody() -> None:
    assert reach(Replay("r"), "on-call", SETTINGS, ROADS) == Reach(to_record=(ADA_MAIL, ADA_HOOK, BOB_MAIL))


def test_a_channel_that_is_not_set_up_is_no_way_to_reach_anybody() -> None:
    found = reach(LIVE, "on-call", SETTINGS, {Channel.WEBHOOK: ROADS[Channel.WEBHOOK]})
    assert found == Reach(to_send=(ADA_HOOK,), missed=(Missed("bob", Unreachable.NO_CONTACT_POINT),))


def test_somebody_without_a_contact_point_is_missed_and_the_others_are_reached() -> None:
    found = reach(LIVE, "mixed", SETTINGS, ROADS)
    assert found == Reach(to_send=(BOB_MAIL,), missed=(Missed("cleo", Unreachable.NO_CONTACT_POINT),))


def test_a_role_that_is_empty_or_not_there_is_missed_as_a_whole() -> None:
    assert reach(LIVE, "nobody", SETTINGS, ROADS) == Reach(missed=(Missed("", Unreachable.EMPTY_ROLE),))
    assert reach(LIVE, "gone", SETTINGS, ROADS) == Reach(missed=(Missed("", Unreachable.NO_SUCH_ROLE),))


def test_a_drill_does_not_miss_people_it_would_not_reach() -> None:
    assert reach(Drill("drill-1"), "silent", SETTINGS, ROADS) == Reach()


def test_a_contact_does_not_print_its_address() -> None:
    assert "example.org" not in repr(reach(LIVE, "on-call", SETTINGS, ROADS))


def test_every_reason_has_its_words() -> None:
    assert len({why.in_words("on-call", "ada") for why in Unreachable}) == len(Unreachable)
