"""How bad, 1 to 5, from several indicators read together; each that stands out is a reason that people are told.

No single figure makes a crisis. A number of voices, however large, is worth a look and no more; anger of a few people
likewise. Anger of several people is worth a page, and gets worse with each further indicator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from detectors.finding import Finding
from detectors.reason import Reason
from detectors.voices.copiers import Copiers

WORTH_A_LOOK: Final = 1
MILD: Final = 2
#: From here on somebody is paged.
PAGES: Final = 3
GRAVE: Final = 4
WHOLE_COMPANY: Final = 5

#: Fewer different people than this are no crisis, however loud.
_FEW: Final = 5
_MANY: Final = 20
_CROWD: Final = 100
_UNLIKELY_SCORE: Final = 1.5
_LOUD_SCORE: Final = 2.0
_ANGRY_SHARE: Final = 0.6
_TIMES_USUAL: Final = 5.0
_FAST_S: Final = 900
_FAST_NEGATIVE: Final = 20.0
_LASTING_MS: Final = 3_600_000
_PLATFORMS: Final = 2
#: From this share of negative ones on, copies are looked at even where nobody knows how old their accounts are.
_ANGRY_COPIES: Final = 0.5
_FAR_REACH: Final = 100_000
#: So many indicators, and so many people, for each of the upper severities.
_UPPER: Final = ((WHOLE_COMPANY, 6, _CROWD), (GRAVE, 3, _MANY))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else is known where a finding is made.

    `authors` are the different people behind it, `reach` how many people may have seen it, `platforms` on how many it
    stands out, `begun_ms` when its alarm began (None where it begins now), `copiers` who made a flood's copies.
    """

    authors: int = 0
    reach: int = 0
    platforms: int = 1
    begun_ms: int | None = None
    copiers: Copiers = Copiers.ACCOUNTS


NOBODY: Final = Circumstances()


@dataclass(frozen=True, slots=True)
class Severity:
    """How bad, and what of."""

    level: int
    reasons: tuple[Reason, ...] = ()


def severity_of(finding: Finding, seen: Circumstances, at_ms: int) -> Severity:
    """How bad a finding at `at_ms` is.

    >>> angry = Finding(14.0, 7.0, 300, observed=60, expected=2, voices=70, negative=60, negative_share=0.86)
    >>> severity_of(angry, Circumstances(authors=58), 0).level, severity_of(angry, Circumstances(authors=2), 0).level
    (4, 2)
    >>> praise = Finding(300.0, 9.0, 300, observed=9000, expected=40, voices=9000)
    >>> severity_of(praise, Circumstances(authors=8000), 0)
    Severity(level=2, reasons=(<Reason.NUMBERS_ONLY: 'numbers_only'>,))
    """
    if finding.severity is not None:
        return _of_copies(finding, finding.severity, seen.copiers)
    if not finding.negative:
        return Severity(MILD if finding.score >= _LOUD_SCORE else WORTH_A_LOOK, (Reason.NUMBERS_ONLY,))
    if seen.authors < _FEW:
        return Severity(MILD, (Reason.FEW_PEOPLE,))
    reasons = tuple(reason for reason, stands_out in _indicators(finding, seen, at_ms) if stands_out)
    for level, indicators, people in _UPPER:
        if len(reasons) >= indicators and seen.authors >= people:
            return Severity(level, reasons)
    return Severity(PAGES, reasons)


def _of_copies(finding: Finding, level: int, copiers: Copiers) -> Severity:
    """People who repeat each other are worth a look, and no flood that somebody made.

    Where nobody knows how old the accounts are, glad copies are taken for people's, as of a giveaway. Angry ones may be
    either, and are told as a flood is: people whose anger is their own are counted apart, and page by themselves.
    """
    match copiers:
        case Copiers.ACCOUNTS:
            return Severity(level)
        case Copiers.PEOPLE:
            return Severity(WORTH_A_LOOK, (Reason.REPEATED_BY_PEOPLE,))
        case Copiers.NOBODY_KNOWS:
            angry = finding.negative_share >= _ANGRY_COPIES
            return Severity(level if angry else WORTH_A_LOOK, (Reason.AGES_UNKNOWN,))
        case _:
            assert_never(copiers)


def _indicators(finding: Finding, seen: Circumstances, at_ms: int) -> tuple[tuple[Reason, bool], ...]:
    return (
        (Reason.UNLIKELY, finding.score >= _UNLIKELY_SCORE),
        (Reason.ANGRY, finding.negative_share >= _ANGRY_SHARE),
        (Reason.MANY_TIMES_USUAL, finding.negative >= _TIMES_USUAL * finding.expected),
        (Reason.MANY_PEOPLE, seen.authors >= _MANY),
        (Reason.CROWD, seen.authors >= _CROWD),
        (Reason.FAST, finding.span_s <= _FAST_S and finding.negative >= _FAST_NEGATIVE),
        (Reason.LASTING, finding.lasting or _since(seen, at_ms) >= _LASTING_MS),
        (Reason.SEVERAL_PLATFORMS, seen.platforms >= _PLATFORMS),
        (Reason.FAR_REACH, seen.reach >= _FAR_REACH),
    )


def _since(seen: Circumstances, at_ms: int) -> int:
    return 0 if seen.begun_ms is None else at_ms - seen.begun_ms
