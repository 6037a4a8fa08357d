"""What comes from outside in any shape raises nothing that the pack did not foresee: calls of both
listeners, log entries and incidents of PagerDuty's, values of the datastore."""

# flake8: noqa: E203

from __future__ import annotations

import json
import random
from typing import Any, Callable, Dict, List
from unittest import mock

import pytest
from datastore_double import Service

from pagerduty_mattermost.cards.records import load_all
from pagerduty_mattermost.chat.audit_list import listed
from pagerduty_mattermost.chat.calls import CallRefused, CallSecrets, ChatCall
from pagerduty_mattermost.chat.requests import read
from pagerduty_mattermost.core import set_aside
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.http.signed_tokens import sign
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents import state_store
from pagerduty_mattermost.incidents.log_entries import incident_from_rest, parse_entry
from pagerduty_mattermost.noise import reminder_posts
from pagerduty_mattermost.oncall import watch
from pagerduty_mattermost.operations import dead_letters, reconcile_run, watchdog
from pagerduty_mattermost.people import identity
from pagerduty_mattermost.sensor import webhook_health
from pagerduty_mattermost.sensor.webhook import judge
from pagerduty_mattermost.sensor.webhook_deliveries import parsed

INPUTS = 200_000
SEED = 20261130
TOKEN, KEY = "t" * 26, "s" * 32
NOW = 1_800_000_000.0
WORDS = (
    "", "a", "PT4KHLK", "triggered", "resolved", "2027-01-15T08:00:00Z", "-1", "\ud800", "\x00",
    "１２", "é" * 300, "{{ x }}", "@all", "9" * 400, "null", "[" * 50, "trigger_log_entry", "\n",
)  # fmt: skip
NAMES = (
    "id", "type", "incident", "created_at", "channel", "agent", "event_details", "details",
    "service", "teams", "assignments", "assignee", "summary", "title", "status", "urgency",
    "priority", "body", "alerts", "contexts", "notes", "links", "v", "data", "at", "version",
    "change", "events", "token", "text", "user_id", "context", "state", "submission", "post_id",
    "cef_details", "conference_bridge", "last_status_change_by", "changeset", "html_url", "name",
)  # fmt: skip


class Fuzz:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def value(self, depth: int = 3) -> Any:
        dice = self.dice
        kind = dice.randrange(10 if depth else 7)
        if kind < 3:
            return dice.choice(WORDS)
        if kind < 7:
            return dice.choice((None, True, False, 0, -1, 10**30, 1.5, 1e308, "x"))
        if kind < 8:
            return [self.value(depth - 1) for _ in range(dice.randrange(4))]
        return self.object(depth - 1)

    def object(self, depth: int = 3) -> Dict[str, Any]:
        dice = self.dice
        return {dice.choice(NAMES): self.value(depth) for _ in range(dice.randrange(6))}

    def changed(self, base: Any) -> Any:
        """A right value with something in it replaced by another."""
        dice = self.dice
        if isinstance(base, dict) and base and dice.random() < 0.8:
            name = dice.choice(sorted(base))
            return {**base, name: self.changed(base[name])}
        if isinstance(base, list) and base and dice.random() < 0.7:
            place = dice.randrange(len(base))
            return [*base[:place], self.changed(base[place]), *base[place + 1 :]]
        return self.value()

    def text(self) -> bytes:
        dice = self.dice
        made = json.dumps(self.object()).encode("utf-8", "surrogatepass")
        if dice.random() < 0.3:
            place = dice.randrange(len(made) + 1)
            odd = bytes(dice.randrange(256) for _ in range(dice.randrange(9)))
            made = made[:place] + odd + made[place:]
        return made


ENTRY = {
    "id": "R1",
    "type": "trigger_log_entry",
    "created_at": "2027-01-15T08:00:00Z",
    "agent": {"id": "P1", "type": "user_reference", "summary": "Ada"},
    "channel": {"type": "api", "details": {"a": "b"}, "summary": "S", "cef_details": {}},
    "event_details": {"description": "d"},
    "incident": {
        "id": "PT1",
        "incident_number": 1,
        "status": "triggered",
        "title": "T",
        "created_at": "2027-01-15T08:00:00Z",
        "service": {"id": "PS", "summary": "S"},
        "teams": [{"id": "PTE", "summary": "Team"}],
        "assignments": [{"at": "2027-01-15T08:00:00Z", "assignee": {"id": "P1"}}],
        "acknowledgements": [{"at": "2027-01-15T08:00:00Z", "acknowledger": {"id": "P1"}}],
        "priority": {"id": "PP", "name": "P1"},
        "conference_bridge": {"conference_url": "https://x", "conference_number": "1"},
        "body": {"details": "d"},
    },
}
SECRETS = CallSecrets((TOKEN,), (KEY,), ("w" * 26,))


