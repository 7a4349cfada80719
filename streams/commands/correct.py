"""``firebreak correct``: what an analyst says about posts, for the trainer to learn from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from detectors.mention import MAX_TEXT_CHARS
from playbooks.labels import Role, SampleOrigin
from streams.labelled import LABELS, labelled_posts
from streams.produce import MentionProducer, Record
from streams.settings import Settings, read_settings
from streams.topics import ensure_topics
from streams.wire import Sample, Topic, encode_sample

_AT_ONCE: Final = 500


@click.command("correct", short_help="Tell the text model how posts should have been read.")
@click.argument("label", required=False, type=click.Choice(tuple(LABELS)))
@click.argument("text", required=False)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Many at once: a CSV with text,label.")
@click.pass_context
def correct_command(ctx: click.Context, label: str | None, text: str | None, file: Path | None) -> None:
    """Tell the text model how a post should have been read: LABEL is negative, neutral or positive, TEXT the post.

    The trainer (firebreak trainer) learns it and publishes a version of the model, which scores posts from then on;
    what was scored stays as it is. It learns a file as --learn of negativity and backtest does.

    \b
    firebreak correct negative "been on hold since nine, lovely"
    firebreak correct --file labelled.csv
    """
    if (file is None) == (label is None or text is None) or (file is not None and label is not None):
        raise click.UsageError("say LABEL and TEXT, or --file")
    if text is not None and not text.strip():
        raise click.UsageError("TEXT is empty; say the post as it stands")
    posts = list(labelled_posts(file)) if file else [((text or "")[:MAX_TEXT_CHARS], LABELS[label or ""])]
    settings = read_settings(ctx.obj)
    asyncio.run(_send(posts, settings))
    click.echo(f"{len(posts)} sent; the trainer learns and publishes every {settings.trainer.publish_s:g} s.")


def correction(text: str, negative: bool) -> Record:
    """The record of one correction."""
    sample = Sample(text.encode("utf-8", "replace").decode(), negative, SampleOrigin.ANALYST)
    return Record(0, b"", encode_sample(sample), Topic.CORRECTIONS)


async def _send(posts: Sequence[tuple[str, bool]], settings: Settings) -> None:
    await asyncio.to_thread(ensure_topics, settings.kafka)
    async with MentionProducer(settings.kafka, Role.TRAINER) as producer:
        for place in range(0, len(posts), _AT_ONCE):
            await producer.send([correction(text, negative) for text, negative in posts[place : place + _AT_ONCE]])
