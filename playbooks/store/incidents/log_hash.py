"""The hash of each entry of an incident's log: of the entry and of the hash before it.

So an entry that was changed, taken out or put in is noticed at that entry, whoever did it and by whatever road. What is
not noticed is a log whose last entries are gone: for that, keep the last hash elsewhere (`firebreak incident verify`
prints it, and every backup holds it).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from playbooks.incidents.log_entry import Logged

#: Before the first entry.
NOTHING = ""


def hash_after(before: str, incident: str, logged: Logged) -> str:
    """The hash of an entry that follows one with the hash `before`."""
    entry, body = logged.entry.__struct_config__.tag, msgspec.to_builtins(logged.entry)
    return digest([before, incident, logged.n, logged.at_ms, logged.recorded_ms, logged.actor, entry, body])


def digest(words: Sequence[Any]) -> str:
    """SHA-256 of plain data, written as JSON in one way only.

    >>> digest(["", 1.0, {"b": 1, "a": None}]) == digest(["", 1.0, {"a": None, "b": 1}])
    True
    """
    told = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()
