"""Signed requests: believed when signed, from now, and new."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.secret import Secret
from streams.sources.signature import SeenSignatures, Unsigned, check_headers, is_signed, sign

SECRET = Secret("a secret of thirty-two characters")
NOW = 1_767_603_600.0
STAMP = "1767603600"
SIGNATURE = sign(SECRET, STAMP, b"body")


def test_a_signature_is_as_anybody_computes_it() -> None:
    # printf '1767603600.body' | openssl dgst -sha256 -hmac 'a secret of thirty-two characters'
    assert SIGNATURE == "452eb73a764f90d3993add8c650c3caca192f1843f960132fdea52807f3f64b9"


def test_a_signed_body_is_believed_in_either_case() -> None:
    assert is_signed(SECRET, STAMP, SIGNATURE, b"body")
    assert is_signed(SECRET, STAMP, SIGNATURE.upper(), b"body")


@given(st.binary(max_size=20), st.integers(0, 10**11), st.text(min_size=1, max_size=10))
def test_nothing_but_the_same_body_time_and_secret_is_believed(body: bytes, stamp: int, secret: str) -> None:
    same = (body, str(stamp), secret) == (b"body", STAMP, SECRET.reveal())
    assert is_signed(Secret(secret), str(stamp), SIGNATURE, body) == same


@pytest.mark.parametrize("timestamp", [None, "", "-1", "1e9", "1.5", " 1", "٣", "1" * 13, "now", "+1"])
def test_a_timestamp_is_whole_seconds(timestamp: str | None) -> None:
    assert check_headers(timestamp, SIGNATURE, NOW, 300.0) is Unsigned.NO_TIMESTAMP


@pytest.mark.parametrize("signature", [None, "", "a" * 63, "a" * 65, "g" * 64, f"v1={SIGNATURE}", "é" * 64])
def test_a_signature_is_64_hexadecimal_digits(signature: str | None) -> None:
    assert check_headers(STAMP, signature, NOW, 300.0) is Unsigned.NO_SIGNATURE


@pytest.mark.parametrize(
    ("off_s", "outside"), [(0, False), (300, False), (-300, False), (301, True), (-301, True), (10**10, True)]
)
def test_the_window_reaches_both_ways(off_s: int, outside: bool) -> None:
    found = check_headers(str(int(NOW) + off_s), SIGNATURE, NOW, 300.0)
    assert found is (Unsigned.OUTSIDE_WINDOW if outside else None)


def test_a_signature_is_taken_once() -> None:
    seen = SeenSignatures(300.0, 10)
    assert seen.take("ab", 100, 100.0)
    assert not seen.take("ab", 100, 101.0)
    assert not seen.take("AB", 100, 101.0)


def test_a_signature_of_a_request_that_was_not_carried_out_may_come_again() -> None:
    seen = SeenSignatures(300.0, 10)
    seen.take("a", 100, 100.0)
    seen.give_back("a")
    assert seen.take("a", 100, 101.0)
    assert not seen.take("a", 100, 102.0)


def test_one_from_the_future_is_kept_until_its_own_time_would_be_refused() -> None:
    seen = SeenSignatures(300.0, 10)
    seen.take("a", 400, 100.0)
    assert not seen.take("a", 400, 700.0)
    assert check_headers("400", SIGNATURE, 700.1, 300.0) is Unsigned.OUTSIDE_WINDOW


def test_memory_is_bounded_by_refusing_not_by_forgetting() -> None:
    seen = SeenSignatures(300.0, 2)
    for signature in "ab":
        seen.take(signature, 100, 100.0)
    assert seen.is_full(400.0)
    assert not seen.take("a", 100, 400.0)
    assert not seen.is_full(400.1)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 50), st.integers(0, 30)), max_size=40))
def test_no_signature_is_taken_twice_while_its_time_would_be_accepted(steps: list[tuple[str, int, int]]) -> None:
    window_s, now = 20.0, 30.0
    seen, stamps = SeenSignatures(window_s, 1_000), {"a": 30, "b": 40, "c": 50, "d": 60}
    taken: set[str] = set()
    for signature, _, later in steps:
        now += later / 4
        stamp = stamps[signature]
        if abs(now - stamp) > window_s:
            continue
        assert seen.take(signature, stamp, now) == (signature not in taken)
        taken.add(signature)
