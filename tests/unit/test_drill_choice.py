"""What can be drilled, and what has to happen in it."""

from __future__ import annotations

import pytest

from playbooks.content.catalog import load_library
from playbooks.content.trigger import Match, match
from playbooks.drills.drill import Part
from streams.demo.play import script
from streams.drill.choice import DAYS, OfPlaybook, OfScenario, choices, chosen, must_page
from streams.settings import SettingsError
from streams.simulation.scenario import Kind
from tests.parts.signals import MORNING_MS

LIBRARY = load_library()
HOUR_MS = 3_600_000
ALL = choices(LIBRARY, MORNING_MS)


def test_every_scenario_and_every_playbook_of_the_library_can_be_drilled() -> None:
    names = [choice.name for choice in ALL]
    assert names == [*Kind, *sorted(one.playbook.id for one in LIBRARY.newest())]


def test_a_crisis_has_to_page_and_a_harmless_peak_must_not() -> None:
    for choice in ALL:
        if isinstance(choice, OfScenario):
            assert must_page(choice) is choice.kind.pages
            assert (choice.expected == tuple(Part)) is choice.kind.pages


def test_a_playbook_expects_what_its_own_steps_do() -> None:
    expected = {choice.name: choice.expected for choice in ALL}
    assert expected["complaint-storm"] == tuple(Part)
    assert expected["bot-flood"] == (Part.DETECT,)
    assert expected["impersonation"] == (Part.DETECT, Part.PAGE, Part.ACKNOWLEDGE)


def test_a_playbooks_signal_is_the_drills_and_opens_that_playbook() -> None:
    for choice in ALL:
        if not isinstance(choice, OfPlaybook):
            continue
        signal = choice.signal("drill-x", "acme", MORNING_MS)
        assert (signal.run, signal.brand, signal.at_ms) == ("drill-x", "acme", MORNING_MS)
        if choice.by_hand:
            assert match(choice.pinned.playbook.trigger, signal) is Match.FIRES
        else:
            assert choice.name in [one.playbook.id for one in LIBRARY.firing(signal)]


def test_a_name_may_be_written_either_way_and_an_unknown_one_is_told_what_there_is() -> None:
    assert chosen("burst-at-night", LIBRARY, MORNING_MS).name == "burst_at_night"
    with pytest.raises(SettingsError, match="there is no scenario and no playbook 'fire'; there are: burst,"):
        chosen("fire", LIBRARY, MORNING_MS)


@pytest.mark.parametrize("kind", Kind)
def test_a_scenario_is_over_before_now_however_long_it_lasts(kind: Kind) -> None:
    choice = OfScenario(kind)
    play = script("acme", "drill-x", 1, MORNING_MS + 1_234_567, choice.plot)
    assert play.over_ms < MORNING_MS + 1_234_567
    assert play.live_ms < play.begins_ms <= play.crisis_ms
    assert play.live_ms - play.scenario.start_ms == DAYS * 24 * HOUR_MS
    assert play.scenario.run == "drill-x"
    clock = (play.crisis_ms + play.scenario.clock_shift_ms) // HOUR_MS % 24
    assert clock == (3 if kind is Kind.BURST_AT_NIGHT else 12)
