"""What a run's conditions, and tasks that tick themselves, ask of its incident, as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from pagerduty_mattermost.core.errors import NotFound, RejectedInput, RetryLater, Unauthorized
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.rows import rows_of
from pagerduty_mattermost.playbooks.conditions import (
    IncidentFacts,
    asks_custom_fields,
    custom_field_values,
    facts_of,
    wanted_of,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change, Incident
    from pagerduty_mattermost.playbooks.playbook import Playbook

CUSTOM_FIELDS_EVENT = "incident.custom_field_values.updated"


def read(context: Context, playbook: Playbook, incident: Incident) -> IncidentFacts:
    """Custom fields are asked for only where a condition is about one. What PagerDuty does not
    tell for now the round over runs asks for again."""
    wanted = wanted_of(playbook)
    if not asks_custom_fields(playbook):
        return facts_of(incident, wanted=wanted)
    try:
        return facts_of(incident, _fields(context, incident), wanted)
    except RetryLater as error:
        context.log.info("Custom fields of %s are read later: %s", incident.id, error)
        return facts_of(incident, wanted=wanted)


def read_again(
    context: Context, playbook: Playbook, change: Change, before: IncidentFacts
) -> IncidentFacts:
    """After something has happened to the incident: custom fields are asked for where they were
    changed, or are not known."""
    fields = before.custom_fields
    changed = CUSTOM_FIELDS_EVENT in change.event_types
    if asks_custom_fields(playbook) and (changed or not fields):
        fields = _fields(context, change.incident)
    return facts_of(change.incident, fields, wanted_of(playbook))


def _fields(context: Context, incident: Incident) -> Tuple[Tuple[str, Tuple[str, ...]], ...]:
    path = fill("/incidents/{id}/custom_fields/values", id=incident.id)
    try:
        return custom_field_values(rows_of(context.pagerduty.get(path), "custom_fields"))
    except (NotFound, Unauthorized, RejectedInput):
        return ()  # not every account has them
