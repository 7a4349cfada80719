"""How processes of our own are started: by this Python, with nothing of the folder that they happen to be started in.

``python -m`` looks for every module in the current folder first, so that a file ``click.py`` there would be taken for
the library of that name (``-P``, Python 3.11).
"""

from __future__ import annotations

import sys


def own_module(module: str, *words: str) -> list[str]:
    """The command that runs a module of ours.

    >>> own_module("streams", "gate")[1:]
    ['-P', '-m', 'streams', 'gate']
    """
    return [sys.executable, "-P", "-m", module, *words]
