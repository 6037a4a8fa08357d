"""oncall.who: who is on call now, for a policy, a schedule or a service."""

from __future__ import annotations

from typing import Any, Dict, List

from oncall_who import OnCallWho
from st2tests.base import BaseActionTestCase

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer


class OnCallWhoTestCase(BaseActionTestCase):
    action_cls = OnCallWho

    def setUp(self) -> None:
        super().setUp()
        clock = Clock(1795232710.0)
        self.server = PagerDutyServer(SandboxJournal(clock), clock)
        self.server.start()
        self.addCleanup(self.server.stop)

    def who(self, **parameters: Any) -> Any:
        settings = {"api_key": API_KEY, "api_url": self.server.url, "time_zone": "Europe/Berlin"}
        action = self.get_action_instance(config=settings)
        action.sleep = lambda _: None
        return action.run(
            **{"escalation_policy": None, "schedule": None, "service": None, **parameters}
        )

    def id(self, kind: str, name: str) -> str:
        return str(self.server.account.find(kind, name)["id"])

    def paths(self) -> List[str]:
        return [entry.path for entry in self.server.journal.entries]

    def names(self, result: Dict[str, Any]) -> List[Any]:
        return [
            (row["level"], row["user"]["name"], row["user"]["email"]) for row in result["oncalls"]
        ]

    def test_a_policy_by_id_takes_one_request(self) -> None:
        succeeded, result = self.who(
            escalation_policy=self.id("escalation_policies", "Payments escalation")
        )
        assert succeeded is True
        assert self.names(result) == [
            (1, "Ada Lovelace", "ada@example.com"),
            (2, "Grace Hopper", "grace@example.com"),
            (3, "Radia Perlman", "radia@example.com"),
        ]
        assert result["message"] == (
            "On call for Payments escalation: level 1 Ada Lovelace; level 2 Grace Hopper; "
            "level 3 Radia Perlman"
        )
        assert self.paths() == ["/oncalls"]

    def test_a_schedule_tells_until_when_in_the_configured_zone(self) -> None:
        succeeded, result = self.who(schedule="platform rotation")
        assert succeeded is True
        row = result["oncalls"][0]
        assert row["schedule"] == "Platform rotation"
        assert row["policy"] == "Platform escalation"
        assert row["start"] < row["end"]
        assert "(until " in result["message"]
        assert " CET)" in result["message"]

    def test_a_service_means_its_escalation_policy(self) -> None:
        for text in ("Storefront", self.id("services", "Storefront")):
            before = len(self.paths())
            succeeded, result = self.who(service=text)
            assert succeeded is True
            assert [row[:2] for row in self.names(result)] == [
                (1, "Mei Tanaka"),
                (2, "Olu Adeyemi"),
            ]
            assert result["message"].startswith("On call for Storefront: ")
            assert len(self.paths()) == before + 2

    def test_exactly_one_question_is_answered(self) -> None:
        for parameters in (
            {},
            {"service": " "},
            {"service": "Storefront", "schedule": "Platform rotation"},
        ):
            succeeded, message = self.who(**parameters)
            assert succeeded is False
            assert "exactly one of" in message

    def test_an_unknown_name_suggests_and_an_unknown_id_is_told(self) -> None:
        succeeded, message = self.who(service="Storefrnt")
        assert succeeded is False
        assert "did you mean Storefront" in message
        succeeded, message = self.who(escalation_policy="PNOSUCH1")
        assert succeeded is False
        assert "there is no escalation policy 'PNOSUCH1'" in message

    def test_nobody_on_call_is_said(self) -> None:
        empty = self.server.account.add(
            "escalation_policies",
            "Empty escalation",
            description="",
            num_loops=0,
            rules=[],
            team_ids=[],
        )
        for text in ("Empty escalation", empty["id"]):
            assert self.who(escalation_policy=text) == (
                True,
                {"oncalls": [], "message": "On call for Empty escalation: nobody"},
            )

    def test_a_name_that_would_act_in_a_message_does_not(self) -> None:
        self.server.account.find("users", "Mei Tanaka")["name"] = "@here [x](http://evil.example)"
        succeeded, result = self.who(service="Storefront")
        assert succeeded is True
        assert "@here" not in result["message"]
        assert "](http" not in result["message"]
        assert result["oncalls"][0]["user"]["name"] == "@here [x](http://evil.example)"

    def test_trouble_for_a_moment_is_waited_out_and_trouble_that_stays_is_a_line(self) -> None:
        for kind in ("drop", "truncate", "bad_json", "html", "empty"):
            self.server.faults.add(kind, times=1)
            assert self.who(schedule="Platform rotation")[0] is True, kind
        self.server.faults.add("status", status=500)
        succeeded, message = self.who(escalation_policy="Web escalation")
        assert succeeded is False
        assert "PagerDuty has trouble (500)" in message
