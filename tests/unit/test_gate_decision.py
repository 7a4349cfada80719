"""The table of the gate's decisions."""

from __future__ import annotations

import msgspec
import pytest

from playbooks.gate.decision import GateRequest, OutgoingPost, decide, who_opens_it
from playbooks.holds.hold import Agreement, Hold
from playbooks.labels import GateReason, Verdict
from tests.parts.holding import hold

BRANDS = {"acme", "other"}


def asked(brand: str = "acme", platform: str = "x", run: str | None = None) -> GateRequest:
    return GateRequest(brand=brand, platform=platform, run=run, post=OutgoingPost(id="1", text="Good morning"))


@pytest.mark.parametrize(
    ("request_", "holds", "verdict", "reasons"),
    [
        pytest.param(asked(), [], Verdict.ALLOW, [GateReason.NO_HOLD], id="nothing is held"),
        pytest.param(asked(), [hold()], Verdict.HOLD, [GateReason.HOLD_IN_FORCE], id="the brand is held"),
        pytest.param(
            asked(), [hold(platform="x")], Verdict.HOLD, [GateReason.HOLD_IN_FORCE], id="this platform is held"
        ),
        pytest.param(asked(), [hold(platform="y")], Verdict.ALLOW, [GateReason.NO_HOLD], id="another platform is held"),
        pytest.param(asked(), [hold(brand="other")], Verdict.ALLOW, [GateReason.NO_HOLD], id="another brand is held"),
        pytest.param(asked(), [hold(run="replay-1")], Verdict.ALLOW, [GateReason.NO_HOLD], id="a replay holds nothing"),
        pytest.param(
            asked(run="replay-1"),
            [hold(run="replay-1")],
            Verdict.ALLOW,
            [GateReason.NO_HOLD],
            id="nor when it is named",
        ),
        pytest.param(
            asked(), [hold(run="drill-1")], Verdict.ALLOW, [GateReason.NO_HOLD], id="a drill spares real posts"
        ),
        pytest.param(
            asked(run="drill-1"),
            [hold(run="drill-1")],
            Verdict.HOLD,
            [GateReason.HOLD_IN_FORCE],
            id="a drill holds the drill's posts",
        ),
        pytest.param(
            asked(run="drill-2"),
            [hold(run="drill-1")],
            Verdict.ALLOW,
            [GateReason.NO_HOLD],
            id="but not another drill's",
        ),
        pytest.param(
            asked(run="drill-1"),
            [hold()],
            Verdict.HOLD,
            [GateReason.HOLD_IN_FORCE],
            id="life holds a drill's posts too",
        ),
        pytest.param(
            asked(brand="nobody"), [], Verdict.HOLD, [GateReason.BRAND_NOT_CONFIGURED], id="nobody watches this brand"
        ),
        pytest.param(
            asked(brand="nobody"),
            [hold(brand="nobody")],
            Verdict.HOLD,
            [GateReason.HOLD_IN_FORCE, GateReason.BRAND_NOT_CONFIGURED],
            id="every reason is given",
        ),
        pytest.param(
            asked(),
            [msgspec.structs.replace(hold(), released_ms=5)],
            Verdict.ALLOW,
            [GateReason.NO_HOLD],
            id="people have released it",
        ),
    ],
)
def test_decision_table(request_: GateRequest, holds: list[Hold], verdict: Verdict, reasons: list[GateReason]) -> None:
    answer = decide(request_, holds, BRANDS, 0)
    assert answer.decision is verdict
    assert [reason.code for reason in answer.reasons] == reasons
    assert all(reason.text for reason in answer.reasons)


def test_the_oldest_hold_in_the_way_is_named() -> None:
    answer = decide(asked(), [hold("a", platform="y"), hold("b"), hold("c")], BRANDS, 0)
    assert answer.hold == "b"
    assert [reason.hold for reason in answer.reasons] == ["b", "c"]


def test_an_answer_is_good_for_one_second() -> None:
    assert decide(asked(), [], BRANDS, 5_000).valid_until == "1970-01-01T00:00:06.000Z"


def test_the_reason_says_what_is_held_why_and_who_opens_it() -> None:
    reason = decide(asked(), [hold(people=2)], BRANDS, 0).reasons[0].text
    assert "every automated post for acme, on every platform" in reason
    assert "Complaints are far above what is usual." in reason
    assert "2 people release it; nobody has yet" in reason
    assert "inc-hold-1" in reason


def test_those_who_have_agreed_are_named() -> None:
    waiting = msgspec.structs.replace(hold(people=2), agreements=(Agreement("ada", "calm again", 1),))
    assert who_opens_it(waiting) == "It stays until 2 people release it; so far: ada."


@pytest.mark.parametrize("platform", ["X", "x\n", " x", "", "x" * 33])
def test_a_platform_that_no_hold_could_name_is_no_question(platform: str) -> None:
    raw = {"brand": "acme", "platform": platform, "post": {"id": "1", "text": "hm"}}
    with pytest.raises(msgspec.ValidationError, match="platform"):
        msgspec.convert(raw, GateRequest)
