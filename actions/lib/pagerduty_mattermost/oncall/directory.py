"""Who is on call for what in the whole account, today and tomorrow, as PagerDuty said it last:
read once an hour, for the time in which it does not answer.

    refresh(context)                            # ⌈services/100⌉ + ⌈on-calls/100⌉ requests
    found = read(store, now)                    # Directory(...), or None
    found.service("Checkout API")               # its id; also by id, or by an integration key
    found.on_call(policy_id, now)               # [OnCall(...)], everybody's turn until tomorrow

Of an account with more on-calls than MAX_ROWS what stands behind them is not known.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, StoreUnreachable
from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.pagerduty import on_calls
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall
from pagerduty_mattermost.gateways.pagerduty.references import Reference, reference
from pagerduty_mattermost.gateways.pagerduty.rows import rows_of
from pagerduty_mattermost.gateways.stackstorm.broken_values import read_record
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY = "oncall.directory"
EVERY_SECONDS = 3600.0
KEPT_SECONDS = 86400.0
AHEAD_SECONDS = 86400.0
"""Of whose turns it knows: as long as it is believed."""
MAX_SERVICES = 5000
MAX_ROWS = on_calls.MAX_ROWS


class ListedService(NamedTuple):
    """A service as it is remembered."""

    name: str
    policy: str
    """Id of its escalation policy."""
    keys: Tuple[str, ...] = ()
    """Digests of its integration keys."""


class ListedTurn(NamedTuple):
    """Somebody's turn. Seconds since the epoch; None: always was, always will be."""

    policy: str
    level: int
    user: str
    schedule: str
    start: Optional[float]
    end: Optional[float]


class Directory(NamedTuple):
    """Services and who is on call, as they were when PagerDuty answered."""

    at: float
    """When PagerDuty said so, seconds since the epoch."""
    services: Mapping[str, ListedService] = {}
    """By id, as those below."""
    policies: Mapping[str, str] = {}
    schedules: Mapping[str, str] = {}
    users: Mapping[str, Tuple[str, str]] = {}
    """Name and e-mail address."""
    turns: Tuple[ListedTurn, ...] = ()

    def service(self, asked: str) -> str:
        """Id of the one service of that id, name or integration key; empty where there is none,
        or are several."""
        wanted, key = one_line(asked).casefold(), digest(asked)
        found = [
            id
            for id, one in self.services.items()
            if wanted in (id.casefold(), one.name.casefold()) or key in one.keys
        ]
        return found[0] if len(found) == 1 else ""

    def named(self, asked: str) -> Tuple[str, str]:
        """Kind and id of the schedule or escalation policy that is meant, for a service its
        policy; two empty texts where nothing, or several things, are."""
        wanted = one_line(asked).casefold()
        service = self.service(asked)
        found = {("escalation_policy", self.services[service].policy)} if service else set()
        for kind, names in (("escalation_policy", self.policies), ("schedule", self.schedules)):
            found |= {
                (kind, id)
                for id, name in names.items()
                if wanted in (id.casefold(), name.casefold())
            }
        return found.pop() if len(found) == 1 else ("", "")

    def on_call(self, kind: str, id: str) -> List[OnCall]:
        """Who is on call by the schedule or policy of that id, now and until tomorrow."""
        rows = [
            OnCall(
                level=one.level,
                user=Reference("user", one.user, *self.users.get(one.user, ("", ""))),
                schedule=self.schedules.get(one.schedule, ""),
                policy=self.policies.get(one.policy, ""),
                start=times.iso(one.start) if one.start is not None else "",
                end=times.iso(one.end) if one.end is not None else "",
                policy_id=one.policy,
                schedule_id=one.schedule,
            )
            for one in self.turns
            if id == (one.schedule if kind == "schedule" else one.policy)
        ]
        rows = on_calls.once_each(rows) if kind == "schedule" else rows
        return sorted(rows, key=lambda one: (one.level, one.user.name))


def digest(key: str) -> str:
    """A fingerprint of an integration key, from which nobody learns the key."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]


def refresh_if_due(context: Context) -> bool:
    """Whether it was read anew, once an hour; failing is logged. Raises StoreUnreachable."""
    try:
        found, now = read(context.store, context.clock()), context.clock()
        if found is not None and now - found.at < EVERY_SECONDS:
            return False
        refresh(context)
    except StoreUnreachable:
        raise
    except PackError as error:
        context.log.info("Who is on call is not remembered: %s", error)
        return False
    return True


def refresh(context: Context) -> Directory:
    """Reads it anew and keeps it. Raises the gateway's and the store's errors; nothing is kept
    then."""
    pagerduty, now = context.pagerduty_spare, context.clock()
    asked = {"include": ["integrations"]}
    services = pagerduty.list_all("/services", "services", asked, MAX_SERVICES).items
    rows = on_calls.read(pagerduty, {}, since=now, until=now + AHEAD_SECONDS)
    found = made(services, rows, now)
    context.store.write(KEY, to_json(found), KEPT_SECONDS)
    return found


def read(store: Store, now: float) -> Optional[Directory]:
    """None where nothing of the last day is known. Raises StoreUnreachable."""
    found = read_record(store, KEY, Directory)
    return found if found is not None and 0 <= now - found.at < KEPT_SECONDS else None


def made(services: List[Dict[str, Any]], rows: List[OnCall], now: float) -> Directory:
    """The directory that PagerDuty's rows make. Pure."""
    listed: Dict[str, ListedService] = {}
    for row in services:
        one = reference("service", row)
        keys = (str(each.get("integration_key") or "") for each in rows_of(row, "integrations"))
        listed[one.id] = ListedService(
            one.name, one.escalation_policy_id, tuple(digest(key) for key in keys if key)
        )
    return Directory(
        now,
        listed,
        {one.policy_id: one.policy for one in rows},
        {one.schedule_id: one.schedule for one in rows if one.schedule_id},
        {one.user.id: (one.user.name, one.user.email) for one in rows},
        tuple(
            ListedTurn(
                one.policy_id,
                one.level,
                one.user.id,
                one.schedule_id,
                times.seconds(one.start),
                times.seconds(one.end),
            )
            for one in rows
        ),
    )
