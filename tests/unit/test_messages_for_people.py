"""What a message tells in the reader's own terms: times by their clocks, words that are approved where they are."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from playbooks.content.catalog import load_library
from playbooks.content.schema import Playbook
from playbooks.delivery.told_times import with_local_times
from playbooks.effects.message import Notice
from playbooks.incidents.approved import approved_words

BERLIN = ZoneInfo("Europe/Berlin")


def storm() -> Playbook:
    found = [one.playbook for one in load_library().newest() if one.playbook.id == "complaint-storm"]
    return found[0]


def test_moments_are_told_by_the_readers_clocks_also_when_they_are_put_back() -> None:
    notice = Notice("", "from 2026-10-25T00:30:00.000Z to 2026-10-25T01:30:00.000Z")
    told = "from 25 October 2026, 02:30 CEST to 25 October 2026, 02:30 CET"
    assert with_local_times(notice, BERLIN).text == told


def test_what_is_no_moment_stays_as_it_was_written() -> None:
    text = "2026-13-45T99:99:99.999Z and 0001-01-01T00:00:00.000Z and 2026-01-01"
    assert with_local_times(Notice("", text), ZoneInfo("America/New_York")).text == text


def test_approved_words_are_those_for_the_platform_and_for_any() -> None:
    statement = storm().statements[0]
    on = [
        msgspec.structs.replace(statement, id=f"s{n}", platforms=where, words=f"Words {n}.\n\nMore.")
        for n, where in enumerate(((), ("x",), ("bluesky", "mastodon")))
    ]
    playbook = msgspec.structs.replace(storm(), statements=tuple(on))
    assert [f"Words {n}" in approved_words(playbook, "x") for n in range(3)] == [True, True, False]
    assert [f"Words {n}" in approved_words(playbook, None) for n in range(3)] == [True, True, True]
    shown = approved_words(playbook, "bluesky")
    assert f"on bluesky, mastodon (en), approved by {statement.approved_by}" in shown
    assert "    Words 2.\n\n    More." in shown
