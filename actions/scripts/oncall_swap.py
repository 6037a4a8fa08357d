"""oncall.swap, .swap_take, .swap_cancel, .swap_list: somebody asks who takes their shift."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.inputs import checked
from pagerduty_mattermost.action_bases.pack_action import PackAction


class OnCallSwap(PackAction):
    def act(self, schema: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.oncall import swap_results

        acts = {
            "oncall.swap": swap_results.ask,
            "oncall.swap_take": swap_results.take,
            "oncall.swap_cancel": swap_results.cancel,
            "oncall.swap_list": swap_results.listed,
        }
        return acts[schema](self.context, checked(self.context, schema, params))
