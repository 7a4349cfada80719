"""What the console says, as values: no HTML, no store."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.signal import SignalKind
from playbooks.console import words
from playbooks.console.answers import SENTENCES
from playbooks.console.hold_card import Rights, hold_card
from playbooks.console.ledger_rows import ledger_rows
from playbooks.console.markdown import to_html
from playbooks.console.timeline import timeline
from playbooks.console.values import Tone, card, finding
from playbooks.content.trigger import Match
from playbooks.delivery.standing import Entry, Line
from playbooks.holds.hold import Agreement
from playbooks.holds.rights import MayRelease, may_release
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentView, project
from playbooks.incidents.log_entry import (
    CLOCK,
    RESPOND,
    Acknowledged,
    ActionPlanned,
    HoldPlaced,
    HoldReleased,
    HoldTermsRaised,
    LogEntry,
    Logged,
    Opened,
    PlannedBecause,
    ReleaseAgreed,
    Resolved,
    ResolvedBy,
    SeverityRaised,
    SignalJoined,
    SignalNoted,
)
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from tests.parts.holding import HASH, PLACED_MS, VERSION, hold, signal

ROLES = {"on-call": ("ada", "bo"), "legal": ("cy",)}
RIGHTS = Rights(("on-call",), ROLES, {"ada": "Ada L.", "bo": "Bo D."})


def opened(run: str = "", brand: str = "acme") -> Opened:
    return Opened(run, brand, "complaint-storm", VERSION, HASH, "Many people complain at once", signal(run, brand))


def planned(kind: ActionKind, decision: ActionDecision = ActionDecision.DUE, target: str = "on-call") -> ActionPlanned:
    return ActionPlanned("a", "step", kind, target, decision, PLACED_MS)


def logged(*entries: LogEntry, actor: str = RESPOND) -> list[Logged]:
    """A log in which nothing happens at one moment with another but what was planned in one go."""
    rows: list[Logged] = []
    for n, entry in enumerate(entries, 1):
        together = rows and isinstance(entry, ActionPlanned) and isinstance(rows[-1].entry, ActionPlanned)
        at_ms = rows[-1].at_ms if together else PLACED_MS + n
        rows.append(Logged(n, at_ms, at_ms, actor, entry))
    return rows


def view(*entries: LogEntry, run: str = "") -> IncidentView:
    return project("inc-1", logged(opened(run), *entries))


@pytest.mark.parametrize(
    ("entries", "run", "chips"),
    [
        ((planned(ActionKind.PAGE),), "", ["Nobody has it yet", "Severity 4 of 5"]),
        (
            (planned(ActionKind.PAGE, ActionDecision.BRAND_OBSERVES),),
            "",
            ["Only observed: nobody was paged", "Severity 4 of 5"],
        ),
        ((planned(ActionKind.PAGE), Acknowledged()), "", ["Ada L. has it", "Severity 4 of 5"]),
        ((Resolved(ResolvedBy.QUIET, "quiet"),), "", ["Over", "Severity 4 of 5"]),
        (
            (planned(ActionKind.PAGE), HoldPlaced("h", "acme", None, 1, ("on-call",))),
            "",
            ["Nobody has it yet", "Severity 4 of 5", "Posting held"],
        ),
        (
            (planned(ActionKind.PAGE), HoldPlaced("h", "acme", None, 1, ("on-call",)), HoldReleased("h")),
            "",
            ["Nobody has it yet", "Severity 4 of 5"],
        ),
        (
            (planned(ActionKind.PAGE), HoldPlaced("h", "acme", None, 1, ("on-call",))),
            "drill-7",
            ["DRILL", "Nobody has it yet", "Severity 4 of 5", "The drill's posts held"],
        ),
        (
            (planned(ActionKind.PAGE), HoldPlaced("h", "acme", None, 1, ("on-call",))),
            "replay-7",
            ["REPLAY", "Open in the replay", "Severity 4 of 5", "Would be held"],
        ),
    ],
)
def test_the_chips_say_what_stands(entries: tuple[LogEntry, ...], run: str, chips: list[str]) -> None:
    assert [chip.text for chip in card(view(*entries, run=run), "Acme", "Ada L.", True).chips] == chips


def test_only_who_may_act_is_offered_to_acknowledge_what_is_open() -> None:
    assert card(view(), "Acme", "", True).may_acknowledge
    assert not card(view(), "Acme", "", False).may_acknowledge
    assert not card(view(Acknowledged()), "Acme", "ada", True).may_acknowledge


@given(
    observed=st.floats(0, 1e9),
    expected=st.floats(0, 1e9),
    tail=st.floats(0, 400),
    kind=st.sampled_from(SignalKind),
    window_s=st.integers(1, 10**6),
)
def test_any_finding_can_be_said_and_drawn(
    observed: float, expected: float, tail: float, kind: SignalKind, window_s: int
) -> None:
    seen = msgspec.structs.replace(signal().evidence, tail=tail, expected_high=expected * 1.5, window_s=window_s)
    found = msgspec.structs.replace(signal(), observed=observed, expected=expected, kind=kind, evidence=seen)
    drawn = finding(found, [])
    assert all(0 <= width <= 100 for width in (drawn.observed_width, drawn.expected_width, drawn.high_width))
    assert max(drawn.observed_width, drawn.expected_width, drawn.high_width) in (0, 100)
    assert words.what_happens(found, "Acme").endswith(".")


def test_figures_are_as_exact_as_a_person_needs() -> None:
    assert words.figure(1234.4) == "1,234"
    assert words.figure(0.0) == "0"


def texts(*entries: LogEntry, actor: str = "ada") -> list[str]:
    lines = timeline(logged(*entries, actor=actor), "Acme", {"ada": "Ada L."}.get)  # type: ignore[arg-type]
    return [line.text for line in lines]


def test_stricter_terms_say_nothing_of_an_agreement_that_there_may_not_have_been() -> None:
    (line,) = texts(HoldTermsRaised("h", 2, ("on-call",)))
    assert line.endswith("let go. An agreement from before counts no more, if there was one.")


def test_a_line_that_was_written_down_at_another_time_shows_both() -> None:
    rows = [
        Logged(1, PLACED_MS, PLACED_MS + 500, RESPOND, opened()),
        Logged(2, PLACED_MS, PLACED_MS + 3_600_000, RESPOND, planned(ActionKind.PAGE)),
        Logged(3, PLACED_MS + 3_700_000, PLACED_MS + 3_700_000, "ada", Acknowledged()),
    ]
    assert [line.noted_ms for line in timeline(rows, "Acme", str)] == [None, PLACED_MS + 3_600_000, None]


def test_every_entry_of_a_log_has_its_line() -> None:
    joined = SignalJoined("s", SignalKind.NEGATIVITY, "x", 3, 90.0, 7.4)
    noted = SignalNoted("s", SignalKind.VOLUME, None, 2, Match.OTHER_KIND)
    said = texts(
        opened(),
        joined,
        noted,
        SeverityRaised(4, 5, signal(severity=5)),
        HoldPlaced("h", "acme", "x", 2, ("on-call", "legal")),
        Acknowledged(),
        ReleaseAgreed("h", "calm"),
        HoldReleased("h"),
        Resolved(ResolvedBy.PERSON, "done"),
        Resolved(ResolvedBy.QUIET, "quiet"),
    )
    assert said[0].startswith("Many people complain at once. In the 15 minutes to 02:40:00 UTC, 119 people complained")
    assert said[1:3] == [
        "Again: 90 people complaining on x, 7.4 expected.",
        "Noticed beside it: people talking across all platforms, severity 2. It changes nothing here.",
    ]
    assert said[3].startswith("It got worse: severity 4 to 5. In the 15 minutes")
    assert said[4:] == [
        "Automated posts for Acme are held on x, until 2 people (on-call or legal) let go.",
        "Ada L. has it.",
        "Ada L. agreed to the release:",
        "The hold is released; nothing that was held is sent by itself.",
        "Ada L. ended it:",
        "It is over: nothing more was seen for so long.",
    ]


def test_planned_steps_are_one_line_for_each_decision() -> None:
    said = texts(
        planned(ActionKind.HOLD),
        planned(ActionKind.PAGE),
        planned(ActionKind.NOTIFY, target="executives"),
        planned(ActionKind.NOTIFY, ActionDecision.NOTHING_HELD, "posting-team"),
        planned(ActionKind.ANNOTATE),
    )
    assert said == [
        "Set going: page on-call; tell executives; mark the graphs.",
        "Not needed, because nothing is held: tell posting-team.",
    ]


def test_each_page_that_goes_out_because_nobody_acknowledged_is_a_line_at_its_time_that_says_so() -> None:
    up = [
        msgspec.structs.replace(planned(ActionKind.PAGE, target=who), why=why, each=each)
        for who, why, each in (
            ("second", PlannedBecause.NOT_ACKNOWLEDGED, False),
            ("board", PlannedBecause.NOT_ACKNOWLEDGED, True),
            ("duty-phone", PlannedBecause.LAST_RESORT, False),
        )
    ]
    entries = (planned(ActionKind.PAGE), *up, up[0])
    minutes = (0, 5, 15, 50, 50)
    rows = [
        Logged(n, PLACED_MS + minute * 60_000, PLACED_MS + minute * 60_000, CLOCK, entry)
        for n, (minute, entry) in enumerate(zip(minutes, entries, strict=True), 1)
    ]
    assert [((line.at_ms - PLACED_MS) // 60_000, line.text) for line in timeline(rows, "Acme", str)] == [
        (0, "Set going: page on-call."),
        (5, "Nobody had acknowledged. Set going: page second."),
        (15, "Not everybody who has to had acknowledged. Set going: page board."),
        (50, "Nobody had acknowledged, and everybody else was paged: the last resort. Set going: page duty-phone."),
        (50, "Nobody had acknowledged. Set going: page second."),
    ]


@pytest.mark.parametrize(
    "decision", [ActionDecision.BRAND_OBSERVES, ActionDecision.BRAND_NOT_ARMED_TO_HOLD, ActionDecision.NOTHING_HELD]
)
def test_what_was_not_done_says_why(decision: ActionDecision) -> None:
    assert "because" in texts(planned(ActionKind.HOLD, decision))[0]


def test_a_thousand_signals_are_one_line() -> None:
    joined = SignalJoined("s", SignalKind.NEGATIVITY, "x", 3, 90.0, 7.4)
    assert texts(*[joined] * 1000) == ["1,000 more signals joined it, the last at 2 February 2026, 02:40 UTC."]
    assert len(texts(joined, joined)) == 2


def line(outcome: DeliveryOutcome, action: ActionKind = ActionKind.PAGE, attempt: int = 1, person: str = "ada") -> Line:
    channel = Channel.EMAIL if person else Channel.NONE
    return Line(Entry("o", attempt, PLACED_MS, person, channel, outcome, "detail"), action, "step", "on-call")


def test_a_send_that_ended_shows_its_end_only() -> None:
    rows = ledger_rows(
        [
            line(DeliveryOutcome.SENDING),
            line(DeliveryOutcome.RETRY),
            line(DeliveryOutcome.SENDING, attempt=2),
            line(DeliveryOutcome.ACCEPTED, attempt=2),
            line(DeliveryOutcome.SENDING, attempt=3),
        ],
        str.title,
    )
    assert [(row.who, row.what, row.outcome) for row in rows] == [
        ("Ada", "page to on-call, by email", "to be tried again"),
        ("Ada", "page to on-call, by email, attempt 2", "accepted"),
        ("Ada", "page to on-call, by email, attempt 3", "under way"),
    ]


def test_every_outcome_of_every_action_can_be_said() -> None:
    for outcome, action in product(DeliveryOutcome, [kind for kind in ActionKind if kind is not ActionKind.HOLD]):
        (row,) = ledger_rows([line(outcome, action, person="")], str)
        assert row.outcome
        assert row.who == "on-call"
    assert ledger_rows([line(DeliveryOutcome.DELIVERED, ActionKind.HOLD, person="")], str) == []
    (row,) = ledger_rows([line(DeliveryOutcome.FAILED)], str)
    assert row.tone is Tone.ALARM


@pytest.mark.parametrize(
    ("step", "outbox", "what"),
    [
        ("over", "inc-1:over:1:1", "all-clear to on-call, by email"),
        ("acknowledged", "inc-1:has-it:ada:5:1", "word that somebody has it to on-call, by email"),
        ("ask", "inc-1:ask:1:overdue", "word of what is overdue to on-call, by email"),
        ("tell", "inc-1:tell:1", "notice to on-call, by email"),
    ],
)
def test_who_was_told_says_of_what(step: str, outbox: str, what: str) -> None:
    entry = Entry(outbox, 1, PLACED_MS, "ada", Channel.EMAIL, DeliveryOutcome.ACCEPTED, "at 2026-02-02T02:40:00.000Z")
    (row,) = ledger_rows([Line(entry, ActionKind.NOTIFY, step, "on-call")], str)
    assert (row.what, row.detail) == (what, "at 2 February 2026, 02:40 UTC")


@pytest.mark.parametrize(
    ("person", "agreed", "released", "may"),
    [
        ("ada", (), None, MayRelease.YES),
        ("cy", (), None, MayRelease.NOT_IN_THE_ROLES),
        ("", (), None, MayRelease.NOT_IN_THE_ROLES),
        ("ada", ("ada",), None, MayRelease.HAS_AGREED),
        ("bo", ("ada",), None, MayRelease.YES),
        ("bo", ("ada",), 5, MayRelease.IS_RELEASED),
    ],
)
def test_who_may_release(person: str, agreed: tuple[str, ...], released: int | None, may: MayRelease) -> None:
    words_given = tuple(Agreement(who, "calm", 1) for who in agreed)
    value = msgspec.structs.replace(hold(people=2), agreements=words_given, released_ms=released)
    assert may_release(value, person, ("on-call",), ROLES) is may


def test_a_hold_says_what_it_means_in_each_world() -> None:
    live, drill, replay = (hold_card(hold(run=run), "Acme", "ada", RIGHTS) for run in ("", "drill-7", "replay-7"))
    assert live.title == "Automated posts for Acme are held"
    assert "boosted posts" in live.meaning
    assert drill.title.startswith("Drill: ")
    assert "only posts of this drill" in drill.meaning
    assert replay.title.startswith("Replay: ")
    assert "No post is stopped" in replay.meaning
    assert (replay.may_release, replay.opens, replay.why_not) == (False, "", "")
    assert not card(view(run="replay-7"), "Acme", "", True).may_acknowledge


@pytest.mark.parametrize(
    ("people", "agreed", "opens", "button"),
    [
        (1, (), "It stays until 1 person agrees; time does not open it.", "Release: let posting go on"),
        (2, (), "It stays until 2 different people agree; time does not open it.", "Agree to the release"),
        (2, ("ada",), "It stays until 1 more person agrees; time does not open it.", "Release: let posting go on"),
        (
            3,
            (),
            "It takes 3 people in on-call to open this hold, and the settings name 2. Name people under roles.",
            "Agree to the release",
        ),
    ],
)
def test_a_hold_says_what_it_takes(people: int, agreed: tuple[str, ...], opens: str, button: str) -> None:
    given_words = tuple(Agreement(who, "calm", 1) for who in agreed)
    shown = hold_card(msgspec.structs.replace(hold(people=people), agreements=given_words), "Acme", "bo", RIGHTS)
    assert (shown.opens, shown.button) == (opens, button)


def test_every_answer_has_a_word_of_its_own() -> None:
    assert len({word.value for word in SENTENCES}) == len(SENTENCES)


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        '<img src="https://tracker.example/x.png">',
        "![x](https://tracker.example/x.png)",
        "![x][r]\n\n[r]: https://tracker.example/x.png",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        "[x](//evil.example)",
        "<javascript:alert(1)>",
        '[x](https://ok.example "onmouseover=alert(1)")',
        "```<script>\n</script>\n```",
    ],
)
def test_a_runbook_can_do_nothing(markdown: str) -> None:
    html = str(to_html(markdown))
    for bad in ("<script", "<img", "<iframe", 'href="javascript', 'href="data', 'href="vbscript', 'href="//', " on"):
        assert bad not in html.lower().replace(' title="onmouseover=alert(1)"', "")


@given(st.text(alphabet="<>&\"'[]()!#*_`~|:/\\abjs \n=", max_size=80))
def test_no_text_becomes_a_tag_of_its_own(markdown: str) -> None:
    html = str(to_html(markdown)).lower()
    assert "<script" not in html
    assert "<img" not in html


def test_many_things_for_people_to_do_are_counted_by_role() -> None:
    def asked(id: str, kind: ActionKind, role: str) -> ActionPlanned:
        return ActionPlanned(id, id, kind, role, ActionDecision.FOR_PEOPLE, 5)

    found = texts(
        asked("a", ActionKind.TASK, "on-call"),
        asked("b", ActionKind.DECISION, "on-call"),
        asked("c", ActionKind.TASK, "on-call"),
        asked("d", ActionKind.TASK, "legal"),
    )
    assert found == ["For people to do: 2 tasks for on-call; decision for on-call; task for legal."]
