"""Listens for PagerDuty's webhook at the incident sensor and makes its cycle read in time.

    endpoint = open_endpoint(config, service, cycle, dispatcher, log)   # None: no webhook.port
    endpoint.wake = event.set    # called from the listener's threads when the next read is nearer
    endpoint.run()               # reads when it is time to, else does nothing
    endpoint.pause()             # seconds until `run` is to be called again

A call never reads and never waits for a read: it is counted, and answered. `webhook` decides all;
this carries it out. What is wrong here (a taken port, an unknown secret) stands in the log and in
the sensor's health, and polling goes on.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from pagerduty_mattermost.cards.post_rules import INCIDENT_TRIGGER
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.typed_actions import run_line
from pagerduty_mattermost.gateways.http.accepted_secrets import RELOAD_SECONDS, AcceptedSecrets
from pagerduty_mattermost.gateways.http.listener import (
    LISTEN_AGAIN_SECONDS,
    CallBounds,
    Listener,
    cant_listen,
)
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.gateways.stackstorm.kept_secrets import WEBHOOK_SECRETS, accepted
from pagerduty_mattermost.incidents.log_entries import LogEntry
from pagerduty_mattermost.sensor import webhook_health
from pagerduty_mattermost.sensor.body_events import BodyEvents, body_event
from pagerduty_mattermost.sensor.cycle import Cycle
from pagerduty_mattermost.sensor.webhook import (
    ANSWER_STATUS,
    GENUINE,
    SIGNATURE_HEADER,
    UNFIT,
    UNSIGNED,
    ReadPace,
    WebhookState,
    happened,
    judge,
)
from pagerduty_mattermost.sensor.webhook_deliveries import parsed
from pagerduty_mattermost.sensor.webhook_health import WebhookHealth, unfit_advice

SILENT_SECONDS = 300.0
"""Without a call after a change that one should have come for, until people are told: PagerDuty's
calls can be late, and nothing depends on them."""
TROUBLE_COUNTS_SECONDS = 3600.0
"""How long a trouble counts after it was last seen, so that one which comes and goes is reported
once."""
ANSWER_SECONDS = 2.5
"""For the datastore while PagerDuty waits, which it does for 5 s."""
STATUS_EVERY_SECONDS = 60.0
"""Between two notes of how the webhook does (`webhook.status` reads them), unless it began or
ceased to work."""


class WebhookEndpoint:
    """`monotonic`: the clock of the cycle; tests move it. `answering`: the datastore while
    PagerDuty waits for an answer."""

    def __init__(
        self,
        config: Config,
        cycle: Cycle,
        dispatcher: Dispatcher,
        keys: AcceptedSecrets,
        store: Store,
        log: Any,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        answering: Optional[Store] = None,
    ) -> None:
        self._config = config.webhook
        self._cycle, self._keys, self._store, self._log = cycle, keys, store, log
        self.monotonic = monotonic
        self.wake: Callable[[], None] = lambda: None
        self.is_ample: Callable[[], bool] = lambda: False
        """Whether PagerDuty's rate limit allows reads that follow each other closely; never where
        each execution is a process."""
        self._lock = threading.Lock()
        self._webhook = WebhookState(
            ReadPace(config.watch.poll_interval, config.watch.poll_interval_with_webhook)
        )
        self._calls: Dict[str, int] = {GENUINE: 0, UNFIT: 0, UNSIGNED: 0}
        self._silent_at: Optional[float] = None
        self._logged: Dict[str, float] = {}
        self._listener: Optional[Listener] = None
        self._not_listening = ""
        self._tried_at: Optional[float] = None
        self._loaded_at = 0.0
        self._noted_at: Optional[float] = None
        self._noted: Optional[WebhookHealth] = None
        self._events = cycle.body_events = BodyEvents(answering or store)
        dispatcher.listeners.append(self._dispatched)
        cycle.on_followed = self._saw

    @property
    def address(self) -> str:
        return self._listener.address if self._listener else ""

    def listen(self) -> None:
        """Listens, or notes why not; `run` tries again."""
        now = self._tried_at = self.monotonic()
        bounds = CallBounds(
            sender="PagerDuty",
            body=1024 * 1024,
            calls=64,
            rate=2000.0,
            burst=4000,
            connections=1024,
            backlog=512,
            refusal=self._refusal,
        )
        try:
            listener = Listener(
                self._config.bind, self._config.port, self.answer, self._log, bounds=bounds
            )
        except (OSError, OverflowError) as error:
            before, config = self._not_listening, self._config
            problem = cant_listen("webhook", config.bind, config.port, error)
            self._not_listening = f"{problem}; it is tried again each minute"
            if self._not_listening != before:
                self._log.error("%s", self._not_listening)
            return
        self._not_listening = ""
        self._load(now)
        listener.start()
        with self._lock:
            self._listener = listener
            self._webhook = self._webhook._replace(since=now)
        self._log.info("Listening for PagerDuty's webhook on %s", listener.address)
        for problem in self._config.problems:
            self._log.error("%s", problem)
        if not self._keys.texts:
            self._log.warning(
                "No secret of the webhook is known yet: run %s", run_line("webhook.setup")
            )

    def close(self) -> None:
        if self._listener is not None:
            self._listener.stop()

    def answer(
        self, path: str, headers: Mapping[str, str], body: bytes
    ) -> Tuple[int, Dict[str, Any]]:
        """Status and JSON object for one call, whatever its path: a proxy may change that, and the
        signature counts."""
        verdict = judge(self._keys.texts, headers, body)
        if verdict == UNFIT:
            # It may be signed with a secret that webhook.setup has just kept.
            self._keys.refresh(self.monotonic())
            verdict = judge(self._keys.texts, headers, body)
            if verdict == UNFIT and self._keys.problem:
                self._log_once(
                    "A call can't be judged, PagerDuty will repeat it: %s", self._keys.problem
                )
                return 503, {"error": "the secret can't be read now"}
        event = body_event(body) if verdict == GENUINE else None
        try:
            if event is not None:
                self._events.keep(event)
        except PackError as error:
            self._log_once(
                "What a call reports can't be kept, PagerDuty will repeat it: %s", error
            )
            return 503, {"error": "it can't be kept now"}
        self._count(verdict, body)
        return ANSWER_STATUS[verdict], {} if verdict == GENUINE else {
            "error": "the signature fits no secret"
        }

    def run(self) -> None:
        """Read if it is time to. Raises what `Cycle.run` raises."""
        now = self.monotonic()
        if self._listener is None and (
            self._tried_at is None or now - self._tried_at >= LISTEN_AGAIN_SECONDS
        ):
            self.listen()
        with self._lock:
            before = self._webhook
            if before.due(now) > now:
                return
            self._webhook = before.reading(now)
        if self._listener is not None and now - self._loaded_at >= RELOAD_SECONDS:
            self._load(now)
        self._report_health(now)
        done = False
        try:
            # With calls reads come at odd times: they count by the time that passed, as evenly
            # spaced ones would.
            passed = 1.0 if before.ended is None else (now - before.ended) / before.interval(now)
            done = self._cycle.run(min(1.0, passed))
        finally:
            with self._lock:
                ended = self.monotonic()
                webhook = self._webhook.read(ended, done)
                pace = webhook.pace.quick(self.is_ample(), ended - now)
                webhook = webhook._replace(pace=pace, waits=self._cycle.waits)
                self._webhook = webhook._replace(lost=frozenset())
        self._cycle.look_up(webhook.lost)
        self._note_status()

    def pause(self) -> float:
        with self._lock:
            now = self.monotonic()
            due = self._webhook.due(now)
        if self._listener is None and self._tried_at is not None:
            due = min(due, self._tried_at + LISTEN_AGAIN_SECONDS)
        return max(0.0, due - now)

    def _load(self, now: float) -> None:
        self._loaded_at = now
        self._keys.load()

    def _saw(self, entries: Sequence[LogEntry]) -> None:
        with self._lock:
            self._webhook = self._webhook.saw(entries)

    def _count(self, verdict: str, body: bytes = b"") -> None:
        now, sooner = self.monotonic(), False
        with self._lock:
            self._calls[verdict] += 1
            if verdict == GENUINE:
                before = self._webhook.due(now)
                self._webhook = self._webhook.called(now, parsed(body, now))
                sooner = self._webhook.due(now) < before
        if sooner:
            self.wake()
        if verdict == UNFIT:
            self._log_once(
                f"A call's signature fits no secret: run `{run_line('webhook.setup')}`, or "
                "correct webhook.secrets"
            )
        elif verdict == UNSIGNED:
            self._log_once("A call without a signature was refused: it is not PagerDuty's")

    def _refusal(self, status: int, headers: Mapping[str, str]) -> int:
        """For what is refused unread. Too many and too slow: PagerDuty repeats those. A call of
        another form would be the same again."""
        if status in (408, 429):
            return 503
        verdict = UNFIT if headers.get(SIGNATURE_HEADER) else UNSIGNED
        self._count(verdict)
        return status if verdict == UNSIGNED else ANSWER_STATUS[verdict]

    def _log_once(self, line: str, *values: Any) -> None:
        """The same line once a minute: strangers may call often."""
        now = self.monotonic()
        if now - self._logged.get(line, -60.0) >= 60.0:
            self._logged[line] = now
            self._log.warning("PagerDuty's webhook: " + line, *values)

    def _dispatched(self, trigger: str, payload: Mapping[str, Any]) -> None:
        """Note when a change was dispatched that a call should have come for."""
        server_now = self._cycle.server_time
        if trigger != INCIDENT_TRIGGER or self._listener is None or server_now is None:
            return
        now = self.monotonic()
        at = happened(payload, server_now, now)
        if at is not None:
            with self._lock:
                self._webhook = self._webhook.found(now, at)

    def _report_health(self, now: float) -> None:
        if self._keys.problem:
            self._keys.refresh(now)
        with self._lock:
            if self._webhook.missed is not None and now - self._webhook.missed > SILENT_SECONDS:
                self._silent_at = now
            silent, unfit = self._silent_at, self._calls[UNFIT]
        problems = {
            "port": self._not_listening,
            "settings": "; ".join(self._config.problems),
            "secret": self._keys.problem,
        }
        if silent is not None and now - silent < TROUBLE_COUNTS_SECONDS:
            # Forged calls alone are told nowhere: any stranger can make them.
            problems["silent"] = (
                "PagerDuty's webhook did not report changes that the log holds, which is "
                f"polled instead: `{run_line('webhook.status')}` says more"
            ) + (f"; {unfit_advice(unfit)}" if unfit else "")
        self._cycle.health.stands(
            "webhook",
            {name: problem for name, problem in problems.items() if problem},
            now,
            last_good=self._cycle.last_good,
        )

    def _note_status(self) -> None:
        now, server_now = self.monotonic(), self._cycle.server_time
        with self._lock:
            webhook, calls = self._webhook, dict(self._calls)
        health = WebhookHealth(webhook.works(now), self.address, self._not_listening, calls)
        before = self._noted
        urgent = before is None or (health.works, health.problem) != (before.works, before.problem)
        early = self._noted_at is not None and now - self._noted_at < STATUS_EVERY_SECONDS
        if server_now is None or health == before or (early and not urgent):
            return
        self._noted_at = now
        last = (
            "" if webhook.last_call is None else times.iso(server_now - (now - webhook.last_call))
        )
        try:
            webhook_health.save(
                self._store, health._replace(last_call=last, at=times.iso(server_now))
            )
            if before is None:
                webhook_health.forget_old(self._store)
            self._noted = health
        except PackError as error:
            self._log.warning("How the webhook does could not be noted: %s", error)


def open_endpoint(
    config: Config, service: Any, cycle: Cycle, dispatcher: Dispatcher, log: Any
) -> Optional[WebhookEndpoint]:
    """One that listens, or tries to; None where it is not configured."""
    if not config.webhook.port:
        return None
    answering = Store(service, deadline=ANSWER_SECONDS)
    keys = accepted(answering, WEBHOOK_SECRETS, config.webhook.secrets)
    endpoint = WebhookEndpoint(
        config, cycle, dispatcher, keys, Store(service), log, answering=answering
    )
    endpoint.listen()
    return endpoint
