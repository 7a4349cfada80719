"""Ports for a demo: the usual ones where they are free, so that what a person has read is so, and others where not."""

from __future__ import annotations

import socket

from streams.brokers.broker import LOOPBACK, free_port


class Ports:
    """Gives out loopback ports. Two demos that start at once do not both find one free: each holds it as a UDP port."""

    def __init__(self) -> None:
        self._reserved: list[socket.socket] = []

    def near(self, wanted: int) -> int:
        """`wanted` where nothing listens on it and no other demo is about to; otherwise another that is free."""
        held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._reserved.append(held)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                held.bind((LOOPBACK, wanted))
                probe.bind((LOOPBACK, wanted))
            except OSError:
                return free_port()
        return wanted

    def close(self) -> None:
        """Give them all back."""
        for held in self._reserved:
            held.close()
