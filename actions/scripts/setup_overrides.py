"""setup.overrides: what is enabled of the pack, made to last over reloads and reinstalls."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class SetupOverrides(PackAction):
    def act(
        self,
        enable: Optional[List[str]] = None,
        disable: Optional[List[str]] = None,
        write: Optional[bool] = None,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.stackstorm.overrides_file import folder
        from pagerduty_mattermost.operations.overrides_setup import set_up

        return set_up(
            self.context.stackstorm(),
            folder(),
            enable=listed(enable),
            disable=listed(disable),
            write=write is True,
        )
