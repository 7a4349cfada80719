"""``firebreak negativity``: the live negativity score of each text of a CSV."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import click

from detectors.mention import MAX_TEXT_CHARS
from detectors.text.features import features
from detectors.text.languages import language_of
from detectors.text.model import Scorer
from streams.labelled import learned_from, rows_of, texts_shown
from streams.settings import SettingsError
from streams.whole_file import refuse_to_overwrite


@click.command("negativity", short_help="Score how negative each text of a file is.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="SCORES, as CSV.")
@click.option("--text-column", default="text", show_default=True, help="The column that holds the text.")
@click.option("--id-column", default="id", show_default=True, help="The column that tells the texts apart.")
@click.option("--learn", type=click.Path(path_type=Path, dir_okay=False), help="Labelled posts (text,label) first.")
def negativity_command(file: Path, out: Path, text_column: str, id_column: str, learn: Path | None) -> None:
    """Score how negative each text of a CSV FILE is, as a running system does.

    Writes id,negativity with one line for each row: a probability from 0 to 1, higher is worse; it is empty for a text
    in a script that no word list reads. Nothing is learned from FILE.

    --learn LABELLED.csv first feeds posts that people have labelled: the columns text and label, which is negative,
    neutral or positive. They are learned as analysts' corrections are (firebreak correct); a few hundred of your own
    brand's posts are worth more than any word list.

    \b
    firebreak negativity posts.csv --out scores.csv
    firebreak negativity posts.csv --out scores.csv --learn labelled.csv
    """
    refuse_to_overwrite(out, (file, *([learn] if learn else ())))
    scorer = Scorer(learned_from(learn))
    began = time.monotonic()
    try:
        with out.open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target, lineterminator="\n")
            writer.writerow(("id", "negativity"))
            rows = scored = 0
            for name, negativity in texts_shown(_scores(file, text_column, id_column, scorer)):
                writer.writerow((name, "" if negativity is None else negativity))
                rows += 1
                scored += negativity is not None
    except OSError as wrong:
        raise SettingsError(f"{wrong.filename or out} cannot be used: {wrong.strerror}") from None
    left_out = f", {rows - scored} of another script not scored" if rows > scored else ""
    click.echo(f"{rows} texts in {time.monotonic() - began:.1f} s{left_out}. {out} has the scores.", err=True)


def _scores(file: Path, text_column: str, id_column: str, scorer: Scorer) -> Iterator[tuple[str, float | None]]:
    for _, row in rows_of(file, (id_column, text_column)):
        text = row[text_column][:MAX_TEXT_CHARS]
        language = language_of(None, text)
        yield row[id_column], None if language is None else scorer.score(features(text, language), language)
