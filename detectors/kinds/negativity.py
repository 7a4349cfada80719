"""Anger: more negative voices than usual, or the same number in a worse tone, weighed voice by voice.

A number alone is no crisis: praise going viral brings more negative voices with it, but no larger share. Nor is a
share alone: three grumblers at night are all there is. What counts is evidence, in powers of ten, that voices have
turned (`detectors.estimators.turns`), given how this brand's voices usually score (`detectors.estimators.score_mix`):
either the tone alone has to say enough, or tone and number together.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable
from typing import Any, Final

import msgspec
from river import base

from detectors.bucket import BUCKET_MS
from detectors.estimators.lasting import STEPS, lasting_change
from detectors.estimators.score_mix import NEGATIVITY, MixState, ScoreMix
from detectors.estimators.seasonal import RateState, SeasonalRate
from detectors.estimators.tails import count_band
from detectors.estimators.turns import Turns, TurnsState, turns_of
from detectors.estimators.window import LONGEST_S, Window
from detectors.finding import NO_BINS, Detector, Finding, Level, Observation
from detectors.signal import SignalKind

#: Evidence of a change of tone (log10 of the likelihood ratio) that is worth a signal, for the brand as a whole.
THRESHOLD: Final = 5.75
#: Where the number of voices speaks too, so much more is needed: numbers are the noisier witness.
_ANGER_EXTRA: Final = 0.75
#: Findings below this score are not told.
_WORTH_TELLING: Final = 0.5

_STEP_MS: Final = 300_000
_LEVEL_S: Final = 900
_MINUTE_S: Final = 60
#: All voices are believed to be scored, at the weight of so many; memory of that part in voices.
_PART_BELIEF: Final = 20.0
_PART_MEMORY: Final = 2_000.0
#: Fewer scored voices than this have no share.
_LEAST_SCORED: Final = 0.01
_LN10: Final = math.log(10.0)


class _State(msgspec.Struct):
    version: int
    rate: RateState | None
    scored: tuple[float, float]
    mix: MixState
    turns: TurnsState
    window: str
    moods: bytes
    step: tuple[int, float, float]
    newest_ms: int
    lasting: bool


class NegativitySpike(base.AnomalyDetector):
    """Evidence that voices have turned negative, beyond this brand's own ups and downs of number and mood.

    As a River estimator it takes ``{"at_ms": ..., "scored": ..., "negative": ...}``, one a bucket, in order, and if
    known ``"bins"``, how the scores are spread. `threshold` is the evidence (powers of ten) that a signal needs;
    raising it makes fewer, later signals. A platform's detector starts from the mix and the rhythm of `whole`, the
    whole brand's.

    A crisis moves what is usual little: its steps are damped for a day at most, then they become the usual.

    >>> detector = NegativitySpike()
    >>> for bucket in range(3 * 8640):
    ...     detector.learn_one({"at_ms": bucket * 10_000, "scored": 1, "negative": bucket % 5 == 0})
    >>> later = 3 * 86_400_000
    >>> praise = detector.score_one({"at_ms": later, "scored": 60, "negative": 12})
    >>> anger = detector.score_one({"at_ms": later, "scored": 60, "negative": 50})
    >>> praise < 1 < anger
    True
    """

    kind = SignalKind.NEGATIVITY
    version = 7

    def __init__(self, threshold: float = THRESHOLD, whole: Detector | None = None) -> None:
        self.threshold = threshold
        self.whole = whole
        brand = whole if isinstance(whole, NegativitySpike) else None
        self._rate: SeasonalRate = SeasonalRate(brand._rate if brand else None)
        self._mix: ScoreMix = ScoreMix(brand._mix if brand else None)
        self._turns = turns_of()
        self._shares = False
        #: Of so many voices so many were scored.
        self._scored = (0.0, 0.0)
        #: Negative voices, scored voices; negative voices expected flow.
        self._window = Window(2)
        #: Mean scores of the last day's steps; start, sum and number of the step that is under way.
        self._moods = array("f")
        self._step = (-1, 0.0, 0.0)
        self._newest_ms = -1
        self._lasting = False
        self._said: tuple[Observation, Turns] | None = None

    def share(self, rate: SeasonalRate) -> None:
        """Go by a rate of the same series that another detector learns, after this one has seen a bucket."""
        self._rate = rate
        self._shares = True

    def score_one(self, x: dict[Hashable, Any]) -> float:
        """How far out of the ordinary the bucket `x` is under what was learned before it; 1 is worth a signal."""
        finding = self.find(_observed(x))
        return finding.score if finding else 0.0

    def learn_one(self, x: dict[Hashable, Any]) -> None:
        """Take in the bucket `x`."""
        self.learn(_observed(x))

    def find(self, seen: Observation) -> Finding | None:
        """The stronger evidence of the two, where there is any that this bucket adds to."""
        if not (seen.scored or seen.arrived) or not self._rate.warm(seen.at_ms):
            return None
        turns = self._with(seen)
        if not turns.striking:
            return None
        tone = turns.tone(self._mix)
        anger = turns.anger(self._mix, seen.at_ms, lambda span_s: self._rate.dispersion(seen.at_ms, span_s))
        by_tone, by_anger = tone.evidence / self.threshold, anger.evidence / (self.threshold + _ANGER_EXTRA)
        best, threshold = (tone, self.threshold) if by_tone >= by_anger else (anger, self.threshold + _ANGER_EXTRA)
        if max(by_tone, by_anger) < _WORTH_TELLING * _LN10:
            return None
        return self._finding(seen, best.evidence / _LN10, threshold, best.since_ms)

    def learn(self, seen: Observation) -> None:
        """Take the bucket into the evidence and the baselines."""
        if not (seen.scored or seen.mistaken or seen.voices):
            return self.rest(seen, 1)
        self._turns = self._with(seen)
        self._rate.begin(seen.at_ms)
        expected = self._expect(seen)
        self._mix.learn(seen.at_ms, _voices(seen), seen.negative, expected)
        self._window.add((seen.negative, seen.scored), expected * self._mix.usual_share)
        self._learn_mood(seen)
        voices, scored = self._scored[0] + seen.voices, self._scored[1] + seen.scored
        keep = min(1.0, _PART_MEMORY / max(voices, 1.0))
        self._scored = (voices * keep, scored * keep)
        if not self._shares:
            self._rate.learn(seen.at_ms, seen.voices, seen.planned)
        self._newest_ms = seen.at_ms
        self._said = None
        return None

    def rest(self, seen: Observation, buckets: int) -> None:
        """Take in so many buckets without a word, of which `seen` is the first."""
        self._rate.begin(seen.at_ms)
        expected = self._expect(seen)
        self._turns = self._turns.quiet(expected, buckets)
        self._mix.pass_by(seen.at_ms, expected, buckets)
        self._window.rest(buckets, expected * self._mix.usual_share)
        self._learn_mood(seen)
        if not self._shares:
            self._rate.rest(seen.at_ms, buckets)
        self._newest_ms = seen.at_ms + (buckets - 1) * BUCKET_MS
        self._said = None

    def correct(self, late: Observation) -> None:
        """Count late voices in the evidence, the window and the step that they belong to."""
        if not late.scored or self._newest_ms < 0:
            return
        voices = _voices(late)
        self._window.correct((self._newest_ms - late.at_ms) // BUCKET_MS, (late.negative, late.scored))
        buckets = (self._newest_ms - late.at_ms) // BUCKET_MS + 1
        expected = self._expect(late) * buckets
        self._turns = self._turns.late(late.at_ms, voices, self._mix, expected)
        self._mix.late(late.at_ms, voices, late.negative)
        if not self._shares:
            self._rate.late(late.at_ms, late.voices / late.planned)
        self._said = None

    def level(self, at_ms: int) -> Level:
        """The negative share of the voices of the last quarter of an hour."""
        negative, scored, _ = self._window.last(_LEVEL_S)
        usual = self.usual_share
        off = 2.0 * math.sqrt(usual * (1.0 - usual) / max(scored, 1.0))
        # In the window counts are kept in small parts; what is left of those that went is nobody's voice.
        nobody = scored < _LEAST_SCORED
        share = 0.0 if nobody else negative / scored
        return Level(share, usual, min(1.0, usual + off), max(0.0, usual - off), nobody)

    @property
    def usual_share(self) -> float:
        """The share of voices that is usually negative, 0..1."""
        return self._mix.usual_share

    def baseline_days(self, at_ms: int) -> float:
        """How long the series has been known."""
        return self._rate.days(at_ms)

    def snapshot(self) -> bytes:
        """Everything it knows, as JSON."""
        state = _State(
            self.version,
            None if self._shares else self._rate.state,
            self._scored,
            self._mix.state,
            self._turns.state,
            self._window.state(),
            self._moods.tobytes(),
            self._step,
            self._newest_ms,
            self._lasting,
        )
        return msgspec.json.encode(state)

    @classmethod
    def restore(cls, snapshot: bytes, threshold: float = THRESHOLD, whole: Detector | None = None) -> NegativitySpike:
        """A detector that goes on from a snapshot; `threshold` is a setting and not part of it."""
        state = msgspec.json.decode(snapshot, type=_State)
        detector = cls(threshold, whole)
        if state.rate is not None:
            detector._rate.resume(state.rate)
        detector._scored = state.scored
        detector._mix = ScoreMix(detector._mix.brand, state.mix)
        detector._turns = turns_of(state.turns)
        detector._window = Window(2, state.window)
        detector._moods = array("f", state.moods)
        detector._step = state.step
        detector._newest_ms = state.newest_ms
        detector._lasting = state.lasting
        return detector

    # --- inside -------------------------------------------------------------------------------------------------------

    def _with(self, seen: Observation) -> Turns:
        """The evidence with this bucket's voices; worked out once for finding and learning."""
        if self._said is None or self._said[0] is not seen:
            turns = self._turns.after(seen.at_ms, _voices(seen), self._expect(seen), self._mix, seen.mistaken)
            self._said = (seen, turns)
        return self._said[1]

    def _expect(self, seen: Observation) -> float:
        voices, scored = self._scored
        part = (scored + _PART_BELIEF) / (voices + _PART_BELIEF)
        return self._rate.expect(seen.at_ms) * seen.planned * part

    def _finding(self, seen: Observation, tail: float, threshold: float, since_ms: int) -> Finding:
        span_s = min(LONGEST_S, max(_MINUTE_S, (seen.at_ms + BUCKET_MS - since_ms) // 1000))
        negative, scored, expected = self._window.last(span_s - BUCKET_MS // 1000)
        negative += seen.negative
        scored += seen.scored
        expected += self._expect(seen) * self.usual_share
        low, high = 0.0, 0.0
        if tail >= threshold:
            low, high = count_band(expected, self._rate.dispersion(seen.at_ms, span_s))
        return Finding(
            tail,
            threshold,
            span_s,
            observed=negative,
            expected=expected,
            voices=scored,
            negative=negative,
            negative_share=negative / scored if scored else 0.0,
            expected_negative_share=self.usual_share,
            low=low,
            high=high,
            lasting=self._lasting,
        )

    def _learn_mood(self, seen: Observation) -> None:
        begun_ms, total, number = self._step
        step_ms = seen.at_ms - seen.at_ms % _STEP_MS
        if step_ms != begun_ms:
            if number:
                self._moods.append(total / number)
                del self._moods[:-STEPS]
            self._lasting = self._turns.striking and lasting_change(self._moods)
            total = number = 0.0
        if seen.scored:
            total += sum(count * score for count, score in zip(_voices(seen), NEGATIVITY, strict=True))
            number += seen.scored
        self._step = (step_ms, total, number)


def _voices(seen: Observation) -> tuple[float, ...]:
    """Voices by bin; where only the negative ones are known, they are in the last bin and the others in the first."""
    return seen.bins if any(seen.bins) else (seen.scored - seen.negative, *NO_BINS[2:], seen.negative)


def _observed(x: dict[Hashable, Any]) -> Observation:
    return Observation(x["at_ms"], x["scored"], x["scored"], x["negative"], x.get("bins", NO_BINS))
