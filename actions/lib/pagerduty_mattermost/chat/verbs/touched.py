"""What a command that names no incident changes at PagerDuty, as PagerDuty gives it, with its
teams: of a `Verb` its `touches`. Read only for somebody who acts by a role in a team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List

from pagerduty_mattermost.core.errors import NotFound, wrong_field
from pagerduty_mattermost.gateways.pagerduty.client import segment
from pagerduty_mattermost.gateways.pagerduty.references import KINDS, resolve, row_by_id

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.command import Command
    from pagerduty_mattermost.gateways.context import Context


def of_id(context: Context, kind: str, id: str) -> Dict[str, Any]:
    """The service, schedule or escalation policy of this id. Raises NotFound."""
    row = row_by_id(context.pagerduty, kind, segment(id))
    if row is None:
        raise NotFound(f"PagerDuty shows no {KINDS[kind].word} {id}")
    return row


def named_service(context: Context, command: Command) -> List[Dict[str, Any]]:
    """The service that `service` names."""
    with wrong_field("service"):
        found = resolve(context.pagerduty, "service", command.service)
    return [of_id(context, "service", found.id)]


def named_schedule(context: Context, command: Command) -> List[Dict[str, Any]]:
    """The schedule that `service` names."""
    found = resolve(context.pagerduty, "schedule", command.service)
    return [of_id(context, "schedule", found.id)]
