"""Cards as actions post them: the change they were given, and `Posts` with all that it needs."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Tuple

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.publisher import Posts
from pagerduty_mattermost.cards.quiet_hours import Hours
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.incidents.incident import Change, Incident, from_payload


def change_of(
    context: Context, change: Optional[Mapping[str, Any]], incident_id: Optional[str]
) -> Change:
    """The trigger's payload, or the incident as PagerDuty has it now. Raises RejectedInput when it
    is neither."""
    if bool(change) == bool(incident_id):
        raise RejectedInput("Give either change (in a rule: '{{ trigger }}') or incident_id")
    if incident_id:
        return alert_details.fetch(context.pagerduty, incident_id.strip())
    try:
        return from_payload(change or {})
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RejectedInput(
            "change must be the payload of the trigger pagerduty.incident: '{{ trigger }}'"
        ) from None


def posts(context: Context) -> Posts:
    """What shows and repaints cards, with the configuration's buttons, quiet hours and zone."""
    settings = context.settings

    def card_buttons(incident: Incident) -> Tuple[Mapping[str, Any], ...]:
        chat = settings.chat
        if not chat.has_buttons:
            return ()
        key = chat.signing_keys[0].reveal()
        return buttons.actions(incident, chat.public_url, key, context.clock())

    def with_details(change: Change, incident: Incident, birth: bool) -> Incident:
        asked = alert_details.wanted(change, incident, birth=birth)
        if not any(asked.values()):
            return incident
        try:
            return alert_details.with_extras(incident, context.pagerduty_soon, asked, context.log)
        except PackError as error:
            context.log.info(
                "Incident %s is shown without its alert's details: %s", incident.id, error
            )
            return incident

    return Posts(
        context.mattermost,
        context.store,
        context.channels,
        zone=times.zone(settings.time_zone),
        mentions=Mentions(
            context.mattermost, lambda: context.pagerduty_soon, context.store, log=context.log
        ),
        extras=with_details,
        buttons=card_buttons,
        hours=Hours(settings.quiet_hours, settings.time_zone, context.clock),
        log=context.log,
        clock=context.clock,
        monotonic=context.monotonic,
    )
