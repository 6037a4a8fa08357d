"""Both sandboxes, the incident sensor's look for Mattermost and the actions of its rules on one
clock: whoever sleeps lets the others go on, so that an outage is lived through second by second.
Each has a thread of its own, and one alone runs at a time.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from typing import Any, Callable, Dict, List, Optional, Tuple

from incident_world import IncidentActionCase, happened
from mattermost_catch_up import CatchUp
from pack_files import ROOT, load
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.gateways.stackstorm import outage
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.operations import dead_letters
from pagerduty_mattermost.sensor.mattermost_return import BACK_TRIGGER, MattermostReturn

START_SECONDS = 1.0
"""From a dispatch to its action, as on StackStorm."""
STUCK_SECONDS = 60.0
LOG = logging.getLogger("outage")


class Killed(BaseException):
    """The process of an action ends here."""


class Process:
    """What runs until it sleeps, and goes on when it is told."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._trouble: Optional[BaseException] = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def is_this(self) -> bool:
        return threading.current_thread() is self._thread

    def go_on(self) -> None:
        """Until it sleeps or ends; what it raised is raised here."""
        self._go.release()
        assert self._stands.acquire(timeout=STUCK_SECONDS), "it neither sleeps nor ends"
        if self._trouble is not None:
            raise self._trouble

    def stand(self) -> None:
        """In its own thread: until it is told to go on."""
        self._stands.release()
        self._go.acquire()

    def _work(self) -> None:
        self._go.acquire()
        try:
            self._call()
        except BaseException as error:
            self._trouble = error
        finally:
            self._stands.release()


class OutageCase(IncidentActionCase):
    __test__ = False
    action_cls = CatchUp

    def setUp(self) -> None:
        super().setUp()
        self._due: List[Tuple[float, int, Process]] = []
        self._running: Optional[Process] = None
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
        self._at(self.chat.clock() + seconds, Process(call))

    def sleep(self, seconds: float) -> None:
        """Whoever sleeps lets the others go on."""
        end = self.chat.clock() + seconds
        sleeper = self._running
        if sleeper is not None and sleeper.is_this:
            self._at(end, sleeper)
            sleeper.stand()
            return
        while self._due and self._due[0][0] <= end:
            at, _, process = heapq.heappop(self._due)
            self.chat.clock.advance(max(0.0, at - self.chat.clock()))
            self._running = process
            process.go_on()
        self._running = None
        self.chat.clock.advance(max(0.0, end - self.chat.clock()))

    def _at(self, time: float, process: Process) -> None:
        heapq.heappush(self._due, (time, next(self._numbers), process))

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
        self.back.expect()
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
        return outage.read(Store(self.action_service)).posts

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
