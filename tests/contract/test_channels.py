"""One suite over every adapter: what it makes of each mood of the other side, and that nothing from outside gets out.

Each of these must be true whatever the channel: a page is never called sent that was not taken, what may have been
taken is said to be in doubt, what somebody has to mend is not tried for ever, and a stranger's text stays text.
"""

from __future__ import annotations

import re
import time
import unicodedata
from pathlib import Path

import pytest

from detectors.run import LIVE, Drill
from playbooks.effects.message import Links, Notice, Reachable
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Known, Outcome, Retry, RetryReason
from playbooks.effects.registry import EFFECTS
from playbooks.labels import ActionKind, Channel
from tests.parts.channels import SECRETS, SIDES, Mood, Seen, Side
from tests.parts.messages import LINKS, message
from tests.parts.slack import LINK

every = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.channel.value)

#: Signs and words by which a text in a chat calls people or makes a program fetch something.
TRICKS = (
    "@channel @here @everyone <!channel> <!here|x> <@U0EVIL99> <#C024BE7LR> <!subteam^S1> "
    "http://evil.example/a https://evil.example www.evil.example evil.example/b <http://evil.example|bank> "
    "[bank](https://evil.example) <a href='https://evil.example'>bank</a> https://u:p@evil.example &lt;!channel&gt; "
    "</Say><Dial>+15005550009</Dial> \x1b[31m \x00 \u202e \u2066 \ud800 \x85\r\nBcc: all@evil.example\r\n.\r\nQUIT"
)
CALLING = re.compile(r"<[!@#]|(?<![\w.])@(channel|here|everyone)\b")


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


async def outcome_when(side: Side, mood: Mood, folder: Path) -> tuple[Outcome, Seen]:
    async with side.place(mood, folder) as (effect, address, seen):
        outcome = await effect.send(message(address))
    return outcome, seen


def test_every_channel_is_asked() -> None:
    assert {side.channel for side in SIDES} == EFFECTS.keys()


@every
async def test_what_is_taken_is_accepted_and_no_more_is_claimed(side: Side, tmp_path: Path) -> None:
    outcome, seen = await outcome_when(side, Mood.FRIENDLY, tmp_path)
    assert isinstance(outcome, Delivered), outcome
    assert outcome.known is Known.ACCEPTED
    assert (seen.taken, len(seen.said)) == (1, 1)


@every
async def test_too_many_is_tried_again_when_the_other_side_says(side: Side, tmp_path: Path) -> None:
    outcome, seen = await outcome_when(side, Mood.BUSY, tmp_path)
    assert isinstance(outcome, Retry), outcome
    assert seen.taken == 0
    if side.says_why:
        assert outcome.reason is RetryReason.BUSY
    if side.says_why and side.asks_to_wait:
        assert outcome.after_s == 7.0


@every
async def test_a_fault_of_the_other_side_is_tried_again(side: Side, tmp_path: Path) -> None:
    outcome, _ = await outcome_when(side, Mood.BROKEN, tmp_path)
    assert isinstance(outcome, Retry), outcome


@every
async def test_silence_takes_no_longer_than_it_may_and_is_a_doubt(side: Side, tmp_path: Path) -> None:
    begun = time.monotonic()
    outcome, _ = await outcome_when(side, Mood.SILENT, tmp_path)
    assert time.monotonic() - begun < 8
    assert isinstance(outcome, Retry), outcome
    assert outcome.reason.perhaps_taken


@every
async def test_nobody_there_is_tried_again_and_is_no_doubt(side: Side, tmp_path: Path) -> None:
    outcome, _ = await outcome_when(side, Mood.ABSENT, tmp_path)
    assert isinstance(outcome, Retry), outcome
    if side.says_why:
        assert outcome.reason is RetryReason.UNREACHABLE


@every
@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        (Mood.REFUSES, FailedReason.REFUSED),
        (Mood.KNOWS_US_NOT, FailedReason.BAD_CREDENTIALS),
        (Mood.SENDS_ELSEWHERE, FailedReason.REDIRECTED),
    ],
)
async def test_what_somebody_has_to_mend_has_failed(
    side: Side, mood: Mood, reason: FailedReason, tmp_path: Path
) -> None:
    outcome, seen = await outcome_when(side, mood, tmp_path)
    if side.says_why:
        assert isinstance(outcome, Failed), outcome
        assert outcome.reason is reason or (side.channel is Channel.EMAIL and outcome.reason is FailedReason.REFUSED)
    assert not isinstance(outcome, Delivered)
    assert (seen.taken, seen.elsewhere) == (0, 0)


