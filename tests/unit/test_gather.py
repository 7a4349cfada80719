"""Triage's decisions: what time it is in a partition, which cell a mention goes to, and what is no mention."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import pytest

from detectors.bucket import BUCKET_MS, END_OF_RUN_MS, GRACE_MS, MAX_DELETED, MAX_DIGESTS, Digest
from detectors.mention import MAX_RECORD_BYTES, Fault
from detectors.text.word_numbers import numbers_in
from playbooks.labels import MentionOutcome
from streams.deciding.gather import Gathered
from streams.wire import (
    HEARTBEAT_KEY,
    StateMismatch,
    TriageState,
    decode_bucket_record,
    decode_triage_state,
    encode_bucket_record,
    encode_triage_state,
)
from tests.parts.stream_records import (
    DAY,
    HOUR,
    MIN,
    RULES,
    T0,
    S,
    Sent,
    beat,
    folded,
    gathered,
    joined,
    on_tape,
    said,
    triage,
)

COMPLETE = BUCKET_MS + GRACE_MS


# --- time --------------------------------------------------------------------------------------------------------


def test_a_bucket_is_sent_when_a_later_mention_is_its_end_and_a_second_ahead() -> None:
    first = said(1, T0)
    assert gathered(first, said(2, T0 + COMPLETE - 1)).cells == []
    found = gathered(first, said(2, T0 + COMPLETE))
    assert [(one.start_ms, one.mentions) for one in found.cells] == [(T0, 1)]
    assert [marker.at_ms for marker in found.markers] == [T0 + COMPLETE]


def test_a_marker_stands_at_the_last_bucket_that_is_complete() -> None:
    assert [marker.at_ms for marker in gathered(said(1, T0 + 25 * S)).markers] == [T0 + 2 * BUCKET_MS + GRACE_MS]


def test_time_does_not_run_ahead_of_kafka_where_a_clock_does() -> None:
    made = triage()
    made.fold(on_tape([said(1, T0 + 4 * MIN, recorded_ms=T0)]))
    assert made.live_time_ms() == T0


def test_time_stands_still_for_what_is_older_than_what_was_seen() -> None:
    made = triage()
    made.fold(on_tape([said(1, T0 + 30 * S), said(2, T0, recorded_ms=T0 + 30 * S)]))
    assert made.live_time_ms() == T0 + 30 * S


def test_a_mention_for_a_bucket_that_is_complete_travels_in_the_present_one_with_both_times() -> None:
    found = gathered(said(1, T0 + 65 * S), said(2, T0, recorded_ms=T0 + 65 * S), beat(T0 + 2 * MIN))
    [only] = found.cells
    late = next(digest for digest in only.digests if digest.id == "2")
    assert only.start_ms == T0 + 60 * S
    assert (late.at_ms, late.late_ms, only.late, found.late) == (T0, 65 * S, 1, 1)


def test_a_mention_within_the_grace_is_in_its_own_bucket() -> None:
    found = gathered(said(1, T0 + COMPLETE - 1), said(2, T0 + 9 * S, recorded_ms=T0 + 11 * S), beat(T0 + MIN))
    assert {one.start_ms: (one.mentions, one.late) for one in found.cells} == {T0: (1, 0), T0 + BUCKET_MS: (1, 0)}


def test_heartbeats_move_time_where_nobody_speaks() -> None:
    found = gathered(said(1), beat(T0 + MIN))
    assert [one.mentions for one in found.cells] == [1]
    assert [marker.at_ms for marker in found.markers] == [T0 + 50 * S + GRACE_MS]


def test_a_heartbeat_does_not_move_time_beyond_its_own_arrival_or_back() -> None:
    made = triage()
    made.fold(on_tape([beat(T0 + HOUR, recorded_ms=T0), beat(T0 - HOUR, recorded_ms=T0)]))
    assert made.live_time_ms() == T0


def test_a_run_has_a_time_of_its_own() -> None:
    made = triage()
    found = made.fold(on_tape([said(1, T0), said(2, T0 - 300 * DAY, recorded_ms=T0, run="replay-1")]))
    assert found.cells == []
    assert {marker.run for marker in found.markers} == {"", "replay-1"}
    assert made.live_time_ms() == T0


# --- repeats, deletions, own posts -------------------------------------------------------------------------------


def test_the_same_post_about_the_same_brand_counts_once() -> None:
    found = gathered(said(1), said(1), said(1, brand="bolt"), said(1, platform="y"), beat(T0 + MIN))
    assert {(one.brand, one.platform, one.mentions) for one in found.cells} == {
        ("acme", "x", 1),
        ("bolt", "x", 1),
        ("acme", "y", 1),
    }
    assert found.outcomes[MentionOutcome.REPEAT] == 1


def test_a_repeat_does_not_move_time() -> None:
    made = triage()
    made.fold(on_tape([said(1), said(1, T0 + MIN)]))
    assert made.live_time_ms() == T0


def test_a_repeat_is_known_within_the_memory_only() -> None:
    small = replace(RULES, recent_ids=2)
    found = gathered(said(1), said(2), said(3), said(1), said(3), rules=small)
    assert found.outcomes == {MentionOutcome.ACCEPTED: 4, MentionOutcome.REPEAT: 1}


def test_runs_do_not_know_each_others_posts() -> None:
    found = gathered(said(1), said(1, run="replay-1"), said(1, run="replay-1"))
    assert found.outcomes == {MentionOutcome.ACCEPTED: 2, MentionOutcome.REPEAT: 1}


def test_a_deletion_needs_no_text_and_names_the_post() -> None:
    found = gathered(said(1), said(1, T0 + S, text=None, deleted=True), beat(T0 + MIN))
    [only] = found.cells
    assert (only.mentions, only.deleted) == (1, ["1"])
    assert found.outcomes == {MentionOutcome.ACCEPTED: 1, MentionOutcome.DELETED: 1}


def test_deletions_named_in_a_cell_are_bounded() -> None:
    gone = [said(number, deleted=True) for number in range(MAX_DELETED + 50)]
    [only] = gathered(*gone, beat(T0 + MIN)).cells
    assert only.deleted == [str(number) for number in range(MAX_DELETED)]


def test_the_brands_own_posts_are_counted_apart_and_kept_as_digests() -> None:
    [only] = gathered(said(1, own=True), said(2), beat(T0 + MIN)).cells
    assert (only.mentions, only.own, only.scored) == (1, 1, 1)
    assert [digest.own for digest in only.digests] == [True, False]


# --- cells -------------------------------------------------------------------------------------------------------


def test_a_cell_holds_exact_counts_and_sums() -> None:
    found = gathered(
        said(1, text="you are awful, worst ever"),
        said(2, text="thank you, lovely"),
        said(3, text="schrecklich", lang="de"),
        beat(T0 + MIN),
    )
    [only] = found.cells
    scores = [digest.negativity for digest in only.digests]
    assert (only.mentions, only.scored, only.negative) == (3, 2, 1)
    assert scores[2] is None
    assert only.negativity_sum == sum(score for score in scores if score is not None)


def test_a_mention_is_scored_by_the_list_of_its_language() -> None:
    [only] = gathered(
        said(1, text="quelle arnaque", lang="fr"),
        said(2, text="C'est une honte et je ne reviendrai pas"),
        said(3, text="Das ist eine Frechheit, nicht gut"),
        beat(T0 + MIN),
    ).cells
    assert (only.mentions, only.scored, only.negative) == (3, 2, 2)


@pytest.mark.parametrize(("lang", "is_scored"), [(None, 1), ("en-GB", 1), ("und", 1), ("", 1), ("fr", 1), ("de", 0)])
def test_only_what_a_word_list_can_read_is_scored(lang: str | None, is_scored: int) -> None:
    [only] = gathered(said(1, lang=lang), beat(T0 + MIN)).cells
    assert only.scored == is_scored


def test_a_digest_tells_what_detection_needs_and_no_text_of_a_post_that_is_not_quoted() -> None:
    author = {"id": "a1", "followers": 7, "created_at": "2026-01-01T00:00:00Z"}
    [only] = gathered(said(1, text="so lovely", author=author, reach=9, reply_to="0"), beat(T0 + MIN)).cells
    [digest] = only.digests
    assert (digest.followers, digest.account_age_d, digest.reach) == (7, 4, 9)
    assert digest.answers != 0
    assert digest.author != 0
    assert len(numbers_in(digest.words)) == 2
    assert (b"so lovely" in encode_bucket_record(only), digest.terms) == (False, "")


def test_of_an_angry_post_that_is_quoted_people_see_how_it_begins_and_who_wrote_it() -> None:
    long = "so rude " * 100
    [only] = gathered(said(1, text=long, author={"handle": "h" * 200}), beat(T0 + MIN)).cells
    [digest] = only.digests
    assert (digest.terms, digest.text, digest.handle) == ("rude", long[:280], "h" * 100)


def test_an_author_is_known_by_id_then_by_handle_and_per_platform() -> None:
    def author_of(platform: str, **author: str) -> int:
        [only] = gathered(said(1, platform=platform, author=author), beat(T0 + MIN)).cells
        return only.digests[0].author

    assert author_of("x", id="a", handle="h") == author_of("x", id="a") == author_of("x", handle="a")
    assert author_of("x", id="a") != author_of("y", id="a")
    assert author_of("x", name="no id") == 0


def test_beyond_the_bound_a_cell_counts_exactly_and_keeps_the_same_sample_in_any_order() -> None:
    sent = [said(number) for number in range(MAX_DIGESTS + 300)]

    def sampled(order: list[Sent]) -> tuple[int, bool, set[Digest]]:
        [only] = gathered(*order, beat(T0 + MIN)).cells
        assert len(only.digests) == MAX_DIGESTS
        return only.mentions, only.sampled, set(only.digests)

    assert sampled(sent) == sampled(sent[::-1])
    assert sampled(sent)[:2] == (MAX_DIGESTS + 300, True)


def test_up_to_the_bound_nothing_is_sampled() -> None:
    [only] = gathered(*(said(number) for number in range(MAX_DIGESTS)), beat(T0 + MIN)).cells
    assert (len(only.digests), only.sampled) == (MAX_DIGESTS, False)


def test_a_cell_with_all_that_fits_into_it_fits_into_its_topic() -> None:
    def long_id(number: int) -> str:
        return f"{number:04}" + "\U0001f621" * 508

    angry, author = "\U0001f621" * 40, {"id": "\U0001f621" * 400}
    heavy = [
        said(0, id=long_id(number), author=author, text=angry, lang="en", reach=10**12)
        for number in range(MAX_DIGESTS + 1)
    ]
    gone = [said(0, id=long_id(number), deleted=True) for number in range(MAX_DELETED + 1)]
    [only] = gathered(*heavy, *gone, beat(T0 + MIN)).cells
    assert (len(only.digests), len(only.deleted)) == (MAX_DIGESTS, MAX_DELETED)
    assert len(encode_bucket_record(only)) < 8 * 1024 * 1024


def test_a_cell_comes_back_from_the_wire_as_it_was() -> None:
    [only] = gathered(said(1, author={"id": "a"}), said(2, T0 + S, deleted=True), beat(T0 + MIN)).cells
    assert decode_bucket_record(encode_bucket_record(only)) == only


def test_emoji_that_leave_no_doubt_give_samples_to_learn_from_in_life_only() -> None:
    angry = [said(number, text="late again \U0001f621") for number in range(200)]
    found = gathered(*angry).samples
    assert 0 < len(found) < 40
    assert {sample.negative for sample in found} == {True}
    assert gathered(*(said(number, text="late again \U0001f621", run="drill-1") for number in range(200))).samples == []


# --- runs --------------------------------------------------------------------------------------------------------


def test_a_final_heartbeat_ends_a_run_and_closes_what_is_open() -> None:
    found = gathered(said(1, run="drill-1"), beat(0, "drill-1", final=True, recorded_ms=T0))
    assert [(one.run, one.mentions) for one in found.cells] == [("drill-1", 1)]
    assert found.markers[-1].at_ms == END_OF_RUN_MS


def test_what_comes_for_a_run_that_has_ended_is_a_dead_letter() -> None:
    found = gathered(beat(T0, "drill-1", final=True), said(1, run="drill-1"), beat(T0, "drill-1"))
    assert found.faults == {Fault.RUN_ENDED: 2}


def test_life_does_not_end() -> None:
    found = gathered(said(1), beat(T0, "", final=True), said(2))
    assert found.outcomes[MentionOutcome.ACCEPTED] == 2
    assert all(marker.at_ms < END_OF_RUN_MS for marker in found.markers)


def test_a_run_that_nobody_goes_on_with_is_ended() -> None:
    found = gathered(said(1, run="replay-1"), beat(T0 + RULES.run_idle_ms + 1))
    assert [one.run for one in found.cells] == ["replay-1"]
    assert any(marker.run == "replay-1" and marker.at_ms == END_OF_RUN_MS for marker in found.markers)


def test_a_run_that_goes_on_is_not_ended_however_old_its_times_are() -> None:
    old = T0 - 300 * DAY
    going = [
        part
        for minute in range(60)
        for part in (
            said(minute, old + minute * S, recorded_ms=T0 + minute * MIN, run="replay-1"),
            beat(T0 + minute * MIN),
        )
    ]
    assert not any(marker.at_ms == END_OF_RUN_MS for marker in gathered(*going).markers)


def test_more_runs_than_allowed_are_refused_and_life_is_not() -> None:
    runs = [said(number, run=f"replay-{number}") for number in range(RULES.runs_at_once + 2)]
    found = gathered(*runs, said(99))
    assert found.faults == {Fault.TOO_MANY_RUNS: 2}
    assert found.outcomes[MentionOutcome.ACCEPTED] == RULES.runs_at_once + 1


def test_a_run_that_ended_makes_room_for_another() -> None:
    runs = [
        part
        for number in range(50)
        for part in (said(number, run=f"replay-{number}"), beat(T0, f"replay-{number}", final=True))
    ]
    assert gathered(*runs).faults == {}


def test_a_replay_may_be_about_any_brand_and_a_drill_only_about_ours() -> None:
    found = gathered(
        said(1, brand="other"), said(2, brand="other", run="drill-1"), said(3, brand="other", run="replay-1")
    )
    assert found.faults == {Fault.UNKNOWN_BRAND: 2}
    assert found.outcomes[MentionOutcome.ACCEPTED] == 1


def test_without_a_list_of_brands_every_brand_is_taken() -> None:
    assert gathered(said(1, brand="other"), rules=replace(RULES, brands=None)).faults == {}


# --- what is no mention ------------------------------------------------------------------------------------------

GOOD = said(1).value or b""
DEEP = b"[" * 100_000
BAD: dict[str, tuple[Fault, bytes | None]] = {
    "no value": (Fault.EMPTY, None),
    "an empty record": (Fault.EMPTY, b""),
    "white space": (Fault.NOT_JSON, b" \n"),
    "not json": (Fault.NOT_JSON, b"hello"),
    "cut off": (Fault.NOT_JSON, GOOD[:-5]),
    "two objects": (Fault.NOT_JSON, GOOD + GOOD),
    "a byte order mark": (Fault.NOT_JSON, b"\xef\xbb\xbf" + GOOD),
    "too large": (Fault.TOO_LARGE, GOOD + b" " * MAX_RECORD_BYTES),
    "an array": (Fault.NOT_AN_OBJECT, b"[" + GOOD + b"]"),
    "a number": (Fault.NOT_AN_OBJECT, b"1"),
    "a string": (Fault.NOT_AN_OBJECT, b'"hm"'),
    "null": (Fault.NOT_AN_OBJECT, b"null"),
    "an empty object": (Fault.WRONG_SHAPE, b"{}"),
    "no brand": (Fault.WRONG_SHAPE, said(1, brand=None).value),
    "no text": (Fault.WRONG_SHAPE, said(1, text=None).value),
    "text too long": (Fault.WRONG_SHAPE, said(1, text="x" * 10_001).value),
    "a number for a text": (Fault.WRONG_SHAPE, said(1, text=5).value),
    "a number for an id": (Fault.WRONG_SHAPE, said(1, id=5).value),
    "an empty id": (Fault.WRONG_SHAPE, said(1, id="").value),
    "a platform with capitals": (Fault.WRONG_SHAPE, said(1, platform="X").value),
    "a brand with a line break": (Fault.WRONG_SHAPE, said(1, brand="acme\n").value),
    "a time without an offset": (Fault.WRONG_SHAPE, said(1, created_at="2026-01-05T09:00:00").value),
    "no time": (Fault.WRONG_SHAPE, said(1, created_at="yesterday").value),
    "an author who is a list": (Fault.WRONG_SHAPE, said(1, author=["a"]).value),
    "fewer than no followers": (Fault.WRONG_SHAPE, said(1, author={"followers": -1}).value),
    "a run with white space": (Fault.WRONG_SHAPE, said(1, run="replay 1").value),
    "a huge number": (Fault.WRONG_SHAPE, GOOD[:-1] + b',"reach":1e400}'),
    "a huge integer": (Fault.WRONG_SHAPE, GOOD[:-1] + b',"reach":' + b"9" * 5000 + b"}"),
    "deep nesting": (Fault.WRONG_SHAPE, GOOD[:-1] + b',"more":' + DEEP),
    "deep nesting that is whole": (Fault.WRONG_SHAPE, GOOD[:-1] + b',"more":' + DEEP + b"]" * len(DEEP) + b"}"),
    "nothing but brackets": (Fault.NOT_AN_OBJECT, DEEP),
    "an escaped nul": (Fault.CONTROL_CHARACTER, said(1, text="a\0b").value),
    "a nul in an author": (Fault.CONTROL_CHARACTER, said(1, author={"name": "\0"}).value),
    "a nul in a link": (Fault.CONTROL_CHARACTER, said(1, links=["https://x.y/\0"]).value),
    "a plain nul": (Fault.NOT_JSON, GOOD.replace(b"hm", b"h\0m")),
    "a lone high surrogate": (Fault.NOT_JSON, said(1, text="\ud83d").value),
    "a lone low surrogate": (Fault.NOT_JSON, said(1, text="\ude00").value),
    "a surrogate in utf-8": (Fault.NOT_UTF8, GOOD.replace(b"hm", b"\xed\xa0\x80")),
    "invalid utf-8": (Fault.NOT_UTF8, GOOD.replace(b"hm", b"\xff\xfe")),
    "another brand": (Fault.UNKNOWN_BRAND, said(1, brand="other").value),
    "the future": (Fault.FUTURE, said(1, T0 + RULES.future_ms + 1).value),
    "the last day there is": (Fault.FUTURE, said(1, created_at="9999-12-31T23:59:59-23:59").value),
    "before the horizon": (Fault.BEFORE_HORIZON, said(1, T0 - RULES.horizon_ms - 1).value),
    "the first day there is": (Fault.BEFORE_HORIZON, said(1, created_at="0001-01-01T00:00:00+23:59").value),
    "before the horizon of a replay": (Fault.BEFORE_HORIZON, said(1, created_at="1800-01-01T00:00:00Z", run="r").value),
}


@pytest.mark.parametrize(("fault", "value"), BAD.values(), ids=BAD)
def test_a_bad_record_is_a_dead_letter_with_its_reason_and_place_and_the_rest_goes_on(
    fault: Fault, value: bytes | None
) -> None:
    found = gathered(said(2), Sent(T0, b"k", value), said(3), beat(T0 + MIN))
    [letter] = found.dead
    assert (letter.reason, letter.topic, letter.partition, letter.offset) == (fault.value, "mentions", 0, 1)
    assert letter.original == (value or b"")
    assert letter.detail
    assert found.faults == {fault: 1}
    assert found.outcomes == {MentionOutcome.ACCEPTED: 2, MentionOutcome.DEAD: 1}
    assert [one.mentions for one in found.cells] == [2]


@pytest.mark.parametrize(
    "value",
    [
        *(None, b"", b"{}", b"null", b"[]", b"nonsense", b"\xff"),
        *(b'{"type":"heartbeat"}', b'{"type":"heartbeat","run":"","at_ms":"now"}', b'{"type":"mention","run":""}'),
        b'{"type":"heartbeat","run":"\xff","at_ms":1}',
        b'{"type":"heartbeat","run":"a b","at_ms":1}',
        b'{"type":"heartbeat","run":"","at_ms":1,"more":' + DEEP,
    ],
)
def test_a_bad_heartbeat_is_a_dead_letter(value: bytes | None) -> None:
    found = gathered(Sent(T0, HEARTBEAT_KEY, value))
    assert found.faults == {Fault.WRONG_SHAPE: 1}
    assert found.outcomes == {MentionOutcome.DEAD: 1}
    assert found.dead[0].detail.startswith("heartbeat: ")
    assert found.dead[0].original == (value or b"")


def test_a_dead_letter_names_the_source_where_it_can_be_read() -> None:
    found = gathered(
        said(1, brand=None, source="bluesky"), said(1, brand=None, source=5), said(1, brand=None, source="s" * 200)
    )
    assert [letter.source for letter in found.dead] == ["bluesky", None, None]


def test_a_dead_letter_says_nothing_of_the_post_but_its_bytes() -> None:
    found = gathered(*(Sent(T0, b"k", (value or b"").replace(b"hm", b"secret")) for _, value in BAD.values()))
    assert not [letter.detail for letter in found.dead if "secret" in letter.detail]


def test_a_backslash_before_u0000_is_text_and_no_nul() -> None:
    assert gathered(said(1, text=r"the escape \u0000 in a program")).faults == {}


def test_at_the_edges_of_future_and_horizon_a_mention_is_taken() -> None:
    assert gathered(said(1, T0 + RULES.future_ms, recorded_ms=T0)).faults == {}
    assert gathered(said(1, T0 - RULES.horizon_ms, recorded_ms=T0)).faults == {}


def test_more_open_cells_than_a_bound_are_refused_and_where_folds_end_makes_no_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.deciding.gather._OPEN_CELLS_MOST", 3)
    takes_all = replace(RULES, brands=None)
    sent = [said(number, T0 + number // 4 * COMPLETE, brand=f"b{number}") for number in range(16)]
    whole = folded(on_tape(sent), [], takes_all)
    assert whole.faults == {Fault.TOO_MANY_BRANDS: 4}
    singly = folded(on_tape(sent), [1] * 16, takes_all)
    assert [letter.offset for letter in singly.dead] == [letter.offset for letter in whole.dead]


# --- restart -----------------------------------------------------------------------------------------------------


def test_a_checkpoint_names_the_fold_of_the_first_mention_of_an_open_cell() -> None:
    made = triage()
    records = on_tape([said(1), said(2, T0 + 20 * S), said(3, T0 + 21 * S), said(4, T0 + 22 * S)])
    made.fold(records[:1])
    made.fold(records[1:2])
    made.fold(records[2:])
    assert made.checkpoint().offset == 1


def test_with_nothing_open_a_restart_begins_where_the_records_end() -> None:
    made = triage()
    made.fold(on_tape([said(1), beat(T0 + MIN)]))
    assert made.checkpoint().offset == 2


def test_before_anything_came_a_checkpoint_is_the_start() -> None:
    assert triage().checkpoint().offset == 0


def test_records_from_before_the_checkpoint_are_passed_over() -> None:
    records = on_tape([said(1), beat(T0 + MIN), said(2, T0 + MIN)])
    made = triage()
    made.fold(records[:2])
    again = triage(made.checkpoint())
    found = again.fold(records)
    assert found.outcomes == {MentionOutcome.ACCEPTED: 1}
    assert again.fold(records[:2]) == Gathered()


def test_state_comes_back_from_the_wire_as_it_was() -> None:
    made = triage()
    made.fold(on_tape([said(number) for number in range(20)] + [said(1, run="drill-1")]))
    state = made.checkpoint()
    assert decode_triage_state(encode_triage_state(state)) == state


def test_state_of_another_version_is_refused_with_both() -> None:
    with pytest.raises(StateMismatch, match="triage-state holds state of version 7, this program reads 1"):
        decode_triage_state(encode_triage_state(TriageState(7, 0, 0, ())))


def test_a_run_that_ended_weighs_next_to_nothing_in_the_state() -> None:
    made = triage()
    sent = [said(number, run="replay-1") for number in range(1_000)]
    made.fold(on_tape([*sent, beat(T0, "replay-1", final=True)]))
    made.fold(on_tape([beat(T0 + MIN)], first=1_001))
    assert len(encode_triage_state(made.checkpoint())) < 500
    assert triage(made.checkpoint()).fold(on_tape([said(5, run="replay-1")], 1_002)).faults == {Fault.RUN_ENDED: 1}


def test_an_open_cell_keeps_its_restart_whatever_else_is_done() -> None:
    made = triage()
    found = [made.fold(on_tape([said(0, T0 - DAY, recorded_ms=T0, run="replay-1")]))]
    for number in range(1, 300):
        at_ms = T0 + number * S
        found.append(made.fold(on_tape([said(number, at_ms)], first=number)))
    assert made.checkpoint().offset == 0
    assert joined(found).outcomes == {MentionOutcome.ACCEPTED: 300}


HELD = said(0, T0 - DAY, recorded_ms=T0, run="replay-1")
"""Opens a cell that nothing here closes, so that a restart begins at its fold."""


def restarted(before: list[Sent], *after: list[Sent]) -> tuple[Gathered, Gathered]:
    """What `HELD` and the folds after it brought, and what a restart from the last checkpoint brings."""
    made, at, found = triage(), 0, []
    for sent in (before, [HELD], *after):
        found.append(made.fold(on_tape(sent, at)))
        at += len(sent)
    state = made.checkpoint()
    assert state.offset == len(before)
    return joined(found[1:]), triage(state).fold(on_tape([*before, HELD, *chain(*after)]))


def test_a_restart_knows_the_ids_as_they_were_at_its_fold() -> None:
    before, again = restarted([said(7), beat(T0 + MIN)], [said(7), said(1, T0 + MIN)])
    assert before.outcomes == again.outcomes == {MentionOutcome.ACCEPTED: 2, MentionOutcome.REPEAT: 1}


def test_a_restart_begins_with_the_time_as_it_was_at_its_fold() -> None:
    before, again = restarted([beat(T0 - MIN)], [said(1), said(2, T0 + MIN)])
    assert (before.late, again.late) == (0, 0)
    assert again.cells == before.cells != []


def test_a_restart_knows_the_ids_of_a_run_that_has_ended_since() -> None:
    run = "drill-1"
    before, again = restarted([said(7, run=run), beat(T0 + MIN, run)], [said(7, run=run), beat(T0, run, final=True)])
    assert before.outcomes == again.outcomes == {MentionOutcome.ACCEPTED: 1, MentionOutcome.REPEAT: 1}


def test_a_fold_that_reaches_back_before_the_restart_does_not_move_the_next_one_back() -> None:
    records = on_tape([said(1), beat(T0 + MIN), said(2, T0 + MIN)])
    made = triage()
    made.fold(records[:2])
    again = triage(made.checkpoint())
    again.fold(records)
    assert again.checkpoint().offset == 2
