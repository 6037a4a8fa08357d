"""PagerDuty, Mattermost, the sensor, rules and actions with one clock and in one thread, each step
on demand: what the model-based test drives. Real HTTP to both sandboxes; a datastore that forgets
by the clock; a queue between the sensor and the actions that may lose, repeat and mix up what it
carries. PagerDuty's switches (`sandbox.pagerduty.switches`) are drawn by the seed."""

# flake8: noqa: W503

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import random
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import requests
from chat_world import Chat
from mattermost_catch_up import CatchUp
from mattermost_post_digest import PostDigest
from mattermost_post_storm import PostStorm
from model_datastore import Datastore
from model_truth import differences, disordered, misnamed
from pack_files import ROOT, load
from post_incident import PostIncident
from posts_reconcile import PostsReconcile
from repaint_incident import RepaintIncident

from pagerduty_mattermost.cards.post_rules import INCIDENT_TRIGGER
from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.times import iso
from pagerduty_mattermost.gateways.http.accepted_secrets import AcceptedSecrets
from pagerduty_mattermost.gateways.http.client import RetryPolicy
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm import rule_criteria
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.incidents.state_store import StateStore
from pagerduty_mattermost.noise.storm_gate import STORM_TRIGGER, StormGate
from pagerduty_mattermost.sensor.body_events import body_event
from pagerduty_mattermost.sensor.cycle import Cycle
from pagerduty_mattermost.sensor.routing import Routing
from pagerduty_mattermost.sensor.webhook_endpoint import WebhookEndpoint
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer
from sandbox.pagerduty.model import Thing
from sandbox.pagerduty.switches import Switches, draw
from sandbox.pagerduty.webhooks import EVENT_TYPES

LOG = logging.getLogger("model")
CHANNEL = "incidents"
PEOPLE = ("ada@example.com", "grace@example.com", "linus@example.com")
NOISE = {
    "storm_incidents": 3,
    "storm_window": 60,
    "storm_quiet": 120,
    "flapping_rounds": 2,
    "flapping_window": 600,
}
REPAINT_CARDS = load(ROOT / "rules" / "repaint_cards.yaml")
SECRET = "a secret of the webhook"
TRIES = 4
"""As the shipped retry policies: a first try and three more."""


class Killed(BaseException):
    """The process of an action ends here."""


class Work(NamedTuple):
    """One execution that a rule asked for."""

    cls: Any
    given: Dict[str, Any]
    tries: int = 0


