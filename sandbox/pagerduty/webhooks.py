"""Delivers webhooks (v3) as PagerDuty does: signed over the raw body, in order, repeated or given
up.

    courier = Courier(account); courier.resume(); courier.pause()

What is to go out is made when the log entry is written; a thread for each subscription carries it,
outside of the account's lock. 2xx: delivered. 429, 5xx, no answer in time: repeated for 48 h of
the sandbox's clock, under the same `X-Webhook-Id`. Any other status drops the event; three in a
row disable the subscription for 24 h and lose its queue. The journal's facts of the server
`webhooks` tell it: `delivered`, `retried`, `dropped`, `disabled`, `lost`. Only this machine is
called: a test that subscribes an address elsewhere must not reach it.
"""

# flake8: noqa: W503

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
from collections import deque
from typing import Any, Deque, Dict, NamedTuple, Optional
from urllib.parse import urlsplit

from ..clock import iso
from .account import PagerDutyAccount
from .model import LogEntry, Thing
from .render import Renderer
from .switches import JITTER_SECONDS

EVENT_TYPES = {
    "trigger": "incident.triggered",
    "acknowledge": "incident.acknowledged",
    "unacknowledge": "incident.unacknowledged",
    "escalate": "incident.escalated",
    "assign": "incident.reassigned",
    "delegate": "incident.delegated",
    "annotate": "incident.annotated",
    "resolve": "incident.resolved",
    "reopen": "incident.reopened",
    "priority_change": "incident.priority_updated",
    "status_update": "incident.status_update_published",
    "responder_request": "incident.responder.added",
    "responder_accepted": "incident.responder.replied",
    "responder_declined": "incident.responder.replied",
    "custom_field_value_change": "incident.custom_field_values.updated",
}
TIMEOUT_SECONDS = 5.0
REPEATED_SECONDS = 48 * 3600.0
DISABLED_SECONDS = 24 * 3600.0
MAX_REFUSALS = 3
LOCAL = ("127.0.0.1", "localhost", "::1")


class Parcel(NamedTuple):
    id: str
    body: bytes
    since: float
    """Sandbox time at which it is to go out first."""


class _Round:
    """What one subscription still has to get."""

    def __init__(self) -> None:
        self.queue: Deque[Parcel] = deque()
        self.walking = False
        self.strikes = 0


