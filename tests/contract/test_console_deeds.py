"""What people do about an incident on its page besides acknowledging: ticks, decisions, notes, and how it stands."""

from __future__ import annotations

import html as hypertext

import msgspec
from sqlalchemy import Engine

from detectors.signal import Term
from playbooks.content.catalog import load_library
from playbooks.incidents.incident import IncidentState
from playbooks.incidents.log_entry import Contained, Noted, Reopened, StepDone
from playbooks.store.holds.holds import agree_release, holds_of_incident
from playbooks.store.incidents.incidents import incident_history, incident_view, take_signal
from tests.parts.console import HOUR_MS, SETTINGS, Clock, browsing, crisis, page, send
from tests.parts.holding import PLACED_MS, signal
from tests.parts.signals import ladder_library

LIBRARY = ladder_library()
HOSTILE = "<script>alert(1)</script>"


def entries(store: Engine, incident: str, kind: type) -> list[tuple[str, object]]:
    """Who wrote which entry of a kind."""
    return [(row.actor, row.entry) for row in incident_history(store, incident) if isinstance(row.entry, kind)]


async def test_what_people_are_to_do_is_on_the_page_with_its_deadline_and_who_has_done_it(store: Engine) -> None:
    incident = crisis(store, library=LIBRARY)
    task = f"{incident}:ask:1"
    async with browsing(store, "ada", Clock(), library=LIBRARY) as browser:
        before = await page(browser, f"/incidents/{incident}")
        assert "Ask the shop what happened." in before
        assert "Due by" in before
        status, to = await send(browser, f"/incidents/{incident}/done", action=task, note=f"They know. {HOSTILE}")
        assert (status, to) == (303, f"/incidents/{incident}?said=ticked")
        after = await page(browser, to)
        assert (await send(browser, f"/incidents/{incident}/done", action=task))[1].endswith("said=ticked_before")
        assert (await send(browser, f"/incidents/{incident}/done", action="x"))[1].endswith("said=no_such_step")
    assert "It is done, and in the log under your name." in after
    assert f"They know. {hypertext.escape(HOSTILE)}" in after
    assert HOSTILE not in after
    assert entries(store, incident, StepDone) == [("ada", StepDone(task, "ask", f"They know. {HOSTILE}", ""))]


async def test_a_decision_says_what_was_decided(store: Engine) -> None:
    incident = crisis(store, library=LIBRARY)
    decision = f"{incident}:stop-sale:1"
    async with browsing(store, "bo", Clock(), library=LIBRARY) as browser:
        assert 'value="stop the sale"' in await page(browser, f"/incidents/{incident}")
        assert (await send(browser, f"/incidents/{incident}/done", action=decision))[1].endswith("nothing_decided")
        await send(browser, f"/incidents/{incident}/done", action=decision, option="stop the sale")
        shown = await page(browser, f"/incidents/{incident}")
    assert "Bo Diddley decided stop-sale: stop the sale." in shown
    assert 'value="stop the sale"' not in shown


async def test_what_is_past_its_deadline_is_red(store: Engine) -> None:
    incident, clock = crisis(store, library=LIBRARY), Clock()
    async with browsing(store, "ada", clock, library=LIBRARY) as browser:
        assert "overdue" not in await page(browser, f"/incidents/{incident}")
        clock.now_ms += HOUR_MS // 2
        assert '<span class="chip alarm">overdue</span>' in await page(browser, f"/incidents/{incident}")


async def test_a_note_is_in_the_log_under_its_writers_name(store: Engine) -> None:
    incident = crisis(store, library=LIBRARY)
    async with browsing(store, "ada", Clock(), library=LIBRARY) as browser:
        assert (await send(browser, f"/incidents/{incident}/note", text=" "))[1].endswith("said=nothing_said")
        assert (await send(browser, f"/incidents/{incident}/note", text=HOSTILE))[1].endswith("said=noted")
        shown = await page(browser, f"/incidents/{incident}")
    assert hypertext.escape(HOSTILE) in shown
    assert entries(store, incident, Noted) == [("ada", Noted(HOSTILE))]


async def test_an_incident_can_be_contained_ended_and_opened_again_each_with_a_reason(store: Engine) -> None:
    incident = crisis(store, library=LIBRARY)
    at = f"/incidents/{incident}"
    async with browsing(store, "ada", Clock(), library=LIBRARY) as browser:
        assert (await send(browser, f"{at}/contain", reason=""))[1].endswith("said=no_reason_to_contain")
        assert (await send(browser, f"{at}/contain", reason="no new posts"))[1].endswith("said=contained")
        contained = await page(browser, at)
        assert "Contained" in contained
        assert "It is contained</button>" not in contained
        assert (await send(browser, f"{at}/reopen", reason="it goes on"))[1].endswith("said=open_already")
        await send(browser, f"{at}/resolve", reason="mended")
        assert "Open it again</button>" in await page(browser, at)
        assert (await send(browser, f"{at}/reopen", reason=" "))[1].endswith("said=no_reason_to_reopen")
        assert (await send(browser, f"{at}/reopen", reason="it goes on"))[1].endswith("said=reopened")
        assert "Open again: nobody has it yet" in await page(browser, at)
    assert entries(store, incident, Contained) == [("ada", Contained("no new posts"))]
    assert entries(store, incident, Reopened) == [("ada", Reopened("it goes on"))]
    view = incident_view(store, incident)
    assert view
    assert view.state is IncidentState.REOPENED


