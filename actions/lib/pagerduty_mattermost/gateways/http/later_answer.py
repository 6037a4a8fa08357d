"""The answer to a call that is not known yet: the connection stays open, and no thread waits.

later = LaterAnswer()
later.give(200, {})           # True; a second one is False, and changes nothing
later.then(send)              # send(200, {}), now or once it is given
"""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, Optional, Tuple

Send = Callable[[int, Dict[str, Any]], None]


class LaterAnswer:
    """Whoever makes one gives it: nothing else ends it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given: Optional[Tuple[int, Dict[str, Any]]] = None
        self._send: Optional[Send] = None

    def give(self, status: int, told: Dict[str, Any]) -> bool:
        """The HTTP status and JSON object to answer; the first one counts."""
        with self._lock:
            if self._given is not None:
                return False
            self._given, send = (status, told), self._send
        if send is not None:
            send(status, told)
        return True

    def then(self, send: Send) -> None:
        """Called once with what is given, by whoever gives it, or here where it is given already.
        It must not take long."""
        with self._lock:
            given = self._given
            if given is None:
                self._send = send
                return
        send(*given)
