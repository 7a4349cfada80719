"""Lives that were played are kept, so that an hour's work that is broken off goes on where it was.

What is kept belongs to the code that made it: a change of anything that decides begins anew.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import xxhash

from tests.yardsticks.simulated_lives import Life
from tests.yardsticks.simulated_scoring import Labels, Words
from tests.yardsticks.simulated_streams import Outcome, play_life

_ROOT: Final = Path(__file__).parents[2]
_FOLDER: Final = _ROOT / ".cache" / "lives"
_DECIDE: Final = (
    "detectors/**/*.py",
    "detectors/lexicon/*",
    "playbooks/*.py",
    "playbooks/armings/*.py",
    "playbooks/content/**/*.py",
    "playbooks/incidents/*.py",
    "playbooks/library/**/*.yaml",
    "streams/labelled.py",
    "streams/deciding/open_cell.py",
    "streams/simulation/*.py",
    "tests/yardsticks/simulated_*.py",
)


def play_or_recall(life: Life, words: Words, labels: Labels) -> Outcome:
    """What came of a life, from where it is kept, or else from playing it."""
    file = _FOLDER / fingerprint() / f"{labels.name.lower()}-{life.rate_per_min:g}-{life.seed}-{life.peak_weeks}.pickle"
    if file.exists():
        kept: Outcome = pickle.loads(file.read_bytes())
        return kept
    found = play_life(life, words, labels)
    file.parent.mkdir(parents=True, exist_ok=True)
    half_made = file.with_suffix(".part")
    half_made.write_bytes(pickle.dumps(found))
    half_made.rename(file)
    return found


@cache
def fingerprint() -> str:
    """A short name for the code that decides: another whenever one of its files is another."""
    seen = xxhash.xxh3_64()
    for file in _files():
        seen.update(file.relative_to(_ROOT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return seen.hexdigest()


def _files() -> Iterator[Path]:
    for pattern in _DECIDE:
        yield from sorted(path for path in _ROOT.glob(pattern) if path.is_file())
