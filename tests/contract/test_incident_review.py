"""The review document of an incident: measured times, what was held and told, and hostile text as text."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from playbooks.console.markdown import to_html
from playbooks.delivery.standing import entry_of
from playbooks.labels import ActionKind, Channel, DeliveryOutcome, Judgement
from playbooks.store.delivery import outbox
from playbooks.store.holds import holds
from playbooks.store.incidents import deeds
from playbooks.store.incidents.judging import judge
from tests.parts.console import NOW_MS, Clock, browsing, crisis
from tests.parts.due_actions import begin, record
from tests.parts.signals import MINUTE_MS

HOSTILE = "# all is well | <script>alert(1)</script> [here](http://evil.example)\n\n## Measured"


async def document(store: Engine, incident: str) -> str:
    """The file as a browser gets it."""
    async with (
        browsing(store, "ada", Clock()) as browser,
        browser.get(f"/incidents/{incident}/review.md") as response,
    ):
        assert response.status == 200
        assert response.content_type == "text/markdown"
        assert f'filename="review-{incident}.md"' in response.headers["Content-Disposition"]
        return await response.text()


@pytest.fixture
def ended(store: Engine) -> str:
    """An incident that was paged, acknowledged, noted upon, let go and ended."""
    incident = crisis(store)
    for due in outbox.claim_due(store, "runner", NOW_MS, MINUTE_MS, 10, [ActionKind.PAGE]):
        point = ("ada", Channel.EMAIL)
        begin(store, due, [point], [], 3, NOW_MS)
        record(store, entry_of(due, point, DeliveryOutcome.ACCEPTED, HOSTILE, NOW_MS))
    deeds.acknowledge(store, incident, "ada", NOW_MS + MINUTE_MS)
    deeds.note(store, incident, "ada", HOSTILE, NOW_MS + 2 * MINUTE_MS)
    (held,) = holds.holds_of_incident(store, incident)
    holds.agree_release(store, held.id, "ada", "looked at each post", NOW_MS + 60 * MINUTE_MS)
    deeds.resolve(store, incident, "bo", "the card reader works again", NOW_MS + 61 * MINUTE_MS)
    return incident


async def test_it_has_every_moment_that_was_measured(store: Engine, ended: str) -> None:
    text = await document(store, ended)
    for line in (
        "# Acme Airways: Many people complain at once",
        "| signal, incident opened | 02:40:00 | 8 minutes |",
        "| somebody reached by a page | 02:42:00 | 10 minutes |",
        "| acknowledged | 02:43:00 | 11 minutes |",
        "| posts held | 02:40:00 | 8 minutes |",
        "| posts released | 03:42:00 | 1 hour 10 minutes |",
        "| ended | 03:43:00 | 1 hour 11 minutes |",
        "Ada Lovelace: “looked at each post”",
        "the card reader works again",
    ):
        assert line in text, line


async def test_it_says_whether_it_was_real_where_somebody_has_said_so(store: Engine, ended: str) -> None:
    before = await document(store, ended)
    assert "says that it was" not in before
    assert "Was it real? Was it as severe as it was taken for?" in before
    judge(store, ended, "ada", Judgement.FALSE, "A planned sale.", NOW_MS + 90 * MINUTE_MS)
    text = await document(store, ended)
    assert "\n\nAda Lovelace says that it was a false alarm.\n\n" in text
    assert "“A planned sale" in text
    assert "Was it real?" not in text, "that was said"


async def test_what_people_were_to_do_is_there_whether_or_not_they_did(store: Engine, ended: str) -> None:
    text = await document(store, ended)
    assert "| read\\-the\\-posts | task | on\\-call | " in text
    assert text.count("**not done**, as far as anybody said") == 9
    assert "Never done, as far as anybody said: read\\-the\\-posts" in text


async def test_what_was_done_is_said_with_who_and_whether_it_was_late(store: Engine) -> None:
    incident = crisis(store)
    task, other = f"{incident}:read-the-posts:1", f"{incident}:find-out:1"
    deeds.tick(store, incident, task, "ada", "a broken reader", "", NOW_MS + MINUTE_MS)
    deeds.tick(store, incident, other, "ada", "", "", NOW_MS + 10 * 60 * MINUTE_MS)
    text = await document(store, incident)
    assert "| Ada Lovelace, 02:43:00: a broken reader |" in text
    assert "| Ada Lovelace, 12:42:00 (late) |" in text
    assert "Never done" not in text, "it is not over"


async def test_what_has_not_happened_is_said_to_have_not(store: Engine) -> None:
    text = await document(store, crisis(store, brand="quiet"))
    assert "| acknowledged | not |  |" in text
    assert "## What was held\n\nNothing." in text
    assert "## Who was told\n\nNobody." in text


async def test_text_from_outside_makes_no_heading_no_link_no_column_and_no_markup(store: Engine, ended: str) -> None:
    text = await document(store, ended)
    assert text.count("\n## Measured") == 1
    assert all(line.count(" | ") == 4 for line in text.split("\n") if line.startswith("| 02:42:00"))
    page = str(to_html(text))
    assert "<script" not in page
    assert 'href="http://evil.example"' not in page
    assert page.count("<h1") == 1


async def test_a_drills_review_says_that_it_is_one(store: Engine) -> None:
    text = await document(store, crisis(store, run="drill-1"))
    assert "**DRILL**: An exercise." in text
