"""playbook.start, .tasks, .todo, .check, .assign, .add_task, .edit_task, .move_task, .remove_task,
.stage, .role, .update, .remind, .end, .restart: see `runs.by_hand`."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class RunAct(PackAction):
    def act(self, what: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.runs import by_hand

        return by_hand.act(self.context, what, params)
