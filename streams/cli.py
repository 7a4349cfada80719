"""The command line: every command, and how what goes wrong is told.

Exit codes: 0 done, 1 found something wrong, 2 used wrongly (settings, a missing secret, a broker or store that is not
there at the start): one message that says what, where and what to do, no traceback.
"""

from __future__ import annotations

import sys
from pathlib import Path
from pkgutil import resolve_name
from typing import Final

import click

from playbooks.content.schema import PlaybookError
from playbooks.listening import PortTaken
from playbooks.own_python import own_module
from playbooks.settings.section import MissingSecret
from playbooks.store.engine import StoreUnreachable
from streams.app import PROCESSES, WORKER_ROLES, process_named, run_until_told
from streams.brokers.broker import BrokerUnreachable
from streams.settings import Settings, SettingsError, read_settings
from streams.supervise import USED_WRONGLY, supervise

#: What an operator, not a programmer, has to mend.
OPERATORS_ERRORS = (SettingsError, MissingSecret, StoreUnreachable, BrokerUnreachable, PlaybookError, PortTaken)

#: Commands that are modules of their own. Named and not imported: a long-running process does not load them.
ELSEWHERE: Final[dict[str, str]] = {
    "arm": "streams.commands.arm:arm_command",
    "audit": "streams.commands.audit:audit_command",
    "backtest": "streams.backtest:backtest_command",
    "backtest-series": "streams.backtest_series:backtest_series_command",
    "backup": "streams.commands.backup:backup_command",
    "bench": "streams.bench.command:bench",
    "check": "streams.commands.check:check_command",
    "correct": "streams.commands.correct:correct_command",
    "drill": "streams.drill.command:drill_command",
    "editor": "streams.commands.editor:editor_command",
    "hold": "streams.commands.hold:hold_command",
    "erase": "streams.commands.erase:erase_command",
    "incident": "streams.commands.incident:incident_command",
    "mute": "streams.commands.mute:mute_command",
    "negativity": "streams.commands.negativity:negativity_command",
    "oncall": "streams.commands.oncall:oncall_command",
    "playbook": "streams.commands.playbook:playbook_command",
    "policy": "streams.commands.policy:policy_command",
    "replay": "streams.replay:replay_command",
    "restore": "streams.commands.backup:restore_command",
    "schedulers": "streams.commands.schedulers:schedulers_command",
    "sign-in": "streams.commands.sign_in:sign_in",
    "source": "streams.sources.command:source_command",
}


class OneMessage(click.Group):
    """Turns what an operator has to mend into one message and exit code 2; takes --config behind the command too."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name."""
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        found: click.Command = resolve_name(ELSEWHERE[cmd_name])
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Bring --config to the front, wherever it stands."""
        return super().parse_args(ctx, config_first(args))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except OPERATORS_ERRORS as wrong:
            click.echo(f"firebreak: {wrong}", err=True)
            sys.exit(USED_WRONGLY)


def config_first(args: list[str]) -> list[str]:
    """The arguments with ``--config DIR`` before the command.

    >>> config_first(["worker", "--config", "here", "--role", "watch"])
    ['--config', 'here', 'worker', '--role', 'watch']
    """
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(args)
    for word in waiting:
        if word == "--":
            rest += [word, *waiting]
        elif word == "--config":
            front += [word, *([value] if (value := next(waiting, None)) is not None else [])]
        elif word.startswith("--config="):
            front.append(word)
        else:
            rest.append(word)
    return front + rest


@click.group(cls=OneMessage, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="FIREBREAK_CONFIG",
    help="Folder that holds firebreak.yaml; also FIREBREAK_CONFIG. Without it the defaults count.",
)
@click.version_option(package_name="firebreak")
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """Firebreak sees a brand's crisis within minutes, pages, and holds every automated post until people let go.

    \b
    Try it:         firebreak demo
    Look back:      firebreak backtest MENTIONS.jsonl --out DECISIONS.jsonl
    Your own brand: write DIR/firebreak.yaml (docs/settings.md), then start,
                    each as a process of its own:
                    firebreak --config DIR worker
                    firebreak --config DIR runner
                    firebreak --config DIR gate
                    firebreak --config DIR console
                    firebreak --config DIR trainer
                    firebreak --config DIR source webhook (or bluesky)

    \b
    Exit codes: 0 done, 1 found something wrong, 2 used wrongly (one message says
    what, where, and what to do).
    """
    ctx.obj = config


def _settings(ctx: click.Context) -> Settings:
    return read_settings(ctx.obj)


@main.command(short_help="Read mentions, find signals, open incidents.")
@click.option("--role", type=click.Choice([*WORKER_ROLES]), help="Run this one alone; without it all three run.")
@click.pass_context
def worker(ctx: click.Context, role: str | None) -> None:
    """Read mentions, find signals, open incidents (the roles triage, watch, respond).

    Each role is a process of its own; without --role all three are started, and started again when one ends. To scale,
    start more of one role on any machine, up to the topic's partitions (kafka.mentions_partitions for triage,
    kafka.brands_partitions for the others).
    """
    settings = _settings(ctx)
    if role is not None:
        run_until_told(process_named(WORKER_ROLES[role]), settings)
        return
    # Here and not only in each of them: what is wrong is then told once.
    from streams.topics import ensure_topics

    ensure_topics(settings.kafka)
    sys.exit(supervise({name: _own_command(ctx, "worker", "--role", name) for name in WORKER_ROLES}))


@main.command(short_help="Play a crisis through the whole system, on this machine.")
@click.option("--exit", "ends_by_itself", is_flag=True, help="End when the table of times is shown.")
@click.option("--seed", default=1, show_default=True, help="Another seed is another two weeks and another crisis.")
def demo(ends_by_itself: bool, seed: int) -> None:
    """Play a scripted crisis through the whole system on this machine, and show what happened.

    Starts an embedded broker, the worker, the runner, the gate and the console on loopback; plays two weeks of ordinary
    days as fast as they go, then a crisis, faster than life. Everything is ended, and nothing is left on the disk.
    """
    from streams.demo.command import run_demo

    sys.exit(run_demo(ends_by_itself, seed))


def _own_command(ctx: click.Context, *words: str) -> list[str]:
    config = ["--config", str(ctx.obj)] if ctx.obj else []
    return own_module("streams", *config, *words)


def _long_running(name: str, place: str, teaches: str) -> None:
    @main.command(name=name, help=teaches)
    @click.pass_context
    def command(ctx: click.Context) -> None:
        run_until_told(process_named(place), _settings(ctx))


_TEACHES = {
    "trainer": "Learn the text model from samples and corrections.\n\nIts versions are published for every worker. One "
    "trainer learns at a time; others wait and take over.",
    "runner": "Carry out what is due: pages, notices, annotations.\n\nSeveral runners share the work; what one that "
    "was killed had begun, another finishes.",
    "gate": "Answer schedulers that ask before they post.\n\nPOST /v1/gate/decisions with a bearer token (gate.token). "
    'Anything but a 200 with "allow" means: do not post. Several may run behind a balancer.',
    "console": "Serve the pages for people: incidents, runbooks, holds.\n\nOn loopback unless console.host says "
    "otherwise. While nobody is signed in, a start prints a link that signs one person in, once.",
}
for _name, _place in PROCESSES.items():
    _long_running(_name, _place, _TEACHES[_name])
