"""PagerDuty's types of log entries and the pack's types of events: which entry is which event, and
what an event says about the incident.

A type of entry that is in no table here still becomes an event (`UPDATED`), with PagerDuty's own
sentence for it. One that is no news at all goes to `SILENT_TYPES`. One that means what a known
one means gets that one's event type in `EVENT_TYPES`, without `_log_entry` (a field's change: in
`FIELD_EVENT_TYPES`), and nothing else is to be decided. For an event type of its own decide what
else it means:

- here: the status after it (`STATUS_AFTER`), whether it takes an acknowledgement back
  (`UNDOES_ACKNOWLEDGEMENT`), and which changed fields it accounts for (`EXPLAINS`);
- `incidents.log_entries`: whether a snooze of before counts no longer (`_ENDS_SNOOZE`), and what
  is read of its fields;
- `cards.replies` (`WORDS`): the words of its reply, else PagerDuty's own sentence;
- `cards.route` (`MENTIONING_EVENTS`): whether its reply mentions people. The words that a rule may
  name (`KNOWN_EVENTS`) follow from the tables here;
- `cards.incident_memory` (`ENDS_MITIGATION`): whether "mitigated" counts no longer after it;
- `cards.told_replies` (`_SAID`): whether it may be what somebody said in Mattermost;
- `core.config.rooms` (`EVENTS`): its name for the setting rooms.feed, and whether rooms hear of it
  by default (`RoomsConfig`);
- `noise.moves` (`MOVES`): whether it shows that somebody works on the incident;
- `noise.flapping` (`OPENING_EVENTS`, `CLOSING_EVENTS`), `noise.reminder_rules` (`BEGINNINGS`):
  whether it opens or closes the incident anew;
- `sensor.open_summary` (`MARKS`): whether the first summary strikes an incident through by it;
- `operations.unrouted` (`NEWS`): whether it may make the incident one that somebody has to see, so
  that it is reported where no rule posts it;
- `incidents.alert_details` (`BRIDGE_EVENTS`): whether the conference bridge is read after it;
- `incidents.snapshot` (`_EVENT`): whether a difference that only a snapshot finds becomes it;
- `simulation.past`: whether a field that it changes (priority, urgency, title) is put back where
  the incident is shown as it was before;
- `sensor.webhook_deliveries` (`OPENING_KINDS`): whether its entry may be the log's only one of a
  reopening of which the webhook told;
- `sensor.webhook` (`SUBSCRIBED_EVENTS`): whether PagerDuty's webhook sends it, as the sandbox's
  does by its own table (`sandbox/pagerduty/webhooks.py`).

For the tables in which every type has to be decided (`EXPLAINS`, `WORDS`, `MOVES`, the status
after it) tests/incidents/test_event_types.py lists also the types that are not in them, and fails
until the new one is in either; the others are short lists, in which it is or is not. What asks for
one event type alone needs no entry: a change of the urgency, by which a card may be released that
quiet hours hold back (`cards.posting`), or people be mentioned (`cards.route.RAISED`). A type that
is in `EVENT_TYPES` is also taken at its word: `incidents.incident_story` asks of entries of other
types alone whether they reopened the incident or changed its title.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, Mapping

BRIDGE_UPDATED = "incident.conference_bridge.updated"
UPDATED = "incident.updated"
"""Event type of entries that nobody knows yet: they pass, with their summary."""

EVENT_TYPES: Dict[str, str] = {
    "trigger": "incident.triggered",
    "acknowledge": "incident.acknowledged",
    "acknowledgement": "incident.acknowledged",
    "unacknowledge": "incident.unacknowledged",
    "resolve": "incident.resolved",
    "reopen": "incident.reopened",
    "escalate": "incident.escalated",
    "delegate": "incident.delegated",
    "assign": "incident.reassigned",
    "annotate": "incident.annotated",
    "snooze": "incident.snoozed",
    "merge": "incident.merged",
    "priority_change": "incident.priority_updated",
    "urgency_change": "incident.urgency_updated",
    "title_change": "incident.title_updated",
    "status_update": "incident.status_update_published",
    "responder_request": "incident.responder.added",
    "responder_reply": "incident.responder.replied",
    "responder_accepted": "incident.responder.replied",
    "responder_declined": "incident.responder.replied",
    "field_value_change": UPDATED,
    "custom_field_value_change": "incident.custom_field_values.updated",
    "exhaust_escalation_path": UPDATED,
    "repeat_escalation_path": UPDATED,
    "reach_ack_limit": UPDATED,
    "reach_trigger_limit": UPDATED,
    "link": UPDATED,
    "conference_bridge_change": BRIDGE_UPDATED,
    "incident_type_change": "incident.incident_type.changed",
}
"""Type of a log entry, without `_log_entry`, to the event type. PagerDuty's webhook words,
and words in their style where it has none."""

FIELD_EVENT_TYPES: Dict[str, str] = {
    "title": "incident.title_updated",
    "service": "incident.service_updated",
    "priority": "incident.priority_updated",
    "urgency": "incident.urgency_updated",
    "conference_bridge": BRIDGE_UPDATED,
    "incident_type": "incident.incident_type.changed",
}
"""Field named in the changeset of a `field_value_change` entry to the event type."""

ROLE_ASSIGNED = "incident.role.assigned"
TASK_CREATED, TASK_UPDATED, TASK_COMPLETED = (
    "incident.task.created",
    "incident.task.updated",
    "incident.task.completed",
)
WEBHOOK_ONLY_EVENTS = (ROLE_ASSIGNED, TASK_CREATED, TASK_UPDATED, TASK_COMPLETED)
"""Events of which neither the log nor the REST API knows: the body of PagerDuty's webhook is all
there is (`sensor.body_events`). They need words (`cards.replies`) alone."""

SILENT_TYPES = frozenset(("notify",))
"""Entries about how people were called, not that the incident changed: no event."""

AUTOMATIC = ("auto", "timeout")
"""Channels of what PagerDuty does by itself."""
TRIGGERED, REOPENED, UNACKNOWLEDGED = (
    "incident.triggered",
    "incident.reopened",
    "incident.unacknowledged",
)
STATUS_AFTER: Mapping[str, str] = {
    TRIGGERED: "triggered",
    UNACKNOWLEDGED: "triggered",
    REOPENED: "triggered",
    "incident.acknowledged": "acknowledged",
    "incident.resolved": "resolved",
    "incident.merged": "merged",
}
"""Status that an incident has after an event of that type."""
ENDS_UNSOLVED = ("incident.merged", "incident.deleted")
CANCELLED_WORD = "Cancelled"
"""How the note begins of an incident that is resolved since it was none."""
UNDOES_ACKNOWLEDGEMENT = ("incident.reassigned", "incident.escalated", "incident.delegated")
"""Events of a hand-over: they take an acknowledgement back, which has no entry of its own then."""

TYPE_CHANGED = "incident.incident_type.changed"
CUSTOM_FIELDS = "incident.custom_field_values.updated"
FIELDS = ("urgency", "priority", "title", "assignees", "policy", "incident_type")
_ALL = frozenset(FIELDS)
_ASSIGNEES = frozenset(("assignees",))
EXPLAINS: Mapping[str, FrozenSet[str]] = {
    TRIGGERED: _ALL,
    "incident.acknowledged": _ASSIGNEES,
    UNACKNOWLEDGED: _ASSIGNEES,
    "incident.resolved": _ASSIGNEES,
    "incident.merged": _ASSIGNEES,
    REOPENED: _ASSIGNEES,
    "incident.reassigned": _ASSIGNEES,
    "incident.escalated": frozenset(("assignees", "policy")),
    "incident.delegated": frozenset(("assignees", "policy")),
    "incident.priority_updated": frozenset(("priority",)),
    "incident.urgency_updated": frozenset(("urgency",)),
    "incident.title_updated": frozenset(("title",)),
    BRIDGE_UPDATED: frozenset(("bridge",)),
    TYPE_CHANGED: frozenset(("incident_type",)),
    UPDATED: _ALL | {"bridge"},
}
"""Which changed fields an event of that type accounts for."""
