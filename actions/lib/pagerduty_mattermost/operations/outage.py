"""While Mattermost is away one action asks whether it is back, for all of them.

    watch = OutageWatch(context)
    watch.gives_up(error)      # after a failed try: whether another action asks already
    watch.wait(replay)         # ask until it is back, then `replay`; or until the time is over

The datastore's `pagerduty.outage` says who asks and when next. Whoever fails first writes it;
everybody else tries once, is kept as a dead letter and ends. Mattermost is asked after 1, 2 and 4
seconds, then every 4, after an hour every 60, each a little less by chance. When it answers, what
was kept is carried out by `replay`, in order for each incident. One that is killed while it asks
is followed by whoever fails next, or by `mattermost.catch_up`.
"""

from __future__ import annotations

import os
import random as _random
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY = "outage"
KEPT_SECONDS = 86400.0
LONGEST_WAIT_SECONDS, LATE_WAIT_SECONDS = 4.0, 60.0
LATE_SECONDS = 3600.0
"""After so long an outage it is asked less often."""
ASKING_SECONDS = 240.0
"""How long one action asks; StackStorm ends an action after ten minutes."""
EAGER_SECONDS = 2.0
"""So long after the first failure others go on trying: it may be a hiccup."""
SILENT_SECONDS = 30.0
"""Who has not asked so long after the time was due, asks no more."""
MAX_REPLAYS = 3
"""Of one action: it answers, and what is posted fails all the same."""


class Outage(NamedTuple):
    """What the datastore says. Times are seconds since the epoch."""

    by: str
    """Who asks; empty: nobody."""
    since: float
    next_at: float


class OutageWatch:
    """Of one action. The datastore's errors count as that nobody else asks."""

    def __init__(self, context: Context, random: Callable[[], float] = _random.random) -> None:
        self._context, self._random = context, random
        self._me = os.urandom(8).hex()
        self.seen = False
        """Whether Mattermost failed in this action."""

    def gives_up(self, error: PackError) -> bool:
        """Whether to leave it: another action has been asking for a while. A rate limit is no
        outage."""
        if error.status == 429:
            return False
        self.seen = True
        found = self._read()
        if found is not None and self._is_asked(found):
            return self._context.clock() - found.since >= EAGER_SECONDS
        if found is None or not found.by:
            self._write(self._context.clock() + LONGEST_WAIT_SECONDS)
        return False

    def over(self) -> bool:
        """The action went through after all; whether others may have given up meanwhile."""
        found = self._read()
        if found is None or found.by != self._me:
            return False
        self._forget()
        return self._context.clock() - found.since >= EAGER_SECONDS

    def wait(
        self,
        replay: Callable[[], bool],
        seconds: float = ASKING_SECONDS,
        *,
        follows: bool = False,
    ) -> None:
        """Ask until Mattermost is back; then `replay`, which tells whether it was. `follows`:
        while another asks, stand by to go on when it ends."""
        waited, number, replays = 0.0, 0, 0
        while waited < seconds and replays < MAX_REPLAYS:
            found = self._read()
            asked = found is not None and self._is_asked(found)
            if asked and not follows:
                return
            began = self._context.clock() if found is None else found.since
            late = self._context.clock() - began > LATE_SECONDS
            longest = LATE_WAIT_SECONDS if late else LONGEST_WAIT_SECONDS
            wait = min(longest, 2.0**number) * (1.0 - self._random() / 4)
            if asked:
                wait = LONGEST_WAIT_SECONDS
            else:
                number += 1
                self._write(self._context.clock() + wait, began)
            self._context.sleep(wait)
            waited += wait
            if not asked and self._context.mattermost_soon.is_healthy():
                self._forget()
                replays += 1
                if replay():
                    return
        self._leave()

    def _is_asked(self, found: Outage) -> bool:
        """Somebody else asks."""
        late = self._context.clock() - found.next_at > SILENT_SECONDS
        return bool(found.by) and found.by != self._me and not late

    def _leave(self) -> None:
        """Somebody else may ask; since when it lasts is remembered."""
        found = self._read()
        if found is not None and found.by == self._me:
            self._write(0.0, found.since, by="")

    def _read(self) -> Optional[Outage]:
        try:
            return from_json(Outage, self._context.store.read(KEY))
        except (PackError, MisshapenValue, TypeError):
            return None

    def _write(
        self, next_at: float, since: Optional[float] = None, by: Optional[str] = None
    ) -> None:
        began = self._context.clock() if since is None else since
        one = Outage(self._me if by is None else by, began, next_at)
        try:
            self._context.store.write(KEY, to_json(one), KEPT_SECONDS)
        except PackError as error:
            self._context.log.info("Who asks for Mattermost is not kept: %s", error)

    def _forget(self) -> None:
        try:
            self._context.store.delete(KEY)
        except PackError as error:
            self._context.log.info("That Mattermost is back is not kept: %s", error)
