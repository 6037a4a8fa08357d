"""incident.get: a drop-in for the Exchange pack's, through the one entry point for plain REST
calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import yaml
from pagerduty_rest import PagerDutyRest
from st2tests.base import BaseActionTestCase

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer

ROOT = Path(__file__).resolve().parents[2]
METADATA: Dict[str, Any] = yaml.safe_load((ROOT / "actions" / "incident.get.yaml").read_text())
UNSET = {name: spec.get("default") for name, spec in METADATA["parameters"].items()}


class IncidentGetTestCase(BaseActionTestCase):
    action_cls = PagerDutyRest

    def setUp(self) -> None:
        super().setUp()
        clock = Clock()
        self.server = PagerDutyServer(SandboxJournal(clock), clock)
        self.server.start()
        self.addCleanup(self.server.stop)
        self.incident = self.server.account.trigger("Checkout API", "Disk full", priority="P1")

    def get(self, config: Any = None, **parameters: Any) -> Any:
        """As StackStorm calls it: every declared parameter arrives, unset ones as None."""
        settings = {
            "api_key": API_KEY,
            "api_url": self.server.url,
            "timeouts": {"connect": 5, "read": 10},
            **(config or {}),
        }
        action = self.get_action_instance(config=settings)
        action.sleep = lambda _: None
        return action.run(**{**UNSET, **parameters})

    def test_the_result_is_the_bare_incident(self) -> None:
        succeeded, result = self.get(entity_id=self.incident.id)
        assert succeeded is True
        assert (result["id"], result["title"], result["status"]) == (
            self.incident.id,
            "Disk full",
            "triggered",
        )
        assert json.loads(json.dumps(result)) == result
        assert [e.path for e in self.server.journal.entries] == [f"/incidents/{self.incident.id}"]

    def test_include_is_passed_on(self) -> None:
        self.server.account.set_conference(self.incident, url="https://meet.example.com/1")
        succeeded, result = self.get(entity_id=self.incident.id, include=["conference_bridge"])
        assert succeeded is True
        assert result["conference_bridge"]["conference_url"] == "https://meet.example.com/1"

    def test_an_empty_list_as_the_command_line_passes_it_is_none(self) -> None:
        assert self.get(entity_id=self.incident.id, include=[""])[0] is True
        assert self.server.journal.entries[-1].query == ()

    def test_an_unknown_incident_is_a_line(self) -> None:
        succeeded, message = self.get(entity_id="PNOSUCH")
        assert succeeded is False
        assert "404" in message
        assert "\n" not in message

    def test_text_that_is_no_id_is_never_sent(self) -> None:
        for text in ("../users/me", "PABC/notes", "", "P?x", "PABC#"):
            succeeded, message = self.get(entity_id=text)
            assert succeeded is False
            assert message.startswith("entity_id: ")
            assert "a PagerDuty id" in message
        assert self.server.journal.entries == []

    def test_a_wrong_key_is_told_without_any_of_it(self) -> None:
        succeeded, message = self.get({"api_key": "wrongWRONGwxyz"}, entity_id=self.incident.id)
        assert succeeded is False
        assert "api_key" in message
        assert "wxyz" not in message

    def test_a_missing_key_is_told(self) -> None:
        succeeded, message = self.get({"api_key": None}, entity_id=self.incident.id)
        assert succeeded is False
        assert "api_key is empty" in message

    def test_trouble_for_a_moment_is_waited_out(self) -> None:
        for kind in ("drop", "truncate", "bad_json", "html", "empty"):
            self.server.faults.add(kind, times=1)
            assert self.get(entity_id=self.incident.id)[0] is True, kind
        for status in (429, 500, 502, 503):
            self.server.faults.add("status", status=status, times=2)
            assert self.get(entity_id=self.incident.id)[0] is True, status

    def test_trouble_that_stays_is_a_line(self) -> None:
        self.server.stop()
        succeeded, message = self.get(entity_id=self.incident.id)
        assert succeeded is False
        assert "no connection" in message

    def test_the_exchange_packs_parameters_and_shape_are_kept(self) -> None:
        assert METADATA["parameters"]["entity_id"]["required"] is True
        required = [
            n
            for n, p in METADATA["parameters"].items()
            if p.get("required") and not p.get("immutable")
        ]
        assert required == ["entity_id"]
