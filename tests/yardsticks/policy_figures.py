"""The outgoing-post check on labelled posts, beside VADER: cold, and after editors' decisions.

The posts were labelled by people as offensive or not, and as hateful or not; "held" is everything but ``allow``. What
is learned is always another part than what is scored.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from detectors.text.model import Weights
from playbooks.labels import Verdict
from playbooks.policy.check import check
from playbooks.policy.editors import macro_f1, taught
from playbooks.policy.tone import COLD, ToneModel
from tests.parts.require import YARDSTICKS

Posts = Sequence[tuple[str, bool]]
Held = Callable[[str], bool]
#: VADER's own word for a negative text.
_VADER_NEGATIVE: Final = -0.05
_vader: Final = SentimentIntensityAnalyzer()


@dataclass(frozen=True, slots=True)
class Figures:
    """What `figures` found: macro-F1 by set, and shares of well-meant posts that are held.

    `cold` and `vader` are of the training and the validation part of each set; `learned` is of the validation part
    after the training part; `crossed` of each part of both after the others.
    """

    cold: dict[str, float]
    vader: dict[str, float]
    learned: float
    crossed: tuple[float, ...]
    well_meant: float
    well_meant_learned: float


def figures(folds: int = 3) -> Figures:
    """Every figure; about a minute, and half of one for each fold, on an idle core."""
    sets = {f"{name} {part}": labelled(name, part) for name in ("offensive", "hate") for part in ("train", "val")}
    train, validation = sets["offensive train"], sets["offensive val"]
    learned = held_by(taught(train))
    return Figures(
        cold={name: scored(held_by(COLD), posts) for name, posts in sets.items()},
        vader={name: scored(by_vader, posts) for name, posts in sets.items()},
        learned=scored(learned, validation),
        crossed=crossed([*train, *validation], folds),
        well_meant=share_held(held_by(COLD)),
        well_meant_learned=share_held(learned),
    )


@cache
def labelled(name: str, part: str) -> tuple[tuple[str, bool], ...]:
    """Posts of a set, and whether people found them offensive, or hateful."""
    folder = YARDSTICKS / "tweeteval" / name
    texts = (folder / f"{part}_text.txt").read_text(encoding="utf-8").split("\n")
    labels = (folder / f"{part}_labels.txt").read_text(encoding="utf-8").split()
    return tuple((text, label == "1") for text, label in zip(texts, labels, strict=False))


@cache
def well_meant() -> tuple[str, ...]:
    """Posts about airlines that people labelled neutral or positive."""
    with (YARDSTICKS / "airline" / "posts.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row["text"] for row in csv.DictReader(file) if row["airline_sentiment"] != "negative")


def held_by(weights: Weights) -> Held:
    """Whether the whole check, as ``firebreak policy`` runs it, does not allow a text."""
    model = ToneModel(weights)
    return lambda text: check(text, "", model, 0).verdict is not Verdict.ALLOW


def by_vader(text: str) -> bool:
    """Whether VADER calls a text negative."""
    return float(_vader.polarity_scores(text)["compound"]) <= _VADER_NEGATIVE


def scored(held: Held, posts: Posts) -> float:
    """Macro-F1 of what is held."""
    return macro_f1([(held(text), refused) for text, refused in posts])


def share_held(held: Held) -> float:
    """Share of well-meant posts that are held."""
    return sum(map(held, well_meant())) / len(well_meant())


def crossed(posts: Posts, folds: int) -> tuple[float, ...]:
    """Macro-F1 on each of some fifths, drawn at random, after the other four were learned."""
    drawn = random.Random(5).sample(posts, len(posts))
    return tuple(
        scored(held_by(taught([post for place, post in enumerate(drawn) if place % 5 != fold])), drawn[fold::5])
        for fold in range(folds)
    )


def table(found: Figures) -> str:
    """The figures as Markdown."""
    rows = [f"| {name}, nothing learned | {found.cold[name]:.3f} | {found.vader[name]:.3f} |" for name in found.cold]
    rows.append(f"| offensive val, the training part learned | {found.learned:.3f} | |")
    least, most = min(found.crossed), max(found.crossed)
    rows.append(f"| offensive, a fifth scored, four learned | {least:.3f} to {most:.3f} | |")
    rows.append(f"| well-meant posts held, nothing learned | {found.well_meant:.2%} | {share_held(by_vader):.2%} |")
    rows.append(f"| well-meant posts held, offensive learned | {found.well_meant_learned:.2%} | |")
    return "\n".join(["| macro-F1 of what is held | Firebreak | VADER |", "|---|--:|--:|", *rows])
