"""mattermost.tell_incident: a line to those whom an incident concerns."""

from __future__ import annotations

from typing import Any, Dict, List
from unittest.mock import patch

from chat_world import ChatActionCase
from mattermost_tell_incident import TellIncident

from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import (
    Change,
    Incident,
    IncidentEvent,
    Person,
    to_payload,
)
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer


class TellIncidentTestCase(ChatActionCase):
    __test__ = True
    action_cls = TellIncident

    def setUp(self) -> None:
        super().setUp()
        self.pagerduty = PagerDutyServer(SandboxJournal(self.chat.clock), self.chat.clock)
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

    def try_for(self, *events: IncidentEvent, **params: Any) -> Any:
        raw = {**self.chat.raw(), "api_key": API_KEY, "api_url": self.pagerduty.url}
        change = to_payload(Change(self.incident, events))
        return self.act(raw, **{"to": "assignees", "message": None, "change": change, **params})

    def run_for(self, *events: IncidentEvent, **params: Any) -> Dict[str, Any]:
        succeeded, result = self.try_for(*events, **params)
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
        result = self.run_for(
            IncidentEvent("e1", "incident.triggered"), to="oncall", message="You are on call."
        )
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
        assert "Mei Tanaka could not be notified" in complaint

    def test_an_incident_nobody_is_assigned_to_tells_nobody(self) -> None:
        self.incident = self.incident._replace(assignees=())
        assert self.run_for(IncidentEvent("e1", "incident.resolved"))["message"] == "Sent to 0."

    def test_an_outage_half_way_is_made_up_for_by_the_next_run(self) -> None:
        begun = IncidentEvent("e1", "incident.triggered")
        self.chat.server.faults.add("drop", method="POST", path="/posts$", skip=1)
        succeeded, result = self.try_for(begun)
        assert (succeeded, result["done"]) == (True, "kept")
        assert "Sent to 1, not to mei" in result["message"]
        self.chat.server.faults.clear()
        self.chat.clock.advance(60)
        self.run_for(begun)
        assert (len(self.told("ada")), len(self.told("mei"))) == (1, 1)

    def test_over_an_exchange_configuration_nothing_fails(self) -> None:
        change = to_payload(Change(self.incident))
        succeeded, result = self.act(
            {"api_key": "u+exchangePack1234567"}, change=change, to="oncall", message=None
        )
        assert (succeeded, result["done"]) == (True, "not_configured")

    def test_a_change_that_is_none_is_refused(self) -> None:
        line = self.refused(change={"x": 1}, to="oncall", message=None)
        assert "payload of the trigger" in line

    def test_a_strangers_name_pings_nobody_in_the_complaint(self) -> None:
        stranger = self.pagerduty.account.find("users", "Mei Tanaka")
        stranger.update(name="@channel [x](http://bad.example)", email="nobody@elsewhere.example")
        self.run_for(IncidentEvent("e1", "incident.triggered"))
        (complaint,) = self.chat.messages("ops")
        assert "@channel" not in complaint
        assert "](http" not in complaint

    def on_call(self, event: str, **params: Any) -> Dict[str, Any]:
        return self.run_for(IncidentEvent(event, "incident.triggered"), to="oncall", **params)

    def asked(self) -> int:
        return len(
            [one for one in self.pagerduty.journal.entries if one.path.startswith("/oncalls")]
        )

    def test_in_a_burst_pagerduty_is_asked_once_and_after_a_few_seconds_again(self) -> None:
        for number in range(5):
            self.on_call(f"e{number}")
        assert (self.asked(), len(self.told("ada"))) == (1, 5)
        policy = self.pagerduty.account.find("escalation_policies", "Payments escalation")
        policy["rules"][0]["targets"] = [("user", self.people["grace"].id)]
        self.chat.clock.advance(16)
        self.on_call("e9")
        assert (self.asked(), len(self.told("ada")), len(self.told("grace"))) == (2, 5, 1)

    def test_what_is_remembered_never_outlasts_a_shift(self) -> None:
        now = int(self.chat.clock())
        account = self.pagerduty.account
        rota = account.find("schedules", "Platform rotation")
        rota["overrides"] += [
            {"id": "Q1", "start": now - 60, "end": now + 5, "user_id": self.people["ada"].id},
            {"id": "Q2", "start": now + 5, "end": now + 600, "user_id": self.people["grace"].id},
        ]
        self.incident = self.incident._replace(
            escalation_policy_id=account.find("escalation_policies", "Platform escalation")["id"]
        )
        self.on_call("e1")
        self.chat.clock.advance(6)
        self.on_call("e2")
        assert (len(self.told("ada")), len(self.told("grace"))) == (1, 1)

    def test_when_pagerduty_can_not_tell_that_is_said_and_nobody_is_guessed(self) -> None:
        self.pagerduty.faults.add("status", path="/oncalls", status=503)
        for event in ("e1", "e2"):
            result = self.try_for(IncidentEvent(event, "incident.triggered"), to="oncall")[1]
            assert result["done"] == "kept"
        (complaint,) = self.chat.messages("ops")
        assert "is not known, so nobody got a direct message about it" in complaint
        assert self.incident.url in complaint
        assert "@here" not in complaint
        assert self.told("ada") == []
        self.pagerduty.faults.clear()
        self.on_call("e1")
        assert len(self.told("ada")) == 1

    def test_rows_of_another_policy_tell_nobody(self) -> None:
        """Something between that forgets the filter."""
        page = PagerDuty.page

        def unfiltered(pagerduty: Any, path: str, key: str, params: Any) -> Any:
            return page(pagerduty, path, key, {**params, "escalation_policy_ids": []})

        self.incident = self.incident._replace(escalation_policy_id="PNONE123")
        with patch.object(PagerDuty, "page", unfiltered):
            assert self.on_call("e1")["sent"] == []
        (complaint,) = self.chat.messages("ops")
        assert complaint.startswith(":warning: Nobody is on call")

    def test_an_admins_link_counts_before_the_address(self) -> None:
        account = self.chat.gateway().user_by_username("grace")
        action = self.action()
        link = {
            "how": "link",
            "id": self.people["ada"].id,
            "username": "grace",
            "at": "2026-11-21T08:00:00Z",
        }
        Store(action.action_service).write(f"identity.{account.id}", link)
        self.on_call("e1")
        assert (len(self.told("ada")), len(self.told("grace"))) == (0, 1)
