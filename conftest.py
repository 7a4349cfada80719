"""Fixtures that tests of several folders share."""

from streams.bench.job import READERS, ReaderName

pytest_plugins = ["tests.parts.brokers", "tests.parts.golden", "tests.parts.postgres"]

#: Run by Alembic and not by import; readers of the bench that are not installed.
collect_ignore_glob = [
    "playbooks/store/migrations/*",
    *(f"streams/bench/{name}_reader.py" for name in ("quix", "bytewax") if not READERS[ReaderName(name)].installed),
]
