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
        admin_token: Optional[str] = None,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.chat import setup
        from pagerduty_mattermost.chat.setup_steps import result_of

        token = admin_token or ""
        if verb == "teardown":
            steps = setup.tear_down(self.context, token)
        else:
            words, wanted = listed(triggers), notes is not False
            steps = setup.set_up(self.context, words, notes=wanted, admin_token=token)
        return result_of(steps, self.context.log)
