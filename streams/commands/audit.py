"""``firebreak audit``: the gate's decisions, and whether anybody has changed what is written of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from streams.settings import Settings, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from playbooks.gate.audit import Head, Row, Seal

_FOUND_WRONG = 1


@click.group("audit", short_help="The gate's decisions: verify that nobody changed them.")
def audit_command() -> None:
    """The gate's audit: every decision, the allowed ones too, in chains of rows that are sealed one with the next."""


@audit_command.command()
@click.option("--heads", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Heads put away before.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify(ctx: click.Context, heads: Path | None, as_json: bool) -> None:
    """Find rows that were changed, taken out, put in or cut off, and say which. Exit code 1 where there are any.

    With --heads the chains must also hold what 'firebreak audit heads' printed then: so it is noticed when somebody
    has written the whole audit anew.
    """
    from detectors.mention import rfc3339
    from playbooks.gate.audit import verify as verified
    from playbooks.gate.audit_cut import begins, told
    from playbooks.store.gate.audit import read_audit

    engine, seal = _opened(read_settings(ctx.obj))
    kept = _heads_in(heads) if heads else ()
    known, rows, cuts = read_audit(engine)
    after, found = begins(cuts, seal)
    counted = _Counted(rows)
    found += verified(counted, known, seal, kept, after)
    engine.dispose()
    if as_json:
        counts = {"rows": counted.rows, "chains": len(known), "pruned": told(cuts), "findings": found}
        click.echo(msgspec.json.format(msgspec.json.encode(counts), indent=2).decode())
    else:
        for finding in found:
            click.echo(f"{finding.fault.value}: chain {finding.chain}, row {finding.n}: {finding.words}")
        what = f"{counted.rows} rows in {len(known)} {'chain' if len(known) == 1 else 'chains'}"
        click.echo(
            f"{what}: {f'{len(found)} faults' if found else 'nothing was changed, taken out, put in or cut off'}"
        )
        if cuts:
            last = rfc3339(max(cut.at_ms for cut in cuts))
            click.echo(f"{told(cuts)} older rows went by gate.audit_days, the last at {last}")
    sys.exit(_FOUND_WRONG if found else 0)


@audit_command.command()
@click.pass_context
def heads(ctx: click.Context) -> None:
    """Print how far each chain reaches, a JSON line each. Put it away where nobody who can write the store can."""
    from playbooks.store.engine import reading
    from playbooks.store.gate.audit import heads_in

    engine, _ = _opened(read_settings(ctx.obj))
    with reading(engine) as conn:
        for head in heads_in(conn).values():
            click.echo(msgspec.json.encode(head).decode())
    engine.dispose()


class _Counted:
    """The rows, counted as they are read."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._of = iter(rows)
        self.rows = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> Row:
        row = next(self._of)
        self.rows += 1
        return row


def _opened(settings: Settings) -> tuple[Engine, Seal]:
    from playbooks.gate.audit import seal_with
    from playbooks.gate.callers import TOKEN_CHARS
    from playbooks.store.engine import migrate, open_store

    key = settings.gate.audit_key
    secret = key.read("gate.audit_key", at_least=TOKEN_CHARS) if key else None
    engine = open_store(settings.store)
    migrate(engine)
    return engine, seal_with(secret)


def _heads_in(path: Path) -> list[Head]:
    from playbooks.gate.audit import Head

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [msgspec.json.decode(line, type=Head) for line in lines if line.strip()]
    except (UnicodeDecodeError, msgspec.DecodeError) as wrong:
        said = f"{path} is not what 'firebreak audit heads' prints: {wrong}"
        raise click.BadParameter(said, param_hint="--heads") from None
