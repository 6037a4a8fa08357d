"""One run of `health.canary`: the step of the round that is due (`operations.canary`), and what is
seen of the steps before.

    run(context)    # the action's result

One run does one step, and asks neither side for longer than a few seconds. What it is about to do
is kept before, so a run that is killed or doubled triggers the same event again, which PagerDuty
adds to the same incident.
"""

# flake8: noqa: W503

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.cards.incident_memory import IncidentMemory
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.canary import CanaryConfig
from pagerduty_mattermost.core.errors import ConfigError, NotFound, PackError, RetryLater
from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.state_store import last_heartbeat, peek
from pagerduty_mattermost.operations import canary
from pagerduty_mattermost.operations.canary import CanarySight, CanaryState, CanaryTerms
from pagerduty_mattermost.operations.watchdog import allowed
from pagerduty_mattermost.sensor.heartbeat import longest_interval

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost

SUMMARY = (
    "Canary {number} of the pack pagerduty: it acknowledges and resolves this by itself. Does it "
    "page you, the way from PagerDuty to Mattermost and back is broken: see health.check"
)
HEARTBEAT_GRACE_SECONDS = 60.0
CLICK_SECONDS = 5.0
"""For the answer to a click; Mattermost itself waits 3."""


def remembered(store: Store) -> CanaryState:
    """What does not read is as if there was none. Raises the store's errors."""
    return canary.state_from(store.read(canary.KEY))


def terms_of(settings: CanaryConfig) -> CanaryTerms:
    """The canary's times in seconds."""
    return CanaryTerms(settings.period * 60.0, float(settings.bound))


def run(context: Context) -> Dict[str, Any]:
    """Raises ConfigError for a section canary that is not whole, and the store's errors."""
    settings = context.settings.canary
    if not settings.service:
        return {"done": "off", "message": "The section canary of the configuration is not set."}
    if settings.missing:
        names = ", ".join(settings.missing)
        raise ConfigError(f"The configuration of the pack pagerduty: {names} is not set")
    return _CanaryRun(context).step()


