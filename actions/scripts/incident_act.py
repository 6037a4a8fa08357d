"""incident.update, .manage, .escalate, .unacknowledge, .reopen, .set_priority, .find_open: see
`incident_updates`."""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.action_bases.inputs import checked
from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.action_bases.rest_call import NO_SENDER


class IncidentAct(PackAction):
    def act(self, schema: str, **params: Any) -> Any:
        from pagerduty_mattermost.gateways.pagerduty import incident_updates as acts
        from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident

        sender = str(params.get("from_email") or self.context.settings.pagerduty.from_email)
        missing = [] if sender or schema == "incident.find_open" else [NO_SENDER]
        given = checked(self.context, schema, params, missing)
        if schema == "incident.find_open":
            found = acts.find_open(self.context.pagerduty, given, now=self.context.clock())
            return {
                "incidents": found.items,
                "count": len(found.items),
                "truncated": found.truncated,
            }
        if schema == "incident.manage":
            ids = given.pop("incident_ids")
            outcome = acts.manage(self.context.pagerduty, ids, given, from_email=sender)
            return list(outcome.whole().after)
        pagerduty, id = self.context.pagerduty, given.pop("entity_id")
        if schema == "incident.escalate":
            level, incident = given.get("escalation_level"), get_incident(pagerduty, id)
            return acts.escalate(pagerduty, incident, level, from_email=sender)
        if schema in ("incident.reopen", "incident.unacknowledge"):
            before = "resolved" if schema == "incident.reopen" else "acknowledged"
            incident = get_incident(pagerduty, id)
            return acts.back_to_triggered(pagerduty, incident, before, from_email=sender)
        return acts.update(pagerduty, id, given, from_email=sender)
