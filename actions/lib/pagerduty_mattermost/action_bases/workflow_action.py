"""`IdsAction`: base of the actions that workflows are made of. What they return is ids, numbers
and words of a fixed set, because orquesta evaluates YAQL and Jinja inside values: text that passed
through a workflow would be run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Tuple

from pagerduty_mattermost.action_bases.pack_action import PackAction

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

NOTE_LIMIT = 20_000


class IdsAction(PackAction):
    def ready(
        self, schema: str, params: Mapping[str, Any], *, sends: bool = True
    ) -> Dict[str, Any]:
        """The parameters, checked; with `from_email` when the action `sends`. Raises RejectedInput
        naming all that is wrong."""
        from pagerduty_mattermost.action_bases.inputs import checked
        from pagerduty_mattermost.action_bases.rest_call import NO_SENDER

        if not sends:
            return {**checked(self.context, schema, params), "from_email": ""}
        sender = str(params.get("from_email") or self.context.settings.pagerduty.from_email)
        found = checked(self.context, schema, params, () if sender else [NO_SENDER])
        return {**found, "from_email": sender}


def ensure_note(
    pagerduty: PagerDuty, incident_id: str, mark: str, content: str, sender: str
) -> Tuple[str, bool]:
    """(id, whether it is new) of the incident's note whose first line is `mark`: the one that
    stands, or a new one."""
    from pagerduty_mattermost.core.text import cut
    from pagerduty_mattermost.gateways.pagerduty import create_once as create
    from pagerduty_mattermost.gateways.pagerduty.client import fill

    path = fill("/incidents/{id}/notes", id=incident_id)
    for note in pagerduty.get(path).get("notes") or []:
        if str(note.get("content") or "").split("\n", 1)[0].strip() == mark:
            return str(note.get("id") or ""), False
    body = {"note": {"content": cut(f"{mark}\n{content}", NOTE_LIMIT)}}
    answer = create.create(pagerduty, path, body, {}, sender, "note", "notes")
    return str((answer.get("note") or {}).get("id") or ""), True
