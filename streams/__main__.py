"""``python -m streams`` is the command ``firebreak``."""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def run() -> None:
    """The command; Ctrl-C while it is still being loaded ends it without a word."""
    try:
        from streams.cli import main
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    main(prog_name="firebreak")


if __name__ == "__main__":
    run()
