"""Runs any action of the pack against a sandbox PagerDuty as StackStorm does: by its metadata, all
parameters given."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path
from typing import Any, Dict, List, Tuple

import openapi
from pack_files import ROOT, load
from pagerduty_rest import PagerDutyRest
from st2tests.base import BaseActionTestCase

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer
from standalone.parameters import RUNNER_PARAMETERS

NOW = 1795232710.0
SENDER = "ada@example.com"


def metadata(name: str) -> Dict[str, Any]:
    return load(ROOT / "actions" / f"{name}.yaml")


class ActionsTestCase(BaseActionTestCase):
    """A sandbox for each test, and `run`. Whatever was sent and taken must fit PagerDuty's
    contract."""

    action_cls = PagerDutyRest

    def setUp(self) -> None:
        super().setUp()
        clock = Clock(NOW)
        self.server = PagerDutyServer(SandboxJournal(clock), clock)
        self.server.start()
        self.addCleanup(self.server.stop)
        self.account = self.server.account
        self.settings: Dict[str, Any] = {
            "api_key": API_KEY,
            "api_url": self.server.url,
            "events_url": self.server.url,
            "from_email": SENDER,
            "timeouts": {"connect": 5, "read": 10},
        }
        self.warnings: List[str] = []
        self.now = NOW

    def tearDown(self) -> None:
        if openapi.available():
            problems = openapi.check_journal(self.server.journal)
            assert not problems, problems[:5]
        super().tearDown()

    def slept(self, seconds: float) -> None:
        """What an action does when it waits: nothing."""

    def run_action(self, name: str, /, **parameters: Any) -> Tuple[bool, Any]:
        """(succeeded, result). Unset parameters arrive as None, as from StackStorm."""
        about = metadata(name)
        declared = about.get("parameters") or {}
        own = {key: spec for key, spec in declared.items() if key not in RUNNER_PARAMETERS}
        unset = {key: spec.get("default") for key, spec in own.items()}
        unknown = set(parameters) - {
            key for key, spec in declared.items() if not spec.get("immutable")
        }
        assert not unknown, f"{name} takes no {unknown}"
        module = importlib.import_module(Path(about["entry_point"]).stem)
        classes = [
            one
            for one in vars(module).values()
            if isinstance(one, type) and one.__module__ == module.__name__ and hasattr(one, "act")
        ]
        self.action_cls = classes[0]
        action = self.get_action_instance(config=dict(self.settings))
        action.sleep = self.slept
        action.clock = lambda: self.now
        action.logger = logging.getLogger("actions_world")
        with self.assertLogs("actions_world", "WARNING") as logs:
            action.logger.warning("begin")
            succeeded, result = action.run(**{**unset, **parameters})
        self.warnings = [record.getMessage() for record in logs.records][1:]
        if not succeeded:
            assert isinstance(result, str)
            assert "\n" not in result
            assert "Unexpected" not in result, result
        return succeeded, result

    def done(self, name: str, /, **parameters: Any) -> Any:
        """The result of a run that must succeed."""
        succeeded, result = self.run_action(name, **parameters)
        assert succeeded is True, f"{name}: {result}"
        return result

    def left_for_later(self, name: str, /, **parameters: Any) -> str:
        """Of a run that could not do it, kept it, and did not fail."""
        succeeded, result = self.run_action(name, **parameters)
        assert (succeeded, result["done"]) == (True, "kept"), f"{name}: {result}"
        return str(result["message"])

    def refused(self, name: str, /, **parameters: Any) -> str:
        """The line of a run that must fail."""
        succeeded, result = self.run_action(name, **parameters)
        assert succeeded is False, f"{name}: {result}"
        return str(result)

    def sent(self) -> List[str]:
        """`METHOD path` of each request, in order."""
        return [f"{entry.method} {entry.path}" for entry in self.server.journal.entries]

    def query(self) -> Dict[str, List[str]]:
        """The newest request's query."""
        found: Dict[str, List[str]] = {}
        for name, value in self.server.journal.entries[-1].query:
            found.setdefault(name, []).append(value)
        return found

    def id(self, kind: str, name: str) -> str:
        """The id of a thing of the sandbox's catalog."""
        return str(self.account.find(kind, name)["id"])
