"""When to look for what waits for a server that is away, to ask whether it is back, and to say so.
Pure.

    watch = ReturnWatch(now)
    what, at = watch.next                  # LOOK, PROBE or TELL, and when (monotonic seconds)
    watch.looked(now, outage)              # the datastore was read; None: it could not be
    watch.probed(began, now, answers)      # the server was asked
    watch.told(now, dispatched)            # the trigger went out, or not
    watch.expect(now)                      # something may be kept soon

While nothing waits the datastore is looked at now and then, and more often for a while when
something may be kept soon. While something waits the server is asked, after short waits that grow
to LONGEST_PROBE_SECONDS; when it answers, that is told, and the run that carries out what waits is
followed by its signs of life. A run that caught nothing up although the server answers is followed
by the next after longer and longer waits, unless something new fails or it goes away again.
"""

from __future__ import annotations

import random as _random
from typing import Callable, Optional, Tuple

from pagerduty_mattermost.gateways.stackstorm.outage import (
    SILENT_SECONDS,
    CatchUpRun,
    Outage,
    Waiting,
)

LOOK, PROBE, TELL = "look", "probe", "tell"

QUIET_LOOK_SECONDS = 30.0
SOON_SECONDS = 30.0
"""For so long something may be kept soon."""
SOON_LOOK_SECONDS = 3.0
"""Between two looks meanwhile; and while a run is followed."""
FIRST_PROBE_SECONDS = 0.5
LONGEST_PROBE_SECONDS = 3.0
"""The longest time between two probes; each is a little shorter by chance."""
PROBES_TO_A_LOOK = 10
"""After so many in vain the datastore is looked at: this machine may be the only one that can't
reach the server, and all be done by now."""
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 4.0, 600.0
"""After a run that caught nothing up: doubled from the first to the longest."""


class ReturnWatch:
    """When to look, when to ask the server, and when it is back. Pure."""

    def __init__(
        self,
        now: float,
        random: Callable[[], float] = _random.random,
        *,
        quiet: float = QUIET_LOOK_SECONDS,
    ) -> None:
        """`quiet`: seconds between two looks while nothing waits."""
        self.next: Tuple[str, float] = (LOOK, now)
        """What to do next, and when."""
        self._random, self._quiet = random, quiet
        self._soon_until = now
        self._following = False
        self._in_vain = 0
        self._answered = False
        self._seen, self._seen_at = Outage(), float("-inf")
        self._run: Optional[CatchUpRun] = None
        self._run_before = ""
        self._alive_at = now
        self._fruitless = 0
        self._hopeless: Optional[Waiting] = None
        self._hope_at = now

    @property
    def is_away(self) -> bool:
        """Whether the newest probe failed."""
        return bool(self._in_vain)

    def expect(self, now: float) -> None:
        """Something may be kept soon: a trigger of the sensor went out, or somebody saw the server
        fail."""
        self._soon_until = now + SOON_SECONDS
        what, at = self.next
        if what == LOOK:
            self.next = (LOOK, min(at, now + SOON_LOOK_SECONDS))

    def looked(self, now: float, outage: Optional[Outage]) -> None:
        """Take what was found in the datastore. `outage` None: it did not answer."""
        if outage is None:
            self.next = (LOOK, now + SOON_LOOK_SECONDS)
            return
        self._seen, self._seen_at = outage, now
        if outage.run != self._run:
            self._run, self._alive_at = outage.run, now
        if self._following:
            self._follow(now, outage)
        else:
            self._decide(now, outage)

    def probed(self, began: float, now: float, answers: bool) -> None:
        """`began`: when the probe was sent."""
        if answers:
            self._in_vain, self._answered = 0, True
            if now - self._seen_at < SOON_LOOK_SECONDS:
                self._decide(now, self._seen)
            else:
                self.next = (LOOK, now)
            return
        self._in_vain += 1
        self._answered, self._fruitless, self._hopeless = False, 0, None
        longest = FIRST_PROBE_SECONDS * 2.0 ** min(10, self._in_vain - 1)
        wait = min(LONGEST_PROBE_SECONDS, longest) * (1.0 - self._random() / 4)
        what = LOOK if self._in_vain % PROBES_TO_A_LOOK == 0 else PROBE
        self.next = (what, max(now, began + wait))

    def told(self, now: float, dispatched: bool) -> None:
        """The trigger went out, or StackStorm did not take it."""
        if not dispatched:
            self.next = (TELL, now + SOON_LOOK_SECONDS)
            return
        self._begin_to_follow(now)

    def _decide(self, now: float, outage: Outage) -> None:
        """Nothing is followed yet."""
        answered, self._answered = self._answered, False
        hopeless = outage.waiting == self._hopeless and now < self._hope_at
        if outage.waiting is None or hopeless:
            self._rest(now)
        elif outage.run is not None and not outage.run.ended and self._is_alive(now):
            self._begin_to_follow(now)
        else:
            self.next = (TELL if answered else PROBE, now)

    def _follow(self, now: float, outage: Outage) -> None:
        run = outage.run
        if run is not None and not run.ended and self._is_alive(now):
            self.next = (LOOK, now + SOON_LOOK_SECONDS)
        elif outage.waiting is None:
            self._following = False
            self._fruitless, self._hopeless = 0, None
            self._rest(now)
        elif run is not None and run.ended and run.id != self._run_before:
            self._following = False
            self._fruitless = 0 if run.caught_up else self._fruitless + 1
            self._hopeless = outage.waiting if self._fruitless else None
            wait = FIRST_RETRY_SECONDS * 2.0 ** min(10, self._fruitless)
            self._hope_at = now + min(LONGEST_RETRY_SECONDS, wait)
            self.next = (PROBE, now)
        elif self._is_alive(now):
            self.next = (LOOK, now + SOON_LOOK_SECONDS)
        else:
            self._following = False
            self.next = (PROBE, now)

    def _begin_to_follow(self, now: float) -> None:
        run = self._seen.run
        self._following, self._alive_at = True, now
        self._run_before = "" if run is None or not run.ended else run.id
        self.next = (LOOK, now + SOON_LOOK_SECONDS)

    def _is_alive(self, now: float) -> bool:
        """What is followed gave a sign of life, or has only just been asked for."""
        return now - self._alive_at < SILENT_SECONDS

    def _rest(self, now: float) -> None:
        self._in_vain = 0
        soon = now < self._soon_until
        self.next = (LOOK, now + (SOON_LOOK_SECONDS if soon else self._quiet))
