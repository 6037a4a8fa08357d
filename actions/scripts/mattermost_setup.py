"""mattermost.setup and mattermost.teardown: /pd in Mattermost made, tried and taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.setup import Step
    from pagerduty_mattermost.gateways.mattermost.admin import Admin


class MattermostSetup(PackAction):
    def act(
        self,
        verb: str = "setup",
        triggers: Any = None,
        notes: Optional[bool] = None,
        admin_token: Optional[str] = None,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.chat import setup as chat_setup

        admin = self._admin(admin_token or "")
        if verb == "teardown":
            return self._told(
                chat_setup.teardown(
                    admin, self.context.store, self.context.settings.mattermost.team
                )
            )
        setup = chat_setup.Setup(
            self.context.mattermost,
            admin,
            self.context.store,
            self.context.channels,
            self.context.settings,
            self.context.log,
            self.context.sleep,
        )
        return self._told(setup.run(listed(triggers), notes=notes is not False))

    def _admin(self, token: str) -> Admin:
        from pagerduty_mattermost.core.config.reader import Secret
        from pagerduty_mattermost.core.config.settings import require_mattermost
        from pagerduty_mattermost.gateways.mattermost.admin import Admin
        from pagerduty_mattermost.gateways.mattermost.client import Mattermost

        if not token:
            return Admin(self.context.mattermost)
        settings = require_mattermost(self.context.settings)._replace(token=Secret(token))
        return Admin(
            Mattermost(settings, monotonic=self.context.monotonic, sleep=self.context.sleep)
        )

    def _told(self, steps: List[Step]) -> Dict[str, Any]:
        """Raises NotAllWell, after which the log has all of it."""
        from pagerduty_mattermost.chat.setup import NotAllWell

        for step in steps:
            self.context.log.info("%s: %s", step.state, step.text)
        problems = [step.text for step in steps if step.state == "problem"]
        if problems:
            raise NotAllWell(" | ".join(problems))
        lines = [f"- {step.state}: {step.text}" for step in steps]
        return {"steps": [step._asdict() for step in steps], "message": "\n".join(lines)}
