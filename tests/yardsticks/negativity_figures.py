"""The text model on labelled posts, beside VADER: cold, after learning, how fast, and how well its scores are meant.

The airline posts are cut in halves at random, several times: one half is learned, the other scored. They are half of a
larger set already, and the peers learned all of them to score the rest; to stand beside them, most are learned and the
few that were left out scored, until each has been scored once. The other posts, about anything, are only scored: they
tell whether the start knows complaining or one trade's words.
"""

from __future__ import annotations

import csv
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from detectors.text.features import features
from detectors.text.learner import NegativityModel, area_under_curve
from detectors.text.model import START, Scorer, Weights
from tests.parts.require import YARDSTICKS

#: An hour with fewer posts says nothing of a share.
_HOUR_POSTS: Final = 10
_BINS: Final = 10

Score = Callable[[str], float]


class Post(NamedTuple):
    """A labelled post; `hour` is empty where its time is not known."""

    text: str
    negative: bool
    hour: str = ""


class Bin(NamedTuple):
    """One bin of a reliability table: how many posts, what they were given on average, and what they were."""

    posts: int
    predicted: float
    negative: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What `figures` found. Areas under the curve are of negative posts against the rest; `learned`, `flipped` (30 % of
    the labels learned were wrong) and their like hold one value for each split; `learned_most` is one figure over
    all posts, each scored by what the other parts taught.

    `hourly_...` are correlations of an hour's mean score with its share of negative posts; where something was learned,
    each half was scored by what the other taught. `posts_per_s` and `ratio_to_vader` are of one run on one core,
    features included.
    """

    vader: float
    cold: float
    cold_halves: tuple[float, ...]
    learned: tuple[float, ...]
    learned_most: float
    flipped: tuple[float, ...]
    elsewhere_vader: float
    elsewhere_cold: float
    hourly_vader: float
    hourly_cold: float
    hourly_learned: float
    posts_per_s: float
    ratio_to_vader: float
    reliability_cold: tuple[Bin, ...]
    reliability_elsewhere: tuple[Bin, ...]
    reliability_learned: tuple[Bin, ...]


def figures(splits: int = 4, flips: int = 1, folds: int = 10) -> Figures:
    """Every figure; about 8 s for each split and 12 s for each fold on an idle core. `flips` splits are also learned
    with wrong labels; of `folds` parts each is scored once, with what the others taught.
    """
    posts, elsewhere = airline_posts(), other_posts()
    halves = [halved(posts, seed) for seed in range(splits)]
    taught = [scorer_of(learned) for learned, _ in halves]
    learned_scores = [scored(score, kept) for score, (_, kept) in zip(taught, halves, strict=True)]
    one, other = halves[0]
    crossed = [*zip(other, learned_scores[0], strict=True), *zip(one, scored(scorer_of(other), one), strict=True)]
    fast = speed(scorer_of((), weights=learned_weights(one)), posts)
    return Figures(
        vader=area(vader, posts),
        cold=area(cold, posts),
        cold_halves=tuple(area(cold, kept) for _, kept in halves),
        learned=tuple(
            area_under_curve(list(zip(scores, (post.negative for post in kept), strict=True)))
            for scores, (_, kept) in zip(learned_scores, halves, strict=True)
        ),
        learned_most=left_out(posts, folds),
        flipped=tuple(area(scorer_of(flipped(learned)), kept) for learned, kept in halves[:flips]),
        elsewhere_vader=area(vader, elsewhere),
        elsewhere_cold=area(cold, elsewhere),
        hourly_vader=hourly([(post, vader(post.text)) for post in posts]),
        hourly_cold=hourly([(post, cold(post.text)) for post in posts]),
        hourly_learned=hourly(crossed),
        posts_per_s=fast,
        ratio_to_vader=fast / speed(vader, posts[:2000]),
        reliability_cold=reliability([(cold(post.text), post.negative) for post in posts]),
        reliability_elsewhere=reliability([(cold(post.text), post.negative) for post in elsewhere]),
        reliability_learned=reliability([(score, post.negative) for post, score in crossed]),
    )


@cache
def airline_posts() -> tuple[Post, ...]:
    """Posts to airlines, labelled by people."""
    with (YARDSTICKS / "airline" / "posts.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Post(row["text"], row["airline_sentiment"] == "negative", row["created_at"][:13])
            for row in csv.DictReader(file)
        )


@cache
def other_posts() -> tuple[Post, ...]:
    """Posts about anything, labelled by people."""
    folder = YARDSTICKS / "tweeteval" / "sentiment"
    texts = (folder / "val_text.txt").read_text(encoding="utf-8").split("\n")
    labels = (folder / "val_labels.txt").read_text(encoding="utf-8").split()
    return tuple(Post(text, label == "0") for text, label in zip(texts, labels, strict=False))


def halved(posts: Sequence[Post], seed: int) -> tuple[list[Post], list[Post]]:
    """The posts in two halves, drawn at random."""
    drawn = random.Random(seed).sample(posts, len(posts))
    return drawn[: len(drawn) // 2], drawn[len(drawn) // 2 :]


def left_out(posts: Sequence[Post], folds: int) -> float:
    """The area over all posts, each scored by what the other parts of `folds` taught (cross-validation)."""
    drawn = random.Random(0).sample(posts, len(posts))
    found: list[tuple[float, bool]] = []
    for fold in range(folds):
        kept = drawn[fold::folds]
        score = scorer_of([post for place, post in enumerate(drawn) if place % folds != fold])
        found += [(score(post.text), post.negative) for post in kept]
    return area_under_curve(found)


def flipped(posts: Sequence[Post], share: float = 0.3) -> list[Post]:
    """The posts, with so many of the labels wrong."""
    chance = random.Random(7)
    return [post._replace(negative=post.negative != (chance.random() < share)) for post in posts]


def learned_weights(posts: Sequence[Post]) -> Weights:
    """What the model makes of labelled posts, as ``--learn`` and the trainer do."""
    model = NegativityModel()
    model.learn_all([(post.text, post.negative) for post in posts])
    return model.export()


def scorer_of(posts: Sequence[Post], weights: Weights | None = None) -> Score:
    """The live score after `posts` were learned, or with `weights`."""
    scorer = Scorer(weights or learned_weights(posts))
    return lambda text: scorer.score(features(text))


#: The live score of what is shipped.
cold: Final = scorer_of((), START)
_vader: Final = SentimentIntensityAnalyzer()


def vader(text: str) -> float:
    """VADER's compound score, turned round: higher is worse."""
    return -float(_vader.polarity_scores(text)["compound"])


