"""The last so many ids, with the past kept as long as a restart may need it."""

from __future__ import annotations

from array import array

_TRIM_AT = 4096


class RecentIds:
    """Remembers the last `capacity` distinct 64-bit ids, and can say what it knew at an earlier moment.

    A repeat within the memory is recognised and is not remembered anew, so the memory is a function of the ids alone.
    `sequence` counts the ids ever added and names a moment. `recent` is what `at` gave.

    >>> ids = RecentIds(capacity=2)
    >>> [ids.add(7), ids.add(8), ids.add(7), ids.add(9), ids.add(7)]
    [True, True, False, True, True]
    """

    __slots__ = ("_base", "_capacity", "_known", "_known_from", "_log", "sequence")

    def __init__(self, capacity: int, recent: bytes = b"") -> None:
        self._capacity = capacity
        self._log = array("Q", recent)
        self._base = 0
        self._known = {number: at for at, number in enumerate(self._log)}
        self._known_from = 0
        self.sequence = len(self._log)

    def add(self, number: int) -> bool:
        """Remember `number`; False where it is a repeat."""
        at = self._known.get(number)
        if at is not None and at >= self.sequence - self._capacity:
            return False
        self._known[number] = self.sequence
        self._log.append(number)
        self.sequence += 1
        return True

    def at(self, sequence: int) -> bytes:
        """The ids that were remembered at that moment, oldest first, eight bytes each."""
        low = max(0, sequence - self._capacity)
        return self._log[max(0, low - self._base) : sequence - self._base].tobytes()

    def forget_before(self, sequence: int) -> None:
        """No moment before `sequence` will be asked for again."""
        self._forget_known()
        surplus = sequence - self._capacity - self._base
        if surplus >= _TRIM_AT:
            del self._log[:surplus]
            self._base += surplus

    def _forget_known(self) -> None:
        """What `add` does not look at any more, however far back a restart may have to go."""
        low, until = self._known_from, self.sequence - self._capacity
        if until - low < _TRIM_AT:
            return
        for at, number in enumerate(self._log[low - self._base : until - self._base], low):
            if self._known[number] == at:
                del self._known[number]
        self._known_from = until
