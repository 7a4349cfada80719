"""Throughput side by side: the same mentions through five readers that do the same triage work, in one go.

Contract: every reader is a process of its own with a consumer group of its own, reads the same records of `mentions`
from real Apache Kafka, hands each to `streams.deciding.gather.PartitionTriage`, and delivers the cells to a topic. What
differs is only how it comes by the records: that is what is measured. The cells of all readers are compared, so a
reader that left work out is found.

Nothing here is imported by a process of Firebreak's. ``firebreak bench`` (`streams.bench.command`) starts it;
docs/benchmarks.md shows the figures and says what each reader does.
"""
