"""The simulator: its published figures, and what may be relied on."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from detectors.mention import Mention
from streams.simulation import background, kinds, mood_of_day
from streams.simulation.delivery import Delivery, Outage, delivered
from streams.simulation.kinds import MAKE, burst, change_of_tone, flood
from streams.simulation.posts import Posts, together
from streams.simulation.scenario import CRISES, MINUTE_MS, Event, Kind, Mood, Scenario, Theme, truths
from streams.simulation.stream import posts_of, stretch_min
from streams.simulation.telling import Told, simulate, tell
from streams.simulation.texts import Phrases, TextsByMood
from tests.parts.documents import text_of
from tests.parts.require import CHECKOUT

PAGE = CHECKOUT / "docs" / "simulator.md"
DAY_MIN = 1440
HOUR_MS = 60 * MINUTE_MS
#: Midnight before a Monday.
MONDAY = 1_767_571_200_000
NOON = 720


def week(*events: Event, rate: float = 3.0, seed: int = 1) -> Posts:
    """A week's posts."""
    return together(list(posts_of(Scenario("acme", MONDAY, 7 * DAY_MIN, rate, seed, events=events))))


def day(*events: Event, seed: int = 1, minutes: int = DAY_MIN) -> list[Told]:
    """A day's posts, told."""
    return list(tell(Scenario("acme", MONDAY, minutes, 3.0, seed, events=events)))


# --- the published figures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "figure",
    [
        f"{mood_of_day.NIGHT:g} to {mood_of_day.DAY:g}",
        f"weekends at {mood_of_day.WEEKEND}",
        f"{mood_of_day.WANDER_KEEP} and {mood_of_day.WANDER_STEP} a minute",
        f"gamma noise of shape {mood_of_day.NOISE_SHAPE:g}",
        f"negative share of {mood_of_day.NEGATIVE:.2f} +- {mood_of_day.NEGATIVE_SPREAD:.2f}".replace("0.", "."),
        f"{background.REGULARS:,} regulars",
        f"draws {background.OFFSPRING} replies",
        f"tail of {background.OFFSPRING_TAIL} and at most {background.OFFSPRING_MOST:g}",
        f"after {background.REPLY_MEDIAN_MIN:g} minutes in the median (log-normal, spread {background.REPLY_SPREAD})",
        f"{background.REPOSTS:.0%} are".replace("%", " %"),
        f"to {kinds.BURST_FACTOR:g} times the usual rate in {kinds.BURST_RISE_MIN} minutes",
        f"to {kinds.NIGHT_FACTOR:g} times the night's rate",
        f"to {kinds.SLOW_FACTOR:g} times the usual rate in {kinds.SLOW_RISE_MIN} minutes",
        f"moves to {kinds.TONE_SHARE} in {kinds.TONE_RISE_MIN} minutes".replace("0.", "."),
        f"{kinds.FLOOD_POSTS:,} templated posts by {kinds.FLOOD_ACCOUNTS} young accounts",
    ],
)
def test_a_figure_of_the_page_is_that_of_the_code(figure: str) -> None:
    assert figure in " ".join(text_of(PAGE).split())


def test_every_kind_has_its_row_with_its_length() -> None:
    text = text_of(PAGE)
    crises, harmless = text.partition("## Harmless peaks")[::2]
    for kind in Kind:
        row = next(
            line for line in (crises if kind in CRISES else harmless).splitlines() if f"| `{kind.value}` |" in line
        )
        made = MAKE[kind](NOON) if kind in MAKE else burst(NOON, platform="x")
        assert made.kind is kind
        assert row.endswith(f"| {made.minutes} min |")


@pytest.mark.parametrize("rate", [0.3, 3.0, 15.0])
def test_a_working_week_has_the_mean_rate_that_was_asked_for(rate: float) -> None:
    weeks = [week(rate=rate, seed=seed) for seed in range(8 if rate < 10 else 3)]
    mean = np.mean([posts.number for posts in weeks]) / (7 * DAY_MIN)
    expected = rate * (5 + 2 * mood_of_day.WEEKEND) / 7
    assert mean == pytest.approx(expected, rel=0.12)


