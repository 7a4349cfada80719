"""What the demo shows when it is over: the page, the hold, the times, and where to look."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Final

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from detectors.mention import rfc3339
from streams.demo.moments import Moments
from streams.demo.play import SPEED, Player, Script
from streams.demo.stage import BRAND, Stage

_PAGE_LINES: Final = 18
_CAPTION: Final = (
    f"The crisis is played {SPEED:.0f} times as fast as life. How long it went on before it could be told from an "
    "ordinary day is event time, as in life; the second column is this machine's own time from then on."
)
METRICS_OF: Final = ("triage", "watch", "respond", "runner")


def addresses(console: Console, stage: Stage) -> None:
    """Where to look while the demo runs; plain lines, so that a link can be taken whole."""
    rows = [
        ("Console", stage.sign_in_link() or f"http://127.0.0.1:{stage.ports['console']}/"),
        ("Gate", f"http://127.0.0.1:{stage.ports['gate']}/v1/gate/decisions"),
        *((f"Metrics of {name}", f"http://127.0.0.1:{stage.ports[name]}/metrics") for name in METRICS_OF),
    ]
    console.print(Text("Where to look (this machine only)", style="bold"))
    for what, address in rows:
        console.print(Text(f"  {what:<20}{address}"), soft_wrap=True)


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
    lines.append(Text("It stays until a person lets go: sign in to the console, read the incident, release."))
    return Panel(Group(*lines), title="The hold on posting", title_align="left", border_style="yellow")


def times(moments: Moments, script: Script, player: Player) -> Table:
    """First crisis mention -> signal -> page -> hold."""
    assert moments.signal is not None
    assert moments.signal_stored is not None
    assert moments.page is not None
    assert moments.notice is not None
    assert moments.held is not None
    table = Table(title="Measured", title_justify="left", caption=_CAPTION, caption_justify="left")
    table.add_column("What")
    table.add_column("After the first crisis mention", justify="right")
    table.add_column("of it on this machine", justify="right")
    known_s = (moments.signal.at_ms - script.crisis_ms) / 1000
    known_at = player.played_at(moments.signal.at_ms)
    table.add_row("First crisis mention", "0 s", "")
    for what, at in (
        ("Signal", moments.signal_stored),
        ("Hold in force at the gate", moments.held),
        ("Page taken by the mail server", moments.page.at),
        ("Executives told", moments.notice.at),
    ):
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
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _headers(message: EmailMessage) -> list[Text]:
    return [Text(f"{name}: {message[name]}", style="bold") for name in ("To", "Subject")]


def _beginning(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    lines = str(body.get_content()).splitlines() if body else []
    rest = len(lines) - _PAGE_LINES
    return "\n".join(lines[:_PAGE_LINES] + ([f"... and {rest} more lines: the runbook"] if rest > 0 else []))


def show(console: Console, stage: Stage, moments: Moments, script: Script, player: Player) -> None:
    """Everything, in the order in which it happened."""
    console.print()
    console.print(why(moments))
    console.print(the_page(moments))
    console.print(the_hold(moments))
    console.print(times(moments, script, player))
    console.print()
    addresses(console, stage)
