"""A local PagerDuty and a local Mattermost that answer as the real ones do. The pack's own code
knows nothing of them.

    with Sandbox() as sandbox:
        sandbox.pagerduty.url       # servers: start, stop, freeze, thaw, faults (server.py)
        sandbox.mattermost.url
        sandbox.pagerduty.account   # what people and machines do there, in Python
        sandbox.mattermost.account
        sandbox.journal             # what truly happened (journal.py)
        sandbox.clock.advance(86400)  # one clock for both (clock.py)

`sandbox.pagerduty.PagerDutyServer` and `sandbox.mattermost.MattermostServer` are `server.Server`s
made with `(journal, clock, port=0)`; each has its own `account`. `python -m sandbox` runs both for
other processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from .clock import Clock
from .journal import SandboxJournal

if TYPE_CHECKING:
    from .mattermost import MattermostServer
    from .pagerduty import PagerDutyServer


class Sandbox:
    """Both servers with one journal and one clock. `Clock(start)` stands still; the default is the
    real time."""

    def __init__(
        self,
        clock: Optional[Clock] = None,
        *,
        pagerduty_port: int = 0,
        mattermost_port: int = 0,
        mattermost_version: str = "5.37",
    ) -> None:
        from . import mattermost, pagerduty

        self.clock = clock or Clock()
        self.journal = SandboxJournal(self.clock)
        self.pagerduty: PagerDutyServer = pagerduty.PagerDutyServer(
            self.journal, self.clock, port=pagerduty_port
        )
        self.mattermost: MattermostServer = mattermost.MattermostServer(
            self.journal, self.clock, port=mattermost_port, version=mattermost_version
        )

    def __enter__(self) -> Sandbox:
        self.pagerduty.start()
        self.mattermost.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.pagerduty.stop()
        self.mattermost.stop()
