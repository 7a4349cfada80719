"""Whether Kafka answers and has the topics that the settings want, as findings of a readiness check."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from playbooks.readiness.check import Probe
from playbooks.readiness.finding import Area, Finding, Reason, Weight
from playbooks.readiness.wording import sentence
from streams.brokers.broker import BrokerUnreachable
from streams.settings import KafkaSettings, SettingsError
from streams.wire import Topic

#: Kafka's own client waits longer than a person would.
MOST_S = 10.0


def kafka_probe(kafka: KafkaSettings) -> Probe:
    """A probe for `playbooks.readiness.check`; nothing is made by asking."""

    async def probe() -> list[Finding]:
        from streams.topics import compare_topics

        try:
            async with asyncio.timeout(MOST_S):
                missing, wrong = await asyncio.to_thread(compare_topics, kafka)
        except (BrokerUnreachable, SettingsError) as away:
            return [_unreachable(str(away))]
        except TimeoutError:
            return [_unreachable(f"Kafka at {kafka.servers} does not answer within {MOST_S:g} s")]
        return list(topic_findings(missing, wrong, kafka.servers))

    return probe


def topic_findings(missing: Sequence[Topic], wrong: Sequence[str], servers: str) -> Iterator[Finding]:
    """What is found about the topics. Pure.

    >>> [found.reason.value for found in topic_findings([Topic.MENTIONS], [], "127.0.0.1:9092")]
    ['topic_missing']
    """
    if missing:
        text = f"Kafka at {servers} has no topic {', '.join(sorted(missing))}: no worker has been started."
        yield _found(Weight.FAILS, Reason.TOPIC_MISSING, text, "Start firebreak worker, which makes them.")
    for line in wrong:
        text = sentence(f"{line}; no worker starts like that")
        yield _found(Weight.FAILS, Reason.TOPIC_DIFFERS, text, "Change the setting, or the topic.")
    if not missing and not wrong:
        text = f"Kafka at {servers} answers and has every topic as the settings want it."
        yield _found(Weight.WELL, Reason.KAFKA_IN_ORDER, text, "")


def _unreachable(why: str) -> Finding:
    return _found(
        Weight.FAILS, Reason.KAFKA_UNREACHABLE, sentence(why), "Without Kafka nothing is read and nothing detected."
    )


def _found(weight: Weight, reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=weight, area=Area.KAFKA, reason=reason, text=text, to_do=to_do)