def scored(score: Score, posts: Sequence[Post]) -> list[float]:
    """The score of each post."""
    return [score(post.text) for post in posts]


def area(score: Score, posts: Sequence[Post]) -> float:
    """How often a negative post scores higher than another, of all pairs."""
    return area_under_curve([(score(post.text), post.negative) for post in posts])


def hourly(scored_posts: Sequence[tuple[Post, float]]) -> float:
    """Correlation of the mean score of an hour with its share of negative posts."""
    hours: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for post, score in scored_posts:
        if post.hour:
            hours[post.hour].append((score, post.negative))
    means = [np.mean(hour, axis=0) for hour in hours.values() if len(hour) >= _HOUR_POSTS]
    return float(np.corrcoef(np.array(means).T)[0, 1])


def reliability(scored_labels: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Ten bins by score; empty ones are left out."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for score, negative in scored_labels:
        bins[min(_BINS - 1, int(score * _BINS))].append((score, negative))
    return tuple(Bin(len(here), *(float(mean) for mean in np.mean(here, axis=0))) for here in bins if here)


def miscalibration(bins: Sequence[Bin]) -> float:
    """How far what was predicted is from what was, on average over the posts (the expected calibration error)."""
    return sum(here.posts * abs(here.predicted - here.negative) for here in bins) / sum(here.posts for here in bins)


def speed(score: Score, posts: Sequence[Post], rounds: int = 3) -> float:
    """Posts a second, of this process's own time; the best of some rounds, since other programs only slow it down."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        scored(score, posts)
        best = min(best, time.process_time() - began)
    return len(posts) / best


def table(found: Figures) -> str:
    """The figures as Markdown."""
    from_to = "{:.3f} to {:.3f}".format
    rows: list[tuple[str, float | str, float | str]] = [
        ("airline posts, nothing learned", found.cold, found.vader),
        ("posts about anything, nothing learned", found.elsewhere_cold, found.elsewhere_vader),
        ("airline posts, the other half learned", from_to(min(found.learned), max(found.learned)), ""),
        ("airline posts, the others all learned", found.learned_most, ""),
        ("the other half, 30 % of its labels wrong", from_to(min(found.flipped), max(found.flipped)), ""),
        ("hourly share, nothing learned (correlation)", found.hourly_cold, found.hourly_vader),
        ("hourly share, the other half learned (correlation)", found.hourly_learned, ""),
        ("scores off by, the other half learned", miscalibration(found.reliability_learned), ""),
        ("scores off by, nothing learned", miscalibration(found.reliability_cold), ""),
        ("scores off by, posts about anything", miscalibration(found.reliability_elsewhere), ""),
        ("posts a second", f"{found.posts_per_s:,.0f}", f"{found.posts_per_s / found.ratio_to_vader:,.0f}"),
    ]
    lines = ["| | Firebreak | VADER |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {_cell(ours)} | {_cell(other)} |" for name, ours, other in rows)])


def _cell(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3f}"
