"""What the client makes of each answer: only one of them is a yes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.mention import rfc3339
from playbooks.gate.answer import Outcome, judge

NOW_MS = 1_770_000_000_000
ALLOW: dict[str, Any] = {
    "decision": "allow",
    "reasons": [{"code": "no_hold", "text": "No hold."}],
    "hold": None,
    "valid_until": rfc3339(NOW_MS + 1_000),
}


def outcome(body: object, status: int = 200, asked_ms: int = NOW_MS, now_ms: int = NOW_MS + 20) -> Outcome:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge(status, raw, asked_ms, now_ms).outcome


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (ALLOW, 200, Outcome.ALLOWED),
        ({**ALLOW, "decision": "hold", "hold": "hold-1"}, 200, Outcome.HELD),
        ({**ALLOW, "decision": "reject"}, 200, Outcome.REJECTED),
        ({**ALLOW, "decision": "ALLOW"}, 200, Outcome.UNREADABLE),
        ({**ALLOW, "decision": True}, 200, Outcome.UNREADABLE),
        ({**ALLOW, "hold": "hold-1"}, 200, Outcome.UNREADABLE),
        ({key: value for key, value in ALLOW.items() if key != "valid_until"}, 200, Outcome.UNREADABLE),
        ({**ALLOW, "valid_until": "soon"}, 200, Outcome.UNREADABLE),
        ({**ALLOW, "valid_until": "2099-01-01T00:00:00"}, 200, Outcome.UNREADABLE),
        ({**ALLOW, "valid_until": rfc3339(NOW_MS)}, 200, Outcome.EXPIRED),
        (b"", 200, Outcome.UNREADABLE),
        (b"allow", 200, Outcome.UNREADABLE),
        (b"\xff", 200, Outcome.UNREADABLE),
        (b"[" * 100_000, 200, Outcome.UNREADABLE),
        (ALLOW, 201, Outcome.REFUSED),
        (ALLOW, 204, Outcome.REFUSED),
        (ALLOW, 302, Outcome.REFUSED),
        (ALLOW, 401, Outcome.REFUSED),
        (ALLOW, 503, Outcome.REFUSED),
    ],
)
def test_only_a_fresh_allow_on_a_200_is_a_yes(body: object, status: int, expected: Outcome) -> None:
    assert outcome(body, status) is expected


def test_a_yes_is_good_for_a_second_from_the_asking_whatever_the_gates_clock_says() -> None:
    far = json.dumps({**ALLOW, "valid_until": rfc3339(NOW_MS + 3_600_000)}).encode()
    answer = judge(200, far, NOW_MS, NOW_MS + 20)
    assert answer.good_at(NOW_MS + 999)
    assert not answer.good_at(NOW_MS + 1_000)
    assert judge(200, far, NOW_MS, NOW_MS + 1_000).outcome is Outcome.EXPIRED


def test_a_refusal_carries_the_gates_words() -> None:
    answer = judge(503, b'{"code":"store_unreachable","message":"the store is away"}', NOW_MS, NOW_MS)
    assert answer.reasons == ("the gate answered 503: the store is away",)
    assert not answer.good_at(NOW_MS)


@given(status=st.integers(100, 599), body=st.binary(max_size=200), now_ms=st.integers(0, 2**42))
def test_noise_is_never_a_yes(status: int, body: bytes, now_ms: int) -> None:
    assert not judge(status, body, NOW_MS, now_ms).allowed
