"""The regular jobs in the embedded default: the sensor says what is due, one execution does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List

import yaml

from sandbox import Sandbox
from sandbox.demo import ROOT, write_config
from sandbox.waiting import until
from standalone.app import App


def test_what_is_due_is_done_by_one_execution_and_nothing_else_runs(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        config = yaml.safe_load(write_config(sandbox, tmp_path).read_text(encoding="utf-8"))
        app = App(ROOT, config, tmp_path / "data")
        app.start()
        try:

            def ran() -> List[Any]:
                found = app.journal.executions(limit=100)
                return [one for one in found if one.action_ref == "pagerduty.health.upkeep"]

            (run,) = until(lambda: [one for one in ran() if one.status == "succeeded"])
            assert run.context["rule"] == "pagerduty.upkeep"
            assert run.parameters["due"] == ["reconcile", "kept_pages"]
            assert list(run.result["result"]["jobs"]) == ["kept_pages", "reconcile"]
            refs = {one.action_ref for one in app.journal.executions(limit=100)}
            assert not refs & {"pagerduty.oncall.watch", "pagerduty.posts.reconcile"}
            assert json.loads(app.store.get("pagerduty.upkeep.run").value)["data"]["at"] > 0
        finally:
            assert app.stop(10)
