"""What tests of posts.reconcile stand on: what the sensor has committed, the rules, and what came
through to Mattermost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict, List

from incident_world import IncidentActionCase, happened
from post_incident import PostIncident
from posts_reconcile import PostsReconcile
from repaint_incident import RepaintIncident

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.known_states import REPORTED, SensorState, known_of
from pagerduty_mattermost.incidents.state_store import StateStore

LATER = 400.0
"""Seconds after which nothing is on its way any more."""


class ReconcileCase(IncidentActionCase):
    __test__ = False
    action_cls = PostsReconcile

    def setUp(self) -> None:
        super().setUp()
        self.account.set_options(rate_limit=None)
        self.store = Store(self.get_action_instance(self.settings()).action_service)
        self.origin = float(int(self.chat.clock()))
        self.rules: List[Any] = [rule("all", "incidents")]
        client = SimpleNamespace(
            rules=SimpleNamespace(get_all=lambda limit, offset: self.rules[offset:])
        )
        self.action_service.datastore_service.get_api_client = lambda: client
        self.chat.clock.advance(10)

    def sensor(self, *incidents: Any) -> None:
        """What the sensor has committed: these were reported."""
        state = SensorState(self.origin, self.chat.clock())
        for one in incidents:
            shown = self.incident(one)
            state.put(
                one.id,
                known_of(shown, shown.status, self.chat.clock(), REPORTED, self.chat.clock()),
            )
        StateStore(self.store).compact(state)

    def by_rule(self, incident: Any, *kinds: str, only: Any = None) -> None:
        """The change came through, as it should; or `only` to one of the two actions that should
        have it."""
        shown = self.incident(incident)
        entries = [row for row in self.log(incident) if row["type"].split("_")[0] in kinds]
        events = [
            happened(1, kind_of(row), row["created_at"])._replace(event_id=row["id"])
            for row in reversed(entries)
        ]
        change = self.change(shown, *events)
        for cls, given in (
            (PostIncident, {"channel": "incidents", "route": "all"}),
            (RepaintIncident, {}),
        ):
            if only not in (None, cls):
                continue
            action = cls(self.settings(), self.action_service)
            action.sleep, action.monotonic, action.clock = (
                self.chat.sleep,
                self.chat.clock,
                self.chat.clock,
            )
            succeeded, result = action.run(change=change, incident_id=None, **given)
            assert succeeded, result

    def log(self, incident: Any) -> List[Dict[str, Any]]:
        gateway = self.get_action_instance(self.settings()).context.pagerduty
        return list(gateway.list_all(f"/incidents/{incident.id}/log_entries", "log_entries").items)

    def cards(self, channel: str = "incidents") -> List[Any]:
        return [post for post in self.chat.service.posts(channel) if post.attachments]

    def replies(self, card: Any) -> List[str]:
        return [post.message for post in self.chat.service.thread(card)]


def kind_of(row: Dict[str, Any]) -> str:
    return {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}[
        row["type"].split("_")[0]
    ]


def rule(name: str, channel: str, **given: Any) -> Any:
    parameters = {"change": "{{ trigger }}", "channel": channel, "route": name, **given}
    return SimpleNamespace(
        ref=f"pagerduty.{name}",
        enabled=True,
        trigger={"type": "pagerduty.incident"},
        criteria={},
        action={"ref": "pagerduty.mattermost.post_incident", "parameters": parameters},
    )
