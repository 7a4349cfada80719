"""Whatever a server sends: the frame reader answers, and what it hands on is a mention that triage can read."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from detectors.mention import decode_mention, encode_mention
from playbooks.settings.brands import BrandSettings
from streams.sources.jetstream import AHEAD_US, EARLIEST_US, Mentions, read_frame
from streams.sources.terms import Terms
from tests.parts import jetstream_server as sent
from tests.parts.jetstream_server import WIRES

NOW_US = 1_767_603_600_000_000
TERMS = Terms({"acme": BrandSettings(terms=("acme",)), "zenith": BrandSettings(terms=("zenith", "zenith.com"))})

_text = st.text(max_size=20) | st.sampled_from(["acme", "zenith", "\0acme", "https://zenith.com", "at://x"])
_anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["uri", "tag", "did", "features", "external", "media", "parent", "$type"]) | _text,
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
_record = st.fixed_dictionaries(
    {"text": _text | _anything, "createdAt": st.datetimes().map(lambda at: f"{at.isoformat()}Z") | _anything},
    optional=dict.fromkeys(("facets", "embed", "reply", "langs", "tags"), _anything),
)
_wire = st.sampled_from(WIRES)


def _check(raw: bytes) -> None:
    frame = read_frame(raw, TERMS, NOW_US)
    if frame.time_us is not None:
        assert EARLIEST_US <= frame.time_us <= NOW_US + AHEAD_US
    if isinstance(frame.content, Mentions):
        assert frame.content.mentions
        for mention in frame.content.mentions:
            assert decode_mention(encode_mention(mention)) == mention
            assert mention.created_ms * 1_000 <= NOW_US + AHEAD_US


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(raw: bytes) -> None:
    _check(raw)


@given(_anything)
def test_any_json_is_answered(value: Any) -> None:
    _check(json.dumps(value).encode())


@given(
    _wire, st.integers(0, 2**63), st.text(max_size=20) | st.just("did:plc:a"), st.text(max_size=20), _record, _anything
)
@example("v1", NOW_US, "did:plc:a", "1", {"text": "acme \ud800", "createdAt": "x"}, None)
@example("v2", NOW_US, "did:plc:a", "1", {"text": "acme", "createdAt": "0001-01-01T00:00:00Z"}, None)
@example("v1", NOW_US, "did:plc:a", "1", {"text": "acme", "createdAt": "9999-12-31T23:59:59.999999999Z"}, None)
@example("v1", NOW_US, "did:plc:a", "1", {"text": "acme", "facets": [{"features": [{"uri": "https://x" * 900}]}]}, None)
def test_any_record_in_a_frame_is_answered(wire: Any, at_us: int, did: str, rkey: str, record: Any, more: Any) -> None:
    at_us = min(at_us, 253_402_300_799_000_000)
    _check(sent.commit(wire, at_us, did, rkey, record))
    _check(sent.commit(wire, NOW_US, "did:plc:a", "1", record))
    _check(sent.commit(wire, NOW_US, "did:plc:a", "1", more))


@given(_wire, st.data())
def test_a_frame_with_a_hole_in_it_is_answered(wire: Any, data: st.DataObject) -> None:
    whole = sent.post(wire, NOW_US, "1", "acme and zenith", facets=[{"features": [{"uri": "https://zenith.com"}]}])
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    _check(whole[:begin] + data.draw(st.binary(max_size=5)) + whole[end:])
