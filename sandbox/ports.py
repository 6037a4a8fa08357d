"""Ports for what listens at an address that is written down beforehand."""

from __future__ import annotations

import random
import socket

FIRST_PORT, LAST_PORT = 20000, 32000
"""Below those that systems give to outgoing connections: one of those may be taken again before
anybody listens there."""
MAX_TRIES = 100


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now. Raises OSError when none of
    those that are tried is free."""
    chosen = random.SystemRandom()
    for _ in range(MAX_TRIES):
        port = chosen.randint(FIRST_PORT, LAST_PORT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no port of 127.0.0.1 from {FIRST_PORT} to {LAST_PORT} is free")
