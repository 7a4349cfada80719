"""``firebreak negativity``: the live negativity score of each text of a CSV."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import click

from detectors.mention import MAX_TEXT_CHARS
from detectors.text.features import features
from detectors.text.languages import Language, language_of
from detectors.text.model import Scorer
from streams.labelled import learned_from, rows_of, texts_shown
from streams.settings import SettingsError
from streams.whole_file import refuse_to_overwrite, table_written_whole


@click.command("negativity", short_help="Score how negative each text of a file is.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="SCORES, as CSV.")
@click.option("--text-column", default="text", show_default=True, help="The column that holds the text.")
@click.option("--id-column", default="id", show_default=True, help="The column that tells the texts apart.")
@click.option("--learn", type=click.Path(path_type=Path, dir_okay=False), help="Labelled posts (text,label) first.")
def negativity_command(file: Path, out: Path, text_column: str, id_column: str, learn: Path | None) -> None:
    """Score how negative each text of a CSV FILE is, as a running system does.

    Writes id,negativity with one line for each row: a probability from 0 to 1, higher is worse. Nothing is learned from
    FILE. A text in a language that no word list reads (there are lists for English, French and Danish) is left out of
    the share of negative mentions in a running system; here its line has what the English lists see in it, and how many
    such texts there are is said at the end.

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
        with table_written_whole(out) as target:
            writer = csv.writer(target, lineterminator="\n")
            writer.writerow(("id", "negativity"))
            rows = not_read = 0
            for name, negativity, is_read in texts_shown(_scores(file, text_column, id_column, scorer)):
                writer.writerow((name, negativity))
                rows += 1
                not_read += not is_read
    except OSError as wrong:
        raise SettingsError(f"{wrong.filename or out} cannot be used: {wrong.strerror}") from None
    click.echo(f"{rows} texts in {time.monotonic() - began:.1f} s. {out} has the scores.", err=True)
    if not_read:
        click.echo(
            f"{not_read} of them in a language that no word list reads: a running system does not score these; "
            "in their lines is only what the English lists see in them.",
            err=True,
        )


_Scored = tuple[str, float, bool]


def _scores(file: Path, text_column: str, id_column: str, scorer: Scorer) -> Iterator[_Scored]:
    """Id and score of each row, and whether a word list reads its language."""
    for _, row in rows_of(file, (id_column, text_column)):
        text = row[text_column][:MAX_TEXT_CHARS]
        found = language_of(None, text)
        language = found or Language.ENGLISH
        yield row[id_column], scorer.score(features(text, language), language), found is not None
