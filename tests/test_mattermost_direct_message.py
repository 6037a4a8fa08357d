"""mattermost.direct_message: to users by name, and to those an incident concerns."""

from __future__ import annotations

from typing import Any, Dict, List

from chat_world import ChatActionCase
from mattermost_direct_message import DirectMessage

from pagerduty_mattermost.incident import Change, Incident, IncidentEvent, Person, to_payload
from sandbox.journal import Journal
from sandbox.pagerduty import API_KEY, PagerDutyServer

UNSET: Dict[str, Any] = {"users": None, "message": None, "key": None, "change": None, "to": "assignees"}


class DirectMessageTestCase(ChatActionCase):
    __test__ = True
    action_cls = DirectMessage

    def told(self, username: str) -> List[str]:
        return [post.message for post in self.chat.service.direct_posts(username, "pagerduty")]

    def test_each_user_is_told_whatever_way_they_are_named(self) -> None:
        users = ["@ada", "grace@example.com", self.chat.world.users["mei"].id, "ada"]
        result = self.done(**{**UNSET, "users": users, "message": "hello"})
        assert [sent["username"] for sent in result["sent"]] == ["ada", "grace", "mei"]
        assert [self.told(name) for name in ("ada", "grace", "mei", "olu")] == [["hello"]] * 3 + [[]]

    def test_users_typed_on_a_command_line_arrive_right(self) -> None:
        self.done(**{**UNSET, "users": ["[@ada", "@mei]"], "message": "x"})
        self.done(**{**UNSET, "users": "@ada,@mei", "message": "y"})
        assert [self.told("ada"), self.told("mei")] == [["x", "y"]] * 2

    def test_nobody_is_told_when_one_of_them_does_not_exist(self) -> None:
        assert "nobody" in self.refused(**{**UNSET, "users": ["@ada", "@nobody"], "message": "x"})
        self.chat.service.activate("mei", False)
        assert "deactivated" in self.refused(**{**UNSET, "users": ["@ada", "@mei"], "message": "x"})
        assert self.told("ada") == []

    def test_a_key_reaches_each_user_once_and_a_repeated_run_the_others(self) -> None:
        self.chat.server.faults.add("drop", method="POST", path="/posts$", skip=1)
        line = self.refused(**{**UNSET, "users": ["@ada", "@mei"], "message": "x", "key": "k"})
        assert "Sent to 1, not to mei" in line
        self.chat.server.faults.clear()
        self.chat.clock.advance(3600)
        self.done(**{**UNSET, "users": ["@ada", "@mei"], "message": "x", "key": "k"})
        assert [self.told("ada"), self.told("mei")] == [["x"], ["x"]]

    def test_a_mistake_is_told(self) -> None:
        assert "Give either users, or change" in self.refused(**{**UNSET, "message": "x"})
        assert "Give either users, or change" in self.refused(
            **{**UNSET, "users": ["@ada"], "change": {"incident": {}}}
        )
        assert "Nothing to send" in self.refused(**{**UNSET, "users": ["@ada"]})
        assert "payload of the trigger" in self.refused(**{**UNSET, "change": {"x": 1}})


class DirectMessageOfIncidentTestCase(ChatActionCase):
    __test__ = True
    action_cls = DirectMessage

    def setUp(self) -> None:
        super().setUp()
        self.pagerduty = PagerDutyServer(Journal(self.chat.clock), self.chat.clock)
        self.pagerduty.start()
        self.addCleanup(self.pagerduty.stop)
        account = self.pagerduty.account
        self.people = {
            name.split()[0].lower(): Person(account.find("users", name)["id"], name)
            for name in ("Ada Lovelace", "Grace Hopper", "Mei Tanaka")
        }
        service = account.find("services", "Checkout API")
        self.incident = Incident(
            id="Q1ABC",
            number=7,
            title="Disk full @here",
            service=service["name"],
            service_id=service["id"],
            escalation_policy_id=service["escalation_policy_id"],
            assignees=(self.people["ada"], self.people["mei"]),
            url="https://example.pagerduty.com/incidents/Q1ABC",
        )

    def told(self, username: str) -> List[str]:
        return [post.message for post in self.chat.service.direct_posts(username, "pagerduty")]

    def run_for(self, *events: IncidentEvent, **params: Any) -> Dict[str, Any]:
        raw = {**self.chat.raw(), "api_key": API_KEY, "api_url": self.pagerduty.url}
        change = to_payload(Change(self.incident, events))
        succeeded, result = self.act(raw, **{**UNSET, "change": change, **params})
        assert succeeded, result
        return result  # type: ignore[no-any-return]

    def test_the_assignees_are_told_once_of_each_event(self) -> None:
        for event_id in ("e1", "e1", "e2", "e1"):
            self.run_for(IncidentEvent(event_id, "incident.triggered"))
        assert len(self.told("ada")) == len(self.told("mei")) == 2
        (line, _) = self.told("ada")
        assert "Checkout" in line
        assert self.incident.url in line
        assert "@here" not in line

    def test_whoever_did_it_is_not_told_of_it(self) -> None:
        self.run_for(IncidentEvent("e1", "incident.acknowledged", agent=self.people["ada"]))
        assert (len(self.told("ada")), len(self.told("mei"))) == (0, 1)

    def test_who_is_on_call_is_told(self) -> None:
        result = self.run_for(IncidentEvent("e1", "incident.triggered"), to="oncall", message="You are on call.")
        assert result["sent"]
        for sent in result["sent"]:
            assert self.told(sent["username"])[0].startswith("You are on call.\n")

    def test_a_user_whom_mattermost_does_not_know_is_complained_of_once(self) -> None:
        self.chat.service.activate("mei", False)
        for event_id in ("e1", "e2"):
            result = self.run_for(IncidentEvent(event_id, "incident.triggered"))
            assert result["missed"] == ["Mei Tanaka"]
        assert len(self.told("ada")) == 2
        (complaint,) = self.chat.messages("ops")
        assert "Mei Tanaka could not be told" in complaint

    def test_an_incident_nobody_is_assigned_to_tells_nobody(self) -> None:
        self.incident = self.incident._replace(assignees=())
        assert self.run_for(IncidentEvent("e1", "incident.resolved"))["message"] == "Sent to 0."
