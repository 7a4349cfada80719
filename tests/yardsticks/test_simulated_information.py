"""What a post says of a change of tone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.yardsticks.simulated_information import divergence, least_min, mixed


def test_the_same_mix_says_nothing_and_another_says_what_kullback_and_leibler_say() -> None:
    even, uneven = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    assert divergence(even, even) == 0.0
    assert divergence(even, uneven) == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))


def test_a_mix_has_the_share_it_was_given() -> None:
    assert mixed(np.array([0.0, 4.0]), np.array([3.0, 0.0]), 0.2).tolist() == pytest.approx([0.8, 0.2])


def test_five_times_the_posts_take_a_fifth_of_the_time_after_the_change() -> None:
    assert least_min(0.2, 15.0, 6.0) - 5.0 == pytest.approx((least_min(0.2, 3.0, 6.0) - 5.0) / 5.0)