class _CanaryRun:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings = context.settings.canary
        self._terms = terms_of(self._settings)

    def step(self) -> Dict[str, Any]:
        store, now = self._context.store, self._context.clock()
        before = remembered(store)
        state = canary.looked(before, now, self._terms)
        if canary.is_due(state, now, self._terms):
            state = canary.begin(state, now, self._terms, uuid.uuid4().hex[:12])
            self._keep(state)
        if state.round.phase == canary.TRIGGER:
            state = self._trigger(state, now)
        elif canary.is_waiting(state):
            state = self._looked_at(state)
        if state.round.phase == canary.CLICK:
            state = self._click(state)
        state = self._resolve(state)
        for event in canary.to_forget(state, now):
            if event.incident_id:
                IncidentRecords(store, event.incident_id, self._context.log).forget_all()
        state = canary.forgotten(state, now)
        self._keep(state)
        return self._result(state)

    def _keep(self, state: CanaryState) -> None:
        self._context.store.write(canary.KEY, to_json(state), canary.KEPT_SECONDS)

    def _result(self, state: CanaryState) -> Dict[str, Any]:
        fault = state.fault
        broken = fault is not None and state.round.phase == canary.FAILED
        text = fault.text if fault is not None and broken else canary.durations(state)
        return {
            "done": state.round.phase,
            "round": state.round.number,
            "incident_id": state.round.incident_id,
            "fault": fault.kind if fault is not None else "",
            "message": text or "The round goes on.",
        }

    # What is sent

    def _trigger(self, state: CanaryState, now: float) -> CanaryState:
        this = state.round
        given = {
            "summary": SUMMARY.format(number=this.number),
            "source": "pagerduty.health.canary",
            "severity": "critical",
            "dedup_key": this.key,
        }
        try:
            self._event("trigger", given)
        except RetryLater as error:
            return canary.refused(state, str(error), now)
        except PackError as error:
            return canary.refused(state, str(error), now, final=True)
        return canary.triggered(state, self._context.clock(), self._terms)

    def _event(self, action: str, given: Mapping[str, Any]) -> None:
        from pagerduty_mattermost.gateways.pagerduty.events_api import alert

        key = self._settings.routing_key.reveal()
        self._context.events_soon.send_v2(alert(action, key, given))

    def _resolve(self, state: CanaryState) -> CanaryState:
        """What is not taken now is asked for in the next run."""
        for key in canary.to_resolve(state):
            try:
                self._event("resolve", {"dedup_key": key})
            except PackError as error:
                state = canary.unresolved(
                    state, key, str(error), self._context.clock(), self._terms
                )
                break
            state = canary.asked(state, key, self._context.clock(), self._terms)
        return state

    def _click(self, state: CanaryState) -> CanaryState:
        """As Mattermost tells of a click; where the pack listens for none, by an event."""
        chat, now = self._context.settings.chat, self._context.clock()
        try:
            if not chat.port:
                self._event("acknowledge", {"dedup_key": state.round.key})
                return canary.clicked(state, now, self._terms)
            if not chat.has_buttons:
                raise ConfigError("chat.public_url and chat.signing_keys must be set")
            said = self._posted(state.round.incident_id)
        except PackError as error:
            return canary.refused(state, str(error), self._context.clock())
        return canary.clicked(state, now, self._terms, said)

    def _posted(self, incident_id: str) -> str:
        """What the chat endpoint answers. Raises RetryLater when it does not take the click."""
        import requests

        from pagerduty_mattermost.gateways.http.direct_session import direct_session

        chat = self._context.settings.chat
        record = _card(IncidentRecords(self._context.store, incident_id).load())
        call = buttons.call(
            incident_id,
            "acknowledge",
            chat.public_url,
            chat.signing_keys[0].reveal(),
            self._context.clock(),
        )
        user = self._clicker()
        body = {
            "user_id": user.id,
            "user_name": user.username,
            "channel_id": record.channel_id if record else "",
            "post_id": record.post_id if record else "",
            "trigger_id": uuid.uuid4().hex,
            "type": "button",
            "context": call["context"],
        }
        waits = self._context.settings.mattermost.http.timeouts
        try:
            with direct_session(waits.connect, CLICK_SECONDS, "Canary") as session:
                answer = session.post(call["url"], json=body)
        except requests.RequestException as error:
            raise RetryLater(
                f"a click at {chat.public_url} is not taken ({type(error).__name__}): is the "
                "chat sensor running?"
            ) from None
        if answer.status_code != 200:
            raise RetryLater(f"a click at {chat.public_url} is answered {answer.status_code}")
        try:
            text = answer.json().get("ephemeral_text")
        except (ValueError, AttributeError):
            text = ""
        return one_line(clean(text, 200))

    def _clicker(self) -> Any:
        from pagerduty_mattermost.gateways.mattermost.users import chat_user

        name = self._settings.user
        return chat_user(self._mattermost, name, or_id=True) if name else self._mattermost.me()

    @property
    def _mattermost(self) -> Mattermost:
        return self._context.mattermost_soon

    # What is seen

    def _looked_at(self, state: CanaryState) -> CanaryState:
        sight = self._look(state)
        after = canary.judge(state, sight, self._context.clock(), self._terms)
        fault = after.fault
        if fault is None or fault == state.fault or fault.kind != canary.CARD or sight.card_at:
            return after
        return canary.explained(after, *self._broken_link(sight))

    def _look(self, state: CanaryState) -> CanarySight:
        """What can't be looked at is a problem of the sight."""
        problems: List[str] = []
        pagerduty = self._context.pagerduty_soon

        def row_of(key: str) -> Mapping[str, Any]:
            try:
                return _incident_of(pagerduty, key)
            except PackError as error:
                problems.append(str(error))
                return {}

        sight = CanarySight()
        if state.round.phase in (canary.CARD, canary.ACKNOWLEDGE):
            sight = self._of_round(row_of(state.round.key), problems)
        wanted = [one for one in state.earlier if one.asked_at]
        wanted += [one for one in state.earlier if one.failed][:1]
        resolved = []
        for one in wanted:
            row = row_of(one.key)
            if row.get("status") != "resolved":
                continue
            if one.unshown:
                resolved.append((one.key, 0.0))
            elif self._shows(str(row.get("id")), ("resolved",)):
                resolved.append((one.key, self._painted_at(str(row.get("id")), problems)))
        server = pagerduty.last_server_time
        skew = self._context.clock() - server if server is not None else 0.0
        return sight._replace(
            resolved=tuple(resolved), skew=skew, problem=problems[0] if problems else ""
        )

    def _of_round(self, row: Mapping[str, Any], problems: List[str]) -> CanarySight:
        if not row:
            return CanarySight()
        incident_id = str(row.get("id"))
        service = row.get("service") or {}
        id, name = str(service.get("id")), str(service.get("summary") or service.get("name"))
        record = _card(IncidentRecords(self._context.store, incident_id).load())
        posted = 0.0
        if record is not None and record.post_id:
            try:
                posted = self._mattermost.get_post(record.post_id)["create_at"] / 1000.0
            except NotFound:
                posted = 0.0
            except PackError as error:
                problems.append(str(error))
        done = row.get("status") in ("acknowledged", "resolved")
        given = row.get("acknowledgements") or [{}]
        return CanarySight(
            incident_id,
            "" if self._settings.owns(id, name) else one_line(clean(name, 100)),
            posted,
            _moment(given[0].get("at"), row) if done else 0.0,
            done and self._shows(incident_id, ("acknowledged", "resolved")),
        )

    def _painted_at(self, incident_id: str, problems: List[str]) -> float:
        """When the incident's card was last edited, by Mattermost's clock; 0 for unknown."""
        record = _card(IncidentRecords(self._context.store, incident_id).load())
        try:
            if record is not None and record.post_id:
                post = self._mattermost.get_post(record.post_id)
                return float(post.get("edit_at") or post.get("update_at") or 0) / 1000.0
        except PackError as error:
            problems.append(str(error))
        return 0.0

    def _shows(self, incident_id: str, statuses: Tuple[str, ...]) -> bool:
        """Whether the incident's card tells that it is so; what never had a card need not."""
        memory = IncidentRecords(self._context.store, incident_id).load()
        record = _card(memory)
        if record is None:
            return True
        return (
            bool(memory.states)
            and memory.newest.change.incident.status in statuses
            and memory.is_shown(record)
        )

    def _broken_link(self, sight: CanarySight) -> Tuple[str, str]:
        """Why no card came: the first part of the way that did not do its work."""
        if sight.problem and not sight.incident_id:
            return canary.PAGERDUTY, sight.problem
        try:
            sensor = self._sensor_trouble()
            if sensor:
                return canary.SENSOR, sensor
            if sight.incident_id not in peek(self._context.store):
                return (
                    canary.SENSOR,
                    "the incident sensor has not seen it: does it run, and watch the service?",
                )
            memory = IncidentRecords(self._context.store, sight.incident_id).load()
            if not memory.states:
                return canary.DISPATCH, (
                    "the sensor has dispatched it and no action took it: is the rule "
                    "pagerduty.repaint_cards enabled, do st2rulesengine and st2actionrunner work?"
                )
        except PackError as error:
            return canary.DISPATCH, str(error)
        try:
            self._mattermost.me()
        except PackError as error:
            return canary.MATTERMOST, str(error)
        try:
            self._context.channels.look_up(self._settings.channel)
        except PackError as error:
            return canary.CARD, str(error)
        return canary.CARD, (
            "the card is not there: see the executions of mattermost.repaint_incident, and "
            "deadletter.list"
        )

    def _sensor_trouble(self) -> str:
        beat = last_heartbeat(self._context.store)
        if beat is None:
            return "the incident sensor has never been heard of"
        at = beat.get("server_time")
        silent = self._context.clock() - at if isinstance(at, (int, float)) else 0.0
        longest = allowed(longest_interval(self._context.settings)) + HEARTBEAT_GRACE_SECONDS
        if silent > longest:
            return f"the incident sensor is silent for {times.duration(silent)}"
        return f"the incident sensor fails: {beat.get('reason')}" if beat.get("reason") else ""


def _incident_of(pagerduty: Any, key: str) -> Mapping[str, Any]:
    """The incident of an event; empty when there is none. Raises the gateway's errors."""
    asked = {"incident_key": key, "date_range": "all"}
    rows = pagerduty.get("/incidents", asked).get("incidents")
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return next((row for row in found if row.get("incident_key") in (key, None)), {})


def _card(memory: IncidentMemory) -> Optional[Any]:
    return next(iter(memory.cards.values()), None)


def _moment(text: Any, row: Mapping[str, Any]) -> float:
    at = times.seconds(str(text or row.get("last_status_change_at") or ""))
    return at or 0.0
