"""What the demo shows: where to look, and when the hold is in force, the page, the hold and the times."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import EmailMessage
from typing import Final

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from detectors.mention import rfc3339
from streams.brokers.broker import LOOPBACK
from streams.demo.moments import Moments
from streams.demo.play import SPEED, Player
from streams.demo.stage import BRAND, Stage

_PAGE_LINES: Final = 18
_CAPTION: Final = (
    f"The crisis is played {SPEED:.0f} times as fast as life. The time it takes to tell it from an ordinary day is "
    "event time, as in life. The last column is what this machine then needed: Kafka, detectors, store, mail."
)
METRICS_OF: Final = ("triage", "watch", "respond", "runner")


def addresses(console: Console, stage: Stage) -> None:
    """Where to look while the demo runs; plain lines, so that a link can be taken whole."""
    console.print(Text("Where to look, from this machine only, while the demo runs:", style="bold"))
    rows = [
        ("Console", stage.sign_in_link() or f"http://{LOOPBACK}:{stage.ports['console']}/"),
        ("Gate", f"http://{LOOPBACK}:{stage.ports['gate']}/v1/gate/decisions"),
        *((f"Metrics of {name}", f"http://{LOOPBACK}:{stage.ports[name]}/metrics") for name in METRICS_OF),
    ]
    _lines(console, [f"  {what:<20}{address}" for what, address in rows])


def what_next(console: Console, stage: Stage, run: str) -> None:
    """What a person can do now, while everything runs on."""
    console.print()
    console.print(Text("Now it is up to a person:", style="bold"))
    _lines(
        console,
        [
            "  1. Open the console by its one-time link, as Alex (on call):",
            f"     {stage.sign_in_link()}",
            "  2. Open the incident: why, what was done, who was told. Acknowledge it.",
            "  3. Release the hold, with a reason. Then ask the gate what a scheduler asks:",
            f"     curl -s http://{LOOPBACK}:{stage.ports['gate']}/v1/gate/decisions \\",
            f"       -H 'Authorization: Bearer {stage.token}' \\",
            f'       -d \'{{"brand": "{BRAND}", "platform": "x", "run": "{run}",',
            '            "post": {"id": "1", "text": "Good morning!"}}\'',
            "",
        ],
    )


def the_page(moments: Moments) -> Panel:
    """The page as it reached the person on call."""
    assert moments.page is not None
    return Panel(
        Group(*_headers(moments.page.message), Text(), Text(_beginning(moments.page.message))),
        title="The page that went out (by SMTP, to the demo's inbox)",
        title_align="left",
        border_style="red",
    )


def the_hold(moments: Moments) -> Panel:
    """What a scheduler is told now."""
    assert moments.answer is not None
    lines = [Text(f"Before: {moments.allowed_before} posts were allowed. Now a scheduler that asks is told: hold.")]
    lines += [Text(f"  {reason}") for reason in moments.answer.reasons]
    lines.append(Text("It stays until a person releases it on the console."))
    return Panel(Group(*lines), title="The hold on posting", title_align="left", border_style="yellow")


def times(moments: Moments, player: Player) -> Table:
    """First crisis mention -> signal -> page -> hold."""
    assert moments.signal is not None
    assert moments.signal_stored is not None
    assert moments.page is not None
    assert moments.notice is not None
    assert moments.held is not None
    assert player.first_crisis_ms is not None
    table = Table(title="Measured", title_justify="left", caption=_CAPTION, caption_justify="left")
    table.add_column("What")
    table.add_column("After the first crisis mention", justify="right")
    table.add_column("On this machine", justify="right")
    table.add_row("First crisis mention", "0 s", "")
    known_s = (moments.signal.at_ms - player.first_crisis_ms) / 1000
    known_at = player.played_at(moments.signal.at_ms)
    rows = (
        ("Signal, incident opened", moments.signal_stored),
        ("Page at the mail server", moments.page.at),
        ("Executives told", moments.notice.at),
        ("Hold seen at the gate", moments.held),
    )
    for what, at in sorted(rows, key=lambda row: row[1]):
        after_s = max(0.0, at - known_at)
        table.add_row(what, _span(known_s + after_s), f"{after_s:.1f} s")
    return table


def why(moments: Moments) -> Text:
    """One sentence: what was seen and how unlikely it is."""
    assert moments.signal is not None
    signal, evidence = moments.signal, moments.signal.evidence
    return Text(
        f"{BRAND}: {evidence.negative} of {evidence.mentions} people were negative within {evidence.window_s} s "
        f"({evidence.negative_share:.0%}, usually {evidence.expected_negative_share:.0%}); expected were "
        f"{signal.expected:.1f} negative, so much comes about by chance once in 10^{evidence.tail:.0f}. "
        f"Known at {rfc3339(signal.at_ms)} (event time), {evidence.authors} different authors."
    )


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{minutes:.0f} min {rest:04.1f} s" if minutes else f"{rest:.1f} s"


def _headers(message: EmailMessage) -> list[Text]:
    return [Text(f"{name}: {message[name]}", style="bold") for name in ("To", "Subject")]


def _beginning(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    lines = str(body.get_content()).splitlines() if body else []
    rest = len(lines) - _PAGE_LINES
    return "\n".join(lines[:_PAGE_LINES] + ([f"... and {rest} more lines: the runbook"] if rest > 0 else []))


def show(console: Console, moments: Moments, player: Player) -> None:
    """Everything, in the order in which it happened."""
    console.print()
    console.print(why(moments))
    console.print(the_page(moments))
    console.print(the_hold(moments))
    console.print(times(moments, player))


def _lines(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(Text(line), soft_wrap=True)
