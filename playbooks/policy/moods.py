"""Under which hashtags people are in grief or anger just now, as far as detection tells: from signals.

A signal does not know the mood of each hashtag. It has the terms that rise in the complaints of its window, and how
many of that window's mentions are negative; so a term that enough people say is taken to be in the mood of the window.
Grief is told from anger by the terms: where they speak of the dead or of a disaster, the window grieves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from detectors.signal import Signal, SignalKind
from playbooks.policy.tone import read
from playbooks.policy.tragedy import Mood
from playbooks.policy.words import Kind

#: A term of fewer people's complaints may be chance. Of a signal's complaints at most 50 are looked through for terms.
FEWEST_PEOPLE: Final = 5
_SHORTEST: Final = 4
_OF_PEOPLE: Final = (SignalKind.VOLUME, SignalKind.NEGATIVITY, SignalKind.BACKLASH, SignalKind.UNANSWERED)


def moods_of(signals: Iterable[tuple[Signal, int]]) -> dict[str, Mood]:
    """The moods by term, in lower case and without a hashtag's sign; each signal comes with when it was last so.

    Of several signals about a term the last counts.

    >>> from detectors.signal import Evidence, Term
    >>> terms = (Term("#stormida", 40, 0.0), Term("victims", 22, 0.0), Term("oh", 30, 0.0))
    >>> said = Evidence(900, 9.0, 6.0, 3.0, 14.0, 400, 280, 0.7, 0.2, 390, 14.0, terms=terms)
    >>> signal = Signal("s", "", "acme", None, SignalKind.VOLUME, 5, 0, 3, 1.5, 400, 40, "Spike", 1, said)
    >>> found = moods_of([(signal, 5)])
    >>> sorted(found), found["stormida"].grieving, found["stormida"].mentions
    (['stormida', 'victims'], 0.7, 400)
    """
    found: dict[str, Mood] = {}
    for signal, at_ms in sorted(signals, key=lambda one: (one[1], one[0].id)):
        if signal.kind not in _OF_PEOPLE:
            continue
        said = signal.evidence
        grieves = bool(read(" ".join(term.text.lstrip("#") for term in said.terms)).of(Kind.TRAGEDY))
        share = said.negative_share
        mood = Mood(said.mentions, share if grieves else 0.0, 0.0 if grieves else share, at_ms)
        for term in said.terms:
            text = term.text.lstrip("#").lower()
            if term.people >= FEWEST_PEOPLE and len(text) >= _SHORTEST:
                found[text] = mood
    return found
