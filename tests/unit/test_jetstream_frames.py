"""Jetstream's frames, v1 and v2, as its documentation shows them: what each says to somebody who looks for Acme."""

from __future__ import annotations

import json
from typing import Any

import pytest

from detectors.mention import MAX_RECORD_BYTES, decode_mention, encode_mention
from playbooks.settings.brands import BrandSettings
from streams.sources.bluesky_post import Passed
from streams.sources.jetstream import (
    AHEAD_US,
    AuthorGone,
    Bad,
    BadFrame,
    Content,
    Mentions,
    Notice,
    PassedOver,
    PostGone,
    Refusal,
    read_frame,
    speaks_v2,
    subscribe_url,
)
from streams.sources.terms import Terms
from tests.parts import jetstream_server as sent
from tests.parts.jetstream_server import WIRES, Wire

NOW_US = 1_767_603_600_000_000
NOW = "2026-01-05T09:00:00.000Z"
DID = "did:plc:ann"
URI = f"at://{DID}/app.bsky.feed.post/3kabc"
TERMS = Terms(
    {
        "acme": BrandSettings(terms=("acme", "acme.com", "#acmefail"), own_accounts=("did:plc:acme",)),
        "zenith": BrandSettings(terms=("zenith",)),
    }
)

#: As the README of Jetstream v1 prints it.
DOCUMENTED_V1 = b"""{"did": "did:plc:eygmaihciaxprqvxpfvl6flk", "time_us": 1725911162329308, "kind": "commit",
  "commit": {"rev": "3l3qo2vutsw2b", "operation": "create", "collection": "app.bsky.feed.like", "rkey": "3l3qo2vuowo2b",
  "record": {"$type": "app.bsky.feed.like", "createdAt": "2024-09-09T19:46:02.102Z", "subject": {
    "cid": "bafyreidc6sydkkbchcyg62v77wbhzvb2mvytlmsychqgwf2xojjtirmzj4",
    "uri": "at://did:plc:wa7b35aakoll7hugkrjtf3xf/app.bsky.feed.post/3l3pte3p2e325"}},
  "cid": "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi"}}"""
#: As docs/README.md of Jetstream v2 prints it.
DOCUMENTED_V2 = b"""{"$type": "message", "payload": {"$type": "network.bsky.jetstream.subscribeEvents#commit",
  "seq": 12345, "did": "did:plc:eygmaihciaxprqvxpfvl6flk", "time": "2024-09-09T19:46:02.329308Z",
  "witnessedAt": "2024-09-09T19:46:02.329308Z", "rev": "3l3qo2vutsw2b", "operation": "create",
  "collection": "app.bsky.feed.like", "rkey": "3l3qo2vuowo2b",
  "cid": "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi", "record": {"$type": "app.bsky.feed.like"}}}"""


def read(raw: bytes) -> Content:
    return read_frame(raw, TERMS, NOW_US).content


def mentions(content: Content) -> Mentions:
    assert isinstance(content, Mentions), content
    for mention in content.mentions:
        assert decode_mention(encode_mention(mention)) == mention
    return content


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


@pytest.mark.parametrize("raw", [DOCUMENTED_V1, DOCUMENTED_V2])
def test_the_documented_commit_is_read_with_its_time(raw: bytes) -> None:
    frame = read_frame(raw, TERMS, NOW_US)
    assert frame.content == PassedOver(Passed.OTHER_COLLECTION)
    assert frame.time_us == 1_725_911_162_329_308


def test_a_post_about_a_brand_becomes_a_mention(wire: Wire) -> None:
    frame = read_frame(sent.post(wire, NOW_US, "3kabc", "Acme lost my bags"), TERMS, NOW_US)
    found = mentions(frame.content)
    assert (found.post, found.author, frame.time_us) == (URI, DID, NOW_US)
    assert json.loads(encode_mention(found.mentions[0])) == {
        "id": URI,
        "platform": "bluesky",
        "brand": "acme",
        "created_at": "2026-01-05T09:00:00Z",
        "text": "Acme lost my bags",
        "author": {"id": DID},
        "lang": "en",
        "url": f"https://bsky.app/profile/{DID}/post/3kabc",
        "source": "bluesky",
    }


