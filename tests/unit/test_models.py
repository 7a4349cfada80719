"""Which version of the text model scores a bucket."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from detectors.text.model import START, Scorer, Weights, pack
from streams.deciding.gather import PartitionTriage
from streams.deciding.models import KEPT, Models
from streams.wire import ModelVersion, decode_model, encode_model
from tests.parts.stream_records import RULES, T0, S, beat, on_tape, said

#: A version a minute, each with a bias that tells it from the others.
VERSIONS = [ModelVersion(number, number * 60_000, Weights(bias=number / 10)) for number in range(1, 8)]


def known(versions: list[ModelVersion]) -> Models:
    models = Models()
    for version in versions:
        models.add(version)
    return models


def test_before_anything_is_published_what_is_shipped_scores() -> None:
    assert known([]).version_at(10**15) == 0
    assert known([]).at(0).score(["late"]) == Scorer(START).score(["late"])


def test_a_version_counts_from_its_bucket_until_the_next_one_does() -> None:
    models = known(VERSIONS)
    assert [models.version_at(at_ms) for at_ms in (0, 59_999, 60_000, 119_999, 120_000, 10**15)] == [0, 0, 1, 1, 2, 7]


@given(st.integers(0, 1000), st.integers(0, 600_000))
def test_the_order_in_which_versions_are_learned_of_makes_no_difference(seed: int, at_ms: int) -> None:
    shuffled = VERSIONS.copy()
    random.Random(seed).shuffle(shuffled)
    assert known(shuffled).version_at(at_ms) == known(VERSIONS).version_at(at_ms)


@given(st.integers(1, 7), st.integers(0, 7 * 60_000))
def test_a_version_that_comes_later_changes_nothing_of_what_was_scored_before_its_bucket(
    count: int, at_ms: int
) -> None:
    early = known(VERSIONS[:count])
    if at_ms < (count + 1) * 60_000:
        assert early.version_at(at_ms) == known(VERSIONS).version_at(at_ms)


def test_a_version_that_is_known_stays_what_it_is() -> None:
    models = known(VERSIONS)
    before = models.at(60_000).score([])
    models.add(ModelVersion(1, 0, Weights(bias=9.0)))
    assert models.at(60_000).score([]) == before
    assert models.version_at(0) == 0


def test_of_two_that_count_from_the_same_bucket_the_newer_one_scores() -> None:
    both = [ModelVersion(2, 0, Weights(bias=2.0)), ModelVersion(1, 0, Weights(bias=1.0))]
    assert known(both).version_at(0) == known(both[::-1]).version_at(0) == 2


def test_the_newest_is_told_by_its_number() -> None:
    assert (known([]).newest, known(VERSIONS).newest) == (0, 7)


def test_a_version_comes_back_from_the_wire_as_it_was() -> None:
    version = ModelVersion(3, 60_000, Weights(0.1, 0.9, 2.5, pack([(7, 0.25)]), pack([(7, 4.0)])))
    assert decode_model(encode_model(version)) == version


def test_the_newest_versions_are_kept_and_the_oldest_of_them_scores_what_lies_before() -> None:
    many = [ModelVersion(number, number * 1000, Weights(bias=number / 100)) for number in range(1, KEPT + 11)]
    models = known(many)
    assert [models.version_at(at_ms) for at_ms in (0, 1000, 11_000, 12_000)] == [11, 11, 11, 12]
    assert models.at(0).score([]) == Scorer(many[10].weights).score([])
    begun_later = known(many[10:])
    assert all(begun_later.version_at(at_ms) == models.version_at(at_ms) for at_ms in range(0, 80_000, 500))


def test_a_cell_names_the_version_that_scored_it() -> None:
    models = known([ModelVersion(1, T0 + 10 * S, Weights(bias=1.0))])
    made = PartitionTriage(0, RULES, models.at, None)
    out = made.fold(on_tape([said(1, T0), said(2, T0 + 12 * S), beat(T0 + 60 * S)]))
    assert [(cell.start_ms, cell.text_model) for cell in out.cells] == [(T0, 0), (T0 + 10 * S, 1)]
