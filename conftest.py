"""Fixtures that tests of several folders share."""

pytest_plugins = ["tests.parts.brokers", "tests.parts.golden", "tests.parts.postgres"]

#: Run by Alembic and not by import.
collect_ignore_glob = ["playbooks/store/migrations/*"]
