"""How far Firebreak may go for a brand: by acts, by signal, by run; and who hears of an act."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.signal import SignalKind
from playbooks.armings.arming import DAY_MS, Act, Armed, Arming, how_far, judged
from playbooks.effects.message import Links, links_of, read_notice
from playbooks.incidents.arming_notice import in_words, meaning, told_of
from playbooks.labels import ActionKind
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.people import OfRota, Person
from tests.parts.signals import a_signal

SETTINGS = PlaybookSettings(
    people={key: Person(name=key.title()) for key in ("ada", "bo", "cy")},
    roles={"ops": ("ada",), "posting-team": ("ada", "bo"), "on-call": OfRota(rota="comms"), "executives": ("cy",)},
    brands={"acme": BrandSettings(name="Acme Airways"), "bolt": BrandSettings()},
)
ACT = Act("acme", Arming.PAGE_AND_HOLD, "bo", "a good week", False, 5)


@pytest.mark.parametrize("armed", list(Arming))
def test_a_brand_of_the_settings_is_as_it_is_armed(armed: Arming) -> None:
    assert how_far(a_signal(), armed, in_settings=True) is armed


@pytest.mark.parametrize("armed", list(Arming))
def test_a_brand_that_nobody_configured_is_only_observed_whatever_was_once_said(armed: Arming) -> None:
    assert how_far(a_signal(), armed, in_settings=False) is Arming.OBSERVE


@pytest.mark.parametrize("run", ["drill-1", "replay-of-may"])
@pytest.mark.parametrize("known", [True, False])
def test_drills_and_replays_go_all_the_way_whatever_the_brand(run: str, known: bool) -> None:
    assert how_far(a_signal(run=run), Arming.OBSERVE, in_settings=known) is Arming.PAGE_AND_HOLD


@pytest.mark.parametrize("armed", list(Arming))
def test_what_is_wrong_with_firebreak_itself_pages_and_holds_nothing(armed: Arming) -> None:
    silent = a_signal(kind=SignalKind.SILENCE)
    rubbish = a_signal(kind=SignalKind.DEAD_LETTERS, brand="firebreak")
    assert how_far(silent, armed, in_settings=True) is Arming.PAGE
    assert how_far(rubbish, armed, in_settings=False) is Arming.PAGE
    assert how_far(silent, armed, in_settings=False) is Arming.OBSERVE


@given(st.sampled_from(Arming), st.sampled_from(Arming), st.booleans(), st.integers(0, 10), st.integers(0, 10))
def test_only_going_further_within_the_first_week_asks_for_more(
    now: Arming, to: Arming, early: bool, until_ms: int, at_ms: int
) -> None:
    found = judged(now, to, early=early, observes_until_ms=until_ms, now_ms=at_ms)
    if now is to:
        assert found is Armed.ALREADY
    elif found is Armed.TOO_EARLY:
        assert to.reach > now.reach
        assert at_ms < until_ms
        assert not early
    else:
        assert found is Armed.DONE
        assert early or at_ms >= until_ms or to.reach < now.reach


def test_the_week_is_over_when_it_is_over_and_not_before() -> None:
    week = 7 * DAY_MS
    told = [
        judged(Arming.OBSERVE, Arming.PAGE, early=False, observes_until_ms=week, now_ms=at) for at in (week - 1, week)
    ]
    assert told == [Armed.TOO_EARLY, Armed.DONE]


def test_ops_the_posting_team_and_who_is_on_call_hear_of_it_and_nobody_who_is_always_there_hears_it_twice() -> None:
    told = told_of(ACT, "arming-1", Arming.PAGE, SETTINGS)
    assert [(one.id, one.target) for one in told] == [
        ("arming-1:ops", "ops"),
        ("arming-1:posting-team", "posting-team"),
        ("arming-1:on-call", "on-call"),
    ]
    assert all((one.action, one.run, one.incident) == (ActionKind.NOTIFY, "", "") for one in told)
    assert [read_notice(one.body, one.id).spared for one in told] == [(), ("ada",), ("ada", "bo")]


def test_the_notice_names_brand_and_person_as_people_call_them_and_says_why_and_what_it_means() -> None:
    [first, *_] = told_of(ACT, "arming-1", Arming.PAGE, SETTINGS)
    notice = read_notice(first.body, first.id)
    assert notice.subject == "Acme Airways: armed to page and hold"
    assert "Bo has said so: a good week" in notice.text
    assert "before, it was armed to page" in notice.text
    assert meaning(Arming.PAGE_AND_HOLD) in notice.text
    assert "early" not in notice.text


def test_the_notice_leads_to_the_page_of_the_brands() -> None:
    [first, *_] = told_of(ACT, "arming-1", Arming.PAGE, SETTINGS)
    links = links_of("https://fire.example.org/", read_notice(first.body, first.id))
    assert links == Links("https://fire.example.org/brands", "")


def test_an_early_act_says_so_and_a_role_that_is_not_there_is_not_told() -> None:
    settings = msgspec.structs.replace(SETTINGS, roles={"on-call": ("ada",)})
    early = Act("bolt", Arming.PAGE, "ada", "the strike", True, 5)
    [only] = told_of(early, "arming-2", Arming.OBSERVE, settings)
    assert only.target == "on-call"
    assert "This is early" in read_notice(only.body, only.id).text
    assert read_notice(only.body, only.id).subject == f"bolt: {in_words(Arming.PAGE)}"
