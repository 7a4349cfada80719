"""Whether the channels take us: their secrets are there, and the other side accepts them as far as that can be asked.

Pure: what was asked of each channel is in `Asked`, made by `ask_channels.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from playbooks.effects.asked import Asked
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Retry
from playbooks.readiness.finding import Area, Finding, Reason, Weight


def channel_findings(asked: Iterable[Asked]) -> Iterator[Finding]:
    """What is found about each channel that is set up.

    >>> from playbooks.labels import Channel
    >>> [found.reason.value for found in channel_findings([Asked(Channel.SLACK)])]
    ['only_a_test_shows']
    """
    for one in asked:
        yield _finding(one)


def _finding(asked: Asked) -> Finding:
    name = asked.channel.value
    if asked.missing:
        return _found(Weight.LOOK, Reason.SECRET_MISSING, f"{name}: {asked.missing}", "Put the secret there.")
    match asked.outcome:
        case None:
            text = f"{name} is set up; it has no question that sends nothing, so only a test message shows."
            return _found(Weight.UNKNOWN, Reason.ONLY_A_TEST_SHOWS, text, "firebreak check --send-test PERSON")
        case Delivered(answer=answer):
            return _found(Weight.WELL, Reason.ACCEPTED, f"{name}: {answer}.", "")
        case Retry(answer=answer):
            to_do = "Try again in a minute; if it stays so, look at the network and at the address in the settings."
            return _found(Weight.LOOK, Reason.CHANNEL_UNREACHABLE, f"{name} does not answer: {answer}.", to_do)
        case Failed(reason=FailedReason.BAD_CREDENTIALS, answer=answer):
            to_do = "Give it the right password, token or key."
            return _found(Weight.LOOK, Reason.CREDENTIALS_REFUSED, f"{name} does not let us in: {answer}.", to_do)
        case Failed(answer=answer):
            to_do = f"Look at its settings (docs/channels.md): it would refuse a page as well. It said: {answer}"
            return _found(Weight.LOOK, Reason.CHANNEL_WRONG, f"{name} is not as it should be: {answer}.", to_do)
        case _:
            assert_never(asked.outcome)


def _found(weight: Weight, reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=weight, area=Area.CHANNELS, reason=reason, text=text, to_do=to_do)
