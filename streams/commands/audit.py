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

    Where there is nothing to verify it ends with 1, too. With --heads the chains must also hold what 'firebreak audit
    heads' printed then: so it is noticed when somebody has written the whole audit anew, put an older one back, or
    taken the newest chain away.
    """
    from detectors.mention import rfc3339
    from playbooks.gate.audit import verify as verified
    from playbooks.gate.audit_cut import begins, told
    from playbooks.gate.audit_head import unsealed
    from playbooks.store.gate.audit import read_audit, sealed_heads

    engine, seal = _opened(read_settings(ctx.obj))
    kept = _heads_in(heads) if heads else ()
    sealed = sealed_heads(engine)
    known, rows, cuts = read_audit(engine)
    after, found = begins(cuts, seal)
    counted = _Counted(rows)
    found += verified(counted, known, seal, kept, after)
    found += unsealed(sealed, seal, {*counted.named, *after.values()}, counted.since_seals)
    empty = not (known or counted.rows or cuts or found)
    engine.dispose()
    if as_json:
        counts = {"rows": counted.rows, "chains": len(known), "pruned": told(cuts), "findings": found}
        click.echo(msgspec.json.format(msgspec.json.encode(counts), indent=2).decode())
    else:
        for finding in found:
            click.echo(f"{finding.fault.value}: chain {finding.chain}, row {finding.n}: {finding.words}")
        click.echo(_in_words(counted.rows, len(known), len(found)))
        if cuts:
            last = rfc3339(max(cut.at_ms for cut in cuts))
            click.echo(f"{told(cuts)} older rows went by gate.audit_days, the last at {last}")
    sys.exit(_FOUND_WRONG if found or empty else 0)


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
        #: Heads that first rows name, and the chains whose own head bears a seal.
        self.named: set[Head] = set()
        self.since_seals: set[str] = set()

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> Row:
        from playbooks.gate.audit import begun

        row = next(self._of)
        self.rows += 1
        if row.n == 0:
            first = begun(row.body)
            self.named.update(first.heads)
            if first.sealed:
                self.since_seals.add(row.chain)
        return row


def _in_words(rows: int, chains: int, faults: int) -> str:
    what = f"{rows} rows in {chains} {'chain' if chains == 1 else 'chains'}"
    if faults:
        return f"{what}: {faults} {'fault' if faults == 1 else 'faults'}"
    if not rows:
        return f"{what}: there is nothing to verify. No gate has written here yet, or its rows are gone"
    return f"{what}: nothing was changed, taken out, put in or cut off, so far as the store alone can tell"


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
