"""Fixtures that tests of several folders share."""

pytest_plugins = ["tests.parts.brokers", "tests.parts.golden", "tests.parts.postgres"]
