"""Why a signal is as severe as it is."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """What stands out; the same word is in the signal, the log and on the console."""

    UNLIKELY = "unlikely"
    ANGRY = "angry"
    MANY_TIMES_USUAL = "many_times_usual"
    MANY_PEOPLE = "many_people"
    CROWD = "crowd"
    FAST = "fast"
    LASTING = "lasting"
    SEVERAL_PLATFORMS = "several_platforms"
    FAR_REACH = "far_reach"
    FEW_PEOPLE = "few_people"
    NUMBERS_ONLY = "numbers_only"
    REPEATED_BY_PEOPLE = "repeated_by_people"
    AGES_UNKNOWN = "ages_unknown"
