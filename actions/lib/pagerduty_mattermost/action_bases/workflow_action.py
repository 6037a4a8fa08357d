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
        from pagerduty_mattermost.action_bases import inputs

        given = {name: value for name, value in params.items() if value is not None}
        sender = (
            str(given.get("from_email") or self.context.settings.pagerduty.from_email)
            if sends
            else ""
        )
        missing = [
            (
                "from_email: is missing; expected the e-mail address of a PagerDuty user, here "
                "or in the configuration"
            )
        ]
        found = inputs.require(
            inputs.load(schema),
            given,
            inputs.Terms(self.context.clock(), self.context.settings.time_zone),
            self.context.log.warning,
            missing if sends and not sender else (),
        )
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
