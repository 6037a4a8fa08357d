"""mattermost.setup and mattermost.teardown: /pd in Mattermost made, tried and taken away."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class MattermostSetup(PackAction):
    def act(
        self,
        verb: str = "setup",
        triggers: Any = None,
        notes: Optional[bool] = None,
        admin_token_key: Optional[str] = None,
        take_over: Optional[bool] = None,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.chat import setup
        from pagerduty_mattermost.chat.setup_steps import result_of
        from pagerduty_mattermost.gateways.stackstorm import lent_secret

        token = ""
        if admin_token_key:
            token = lent_secret.take(self.action_service, admin_token_key, "admin_token_key")
        if verb == "teardown":
            steps = setup.tear_down(self.context, token)
        else:
            steps = setup.set_up(
                self.context,
                listed(triggers),
                notes=notes is not False,
                admin_token=token,
                take_over=take_over is True,
            )
        return result_of(steps, self.context.log)
