"""What the trainer learns from what has come: corrections as ``--learn`` does, hints in equal parts."""

from __future__ import annotations

from pathlib import Path

from detectors.text.learner import NegativityModel
from playbooks.labels import SampleOrigin
from streams.deciding.lesson import Lesson
from streams.labelled import learned_from
from streams.wire import Sample


def lesson_of(*samples: Sample) -> Lesson:
    lesson = Lesson()
    for sample in samples:
        lesson.add(sample)
    return lesson


def angry(number: int) -> Sample:
    return Sample(f"late{number} \U0001f621", True)


def glad(number: int) -> Sample:
    return Sample(f"early{number} \U0001f60d", False)


def corrected(text: str, negative: bool) -> Sample:
    return Sample(text, negative, SampleOrigin.ANALYST)


def test_corrections_teach_what_the_same_posts_in_a_file_teach(tmp_path: Path) -> None:
    posts = [(f"gate lice {number}", number % 3 > 0) for number in range(240)]
    file = tmp_path / "labelled.csv"
    file.write_text(
        "text,label\n" + "".join(f"{text},{'negative' if bad else 'neutral'}\n" for text, bad in posts), "utf-8"
    )
    model = NegativityModel()
    learned = lesson_of(*(corrected(text, bad) for text, bad in posts)).teach(model)
    assert model.export() == learned_from(file)
    assert learned == {SampleOrigin.ANALYST: 240, SampleOrigin.DISTANT: 0}


def test_as_many_glad_as_angry_hints_are_learned_and_the_newest() -> None:
    lesson = lesson_of(*map(angry, range(10)), *map(glad, range(3)))
    assert [text for text, negative in lesson.hints if negative] == [angry(number).text for number in (7, 8, 9)]
    assert [text for text, negative in lesson.hints if not negative] == [glad(number).text for number in range(3)]


def test_a_flood_of_one_kind_of_hint_teaches_nothing() -> None:
    model = NegativityModel()
    assert not lesson_of(*map(angry, range(2000))).teach(model).total()
    assert model.export() == NegativityModel().export()


def test_hints_have_a_bound() -> None:
    assert len(lesson_of(*map(angry, range(2000)), *map(glad, range(2000))).hints) == 1000


def test_a_lesson_of_nothing_teaches_nothing() -> None:
    assert not Lesson().teach(NegativityModel()).total()
