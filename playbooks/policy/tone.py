"""How a post reads: slurs, hate, harassment, threats, obscenity and a harsh tone, by lists and by what editors taught.

The log-odds that an editor would not let a post go are those of its listed words, and of the feeling of its other
words; with `--learn` and an editor's decisions, River's logistic regression adds what the words themselves taught
(`detectors.text.learner`, started from the lists). A post at one half or above is held.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from detectors.lexicon import english
from detectors.text.features import features
from detectors.text.learner import NegativityModel, Vector, vector
from detectors.text.model import Weights
from detectors.text.slots import slots_of
from playbooks.labels import Verdict
from playbooks.policy.finding import Finding, PolicyReason, found, shown
from playbooks.policy.groups import against_groups
from playbooks.policy.reading import plain, words_of
from playbooks.policy.words import ALONE, REFUSED, Hit, Kind, WordList, word_list
from playbooks.settings.brands import PostLanguage

#: Beside a listed word, blame makes a post a little worse and praise a little better; per step of a valence of -4 to 4.
_PER_BLAME: Final = 0.15
_PER_PRAISE: Final = 0.1
#: A post may say the same thing again and again; beyond these log-odds that says nothing new.
_MOST: Final = 8.0
#: Log-odds of a post without any listed word: one word of strength 2, or two of 1, hold it, unless praise outweighs it.
_BIAS: Final = -1.75
_HELD_AT: Final = 0.5
_SIGN_PRESENT: Final = 0.5
_LARGEST_SIGN: Final = 2.0

_REASON: Final[Mapping[Kind, PolicyReason]] = {
    Kind.SLUR: PolicyReason.SLUR,
    Kind.HATE: PolicyReason.HATE,
    Kind.HARASSMENT: PolicyReason.HARASSMENT,
    Kind.THREAT: PolicyReason.THREAT,
    Kind.OBSCENITY: PolicyReason.OBSCENITY,
}
#: A word of this strength names its reason; of weaker ones only several together are one.
_NAMED: Final = 2.0

#: What is shipped: the lists, nothing learned.
COLD: Final = Weights(bias=_BIAS)


class Reading(NamedTuple):
    """A post, read: its words, what of them is listed, and how much blame and praise is in the others (both 0..8).

    `odds` is what all of that says: log-odds that an editor would not let it go, without the bias.
    """

    text: str
    words: Sequence[str]
    hits: Sequence[Hit]
    blame: float
    praise: float
    odds: float

    def of(self, *kinds: Kind) -> list[Hit]:
        """The listed words of these kinds."""
        return [hit for hit in self.hits if hit.listed.kind in kinds]


def read(text: str, listed: WordList | None = None) -> Reading:
    """Read a post; `listed` is what it is read for, English where nothing is said.

    >>> read("You are an IDIOT").odds > read("You are kind").odds
    True
    """
    listed = listed or word_list()
    bare = plain(text)
    words = words_of(bare, listed.tag, listed.unmask)
    hits = [*listed.hits(words), *against_groups(words)]
    known = {word for hit in hits for word in hit.words.split()}
    valences = [english().get(word, 0.0) for word in words if word not in known]
    blame = min(_MOST, -sum(valence for valence in valences if valence < 0.0))
    praise = min(_MOST, sum(valence for valence in valences if valence > 0.0))
    strengths = sum(hit.listed.strength for hit in hits if hit.listed.kind in _REASON)
    odds = min(_MOST, strengths + _PER_BLAME * blame) - _PER_PRAISE * praise
    return Reading(bare, words, hits, blame, praise, odds)


class ToneModel:
    """Whether an editor would let a post go, so far as its words tell.

    >>> model = ToneModel()
    >>> model.probability(read("What a lovely morning")) < 0.5 <= model.probability(read("Shut up, you moron"))
    True
    """

    def __init__(self, weights: Weights = COLD, languages: tuple[PostLanguage, ...] = (PostLanguage.ENGLISH,)) -> None:
        self._weights = weights
        self._listed = word_list(languages)
        self._model = NegativityModel(weights)

    @property
    def learned(self) -> bool:
        """Whether editors have taught it anything."""
        return bool(self._weights.table)

    def read(self, text: str) -> Reading:
        """Read a post for the lists of this model's languages."""
        return read(text, self._listed)

    def probability(self, reading: Reading) -> float:
        """Probability that an editor would not let the post go."""
        if not self.learned:
            return 1.0 / (1.0 + math.exp(-reading.odds - self._weights.bias))
        return self._model.probability_of(vector_of(reading))

    def findings(self, reading: Reading) -> list[Finding]:
        """What is to be said against the post; empty where nothing is."""
        against = list(_alone(reading))
        if not any(finding.verdict is Verdict.REJECT for finding in against) and (
            self.probability(reading) >= _HELD_AT
        ):
            against += _together(reading)
        return against


def vector_of(reading: Reading) -> Vector:
    """What the model learns from: what the lists say, the text's own features, and the signs that are in it.

    The signs stand beside the features at their own size: a swear word is one in a long post as in a short one.
    """
    kinds = [f"~{hit.listed.kind}{hit.listed.strength:g}" for hit in reading.hits]
    x = vector([*features(reading.text), *kinds], reading.odds)
    for sign, size in _signs(reading).items():
        place = slots_of(sign).own
        x[place] = x.get(place, 0.0) + min(_LARGEST_SIGN, size)
    return x


def _signs(reading: Reading) -> Mapping[str, float]:
    """How much of each kind, blame and praise is in a post, in steps of a word that is held by itself."""
    signs = defaultdict(float, {"~blame": reading.blame / ALONE, "~praise": reading.praise / ALONE})
    for kind, strength in (hit.listed for hit in reading.hits):
        signs[f"~{kind}"] += strength / ALONE
        signs[f"~{kind}{strength:g}"] += _SIGN_PRESENT
    if reading.hits:
        signs[f"~most{max(hit.listed.strength for hit in reading.hits):g}"] = _SIGN_PRESENT
    return signs


def _alone(reading: Reading) -> Iterator[Finding]:
    """What no other word of a post and no lesson makes up for."""
    by_reason: dict[PolicyReason, list[str]] = defaultdict(list)
    for hit in reading.hits:
        if hit.listed.strength >= REFUSED:
            by_reason[_REASON[hit.listed.kind]].append(hit.words)
    for reason, words in by_reason.items():
        yield found(reason, Verdict.REJECT, shown(words))
    if harm := reading.of(Kind.SELF_HARM):
        yield found(PolicyReason.SELF_HARM, Verdict.HOLD, shown(hit.words for hit in harm))


def _together(reading: Reading) -> Iterator[Finding]:
    """Why the model holds a post, in the words of the lists where they say it."""
    if reading.odds + _BIAS < 0.0:
        yield found(PolicyReason.LIKE_REFUSED, Verdict.HOLD)
        return
    named = [hit for hit in reading.of(*_REASON) if hit.listed.strength >= _NAMED]
    for kind in dict.fromkeys(hit.listed.kind for hit in named):
        yield found(_REASON[kind], Verdict.HOLD, shown(hit.words for hit in named if hit.listed.kind is kind))
    if not named:
        yield found(PolicyReason.TONE, Verdict.HOLD, shown(hit.words for hit in reading.of(*_REASON)))
