"""`WorkflowAction`: base of the actions that workflows are made of.

What they return is ids, numbers and words of a fixed set, because orquesta evaluates YAQL and
Jinja inside values: text that passed through a workflow would be run.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping

from pagerduty_mattermost.action_bases.pack_action import PackAction


class WorkflowAction(PackAction):
    """Base of actions for workflows."""

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
