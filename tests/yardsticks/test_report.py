"""The figures in the document are those that were measured."""

from __future__ import annotations

from tests.yardsticks.report import DOCUMENT, kept, written_into
from tests.yardsticks.report_parts import PARTS

POLICY = DOCUMENT.with_name("policy.md")


def test_the_document_has_the_figures_as_they_were_measured() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert written_into(document, kept()) == document


def test_the_figures_of_outgoing_posts_stand_beside_what_they_are_about() -> None:
    assert kept()["policy"].detail.strip() in POLICY.read_text("utf-8")


def test_what_was_measured_is_a_part_of_the_report() -> None:
    assert kept().keys() <= PARTS.keys()
    assert {"counts", "texts"} <= kept().keys()
