"""Clicks on a playbook post, in the chat sensor.

A tick is written by the sensor itself, before it is dispatched: it is taken when the datastore has
it, whatever becomes of the action that shows it; and where the datastore does not answer, who
clicked learns so while Mattermost still waits. The order says so in `values`, and whoever carries
it out writes nothing more. Where a right is asked for first (chat.allowed, chat.read_only) the
action looks it up, and writes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping, Optional

from pagerduty_mattermost.runs.acts import TASK_STATES, TICK, Act, Who
from pagerduty_mattermost.runs.controls import CHECK
from pagerduty_mattermost.runs.records import RunRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.core.config.chat import ChatConfig
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store

WRITTEN = json.dumps({"written": True})
"""`values` of an order whose act is written."""


def act_of(order: Mapping[str, Any], at: float, chat: ChatConfig) -> Optional[Act]:
    """The act of a click that the sensor itself may write; None for another order. `at`: when it
    arrived, seconds since the epoch. Pure."""
    if order.get("kind") != "click" or order.get("verb") != CHECK:
        return None
    if chat.read_only or CHECK in chat.allowed:
        return None
    task, colon, state = str(order.get("text") or "").rpartition(":")
    if not (colon and task and order.get("incident") and state in TASK_STATES):
        return None
    user = str(order.get("user_id") or "")
    by = Who(user, str(order.get("user_name") or user))
    return Act(TICK, str(order["id"]), at, by, task=task, value=state)


def is_written(order: Mapping[str, Any]) -> bool:
    """Whether the order's act was written by the sensor."""
    return order.get("kind") == "click" and order.get("values") == WRITTEN


def write(store: Store, incident: str, act: Act) -> None:
    """Raises the store's errors."""
    RunRecords(store).act(incident, act)


def take_back(store: Store, incident: str, act: Act) -> None:
    """The order was not taken: its act is not to count, also where it is written later than
    whoever wrote it could see. Raises the store's errors."""
    records = RunRecords(store)
    records.void(incident, act.id)
    records.take_back(incident, act.id)