class Service(Datastore):
    """What the sensor and the actions are handed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.queue: List[Work] = []
        self.lose = 0
        """So many of the next triggers go nowhere."""
        self.repeat = 0
        """So many of the next triggers come twice."""
        rule = SimpleNamespace(
            ref="pagerduty.all",
            enabled=True,
            trigger={"type": INCIDENT_TRIGGER},
            criteria={},
            action={
                "ref": "pagerduty.mattermost.post_incident",
                "parameters": {"change": "{{ trigger }}", "channel": CHANNEL, "route": "all"},
            },
        )
        rules = SimpleNamespace(
            get_all=lambda limit, offset: [rule][offset:],
            query=lambda trigger, limit: [rule] if trigger == INCIDENT_TRIGGER else [],
        )
        client = SimpleNamespace(rules=rules)
        self.datastore_service = SimpleNamespace(get_api_client=lambda: client)

    def dispatch(self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None) -> None:
        if trigger not in (INCIDENT_TRIGGER, STORM_TRIGGER):
            return
        if self.lose:
            self.lose -= 1
            return
        for _ in range(2 if self.repeat else 1):
            if trigger == STORM_TRIGGER:
                self.queue.append(Work(PostStorm, {"change": payload, "channel": CHANNEL}))
                continue
            self.queue.append(
                Work(PostIncident, {"change": payload, "channel": CHANNEL, "route": "all"})
            )
            if rule_criteria.matches(REPAINT_CARDS["criteria"], payload):
                self.queue.append(Work(RepaintIncident, {"change": payload}))
        self.repeat = max(0, self.repeat - 1)


class Sensor(NamedTuple):
    cycle: Cycle
    endpoint: WebhookEndpoint


class World:
    def __init__(
        self,
        seed: int = 0,
        *,
        noise: bool = False,
        quiet: str = "",
        switches: Optional[Switches] = None,
    ) -> None:
        """`seed`: of all that happens by chance here, and of PagerDuty's switches where they are
        not given; `noise`: storms and flapping, of few; `quiet`: the quiet hours."""
        self.random = random.Random(seed)
        self.noise, self.quiet = noise, quiet
        self.routed = seed % 3 != 1
        """The sensor can read the rules; else each change is posted and repainted."""
        self.chat = Chat()
        self.clock = self.chat.clock
        self.pager = PagerDutyServer(
            SandboxJournal(self.clock), self.clock, switches=switches or draw(seed)
        )
        self.chat.server.start()
        self.pager.start()
        self.pager.courier.pause()  # `deliver` carries
        self.account = self.pager.account
        self.account.set_options(rate_limit=None)
        self.service = Service(self.clock)
        self.settings = {
            **self.chat.raw(),
            "api_key": API_KEY,
            "api_url": self.pager.url,
            "timeouts": {"connect": 5, "read": 10},
            "watch": {"poll_interval": 30, "snapshot_every": 10},
            "noise": NOISE if noise else {"storm_incidents": 0, "flapping_rounds": 0},
            "quiet_hours": {"hours": quiet},
        }
        metadata = load(ROOT / "sensors" / "incident_sensor.yaml")
        self._schemas = {
            "pagerduty." + one["name"]: one["payload_schema"] for one in metadata["trigger_types"]
        }
        self.sensors: List[Sensor] = []
        self.told_by_webhook: List[Tuple[str, Tuple[str, str, int, str]]] = []
        """Ids of incidents, each with an event as an entry of the log would be."""
        self.webhook = self._subscribe()
        self.restart()
        self.poll()
        self.reconcile()  # as it would within five minutes; later runs go on from there
        self.clock.advance(2)
        self.began = self.clock()

    def close(self) -> None:
        self.chat.server.stop()
        self.pager.stop()
        for sensor in self.sensors:
            sensor.endpoint.close()

    # The sensor

    def restart(self) -> None:
        """A new process: what was not committed is forgotten."""
        for sensor in self.sensors:
            sensor.endpoint.close()
        self.sensors = [self._sensor()]
        self.webhook["delivery_method"]["url"] = self.sensors[0].endpoint.address

    def _subscribe(self) -> Thing:
        """A subscription for every event of the account, known to PagerDuty alone."""
        method = {"id": "PMODEL1", "url": "", "secret": SECRET, "temporarily_disabled": False}
        return self.account.add(
            "webhook_subscriptions",
            "The model's",
            active=True,
            delivery_method=method,
            events=sorted({*EVENT_TYPES.values(), "incident.conference_bridge.updated"}),
            filter={"type": "account_reference"},
        )

    def deliver(self) -> None:
        """What PagerDuty's webhooks have to bring by now, after which the sensors do what they
        think it is time for."""
        self.account.run_due()
        self.pager.courier.carry_due()
        for sensor in self.sensors:
            sensor.endpoint.run()

    def send_event(self, action: str, key: str) -> None:
        """By monitoring, through the Events API."""
        integrations = self.account.catalog["integrations"].values()
        payload = {"summary": f"Monitoring {key}", "source": "model", "severity": "error"}
        body = {"routing_key": next(iter(integrations))["key"], "event_action": action}
        body = {**body, "dedup_key": key, "payload": payload}  # type: ignore[dict-item]
        with contextlib.suppress(requests.RequestException):
            requests.post(self.pager.url + "/v2/enqueue", json=body, timeout=60)

    def double(self) -> None:
        """A second sensor on the same datastore, by mistake."""
        if len(self.sensors) == 1:
            self.sensors.append(self._sensor())

    def _sensor(self) -> Sensor:
        settings = config.load(self.settings)
        pagerduty = PagerDuty(
            settings.pagerduty,
            policy=RetryPolicy(attempts=2, budget=4.0),
            clock=self.clock,
            monotonic=self.clock,
            sleep=self.clock.advance,
        )
        store = Store(self.service, monotonic=self.clock, sleep=self.clock.advance)
        dispatcher = Dispatcher(self.service, self._schemas, LOG)
        noise = StormGate(settings.noise, store, dispatcher, pagerduty, LOG)
        cycle = Cycle(
            settings,
            pagerduty,
            StateStore(store),
            dispatcher,
            LOG,
            noise=noise,
            routing=Routing(self.service, store, LOG) if self.routed else None,
            monotonic=self.clock,
        )
        keys = AcceptedSecrets(lambda: [Secret(SECRET)], ())
        endpoint = WebhookEndpoint(
            settings, cycle, dispatcher, keys, store, LOG, monotonic=self.clock
        )
        endpoint.listen()
        return Sensor(cycle, endpoint)

    def poll(self) -> None:
        """Each sensor looks once, whatever its interval."""
        for sensor in self.random.sample(self.sensors, len(self.sensors)):
            sensor.cycle.run()

    def tell_by_webhook(self, incident: Any, kind: str, data: Dict[str, Any], times: int) -> None:
        """A role or a task of the incident, of which PagerDuty tells in its webhook's calls alone,
        so many times the same call. Nothing else happens in its second."""
        self.clock.advance(1)
        name = f"01MODEL{len(self.told_by_webhook):06d}"
        about = {"incident": {"id": incident.id, "type": "incident_reference"}}
        event = {
            "id": name,
            "event_type": f"incident.{kind}",
            "occurred_at": iso(self.clock()),
            "agent": {"id": "PGRACE1", "type": "user_reference", "summary": "Grace Hopper"},
            "data": {**about, **data},
        }
        body = json.dumps({"event": event}).encode()
        found = body_event(body)
        assert found is not None
        entry = (found.event.event_id, kind, int(self.clock()), "by webhook alone")
        self.told_by_webhook.append((incident.id, entry))
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-PagerDuty-Signature": f"v1={digest}"}
        for _ in range(times):
            url = self.sensors[0].endpoint.address
            answer = requests.post(url, data=body, headers=headers, timeout=60)
            assert answer.status_code == 202
        self.clock.advance(1)

    def call_webhook(self, kind: str, times: int) -> None:
        """So many calls on the webhook, after which the sensors do what they think it is time
        for."""
        body = b'{"event": {}}'
        signed = (
            "v1="
            + hmac.new(
                (SECRET if kind == "genuine" else "x").encode(), body, hashlib.sha256
            ).hexdigest()
        )
        headers = {} if kind == "unsigned" else {"X-PagerDuty-Signature": signed}
        wanted = 401 if kind == "unsigned" else 202
        for sensor in self.sensors:
            for _ in range(times):
                assert (
                    requests.post(
                        sensor.endpoint.address, data=body, headers=headers, timeout=60
                    ).status_code
                    == wanted
                )
            sensor.endpoint.run()
        self.clock.advance(4)
        for sensor in self.sensors:
            sensor.endpoint.run()

    # The actions

    def work(self, count: int, *, mixed: bool = True) -> None:
        """So many executions, in any order; what fails is tried again by its policy."""
        for _ in range(min(count, len(self.service.queue))):
            place = self.random.randrange(len(self.service.queue)) if mixed else 0
            one = self.service.queue.pop(place)
            if not self.run(one.cls, **one.given)[0] and one.tries + 1 < TRIES:
                self.service.queue.append(one._replace(tries=one.tries + 1))

    def kill_one(self, fault: str, method: str) -> None:
        """An execution that dies at its first trouble with Mattermost, of which a kind is made."""
        if not self.service.queue:
            return
        one = self.service.queue.pop(self.random.randrange(len(self.service.queue)))
        rule = self.chat.server.faults.add(fault, method=method, path="/posts", times=1)
        with contextlib.suppress(Killed):
            self.run(one.cls, sleep=self._die, **one.given)
        self.chat.server.faults.clear(rule)

    def _die(self, seconds: float) -> None:
        raise Killed

    def run(
        self, cls: Any, *, sleep: Optional[Callable[[float], None]] = None, **given: Any
    ) -> Tuple[bool, Any]:
        action = cls(dict(self.settings), self.service)
        action.logger = LOG
        action.sleep = sleep or self.clock.advance
        action.monotonic = action.clock = self.clock
        done: Tuple[bool, Any] = action.run(**given)
        return done

    def reconcile(self, full: bool = False) -> Any:
        return self.run(PostsReconcile, source="", full=full)

    # The end

    def settle(self, *, in_order: bool = False) -> List[str]:
        """No more trouble, and time enough: what still differs from the truth; `in_order`: nothing
        was lost or overtaken on the way, so that nothing stands below what happened later."""
        self.chat.server.faults.clear()
        self.pager.faults.clear()
        self.service.lose = self.service.repeat = 0
        for number in range(14):
            self.clock.advance(400)
            self.deliver()
            self.poll()
            self.work(1000, mixed=not in_order)
            self.run(CatchUp)
            self.run(PostDigest)
            self.reconcile(full=number % 6 == 5)
        found = [line for line in self.differences() if "not in order" not in line]
        return found + disordered(self, strictly=in_order)

    def differences(self) -> List[str]:
        return differences(self) + misnamed(self)
