"""How much one caller may ask for: so many at once, and so many a second after that. One caller's
flood is refused; the others' calls pass.

    quotas = Quotas(rate=0.5, burst=20)
    if not quotas.take("ada"): …
    quotas.give_back("ada")        # it was no stranger's after all
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Callable, Tuple

MAX_CALLERS = 4096
"""That are remembered; whoever was quiet longest is forgotten first, and then may ask anew."""


class Quotas:
    """For any number of threads. `rate`: calls a second; `burst`: at once after a quiet time."""

    def __init__(
        self, rate: float, burst: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._monotonic = rate, float(burst), monotonic
        self._lock = threading.Lock()
        self._left: OrderedDict[str, Tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> bool:
        """False: too many; that costs nothing."""
        with self._lock:
            left = self._now(caller)
            if left < 1:
                return False
            self._keep(caller, left - 1)
            return True

    def give_back(self, caller: str) -> None:
        """What was taken does not count."""
        with self._lock:
            self._keep(caller, min(self._burst, self._now(caller) + 1))

    def seconds(self, caller: str) -> float:
        """Until it may ask again."""
        with self._lock:
            return max(0.0, 1 - self._now(caller)) / self._rate

    def _now(self, caller: str) -> float:
        left, at = self._left.get(caller, (self._burst, 0.0))
        return min(self._burst, left + max(0.0, self._monotonic() - at) * self._rate)

    def _keep(self, caller: str, left: float) -> None:
        self._left[caller] = (left, self._monotonic())
        self._left.move_to_end(caller)
        while len(self._left) > MAX_CALLERS:
            self._left.popitem(last=False)


def network_of(address: str) -> str:
    """By what a caller is counted before it said who it is: its address, of IPv6 the first half,
    of which one caller has all the rest."""
    import ipaddress

    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((int(found), 64), strict=False))
    return str(found)