def call(fuzz: Fuzz) -> None:
    """A call of Mattermost's; half of them with a token that fits."""
    dice = fuzz.dice
    path = dice.choice(("/command", "/click", "/dialog", "/note", "/x", ""))
    headers = {"content-type": dice.choice(("application/json", "text/plain", "\ud800", ""))}
    body = fuzz.object()
    if dice.random() < 0.5:
        purpose = dice.choice(("click", "dialog", "x"))
        told = {**fuzz.object(), "v": "acknowledge", "i": "PT1"}
        token = sign(KEY, purpose, told, int(NOW) + 60)
        body.update(token=dice.choice((TOKEN, "w" * 26)), context={"token": token}, state=token)
    data = fuzz.text() if dice.random() < 0.3 else json.dumps(body).encode("utf-8")
    if path in ("/command", "/note") and dice.random() < 0.7:
        data = f"token={TOKEN}&text={dice.choice(WORDS)!a}&user_id={'u' * 26}&x=%ff".encode()
    try:
        read(ChatCall(path, headers, data), SECRETS, NOW)
    except (CallRefused, PackError):
        return


def webhook_call(fuzz: Fuzz) -> None:
    body = fuzz.text()
    judge(["s" * 20], {"x-pagerduty-signature": str(fuzz.value())}, body)
    parsed(body, NOW)


def entry(fuzz: Fuzz) -> None:
    parse_entry(fuzz.changed(ENTRY))
    incident_from_rest(fuzz.changed(ENTRY["incident"]))


LOG = mock.Mock()
READERS: Dict[str, Callable[[Store], Any]] = {
    "sensor.head": lambda store: state_store.StateStore(store).load(),
    "sensor.shard.01": lambda store: state_store.StateStore(store).load(),
    "sensor.heartbeat": state_store.last_heartbeat,
    "incident.PT1.state.1": lambda store: load_all(store, LOG),
    "incident.PT1.card." + "c" * 26: lambda store: load_all(store, LOG),
    "incident.PT1.mark": lambda store: load_all(store, LOG),
    "deadletter.x": lambda store: dead_letters.load_all(store, LOG),
    "watchdog": watchdog.remembered,
    "reconcile.run": reconcile_run.last_run,
    "reminder.PT1": lambda store: reminder_posts._every(store),
    "oncall.watch": watch.remembered,
    "webhook.health": webhook_health.read,
    "identity." + "u" * 26: lambda store: identity.links(identity.read_all(store)),
    "audit.20270114T080000.000.x": lambda store: _audit(store),
    "refused.20270114.x": lambda store: _audit(store),
}


def _audit(store: Store) -> Any:
    asked = {"since": "2027-01-10T00:00:00Z", "until": "2027-01-20T00:00:00Z", "maximum": 5}
    return listed(store, LOG, {**asked, "user": "", "csv": True})


def stored(fuzz: Fuzz) -> None:
    service = Service()
    name = fuzz.dice.choice(sorted(READERS))
    value: Any = {"v": fuzz.dice.choice((1, 2, 3, "1", None)), "data": fuzz.value()}
    raw = json.dumps(value) if fuzz.dice.random() < 0.9 else str(fuzz.value())
    service.items["pagerduty." + name] = raw
    try:
        READERS[name](Store(service, sleep=lambda _: None))
    except PackError:
        return


def run(count: int) -> List[str]:
    """What was raised that nobody foresaw, and what was set aside."""
    set_aside._logged.clear()
    fuzz, found = Fuzz(SEED), set()
    kinds = (call, webhook_call, entry, entry, stored)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        try:
            kind(fuzz)
        except Exception as error:
            found.add(f"{kind.__name__}: {type(error).__name__} {set_aside.place_of(error)}")
    return sorted({*found, *set_aside._logged})


def test_fuzzed_inputs_raise_nothing_foreign() -> None:
    assert run(4_000) == []


@pytest.mark.soak
def test_200000_fuzzed_inputs_raise_nothing_foreign() -> None:
    assert run(INPUTS) == []
