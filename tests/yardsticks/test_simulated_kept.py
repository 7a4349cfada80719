"""Lives that were played once are not played again, unless the code that decides is another."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.text.model import START
from streams.simulation.texts import Phrases
from tests.yardsticks import simulated_kept
from tests.yardsticks.simulated_lives import Life, small
from tests.yardsticks.simulated_scoring import Labels, Words
from tests.yardsticks.simulated_streams import Outcome

WORDS = Words("phrases", Phrases(), START)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Life]:
    """The lives that are really played."""
    lives: list[Life] = []

    def play(life: Life, words: Words, labels: Labels) -> Outcome:
        lives.append(life)
        return Outcome(weeks=len(lives))

    monkeypatch.setattr(simulated_kept, "play_life", play)
    monkeypatch.setattr(simulated_kept, "_FOLDER", tmp_path)
    return lives


def recall(labels: Labels = Labels.COLD) -> float:
    return simulated_kept.play_or_recall(small()[0], WORDS, labels).weeks


def test_a_life_is_played_once(played: list[Life]) -> None:
    assert [recall(), recall()] == [1, 1]
    assert len(played) == 1


def test_other_labels_are_another_life(played: list[Life]) -> None:
    assert [recall(Labels.COLD), recall(Labels.PERFECT), recall(Labels.COLD)] == [1, 2, 1]


def test_other_code_begins_anew(played: list[Life], monkeypatch: pytest.MonkeyPatch) -> None:
    recall()
    monkeypatch.setattr(simulated_kept, "fingerprint", lambda: "another")
    assert recall() == 2


def test_the_fingerprint_knows_the_detectors_the_simulator_and_the_playbooks() -> None:
    files = {path.name for path in simulated_kept._files()}
    assert {"negativity.py", "complaints.tsv", "background.py", "plan.py", "simulated_play.py"} <= files
    assert any(path.suffix == ".yaml" for path in simulated_kept._files())
