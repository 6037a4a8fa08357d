"""The secrets by which a listener knows its callers: those of the configuration, and what a
`.setup` action keeps encrypted in the datastore, found there without a restart.

    known = AcceptedSecrets(lambda: [one.secret for one in read(store, ...)], configured)
    known.load(); known.texts; known.refresh(now)
"""

from __future__ import annotations

import threading
from typing import Callable, Iterable, Optional, Tuple

from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.errors import PackError

REFRESH_SECONDS = 2.0
"""Between two looks into the datastore, however many calls fit no secret."""
RELOAD_SECONDS = 600.0
"""After which they are read again although all that came was known: one that was taken back must
not count for ever."""


class AcceptedSecrets:
    """For any number of threads. `stored` reads the datastore's."""

    def __init__(
        self, stored: Callable[[], Iterable[Secret]], configured: Iterable[Secret]
    ) -> None:
        self._read = stored
        self._configured = tuple(one.reveal() for one in configured)
        self._lock = threading.Lock()
        self._stored: Tuple[str, ...] = ()
        self._looked_at: Optional[float] = None
        self.problem = ""
        """Why the datastore's could not be read; empty when they could."""

    @property
    def texts(self) -> Tuple[str, ...]:
        """The kept ones first, each group with the newest in front."""
        return (*self._stored, *self._configured)

    def load(self) -> bool:
        """Look into the datastore; whether that brought something new. When it fails, what was
        known stays known."""
        try:
            found = tuple(one.reveal() for one in self._read())
        except PackError as error:
            self.problem = str(error)
            return False
        self.problem = ""
        changed, self._stored = found != self._stored, found
        return changed

    def refresh(self, now: float, every: float = REFRESH_SECONDS) -> bool:
        """The same, at most once in so many seconds."""
        with self._lock:
            if self._looked_at is not None and now - self._looked_at < every:
                return False
            self._looked_at = now
            return self.load()