async def test_what_firebreak_did_not_see_can_be_reported_by_name(store: Engine) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        form = await page(browser, "/report")
        assert '<option value="acme">Acme Airways</option>' in form
        assert '<option value="employee-post">' in form
        about = {"brand": "acme", "playbook": "employee-post", "severity": "4"}
        assert (await send(browser, "/report", **about, what=" "))[1] == "/report?said=nothing_reported"
        assert (await send(browser, "/report", **about | {"brand": "else"}, what="x"))[1].endswith("no_such_brand")
        assert (await send(browser, "/report", **about | {"severity": "9"}, what="x"))[0] == 400
        assert (await send(browser, "/report", **about, what="x" * 2_001))[1] == "/report?said=too_long"
        status, to = await send(browser, "/report", **about, what=f"One of us wrote this: {HOSTILE}")
        assert (status, to.endswith("?said=reported_to_nobody")) == (303, True)
        shown = await page(browser, to)
    assert "NOBODY IS PAGED" in shown, "the brand is only observed, and whoever reports it counts on it"
    said = f"One of us wrote this: {hypertext.escape(HOSTILE)}"
    assert said in shown
    assert shown.index("Ada Lovelace reported it,") < shown.index(said) < shown.index("Open the runbook")
    assert "stretches of" not in shown, "there are no figures"
    assert "0 mentions" not in shown
    assert "somebody reported this about Acme Airways" in shown


async def test_a_long_report_is_folded_so_that_what_to_do_stays_in_sight(store: Engine) -> None:
    long = "They write that the parcels leak. " * 50
    async with browsing(store, "ada", Clock()) as browser:
        about = {"brand": "acme", "playbook": "employee-post", "severity": "4", "what": long}
        shown = await page(browser, (await send(browser, "/report", **about))[1])
    summary, rest = shown.split("Ada Lovelace reported it,", 1)[1].split("</summary>", 1)
    assert summary.count("leak") < 6
    assert rest.split("</details>")[0].count("leak") == 50
    assert '<details class="asked"><summary>' in shown


async def test_an_incident_that_has_grown_can_be_moved_to_the_playbook_that_would_open_now(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        assert "It has grown" not in await page(browser, f"/incidents/{incident}")
        hurt = msgspec.structs.replace(signal().evidence, terms=(Term("hospital", 9, 0.0),))
        graver = msgspec.structs.replace(signal(), id="sig-hurt", evidence=hurt)
        take_signal(store, graver, load_library(), SETTINGS, PLACED_MS + 400)
        shown = await page(browser, f"/incidents/{incident}")
        assert "Move it to safety-incident" in shown
        at, to = f"/incidents/{incident}/move", "safety-incident"
        assert (await send(browser, at, playbook=to, reason=" "))[1].endswith("said=no_reason_to_move")
        assert (await send(browser, at, playbook=to, reason="people are hurt"))[1].endswith("said=moved")
        assert (await send(browser, at, playbook=to, reason="people are hurt"))[1].endswith("said=there_already")
        moved = await page(browser, f"/incidents/{incident}")
    assert "Ada Lovelace moved it to the playbook safety-incident" in moved
    assert "Move it to safety-incident" not in moved


async def test_reporting_what_is_graver_than_what_is_open_moves_it_and_says_so(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        about = {"brand": "acme", "playbook": "safety-incident", "severity": "4", "what": "Somebody is in hospital."}
        assert (await send(browser, "/report", **about))[1] == f"/incidents/{incident}?said=reported_and_moved"
        assert (await send(browser, "/report", **about))[1].endswith("said=reported_beside")
        assert (await send(browser, "/report", **about | {"severity": "5"}))[1].endswith("said=reported_worse")
        shown = await page(browser, f"/incidents/{incident}")
    assert "Ada Lovelace moved it to the playbook safety-incident" in shown
    assert "one of executives has to be among them" in shown
    assert "people who report it" not in shown, "there are no figures in a report"


async def test_a_hold_that_asks_for_an_executive_waits_for_one_and_says_so(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        about = {"brand": "acme", "playbook": "safety-incident", "severity": "4", "what": "Somebody is in hospital."}
        await send(browser, "/report", **about)
        (hold,) = holds_of_incident(store, incident)
        agree_release(store, hold.id, "cy", "calm", PLACED_MS + 500, 0, ("on-call",))
        shown = await page(browser, f"/incidents/{incident}")
        assert "one of executives among them" in shown
        assert "Agree to the release" in shown, "and not: let posting go on"
        _, to = await send(browser, f"/holds/{hold.id}/release", reason="calm")
        assert to.endswith("said=needs_the_role")
        assert "It now needs somebody of executives." in await page(browser, to)
    assert holds_of_incident(store, incident)[0].in_force


async def test_an_incident_can_be_moved_to_whatever_fits_better_from_its_page(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        shown = await page(browser, f"/incidents/{incident}")
        assert '<option value="safety-incident">Somebody may be hurt by what we sell or do</option>' in shown
        assert '<option value="complaint-storm">' not in shown, "it goes by that already"
        where = f"/incidents/{incident}/move"
        assert (await send(browser, where, playbook="tone-shift", reason="nobody"))[1].endswith("said=moved")
        assert '<option value="complaint-storm">' in await page(browser, f"/incidents/{incident}")
