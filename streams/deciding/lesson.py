"""What the trainer has come to learn since its last version, and how it is taught."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

from detectors.text.learner import Labelled, NegativityModel
from playbooks.labels import SampleOrigin
from streams.wire import Sample

#: Hints of one label that one version learns at most.
_HINTS_MOST: Final = 500


class Lesson:
    """What has come to learn from since the last version.

    People's corrections are learned like the posts of ``--learn``. Of hints, the texts that bring their own label, as
    many angry as glad ones are learned and no more than a bound, so that nobody teaches the model by writing a lot.
    """

    def __init__(self) -> None:
        self.corrections: list[Labelled] = []
        self._hints: dict[bool, deque[str]] = {True: deque(maxlen=_HINTS_MOST), False: deque(maxlen=_HINTS_MOST)}

    def add(self, sample: Sample) -> None:
        """Take in one sample."""
        if sample.origin is SampleOrigin.ANALYST:
            self.corrections.append((sample.text, sample.negative))
        else:
            self._hints[sample.negative].append(sample.text)

    @property
    def hints(self) -> list[Labelled]:
        """Angry and glad texts in turn, as many of each; the newest."""
        fewer = min(map(len, self._hints.values()))
        newest = zip(*(list(texts)[len(texts) - fewer :] for texts in self._hints.values()), strict=True)
        return [(text, negative) for pair in newest for text, negative in zip(pair, self._hints, strict=True)]

    def teach(self, model: NegativityModel) -> Counter[SampleOrigin]:
        """Let `model` learn it; says how many samples of each origin were learned from."""
        hints = self.hints
        for text, negative in hints:
            model.learn_hint(text, negative)
        if self.corrections:
            model.learn_all(self.corrections)
        return Counter({SampleOrigin.DISTANT: len(hints), SampleOrigin.ANALYST: len(self.corrections)})
