"""The body of a webhook request: one mention or many, each bad line named."""

from __future__ import annotations

import json

import pytest

from detectors.mention import Fault
from streams.sources.webhook_body import MAX_LINES, Rejected, TooManyLines, read_body
from tests.parts.mentions import line


def test_one_object_is_one_mention() -> None:
    batch = read_body(line(1), {"acme"})
    assert [mention.id for mention in batch.mentions] == ["1"]
    assert batch.rejected == ()


def test_an_object_over_several_lines_is_one_mention() -> None:
    pretty = json.dumps(json.loads(line(1)), indent=2).encode()
    assert [mention.id for mention in read_body(pretty, None).mentions] == ["1"]


def test_each_line_is_a_mention_and_empty_lines_are_none() -> None:
    batch = read_body(b"\r\n" + line(1) + b"\r\n\n  \n" + line(2) + b"\n", None)
    assert [mention.id for mention in batch.mentions] == ["1", "2"]
    assert batch.rejected == ()


def test_a_bad_line_is_named_and_the_others_are_taken() -> None:
    body = b"\n".join([line(1), b"[]", line(2), b"", line(3, brand="nobody"), b"{"])
    batch = read_body(body, {"acme"})
    assert [mention.id for mention in batch.mentions] == ["1", "2"]
    assert [(bad.line, bad.fault) for bad in batch.rejected] == [
        (2, Fault.NOT_AN_OBJECT),
        (5, Fault.UNKNOWN_BRAND),
        (6, Fault.NOT_JSON),
    ]


@pytest.mark.parametrize("body", [b"", b"  ", b"\n\r\n"])
def test_an_empty_body_is_one_empty_line(body: bytes) -> None:
    assert read_body(body, None).rejected == (Rejected(1, Fault.EMPTY, "the record has no value"),)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"[1,\n2]", Fault.NOT_AN_OBJECT),
        (b'{\n"id": 1}', Fault.WRONG_SHAPE),
        (b"null", Fault.NOT_AN_OBJECT),
        (b'{"id":"\xff"}', Fault.NOT_UTF8),
        (b"[" * 100_000, Fault.NOT_AN_OBJECT),
    ],
)
def test_a_body_that_is_one_wrong_value_has_one_fault(body: bytes, fault: Fault) -> None:
    assert [(bad.line, bad.fault) for bad in read_body(body, None).rejected] == [(1, fault)]


def test_any_brand_may_be_taken() -> None:
    assert read_body(line(1, brand="nobody"), None).mentions
    assert read_body(line(1, brand="nobody"), {"acme"}).rejected


def test_a_mention_says_which_source_brought_it() -> None:
    assert read_body(line(1), None).mentions[0].source == "webhook"
    assert read_body(line(1, source="crawler"), None).mentions[0].source == "crawler"


def test_a_flood_of_lines_is_refused_whole() -> None:
    with pytest.raises(TooManyLines):
        read_body(b"x\n" * (MAX_LINES + 1), None)
    assert len(read_body(b"x\n" * MAX_LINES, None).rejected) == MAX_LINES
