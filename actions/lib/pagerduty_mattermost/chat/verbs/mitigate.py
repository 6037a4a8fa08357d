"""`mitigate`: the harm has stopped, the cause is still being looked for. PagerDuty has no such
state, so it is told in a note and a status update, and the cards are marked until the incident is
reopened or resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.cards.records import Mark, Records
from pagerduty_mattermost.chat.command import Answer, Said, incident_of, named, the_one
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.text import clean, escape
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.create_once import create
from pagerduty_mattermost.gateways.pagerduty.notes import write_note

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def mitigate(context: Context, said: Said) -> Answer:
    email, incident = the_one(context, said)
    if not incident.is_open:
        raise RejectedInput(
            f"incident #{incident.number} is {incident.status}: only an open one can be mitigated"
        )
    if incident.status == "triggered":
        body = [{"id": incident.id, "type": "incident_reference", "status": "acknowledged"}]
        answer = context.pagerduty.put("/incidents", {"incidents": body}, from_email=email)
        rows = answer.get("incidents")
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            incident = incident_of(rows[0])
    words = clean(said.text).strip()
    text = f"Mitigated: {words}" if words else f"Mitigated by {email}"
    write_note(context.pagerduty, incident.id, text, from_email=email)
    at = context.pagerduty.last_server_time or context.clock()
    Records(context.store, incident.id, context.log).save_mark(Mark(email, times.iso(at)))
    lines = [f"{named(incident)} is marked as mitigated in the name of {escape(email)}."]
    update = fill("/incidents/{incident}/status_updates", incident=incident.id)
    try:
        create(context.pagerduty, update, {"message": text}, {}, email, "", "")
    except PackError as error:
        lines.append(f"The note is there, the status update failed: {escape(str(error))}")
    return Answer("\n".join(lines), (incident.id,), email)
