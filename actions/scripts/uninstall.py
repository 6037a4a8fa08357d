"""uninstall: what the pack made elsewhere is taken away; asks first."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class UninstallPack(PackAction):
    def act(
        self,
        confirm: Optional[str] = "",
        admin_token_key: Optional[str] = None,
        without: Optional[List[str]] = None,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.operations.uninstall import Uninstall

        def delete_commands() -> List[str]:
            from pagerduty_mattermost.chat import setup
            from pagerduty_mattermost.chat.setup_steps import PROBLEM
            from pagerduty_mattermost.gateways.stackstorm import lent_secret

            token = ""
            if admin_token_key:
                token = lent_secret.take(self.action_service, admin_token_key, "admin_token_key")
            steps = setup.tear_down(self.context, token)
            return [step.text for step in steps if step.state == PROBLEM]

        leaving = Uninstall(self.context, delete_commands, listed(without))
        return leaving.run((confirm or "").strip())
