"""What tests of oncall.watch stand on: a rota of two people with an escalation policy, on both
sandboxes, time moved."""

from __future__ import annotations

from typing import Any, Dict, List

from oncall_case import OnCallCase, moment

from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE as ZW
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

MEI, OLU, ADA = f"@{ZW}mei", f"@{ZW}olu", f"@{ZW}ada"


class WatchCase(OnCallCase):
    """A rota that Mei and Olu have by turns, a day each from 9:00 on; it is Monday 10:00 and Mei's
    turn."""

    def setUp(self) -> None:
        super().setUp()
        self.rota = self.schedule(
            "Mornings", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
        )
        self.policy(
            "Morning escalation",
            [("schedule", self.rota["id"])],
            [("user", self.user("Ada Lovelace"))],
        )
        self.terms(channels={"Mornings": "incidents"}, contact_check_before=0, remind_before=0)

    def terms(self, **changes: Any) -> None:
        self.settings["oncall"] = {**self.settings.get("oncall", {}), **changes}

    def look(self, now: float = 0.0, **params: Any) -> Dict[str, Any]:
        if now:
            self.at(now)
        self.chat.service.forget_pending()
        result: Dict[str, Any] = self.done("oncall.watch", **params)
        return result

    def told(self, username: str) -> List[str]:  # type: ignore[override]
        return [post.message for post in self.chat.service.direct_posts(username, "pagerduty")]

    def override(self, name: str, start: float, end: float) -> Dict[str, Any]:
        made: Dict[str, Any] = self.account.cover("Mornings", name, int(end - start), int(start))
        return made

    def cancel(self, override: Dict[str, Any], at: float) -> None:
        """It ends then, as DELETE does."""
        for row in (*self.rota["overrides"], *self.rota.get("shift_overrides", ())):
            if row["id"] == override["id"]:
                row["end"] = int(at)

    def store(self) -> Store:
        return Store(self.get_action_instance(config=self.settings).action_service)
