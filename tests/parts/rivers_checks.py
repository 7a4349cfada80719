"""River's own checks of estimators, as far as they say anything about those here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest
from river.checks import common

#: Checks that say nothing about an estimator with such input, and why.
NOT_FOR_US: Final = {
    "check_emerging_features": "what is learned from has all its fields or is none",
    "check_disappearing_features": "what is learned from has all its fields or is none",
    "check_radically_disappearing_features": "what is learned from has all its fields or is none",
    "check_has_tag": "takes a tag; there are none",
    "check_debug_one": "there is no debug_one",
    "check_seeding_is_idempotent": "nothing here is random",
    "check_transform_one": "not a transformer",
    "check_wrapper_accepts_kwargs": "not a wrapper",
    "check_predict_many_matches_predict_one": "no mini-batches",
    "check_learn_many_matches_learn_one": "no mini-batches",
    "check_predict_proba_many_matches_predict_proba_one": "no mini-batches",
    "check_transform_many_matches_transform_one": "no mini-batches",
}
#: All there are. `anomaly.check_roc_auc`, of another module, wants scikit-learn.
RIVERS: Final[dict[str, Callable[..., None]]] = {
    name: check for name, check in inspect.getmembers(common, inspect.isfunction) if name.startswith("check")
}
#: One test for each that says something; the test takes its `name`.
EACH_CHECK: Final = pytest.mark.parametrize("name", [name for name in RIVERS if name not in NOT_FOR_US])


def run_check(name: str, estimator: object, dataset: Sequence[tuple[dict[str, Any], Any]]) -> None:
    """Run one of River's checks; `dataset` is of features and what is to be learned."""
    check = RIVERS[name]
    if "dataset" in inspect.signature(check).parameters:
        check(estimator, dataset=dataset)
    else:
        check(estimator)
