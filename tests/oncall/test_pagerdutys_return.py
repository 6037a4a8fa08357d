"""PagerDuty is away for a while: pages that wait for one of its servers follow its return within
ten seconds, each once, by one probe for all; and what could not be posted for want of it."""

from __future__ import annotations

import logging
from typing import Any, Dict, List

from kept_page_case import EVENTS, REST, KeptPageCase
from pack_files import ROOT, load

from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.gateways.pagerduty.events_api import NO_EVENT
from pagerduty_mattermost.gateways.stackstorm import outage
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.gateways.stackstorm.outage import PAGES, POSTS, Outage, Outages, Waiting
from pagerduty_mattermost.oncall.page_sending import BUSY
from pagerduty_mattermost.sensor.mattermost_return import MattermostReturn
from pagerduty_mattermost.sensor.pagerduty_return import BACK_TRIGGER, PagerDutyReturn

LOG = logging.getLogger("return")
WITHIN_SECONDS = 10.0
SENSOR = load(ROOT / "sensors" / "incident_sensor.yaml")
SCHEMAS = {"pagerduty." + one["name"]: one["payload_schema"] for one in SENSOR["trigger_types"]}
RULE = load(ROOT / "rules" / "send_at_return.yaml")
EVENT = {"summary": "Disk full", "source": "db-1", "dedup_key": "db-1-disk"}


class PagerDutysReturn(KeptPageCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.service = self.get_action_instance(config=self.settings).action_service
        self.service.dispatch = self.dispatched
        self.told: List[float] = []
        terms: Dict[str, Any] = {"monotonic": lambda: self.now, "clock": lambda: self.now}
        read = config.load(self.settings)

        def own() -> Any:
            return self.store(), Dispatcher(self.service, SCHEMAS, LOG), LOG

        self.mattermost = MattermostReturn(read.mattermost, *own(), **terms)
        self.pagerduty = PagerDutyReturn(read.pagerduty, *own(), **terms)
        self.mattermost.listeners.append(self.pagerduty.seen)

    def dispatched(self, trigger: str, payload: Any = None, trace_tag: str = "") -> None:
        assert trigger == BACK_TRIGGER == RULE["trigger"]["type"]
        self.told.append(self.now)

    def live(self, seconds: float, *, failing: bool = False) -> None:
        """Both watches, and the rule's action a second after each trigger; half a second at a
        time. `failing`: the sensor's cycles fail, every ten seconds."""
        due = {self.mattermost: self.now, self.pagerduty: self.now}
        given = {name: RULE["action"]["parameters"][name] for name in ("due", "is_back")}
        started = len(self.told)
        end, ticks = self.now + seconds, 0
        while self.now < end:
            if failing and ticks % 20 == 0:
                self.pagerduty.failing()
            for one in due:
                if due[one] <= self.now or one._news:
                    due[one] = self.now + one.step()
            if len(self.told) > started and self.now >= self.told[started] + 1:
                started += 1
                self.chat.service.forget_pending()
                self.done("health.upkeep", **given)
            self.at(self.now + 0.5)
            ticks += 1

    def test_an_event(self) -> None:
        self.away(EVENTS)
        self.done("event.trigger", **EVENT)
        assert len(self.kept()) == 1
        self.live(45)
        assert self.told == []
        probes = [body for body in self.tried() if body == NO_EVENT]
        assert 5 <= len(probes) <= 20, "one asks for all, every few seconds, once it was seen"
        self.back()
        self.live(WITHIN_SECONDS)
        assert self.pages().count("Disk full") == 1
        assert self.kept() == []
        self.live(60)
        assert len(self.told) == 1
        assert not outage.is_waiting(self.store(), PAGES)

    def test_a_command(self) -> None:
        self.away(REST)
        self.said("create", text="Shop is down", service="Database", key="k1")
        assert len(self.kept()) == 1
        self.live(20, failing=True)
        assert self.told == []
        self.back()
        self.live(WITHIN_SECONDS)
        assert self.pages().count("Shop is down") == 1
        assert self.kept() == []

    def test_many_are_asked_for_by_one(self) -> None:
        self.away(EVENTS)
        for number in range(12):
            self.done("event.trigger", **{**EVENT, "dedup_key": f"k{number}"})
        before = len(self.tried())
        self.live(60)
        assert len(self.tried()) - before <= 25
        self.back()
        self.live(WITHIN_SECONDS)
        assert self.kept() == []
        assert len(self.told) == 1

    def test_away_again_while_it_sends(self) -> None:
        self.away(EVENTS)
        for number in range(4):
            self.done("event.trigger", **{**EVENT, "dedup_key": f"k{number}"})
        self.live(40)
        self.back()
        # The probe and the first page are taken, then it is away again.
        self.away(EVENTS, skip=2)
        self.live(WITHIN_SECONDS)
        assert 0 < len(self.kept()) < 4
        self.back()
        self.live(3 * WITHIN_SECONDS)
        assert self.kept() == []
        keys = [one.key for one in self.account.incidents.values() if hasattr(one, "key")]
        assert len(keys) == len(set(keys))
        assert self.pages().count("Disk full") == 4

    def test_one_run_at_a_time(self) -> None:
        self.away(EVENTS)
        self.done("event.trigger", **EVENT)
        run = outage.begin_run(self.store(), lambda: self.now, PAGES)
        assert run is not None
        assert self.done("kept_page.send", now=True) == BUSY
        self.back()
        run.end(0, lambda: ["events"])
        assert self.done("kept_page.send", now=True)["sent"] == 1

    def test_a_server_that_refuses_the_key_answers(self) -> None:
        self.server.faults.add("status", path="^/abilities", status=401)
        assert self.pagerduty.part(Outages(pages=Outage(parts=("rest",)))) is not None
        self.pagerduty.ask()


def test_what_waits_for_mattermost_counts_where_pagerduty_failed() -> None:
    one = PagerDutyReturn.__new__(PagerDutyReturn)
    one._has_failed = False
    posts = Outages(posts=Outage(Waiting(1.0), None, ("",)))
    assert one.part(posts).waiting is None
    one._has_failed = True
    assert one.part(posts).waiting == Waiting(1.0)


def test_keys_of_both_sides_are_apart() -> None:
    assert POSTS.keys == ("outage.waiting", "outage.catch_up")
    assert PAGES.keys == ("outage.pages_rest", "outage.pages_events", "outage.sending")
