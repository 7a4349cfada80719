"""``firebreak policy``: the outgoing-post check of each text of a CSV."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from detectors.text.model import Weights
from playbooks.labels import Verdict
from playbooks.policy.check import Checked, check
from playbooks.policy.editors import taught
from playbooks.policy.tone import COLD, ToneModel
from playbooks.settings.brands import PolicySettings
from playbooks.wall_clock import now_ms
from streams.labelled import labelled_posts, learning_shown, rows_of, texts_shown
from streams.settings import SettingsError, read_settings
from streams.whole_file import refuse_to_overwrite, table_written_whole

#: What an editor says of a post, and whether the post was then refused.
LABELS: Final = {"not_ok": True, "ok": False}


@click.command("policy", short_help="Check each text of a file as an outgoing post.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="SCORES, as CSV.")
@click.option("--text-column", default="text", show_default=True, help="The column that holds the text.")
@click.option("--id-column", default="id", show_default=True, help="The column that tells the texts apart.")
@click.option("--learn", type=click.Path(path_type=Path, dir_okay=False), help="Editors' decisions (text,label) first.")
@click.option("--brand", help="Also by the rules of this brand in the settings (brands.NAME.policy).")
@click.option("--platform", default="", help="Also by what this platform takes: x, bluesky, mastodon, ...")
@click.pass_context
def policy_command(
    ctx: click.Context,
    file: Path,
    out: Path,
    text_column: str,
    id_column: str,
    learn: Path | None,
    brand: str | None,
    platform: str,
) -> None:
    """Check each text of a CSV FILE as a post that is about to go out in a brand's name.

    Writes id,decision,reasons with one line for each row: allow, hold (a person looks at it) or reject (it has to be
    changed), and why, in words that docs/policy.md explains; several are parted by a blank. Nothing is learned from
    FILE.

    --learn DECISIONS.csv first feeds what your editors decided: the columns text and label, which is ok or not_ok.

    \b
    firebreak policy posts.csv --out checked.csv
    firebreak policy posts.csv --out checked.csv --learn decisions.csv
    firebreak --config DIR policy posts.csv --out checked.csv --brand acme --platform x
    """
    refuse_to_overwrite(out, (file, *([learn] if learn else ())))
    rules = _rules(ctx.obj, brand)
    model = ToneModel(_taught(learn), rules.languages)
    began = time.monotonic()
    verdicts: Counter[Verdict] = Counter()
    try:
        with table_written_whole(out) as target:
            writer = csv.writer(target, lineterminator="\n")
            writer.writerow(("id", "decision", "reasons"))
            for name, checked in texts_shown(_checked(file, text_column, id_column, model, rules, platform)):
                writer.writerow((name, checked.verdict.value, " ".join(checked.reasons)))
                verdicts[checked.verdict] += 1
    except OSError as wrong:
        raise SettingsError(f"{wrong.filename or out} cannot be used: {wrong.strerror}") from None
    counted = ", ".join(f"{verdict.value} {verdicts[verdict]}" for verdict in Verdict)
    click.echo(f"{verdicts.total()} texts in {time.monotonic() - began:.1f} s: {counted}. {out} has why.", err=True)


def _rules(config: Path | None, brand: str | None) -> PolicySettings:
    if brand is None:
        return PolicySettings()
    brands = read_settings(config).brands
    if brand not in brands:
        there = ", ".join(sorted(brands)) or "none; say where they are with --config DIR"
        raise SettingsError(f"--brand {brand}: no brand is called so in the settings; there are {there}")
    return brands[brand].policy


def _taught(path: Path | None) -> Weights:
    if path is None:
        return COLD
    posts = list(labelled_posts(path, LABELS))
    with learning_shown(len(posts)) as tell:
        return taught(posts, tell)


def _checked(
    file: Path, text_column: str, id_column: str, model: ToneModel, rules: PolicySettings, platform: str
) -> Iterator[tuple[str, Checked]]:
    now = now_ms()
    for _, row in rows_of(file, (id_column, text_column)):
        yield row[id_column], check(row[text_column], platform, model, now, rules=rules)
