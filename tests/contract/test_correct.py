"""``firebreak correct`` into a real broker: what an analyst says is there for the trainer to learn."""

from __future__ import annotations

import asyncio
from pathlib import Path

from click.testing import CliRunner

from playbooks.labels import SampleOrigin
from streams.brokers.broker import Broker
from streams.cli import main
from streams.settings import KafkaSettings
from streams.wire import Sample, Topic, decode_sample
from tests.parts.topic_records import records_of


async def test_a_post_and_a_file_of_posts_arrive_in_order_as_an_analysts_word(
    empty_embedded_broker: Broker, tmp_path: Path
) -> None:
    servers = empty_embedded_broker.servers
    (tmp_path / "firebreak.yaml").write_text(f"kafka:\n  servers: {servers}\n", encoding="utf-8")
    (tmp_path / "labelled.csv").write_text("label,text\nneutral,boarding now\nnegative,late again\n", encoding="utf-8")
    for words in (["negative", "on hold since nine"], ["--file", str(tmp_path / "labelled.csv")]):
        result = await asyncio.to_thread(CliRunner().invoke, main, ["--config", str(tmp_path), "correct", *words])
        assert result.exit_code == 0, result.output
    assert result.output == "2 sent; the trainer learns and publishes every 300 s.\n"
    found = (await records_of(KafkaSettings(servers=servers), Topic.CORRECTIONS))[0]
    assert [decode_sample(record.value) for record in found] == [
        Sample("on hold since nine", True, SampleOrigin.ANALYST),
        Sample("boarding now", False, SampleOrigin.ANALYST),
        Sample("late again", True, SampleOrigin.ANALYST),
    ]