def test_an_ordinary_week_is_negative_replying_and_regular_as_published() -> None:
    posts = week(rate=15.0)
    themes = Counter(posts.theme.tolist())
    assert sum(themes.values()) == posts.number
    assert themes[2] / posts.number == pytest.approx(mood_of_day.NEGATIVE, abs=2 * mood_of_day.NEGATIVE_SPREAD)
    assert themes[1] / posts.number == pytest.approx(background.POSITIVE, abs=0.03)
    assert (posts.author >= 0).mean() == pytest.approx(background.REGULAR_SHARE, abs=0.01)
    assert (posts.parent >= 0).mean() == pytest.approx(background.OFFSPRING, abs=0.05)
    assert posts.repost.sum() / (posts.parent >= 0).sum() == pytest.approx(background.REPOSTS, abs=0.02)


def test_the_evening_is_livelier_than_the_night_and_the_working_day_than_the_weekend() -> None:
    posts = [week(seed=seed) for seed in range(4)]
    hours = np.concatenate([one.at_ms // HOUR_MS % 24 for one in posts])
    days = np.concatenate([(one.at_ms - MONDAY) // (24 * HOUR_MS) for one in posts])
    assert 3.5 < (hours == 16).sum() / (hours == 4).sum() < 7
    assert (days >= 5).sum() / 2 / ((days < 5).sum() / 5) == pytest.approx(mood_of_day.WEEKEND, abs=0.1)


# --- events -----------------------------------------------------------------------------------------------------------


def test_a_burst_brings_seven_times_the_usual_on_top_of_it_all_of_it_angry_and_only_then() -> None:
    told = day(burst(NOON))
    extra = [one for one in told if one.cause]
    ordinary = [one for one in told if not one.cause and one.mention.created_ms >= MONDAY + NOON * MINUTE_MS]
    within = [one for one in ordinary if one.mention.created_ms < MONDAY + (NOON + 60) * MINUTE_MS]
    assert {one.theme for one in extra} == {Theme.CRISIS}
    assert extra[0].mention.created_ms >= MONDAY + NOON * MINUTE_MS
    assert extra[-1].mention.created_ms < MONDAY + (NOON + 60) * MINUTE_MS
    assert len(extra) / len(within) == pytest.approx(7.0, rel=0.25)


def test_a_burst_on_a_small_platform_is_on_that_one_alone_and_as_much_smaller() -> None:
    everywhere = [one for one in day(burst(NOON)) if one.cause]
    there = [one for one in day(burst(NOON, platform="bluesky")) if one.cause]
    assert {one.mention.platform for one in there} == {"bluesky"}
    assert len(there) / len(everywhere) == pytest.approx(0.3, rel=0.25)


def test_a_change_of_tone_moves_the_share_and_leaves_the_volume() -> None:
    calm, angry = (
        together(list(posts_of(scenario)))
        for scenario in (
            Scenario("acme", MONDAY, DAY_MIN, 15.0),
            Scenario("acme", MONDAY, DAY_MIN, 15.0, events=(change_of_tone(NOON),)),
        )
    )
    assert calm.at_ms.tolist() == angry.at_ms.tolist()
    minute = (angry.at_ms - MONDAY) // MINUTE_MS
    after = (minute >= NOON + 10) & (minute < NOON + 150)
    assert np.isin(angry.theme[after], (2, 3)).mean() == pytest.approx(kinds.TONE_SHARE, abs=0.04)
    assert not (angry.theme[~after & ((minute < NOON) | (minute >= NOON + 150))] == 3).any()


def test_a_flood_is_so_many_posts_from_a_template_by_so_many_young_accounts_with_one_link() -> None:
    posts = [one.mention for one in day(flood(NOON)) if one.cause]
    assert len(posts) == kinds.FLOOD_POSTS
    assert len({mention.author and mention.author.id for mention in posts}) == kinds.FLOOD_ACCOUNTS
    assert max(age_d(mention) for mention in posts) <= 21
    assert len({mention.links for mention in posts}) <= 3
    ordinary = [age_d(one.mention) for one in day()]
    assert 900 < np.median(ordinary) < 2000


def age_d(mention: Mention) -> float:
    """How old the author's account is."""
    assert mention.author is not None
    assert mention.author.created_at is not None
    return (mention.created_at - mention.author.created_at).total_seconds() / 86_400


def test_a_weekly_peak_comes_every_week() -> None:
    scenario = Scenario("acme", MONDAY, 22 * DAY_MIN, 3.0, events=(kinds.weekly_peak(NOON),))
    extra = [one.mention.created_ms - MONDAY for one in tell(scenario) if one.cause]
    assert {at_ms // (7 * 24 * HOUR_MS) for at_ms in extra} == {0, 1, 2, 3}
    assert all(NOON <= at_ms % (7 * 24 * HOUR_MS) / MINUTE_MS < NOON + 120 for at_ms in extra)


@pytest.mark.parametrize("kind", sorted(MAKE.keys() - {Kind.CHANGE_OF_TONE}))
def test_an_event_leaves_the_ordinary_posts_and_those_of_other_events_as_they_are(kind: Kind) -> None:
    alone = {one.mention.id for one in day()}
    with_one = [one.mention for one in day(MAKE[kind](NOON)) if not one.cause]
    assert {mention.id for mention in with_one} == alone
    both = [one.mention for one in day(burst(300), MAKE[kind](NOON)) if one.cause == 1]
    assert both == [one.mention for one in day(burst(300)) if one.cause == 1]


def test_several_crises_in_one_stream_have_each_their_truth() -> None:
    scenario = Scenario("acme", MONDAY, DAY_MIN, events=(change_of_tone(NOON), burst(300), flood(900)))
    assert [(truth.kind, (truth.onset_ms - MONDAY) // MINUTE_MS, truth.pages) for truth in truths(scenario)] == [
        (Kind.BURST, 300, True),
        (Kind.CHANGE_OF_TONE, NOON, True),
        (Kind.FLOOD, 900, False),
    ]


# --- what may be relied on --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MAKE)
def test_a_stream_begins_the_same_however_long_it_is_looked_at(kind: Kind) -> None:
    whole = day(MAKE[kind](NOON), minutes=2 * DAY_MIN)
    cut = day(MAKE[kind](NOON), minutes=NOON + 33)
    assert cut == whole[: len(cut)]
    assert cut[-1].mention.created_ms < MONDAY + (NOON + 33) * MINUTE_MS
    assert whole[len(cut)].mention.created_ms >= MONDAY + (NOON + 33) * MINUTE_MS


def test_a_cascade_goes_on_beyond_the_stretch_in_which_it_began() -> None:
    stretches = list(posts_of(Scenario("acme", MONDAY, 2 * stretch_min(15.0), 15.0)))
    earlier = set(stretches[0].key.tolist())
    assert sum(parent in earlier for parent in stretches[1].parent.tolist()) > 20


def test_mentions_come_in_order_of_time_and_each_has_an_id_of_its_own() -> None:
    told = day(kinds.burst_behind_flood(NOON), kinds.praise(1000))
    assert all(one.mention.created_at <= other.mention.created_at for one, other in pairwise(told))
    assert len({one.mention.id for one in told}) == len(told)


def test_an_answer_names_an_earlier_post_of_its_platform_and_a_repost_has_its_words() -> None:
    told = day(kinds.giveaway(NOON))
    earlier: dict[str, Mention] = {}
    answers = 0
    for _, _, mention in told:
        above = mention.repost_of or mention.reply_to
        if above is not None:
            answers += 1
            assert earlier[above].platform == mention.platform
            if mention.repost_of:
                assert earlier[above].body == mention.body
        earlier[mention.id] = mention
    assert answers > len(told) / 8


def test_another_seed_or_brand_is_another_stream() -> None:
    first = list(simulate(Scenario("acme", MONDAY, 60)))
    assert first == list(simulate(Scenario("acme", MONDAY, 60)))
    for other in (Scenario("acme", MONDAY, 60, seed=2), Scenario("ecma", MONDAY, 60)):
        assert [one.created_ms for one in simulate(other)] != [one.created_ms for one in first]


def test_a_regular_is_the_same_person_at_each_post() -> None:
    known: dict[str, object] = {}
    for _, _, mention in day():
        assert mention.author is not None
        assert mention.author.id is not None
        assert known.setdefault(mention.author.id, mention.author) == mention.author


# --- words ------------------------------------------------------------------------------------------------------------


def test_a_week_hardly_says_the_same_twice() -> None:
    told = [one.mention.body for one in day() if one.mention.repost_of is None]
    assert len(set(told)) > 0.8 * len(told)
    assert not any("{" in text for text in told)


def test_texts_from_a_file_are_chosen_by_mood_and_a_flood_keeps_its_template(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("texts") / "texts.csv"
    file.write_text("text,label\nbad,negative\nso so,neutral\ngood,positive\nworse,negative\n", encoding="utf-8")
    texts = TextsByMood.read(file)
    assert {texts.text(Theme.CRISIS, picks, "acme") for picks in range(9)} == {"bad", "worse"}
    assert texts.text(Theme.NEWS, 5, "acme") == "so so"
    assert texts.text(Theme.FLOOD, 5, "acme") == Phrases().text(Theme.FLOOD, 5, "acme")


def test_texts_that_lack_a_mood_are_refused() -> None:
    with pytest.raises(ValueError, match="no text is neutral, positive"):
        TextsByMood({Mood.NEGATIVE: ["bad"]})


# --- delivery ---------------------------------------------------------------------------------------------------------

HALF_DAY = Scenario("acme", MONDAY, NOON, 3.0)


def test_without_faults_every_mention_arrives_once_within_a_second_in_order() -> None:
    arrived = list(delivered(HALF_DAY, Delivery()))
    assert sorted(one.mention.id for one in arrived) == sorted(mention.id for mention in simulate(HALF_DAY))
    assert all(0 < one.at_ms - one.mention.created_ms <= 1000 for one in arrived)
    assert all(one.at_ms <= other.at_ms for one, other in pairwise(arrived))


def test_some_arrive_late_and_some_twice() -> None:
    arrived = list(delivered(HALF_DAY, Delivery(late=0.1, repeated=0.05)))
    ids = Counter(one.mention.id for one in arrived)
    number = len(list(simulate(HALF_DAY)))
    assert len(ids) == number
    assert sum(count == 2 for count in ids.values()) / number == pytest.approx(0.05, abs=0.02)
    late = sum(one.at_ms - one.mention.created_ms > 121_000 for one in arrived)
    assert 0.03 < late / number < 0.1


def test_a_poll_brings_an_hour_at_once_and_other_sources_do_not_wait_for_it() -> None:
    arrived = list(delivered(HALF_DAY, Delivery(polls=(("bluesky", 60),))))
    polled = {one.at_ms - MONDAY for one in arrived if one.mention.platform == "bluesky"}
    assert polled == {hour * HOUR_MS for hour in range(1, 13)}
    assert all(one.at_ms - one.mention.created_ms <= 1000 for one in arrived if one.mention.platform == "x")


def test_after_an_outage_the_backlog_comes_at_once_or_never() -> None:
    back = list(delivered(HALF_DAY, Delivery(outages=(Outage(300, 60),))))
    lost = list(delivered(HALF_DAY, Delivery(outages=(Outage(300, 60, "x", lost=True),))))
    silent = range(MONDAY + 300 * MINUTE_MS, MONDAY + 360 * MINUTE_MS)
    assert not [one for one in back if one.at_ms in silent]
    assert len(back) == len(list(simulate(HALF_DAY)))
    assert sum(one.at_ms == silent.stop for one in back) > 20
    assert {one.mention.platform for one in lost if one.at_ms in silent} == {"bluesky"}
    assert len(lost) < len(back)