@every
async def test_a_second_try_is_known_by_its_key_or_the_channel_says_that_it_cannot(side: Side, tmp_path: Path) -> None:
    async with side.place(Mood.FRIENDLY, tmp_path) as (effect, address, seen):
        for moment in (0, 60_000):
            assert isinstance(await effect.send(message(address, sending_ms=moment)), Delivered)
    assert len(seen.keys) == 2
    assert len(set(seen.keys)) == 1
    assert bool(seen.keys[0]) is side.channel.tells_repeats


@every
@pytest.mark.parametrize("action", [ActionKind.PAGE, ActionKind.NOTIFY])
async def test_a_drill_says_so_and_life_does_not(side: Side, action: ActionKind, tmp_path: Path) -> None:
    worlds: tuple[Reachable, ...] = (LIVE, Drill("exercise-7"))
    for run in worlds:
        async with side.place(Mood.FRIENDLY, tmp_path) as (effect, address, seen):
            assert isinstance(await effect.send(message(address, run=run, action=action)), Delivered)
        assert ("drill" in seen.said[0].lower()) is isinstance(run, Drill)


@every
async def test_text_from_outside_stays_text(side: Side, tmp_path: Path) -> None:
    hostile = Notice(subject=TRICKS, text=TRICKS, brand=TRICKS, platform=TRICKS, incident="inc-1", playbook=TRICKS)
    async with side.place(Mood.FRIENDLY, tmp_path) as (effect, address, seen):
        outcome = await effect.send(message(address, notice=hostile, links=None))
    assert isinstance(outcome, Delivered), outcome
    (said,) = seen.said
    if side.channel is not Channel.WEBHOOK:  # a program gets the text as it came, in JSON
        control = [character for character in said if unicodedata.category(character) in ("Cc", "Cs")]
        assert set(control) <= {"\n", "\r"}
        assert "\u202e" not in said
    if side.channel not in (Channel.WEBHOOK, Channel.EMAIL, Channel.GRAFANA):  # plain text, where nothing calls
        own = said.replace("<@U024BE7LH>", "")
        assert CALLING.findall(own.replace("&lt;", "")) == []
        assert [found for found in LINK.findall(own) if "evil" in found] == []


@every
async def test_without_a_public_address_the_message_says_that_there_is_no_link(side: Side, tmp_path: Path) -> None:
    async with side.place(Mood.FRIENDLY, tmp_path) as (effect, address, seen):
        await effect.send(message(address, links=None))
    if side.channel not in (Channel.WEBHOOK, Channel.GRAFANA, Channel.VOICE):  # null, no place, nothing to tap on
        assert "no link" in seen.said[0].lower() or "No link" in seen.said[0]
    assert "://fire" not in seen.said[0]


@every
async def test_a_link_that_acts_goes_to_its_person_alone(side: Side, tmp_path: Path) -> None:
    acting = Links(
        LINKS.incident, LINKS.runbook, "https://fire.example.org/act/AAA", "https://fire.example.org/act/EEE"
    )
    async with side.place(Mood.FRIENDLY, tmp_path) as (effect, address, seen):
        await effect.send(message(address, links=acting))
    shared = {Channel.SLACK, Channel.PAGERDUTY, Channel.ALERTMANAGER, Channel.GRAFANA, Channel.VOICE}
    assert ("act/AAA" in seen.said[0]) is (side.channel not in shared)
    assert "act/AAA" not in repr(message(address, links=acting))


@every
async def test_a_yes_that_is_not_the_services_own_has_failed(side: Side, tmp_path: Path) -> None:
    """A proxy, or the sign-in page of somebody's network, answers 200 to everything."""
    if side.channel in (Channel.EMAIL, Channel.WEBHOOK, Channel.APPRISE):
        return  # their yes is a code and nothing more
    async with side.place(Mood.ANSWERS_ANYTHING, tmp_path) as (effect, address, _):
        outcome = await effect.send(message(address))
    assert isinstance(outcome, Failed), outcome
    assert outcome.reason is FailedReason.NOT_UNDERSTOOD
