"""Whoever gives a log entry an event of its own decides all that follows from it: each of these
tables names every event type, among those it is for or among those it is not for."""

from __future__ import annotations

from typing import AbstractSet

import pytest

from pagerduty_mattermost.cards.incident_memory import ENDS_MITIGATION
from pagerduty_mattermost.cards.replies import WORDS
from pagerduty_mattermost.cards.route import KNOWN_EVENTS, MENTIONING_EVENTS
from pagerduty_mattermost.cards.told_replies import _SAID
from pagerduty_mattermost.incidents.event_types import (
    EVENT_TYPES,
    EXPLAINS,
    FIELD_EVENT_TYPES,
    SILENT_TYPES,
    STATUS_AFTER,
    UNDOES_ACKNOWLEDGEMENT,
    WEBHOOK_ONLY_EVENTS,
)
from pagerduty_mattermost.incidents.log_entries import _ENDS_SNOOZE
from pagerduty_mattermost.noise.flapping import CLOSING_EVENTS, OPENING_EVENTS
from pagerduty_mattermost.noise.moves import MOVES
from pagerduty_mattermost.noise.reminder_rules import BEGINNINGS
from pagerduty_mattermost.sensor.open_summary import MARKS
from pagerduty_mattermost.sensor.webhook import SUBSCRIBED_EVENTS

OF_THE_LOG = {
    *EVENT_TYPES.values(),
    *FIELD_EVENT_TYPES.values(),
    "incident.merged",
}
"""Every event type that a log entry becomes."""

EXPLAINS_NOTHING = {
    "incident.annotated",
    "incident.snoozed",
    "incident.status_update_published",
    "incident.responder.added",
    "incident.responder.replied",
    "incident.service_updated",
    "incident.custom_field_values.updated",
}
"""They change nothing that the sensor compares."""
OPENS_OR_CLOSES = {
    "incident.triggered",
    "incident.reopened",
    "incident.unacknowledged",
    "incident.resolved",
    "incident.merged",
}
TOLD_BY_PAGERDUTY = {"incident.updated"}
NO_SIGN_OF_WORK = {
    *OPENS_OR_CLOSES,
    "incident.updated",
    "incident.urgency_updated",
    "incident.title_updated",
    "incident.service_updated",
    "incident.custom_field_values.updated",
    "incident.incident_type.changed",
    "incident.conference_bridge.updated",
}


STATUS_STAYS = {
    "incident.annotated",
    "incident.snoozed",
    "incident.status_update_published",
    "incident.responder.added",
    "incident.responder.replied",
    "incident.service_updated",
    "incident.custom_field_values.updated",
    "incident.priority_updated",
    "incident.urgency_updated",
    "incident.title_updated",
    "incident.updated",
    "incident.incident_type.changed",
    "incident.conference_bridge.updated",
}


@pytest.mark.parametrize(
    ("meant", "others"),
    [
        (EXPLAINS.keys(), EXPLAINS_NOTHING),
        (WORDS.keys() - set(WEBHOOK_ONLY_EVENTS), TOLD_BY_PAGERDUTY),
        (MOVES, NO_SIGN_OF_WORK),
        (STATUS_AFTER.keys() | set(UNDOES_ACKNOWLEDGEMENT), STATUS_STAYS),
    ],
    ids=["EXPLAINS", "WORDS", "MOVES", "STATUS_AFTER"],
)
def test_every_event_type_was_decided(meant: AbstractSet[str], others: AbstractSet[str]) -> None:
    assert meant | others == OF_THE_LOG, "decide, and add it to the table or to its list here"
    assert not meant & others


@pytest.mark.parametrize(
    "some",
    [
        MENTIONING_EVENTS,
        UNDOES_ACKNOWLEDGEMENT,
        ENDS_MITIGATION,
        OPENING_EVENTS,
        CLOSING_EVENTS,
        BEGINNINGS,
        SUBSCRIBED_EVENTS,
        MARKS.keys(),
        _SAID.keys(),
        set(_ENDS_SNOOZE),
    ],
)
def test_the_shorter_lists_name_event_types_of_the_log(some: AbstractSet[str]) -> None:
    assert set(some) <= OF_THE_LOG


def test_a_rule_may_name_every_event_type() -> None:
    assert set(KNOWN_EVENTS) >= OF_THE_LOG | set(WEBHOOK_ONLY_EVENTS)


def test_what_the_webhook_alone_tells_has_words_of_its_own() -> None:
    assert set(WEBHOOK_ONLY_EVENTS) <= WORDS.keys()
    assert set(WEBHOOK_ONLY_EVENTS).isdisjoint(OF_THE_LOG)


def test_silent_entries_have_no_event() -> None:
    assert SILENT_TYPES.isdisjoint(EVENT_TYPES)
