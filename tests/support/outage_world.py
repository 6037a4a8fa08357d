"""Both sandboxes, the incident sensor's look for Mattermost and the actions of its rules on one
clock: whoever sleeps lets the others go on, so that an outage is lived through second by second.
"""

from __future__ import annotations

import heapq
import itertools
import logging
from typing import Any, Callable, Dict, List, Optional, Tuple

from incident_world import IncidentActionCase, happened
from mattermost_catch_up import CatchUp
from pack_files import ROOT, load
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.gateways.mattermost import outage
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.operations import dead_letters
from pagerduty_mattermost.sensor.mattermost_return import BACK_TRIGGER, MattermostReturn

START_SECONDS = 1.0
"""From a dispatch to its action, as on StackStorm."""
LOG = logging.getLogger("outage")


class Killed(BaseException):
    """The process of an action ends here."""


class OutageCase(IncidentActionCase):
    __test__ = False
    action_cls = CatchUp

    def setUp(self) -> None:
        super().setUp()
        self._due: List[Tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        self.failed: List[Any] = []
        """What executions failed with."""
        self.runs: List[Any] = []
        """Results of the catching up, with the time at which each began."""
        self.catch_up: Any = CatchUp
        metadata = load(ROOT / "sensors" / "incident_sensor.yaml")
        self._schemas = {
            "pagerduty." + one["name"]: one["payload_schema"] for one in metadata["trigger_types"]
        }
        self.action_service.dispatch = self._dispatched
        self.back: Optional[MattermostReturn] = None
        self.start_sensor()

    def start_sensor(self) -> None:
        """A new process's: what the one before knew is forgotten."""
        settings = config.load(self.settings())
        back = self.back = MattermostReturn(
            settings.mattermost,
            Store(self.action_service),
            Dispatcher(self.action_service, self._schemas, LOG),
            LOG,
            monotonic=self.chat.clock,
            clock=self.chat.clock,
        )

        def step() -> None:
            if self.back is back:
                self.after(back.step(), step)

        self.after(0, step)

    def settings(self, **changes: Any) -> Dict[str, Any]:
        """A machine that does other things as well answers late: no trouble of these tests."""
        return {**super().settings(**changes), "timeouts": {"connect": 5, "read": 5}}

    # Time

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        entry = (self.chat.clock() + seconds, next(self._numbers), call)
        heapq.heappush(self._due, entry)

    def sleep(self, seconds: float) -> None:
        """Whoever sleeps lets the others go on."""
        end = self.chat.clock() + seconds
        while self._due and self._due[0][0] <= end:
            at, _, call = heapq.heappop(self._due)
            self.chat.clock.advance(max(0.0, at - self.chat.clock()))
            call()
        self.chat.clock.advance(max(0.0, end - self.chat.clock()))

    # The actions

    def _dispatched(self, trigger: str, payload: Any = None, trace_tag: str = "") -> None:
        assert trigger == BACK_TRIGGER
        self.after(START_SECONDS, self._catch_up)

    def _catch_up(self) -> None:
        self.runs.append((self.chat.clock(), None))
        number = len(self.runs) - 1
        try:
            self.runs[number] = (
                self.runs[number][0],
                self.run_action(self.catch_up, is_back=True),
            )
        except Killed:
            return

    def run_action(self, cls: Any, **params: Any) -> Any:
        action = cls(self.settings(), self.action_service)
        action.sleep, action.monotonic, action.clock = self.sleep, self.chat.clock, self.chat.clock
        succeeded, result = action.run(**params)
        if not succeeded:
            self.failed.append(result)
        return result

    def tell(self, truth: Any, number: int, kind: str) -> None:
        """What the sensor and both rules do with what has happened just now."""
        shown = self.incident(truth)
        at = shown.created_at if kind == "triggered" else shown.updated_at
        change = self.change(shown, happened(number, kind, at))
        assert self.back is not None
        self.back.dispatched()
        given = {"change": change, "incident_id": None}
        started = {**given, "channel": "incidents", "start_on": ["triggered"]}
        self.after(START_SECONDS, lambda: self.run_action(PostIncident, **started))
        self.after(START_SECONDS, lambda: self.run_action(RepaintIncident, **given))

    # What came of it

    @property
    def kept(self) -> List[dead_letters.DeadLetter]:
        return dead_letters.load_all(Store(self.action_service), None)

    @property
    def outage(self) -> outage.Outage:
        return outage.read(Store(self.action_service))

    def cards(self) -> List[Any]:
        return [one for one in self.chat.service.posts("incidents") if "attachments" in one.props]

    def asked(self, since: float, until: float) -> List[Any]:
        """Requests that reached Mattermost between the two times."""
        return [one for one in self.chat.journal.entries if since <= one.time < until]

    def threads(self) -> Dict[str, List[str]]:
        """First words of each card, and of the replies below it."""
        return {
            card.message: [post.message for post in self.chat.service.thread(card)]
            for card in self.cards()
        }
