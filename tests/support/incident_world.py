"""Tests of actions that stand between the sandbox PagerDuty and the sandbox Mattermost."""

from __future__ import annotations

from typing import Any, Dict

from chat_world import ChatActionCase

from pagerduty_mattermost.incidents.incident import (
    Change,
    Incident,
    IncidentEvent,
    Person,
    to_payload,
)
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer


class IncidentActionCase(ChatActionCase):
    __test__ = False

    def setUp(self) -> None:
        super().setUp()
        self.calls = SandboxJournal(self.chat.clock)
        self.pager = PagerDutyServer(self.calls, self.chat.clock)
        self.pager.start()
        self.addCleanup(self.pager.stop)
        self.account = self.pager.account

    def settings(self, **changes: Any) -> Dict[str, Any]:
        raw = {**self.chat.raw(), "api_key": API_KEY, "api_url": self.pager.url, **changes}
        return {**raw, "timeouts": {"connect": 5, "read": 10}}

    def action(self, config: Any = None) -> Any:
        return super().action(config or self.settings())

    def run_as_a_rule(self, cls: Any, **params: Any) -> Any:
        """Another action's result, by the world's clock; it did what it was to do."""
        action = cls(self.settings(), self.action_service)
        action.sleep = self.chat.sleep
        action.monotonic = action.clock = self.chat.clock
        succeeded, result = action.run(**params)
        assert succeeded, result
        assert result.get("done") != "kept", result
        return result

    def incident(self, of: Any) -> Incident:
        """The incident as the sensor reports it."""
        answer = self.get_action_instance(self.settings()).context.pagerduty.get(
            f"/incidents/{of.id}"
        )["incident"]
        found = incident_from_rest(answer)
        assert found is not None
        return found

    def change(self, incident: Incident, *events: IncidentEvent) -> Dict[str, Any]:
        return to_payload(Change(incident, events, 1))


def happened(
    number: int,
    kind: str,
    at: str,
    agent: Person = Person("PX", "Ann"),  # noqa: B008
) -> IncidentEvent:
    return IncidentEvent(f"R{number}", f"incident.{kind}", at, agent)