def test_a_post_about_two_brands_is_two_mentions(wire: Wire) -> None:
    found = mentions(read(sent.post(wire, NOW_US, "1", "Zenith is worse than Acme")))
    assert [mention.brand for mention in found.mentions] == ["acme", "zenith"]


def test_an_edited_post_is_read_like_a_new_one(wire: Wire) -> None:
    record = {"text": "now about acme", "createdAt": NOW}
    assert mentions(read(sent.commit(wire, NOW_US, DID, "1", record, "update"))).mentions


def test_the_brands_own_post_is_marked(wire: Wire) -> None:
    found = mentions(read(sent.post(wire, NOW_US, "1", "Acme beats Zenith", did="did:plc:acme")))
    assert [(mention.brand, mention.own) for mention in found.mentions] == [("acme", True), ("zenith", False)]


def _facet(**feature: str) -> dict[str, Any]:
    return {"index": {"byteStart": 0, "byteEnd": 1}, "features": [feature]}


@pytest.mark.parametrize(
    "more",
    [
        {"facets": [_facet(**{"$type": "app.bsky.richtext.facet#tag", "tag": "AcmeFail"})]},
        {"facets": [_facet(**{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:acme"})]},
        {"facets": [_facet(**{"$type": "app.bsky.richtext.facet#link", "uri": "https://www.acme.com/a"})]},
        {"tags": ["acmefail"]},
        {"embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://acme.com", "title": "t"}}},
        {
            "embed": {
                "$type": "app.bsky.embed.recordWithMedia",
                "media": {"$type": "app.bsky.embed.external", "external": {"uri": "https://acme.com"}},
            }
        },
    ],
)
def test_hashtags_accounts_and_links_say_what_a_post_is_about(wire: Wire, more: dict[str, Any]) -> None:
    assert mentions(read(sent.post(wire, NOW_US, "1", "look at this", **more))).mentions[0].brand == "acme"


def test_links_come_along_once_each_and_in_order(wire: Wire) -> None:
    links = ["https://b.example/", "https://a.example/", "https://b.example/"]
    facets = [_facet(uri=link) for link in [*links, "javascript:alert(1)", "https://with space", "https://nul\0"]]
    embed = {"external": {"uri": "https://card.example/"}}
    found = mentions(read(sent.post(wire, NOW_US, "1", "acme", facets=facets, embed=embed)))
    assert found.mentions[0].links == ("https://b.example/", "https://a.example/", "https://card.example/")


def test_a_reply_names_what_it_answers(wire: Wire) -> None:
    parent = "at://did:plc:bob/app.bsky.feed.post/9"
    reply = {"root": {"uri": "at://x", "cid": "c"}, "parent": {"uri": parent, "cid": "c"}}
    assert mentions(read(sent.post(wire, NOW_US, "1", "acme", reply=reply))).mentions[0].reply_to == parent


@pytest.mark.parametrize(
    ("created", "at"),
    [
        ("2026-01-05T08:59:58.123456789Z", "2026-01-05T08:59:58.123457Z"),
        ("2026-01-05T10:59:58+02:00", "2026-01-05T10:59:58+02:00"),
        ("2026-01-05T09:00:01Z", "2026-01-05T09:00:00Z"),
        ("3026-01-05T09:00:01Z", "2026-01-05T09:00:00Z"),
        ("2026-01-05T08:00:00", "2026-01-05T09:00:00Z"),
        ("yesterday", "2026-01-05T09:00:00Z"),
        (5, "2026-01-05T09:00:00Z"),
        (None, "2026-01-05T09:00:00Z"),
    ],
)
def test_event_time_is_the_posts_own_unless_unreadable_or_in_the_future(wire: Wire, created: Any, at: str) -> None:
    found = mentions(read(sent.post(wire, NOW_US, "1", "acme", createdAt=created))).mentions[0]
    same = {"id": "1", "platform": "x", "brand": "b", "text": "", "created_at": at}
    assert found.created_at == decode_mention(json.dumps(same).encode()).created_at


def test_a_post_brought_over_from_elsewhere_is_not_todays_news(wire: Wire) -> None:
    assert read(sent.post(wire, NOW_US, "1", "acme", createdAt="2019-01-05T09:00:00Z")) == PassedOver(Passed.ARCHIVED)


def test_a_post_about_nobody_is_passed_over(wire: Wire) -> None:
    assert read(sent.post(wire, NOW_US, "1", "good morning")) == PassedOver(Passed.NO_BRAND)


def test_a_deleted_post_is_named(wire: Wire) -> None:
    assert read(sent.delete(wire, NOW_US, "3kabc")) == PostGone(URI)


@pytest.mark.parametrize("status", ["deleted", "takendown", "suspended", "deactivated"])
def test_an_account_that_is_gone_is_named(wire: Wire, status: str) -> None:
    assert read(sent.account(wire, NOW_US, DID, active=False, status=status)) == AuthorGone(DID)


@pytest.mark.parametrize(("active", "status"), [(True, None), (False, "desynchronized"), (False, None)])
def test_an_account_whose_posts_stay_is_passed_over(wire: Wire, active: bool, status: str | None) -> None:
    assert read(sent.account(wire, NOW_US, DID, active, status)) == PassedOver(Passed.OTHER_KIND)


def test_a_changed_handle_is_passed_over(wire: Wire) -> None:
    assert read(sent.identity(wire, NOW_US, DID)) == PassedOver(Passed.OTHER_KIND)


def test_a_sync_event_of_v2_is_passed_over() -> None:
    raw = sent.identity("v2", NOW_US, DID).replace(b"#identity", b"#sync")
    assert read(raw) == PassedOver(Passed.OTHER_KIND)


def test_notices_and_last_words_of_v2_are_read() -> None:
    assert read_frame(sent.info("OutdatedCursor", "from 7 on"), TERMS, NOW_US).time_us is None
    assert read(sent.info("OutdatedCursor", "from 7 on")) == Notice("OutdatedCursor", "from 7 on")
    assert read(sent.error("ConsumerTooSlow", "bye")) == Refusal("ConsumerTooSlow", "bye")


def test_the_time_of_v2_is_when_it_was_witnessed() -> None:
    raw = json.loads(sent.post("v2", NOW_US, "1", "acme"))
    raw["payload"]["time"] = "2025-12-31T00:00:00.000000Z"
    assert read_frame(json.dumps(raw).encode(), TERMS, NOW_US).time_us == NOW_US
    del raw["payload"]["witnessedAt"]
    assert read_frame(json.dumps(raw).encode(), TERMS, NOW_US).time_us == 1_767_139_200_000_000


@pytest.mark.parametrize("field", ["text", "langs", "facets", "embed", "reply", "tags"])
@pytest.mark.parametrize("value", [None, 7, "acme", [7], [[]], {"uri": 7}, [{"features": 7}], {"parent": []}])
def test_a_record_that_holds_anything_anywhere_is_read_or_bad_and_never_breaks(
    wire: Wire, field: str, value: Any
) -> None:
    record = {"text": "acme", "createdAt": NOW} | {field: value}
    found = read(sent.commit(wire, NOW_US, DID, "1", record))
    if isinstance(record["text"], str):
        mentions(found)
    else:
        assert found == BadFrame(Bad.WRONG_SHAPE, "a post without text")


def test_a_nul_in_the_text_does_not_reach_kafka(wire: Wire) -> None:
    assert mentions(read(sent.post(wire, NOW_US, "1", "acme\0!"))).mentions[0].text == "acme\ufffd!"


def test_a_text_longer_than_a_mentions_is_cut(wire: Wire) -> None:
    assert len(mentions(read(sent.post(wire, NOW_US, "1", "acme " * 5_000))).mentions[0].body) == 10_000


@pytest.mark.parametrize("ahead_us", [AHEAD_US + 1, 10**15])
def test_a_frame_from_the_future_is_bad_so_the_cursor_does_not_follow_it(wire: Wire, ahead_us: int) -> None:
    frame = read_frame(sent.post(wire, NOW_US + ahead_us, "1", "acme"), TERMS, NOW_US)
    assert isinstance(frame.content, BadFrame)
    assert frame.content.reason is Bad.WRONG_TIME
    assert frame.time_us is None


def test_a_frame_from_before_the_network_is_bad() -> None:
    content = read(sent.post("v1", 0, "1", "acme"))
    assert isinstance(content, BadFrame)
    assert content.reason is Bad.WRONG_TIME


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", Bad.NOT_JSON),
        (b"\x28\xb5\x2f\xfd\x04", Bad.NOT_JSON),
        (b'{"did":"\xff"}', Bad.NOT_JSON),
        (b'{"did":', Bad.NOT_JSON),
        (b'{"commit":{"operation":"","collection":"","rkey":"","record":' + b"[" * 100_000, Bad.NOT_JSON),
        (b"[]", Bad.WRONG_SHAPE),
        (b"7", Bad.WRONG_SHAPE),
        (b"{}", Bad.WRONG_TIME),
        (b'{"did":7}', Bad.WRONG_SHAPE),
        (b'{"$type":"message"}', Bad.WRONG_SHAPE),
        (b'{"$type":"news","payload":{"$type":"x"}}', Bad.WRONG_SHAPE),
        (b'{"$type":"message","payload":{"$type":"com.example.other#commit","did":"did:plc:a"}}', Bad.WRONG_SHAPE),
        (sent.post("v1", NOW_US, "1", "acme", did="ann"), Bad.WRONG_SHAPE),
        (sent.post("v1", NOW_US, "../1", "acme"), Bad.WRONG_SHAPE),
        (sent.post("v1", NOW_US, "", "acme"), Bad.WRONG_SHAPE),
        (sent.post("v2", NOW_US, "1", "acme").replace(b'"create"', b'"invent"'), Bad.WRONG_SHAPE),
        (sent.post("v2", NOW_US, "1", "acme").replace(b"2026-01-05T09", b"noon"), Bad.WRONG_SHAPE),
        (b'{"did":"did:plc:a","time_us":1767603600000000,"kind":"commit"}', Bad.WRONG_SHAPE),
        (sent.post("v1", NOW_US, "1", "x" * MAX_RECORD_BYTES), Bad.TOO_LARGE),
    ],
)
def test_what_is_no_frame_is_bad_and_says_why(raw: bytes, reason: Bad) -> None:
    frame = read_frame(raw, TERMS, NOW_US)
    assert isinstance(frame.content, BadFrame), frame
    assert frame.content.reason is reason
    assert "acme" not in frame.content.detail


def test_the_address_decides_what_is_asked_for() -> None:
    v2 = "wss://host/xrpc/network.bsky.jetstream.subscribeEvents"
    assert not speaks_v2("wss://host/subscribe")
    assert speaks_v2(v2)
    assert subscribe_url(v2, None) == (
        f"{v2}?kinds=commit&kinds=account&collections=app.bsky.feed.post&maxMessageSizeBytes=262144"
    )
    assert subscribe_url("ws://host/subscribe?token=a%26b", 7) == (
        "ws://host/subscribe?token=a%26b&wantedCollections=app.bsky.feed.post&maxMessageSizeBytes=262144&cursor=7"
    )
