"""How long a replay may take, and that somebody who waits for it hears of it meanwhile.

patience = Patience(context.monotonic, 45.0, tell)
patience.is_over(0.5)            # half of its time is used up
"""

from __future__ import annotations

from typing import Callable, Optional

TELL_SECONDS = 5.0
"""Who waits longer is told once that it is under way."""


class Patience:
    """`seconds`: all that it may take; 0: without end. `tell`: says that it is under way."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        seconds: float = 0.0,
        tell: Optional[Callable[[], None]] = None,
    ) -> None:
        self._monotonic, self.seconds, self._tell = monotonic, seconds, tell
        self._begun = monotonic()

    def is_over(self, part: float = 1.0) -> bool:
        """Whether that part of the time is used up."""
        used = self._monotonic() - self._begun
        if self._tell is not None and used >= TELL_SECONDS:
            tell, self._tell = self._tell, None
            tell()
        return bool(self.seconds) and used >= part * self.seconds