class Courier:
    """`pause` (real seconds): between two tries of the same call."""

    def __init__(self, account: PagerDutyAccount, pause: float = 0.2) -> None:
        self._account = account
        self._pause = pause
        self._lock = threading.Lock()
        self._rounds: Dict[str, _Round] = {}
        self._running = False
        self._stop = threading.Event()
        account.on_entry.append(self._entry)
        account.on_ping.append(self._ping)

    def resume(self) -> None:
        """Carry, also what was left."""
        with self._lock:
            self._running = True
            self._stop.clear()
            waiting = [id for id, round in self._rounds.items() if round.queue]
        for id in waiting:
            self._walk(id)

    def pause(self) -> None:
        """Begin nothing more."""
        with self._lock:
            self._running = False
            self._stop.set()

    def _entry(self, entry: LogEntry) -> None:
        kind = self._event_type(entry)
        if not kind:
            return
        body = b""
        for subscription in list(self._account.catalog["webhook_subscriptions"].values()):
            wanted = kind in subscription["events"] and _fits(subscription["filter"], entry)
            if wanted and self._open(subscription):
                body = body or self._event(entry, kind)
                self._put(subscription["id"], Parcel(entry.id, body, self._account.clock()))

    def _ping(self, ping: Thing) -> None:
        data = {"message": "Hello from your friend Pagey!", "type": "ping"}
        event = {
            "id": ping["id"],
            "event_type": "pagey.ping",
            "resource_type": "pagey",
            "agent": None,
            "client": None,
        }
        body = json.dumps(
            {"event": {**event, "occurred_at": iso(ping["occurred_at"]), "data": data}}
        ).encode()
        self._put(ping["subscription_id"], Parcel(ping["id"], body, self._account.clock()))

    def _event_type(self, entry: LogEntry) -> str:
        if entry.type == "assign" and entry.channel.get("type") == "auto":
            return ""  # belongs to the trigger
        if entry.webhook:
            return entry.webhook
        fields = (entry.channel.get("changeset") or {}).get("application_fields") or ()
        if any(field["name"] == "service" for field in fields):
            return "incident.service_updated"
        return EVENT_TYPES.get(entry.type, "")

    def _event(self, entry: LogEntry, kind: str) -> bytes:
        incident, render = entry.incident, Renderer(self._account, ())
        shown = render.incident(incident)
        same = (
            "id",
            "type",
            "self",
            "html_url",
            "status",
            "incident_key",
            "created_at",
            "title",
            "service",
        )
        data = {
            name: shown[name]
            for name in (*same, "escalation_policy", "teams", "priority", "urgency")
        }
        data.update(
            number=incident.number, assignees=[one["assignee"] for one in shown["assignments"]]
        )
        event = {
            "id": entry.id[::-1],  # no log entry's id: nothing must lean on it
            "event_type": kind,
            "resource_type": "incident",
            "occurred_at": iso(entry.created_at),
            "agent": render.agent(entry.agent),
            "client": None,
            "data": data,
        }
        return json.dumps({"event": event}, ensure_ascii=False).encode("utf-8", "replace")

    def _open(self, subscription: Thing) -> bool:
        method = subscription["delivery_method"]
        if (
            method["temporarily_disabled"]
            and self._account.clock() >= method.get("disabled_at", 0) + DISABLED_SECONDS
        ):
            method["temporarily_disabled"] = False
        return bool(subscription["active"] and not method["temporarily_disabled"])

    def _put(self, id: str, parcel: Parcel) -> None:
        target = self._account.catalog["webhook_subscriptions"][id]["delivery_method"]["url"]
        if urlsplit(target).hostname not in LOCAL:
            return
        account, switches = self._account, self._account.switches
        since = parcel.since + switches.webhooks_delay_seconds
        with self._lock:
            queue = self._rounds.setdefault(id, _Round()).queue
            for _ in range(2 if switches.webhooks_doubled else 1):
                jitter = account.chance.uniform(0, JITTER_SECONDS)
                late = since + jitter if switches.webhooks_reordered else since
                place = len(queue)
                while switches.webhooks_reordered and place and queue[place - 1].since > late:
                    place -= 1
                queue.insert(place, parcel._replace(since=late))
        self._walk(id)

    def _walk(self, id: str) -> None:
        with self._lock:
            round = self._rounds[id]
            if round.walking or not self._running:
                return
            round.walking = True
        threading.Thread(
            target=self._carry, args=(id, round), name="sandbox-webhooks", daemon=True
        ).start()

    def _carry(self, id: str, round: _Round) -> None:
        while True:
            with self._lock:
                if not round.queue or not self._running:
                    round.walking = False
                    return
            if not self._carry_first(id, round):
                self._stop.wait(self._pause)

    def carry_due(self) -> None:
        """In the caller's thread, while paused: each call that is due is tried once."""
        for id, round in list(self._rounds.items()):
            while round.queue and self._carry_first(id, round):
                pass

    def _carry_first(self, id: str, round: _Round) -> bool:
        """False when its time has not come, or it has to be tried again."""
        with self._lock:
            parcel = round.queue[0]
        if parcel.since > self._account.clock():
            return False
        with self._account.lock:
            subscription = self._account.catalog["webhook_subscriptions"].get(id)
            target = dict(subscription["delivery_method"]) if subscription is not None else None
        status = 0 if target is None else _post(target, id, parcel)
        if target is not None and self._is_repeated(status, parcel):
            self._fact("retried", id, parcel, status)
            return False
        with self._lock:
            if parcel in round.queue:
                round.queue.remove(parcel)
        if 200 <= status < 300:
            round.strikes = 0
            self._fact("delivered", id, parcel, status)
            return True
        self._fact("dropped", id, parcel, status)
        round.strikes += 1
        if round.strikes >= MAX_REFUSALS:
            self._disable(id, round)
        return True

    def _is_repeated(self, status: int, parcel: Parcel) -> bool:
        trouble = status in (0, 429) or status >= 500
        return trouble and self._account.clock() - parcel.since < REPEATED_SECONDS

    def _disable(self, id: str, round: _Round) -> None:
        round.strikes = 0
        with self._account.lock:
            subscription = self._account.catalog["webhook_subscriptions"].get(id)
            if subscription is None:
                return
            subscription["delivery_method"].update(
                temporarily_disabled=True, disabled_at=self._account.clock()
            )
        self._account.journal.fact("webhooks", "disabled", id, id)
        with self._lock:
            lost = list(round.queue)
            round.queue.clear()
        for parcel in lost:
            self._fact("lost", id, parcel, 0)

    def _fact(self, kind: str, id: str, parcel: Parcel, status: int) -> None:
        self._account.journal.fact("webhooks", kind, id, parcel.id, status=status)


def _fits(filter: Thing, entry: LogEntry) -> bool:
    if filter["type"] == "account_reference":
        return True
    if filter["type"] == "service_reference":
        return bool(filter["id"] == entry.incident.service_id)
    return filter["id"] in entry.incident.team_ids


def _post(method: Thing, id: str, parcel: Parcel) -> int:
    """The status answered; 0: none in time."""
    parts = urlsplit(method["url"])
    signature = hmac.new(method["secret"].encode(), parcel.body, hashlib.sha256).hexdigest()
    headers: Dict[str, Any] = {
        header["name"]: header["value"] for header in method.get("custom_headers") or ()
    }
    headers.update(
        {
            "Content-Type": "application/json",
            "User-Agent": "PagerDuty-Webhook/V3.0",
            "X-PagerDuty-Signature": "v1=" + signature,
            "X-Webhook-Id": parcel.id,
            "X-Webhook-Subscription": id,
        }
    )
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection: Optional[http.client.HTTPConnection] = None
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        connection.request("POST", parts.path or "/", parcel.body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError):
        return 0
    finally:
        if connection is not None:
            connection.close()
