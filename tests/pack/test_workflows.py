"""The workflows: nothing but ids, numbers and words of a fixed set travels; and each run on the
real orquesta engine.

The engine is not among the tests' requirements (it pins old versions of others' packages): where
it can be imported the workflows are conducted with the real actions against the sandbox, else
those tests are skipped.
"""

# flake8: noqa: W503

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any, Dict, List

import pytest
from actions_world import ActionsTestCase
from pack_files import ROOT, actions, files, load
from rest_rows_workflows import chat

FLOWS = sorted((ROOT / "actions" / "workflows").glob("*.yaml"))
NAMES = {
    "service_id",
    "post_id",
    "urgency",
    "priority_id",
    "channel_id",
    "user_id",
    "incident_id",
    "reason",
    "needs",
    "wait_seconds",
}
"""What a task may be given."""
RESULTS = {"incident_id", "incident_ids", "note_id", "count", "approved", "answered"}
"""What may be published of an action's result."""
WHEN = r"<% succeeded\(\)( and (not )?result\(\)\.result\.approved)? %>"
EVIL = "<% 6 * 7 %> {{ 6 * 7 }} {{ st2kv.system.k | decrypt_kv }} <% ctx().nobody %>"
HAS_ORQUESTA = importlib.util.find_spec("orquesta") is not None
needs_orquesta = pytest.mark.skipif(not HAS_ORQUESTA, reason="orquesta is not installed")
each_flow = pytest.mark.parametrize("path", FLOWS, ids=[path.stem for path in FLOWS])


def about(path: Path) -> Dict[str, Any]:
    return load(ROOT / "actions" / f"workflow.{path.stem}.yaml")


def names(inputs: List[Any]) -> List[str]:
    return [next(iter(one)) if isinstance(one, dict) else one for one in inputs]


def test_each_workflow_has_its_file_and_its_metadata() -> None:
    flows = {
        load(path)["entry_point"]
        for path in files("actions")
        if load(path)["runner_type"] == "orquesta"
    }
    assert flows == {f"workflows/{path.name}" for path in FLOWS}
    assert {path.stem for path in FLOWS} == {"declare", "triage", "close", "restart", "escalate"}


@each_flow
def test_its_inputs_are_ids_and_words_of_a_fixed_set(path: Path) -> None:
    parameters = about(path)["parameters"]
    assert names(load(path)["input"]) == list(parameters)
    assert set(parameters) <= NAMES
    for name, spec in parameters.items():
        if spec["type"] == "integer":
            assert "maximum" in spec, name
            continue
        assert "enum" in spec or spec.get("pattern"), name
        for text in ("{{ 1 }}", "<% 1 %>", "a b", EVIL):
            assert text not in spec.get("enum", ())
            assert "enum" in spec or not re.search(spec["pattern"], text), name


@each_flow
def test_only_ids_numbers_and_words_of_a_fixed_set_travel(path: Path) -> None:
    flow = load(path)
    variables = {*names(flow["input"]), *names(flow.get("vars") or [])}
    for task in flow["tasks"].values():
        if task["action"] == "core.noop":
            assert set(task) == {"action"}
            continue
        parameters = actions()[task["action"]]["parameters"]
        given = task["input"]
        assert set(given) <= {
            name for name, spec in parameters.items() if not spec.get("immutable")
        }
        assert {name for name, spec in parameters.items() if spec.get("required")} <= set(given)
        for value in given.values():
            # A sentence of the workflow's own holds nothing that is evaluated.
            found = re.fullmatch(r"<% ctx\(\)\.(\w+) %>|[A-Za-z ?]+", value)
            assert found, value
            assert found.group(1) is None or found.group(1) in NAMES & variables, value
        for step in task.get("next") or []:
            assert re.fullmatch(WHEN, step["when"])
            for published in step["publish"]:
                ((name, value),) = published.items()
                assert name in variables
                field = re.fullmatch(r"<% result\(\)\.result\.(\w+) %>", value)
                assert field, value
                assert field.group(1) in RESULTS, value
    for one in flow["output"]:
        ((name, value),) = one.items()
        assert value == f"<% ctx().{name} %>"
        assert name in variables


@needs_orquesta
class ConductedTestCase(ActionsTestCase):
    """Every text of PagerDuty's and Mattermost's is a template."""

    def setUp(self) -> None:
        super().setUp()
        self.chat = chat(self)
        self.service = self.account.find("services", "Checkout API")
        self.ada = self.account.find("users", "Ada Lovelace")
        self.service["name"] = self.ada["name"] = EVIL
        self.given: List[Any] = []

    def conduct(self, name: str, **inputs: Any) -> Dict[str, Any]:
        """The workflow's output; it must succeed."""
        from orquesta import conducting, events, statuses
        from orquesta.specs import native

        spec = native.WorkflowSpec(
            (ROOT / "actions" / "workflows" / f"{name}.yaml").read_text(encoding="utf-8")
        )
        assert spec.inspect() == {}
        conductor = conducting.WorkflowConductor(spec, inputs=inputs)
        conductor.request_workflow_status(statuses.RUNNING)
        for _ in range(10):
            for task in conductor.get_next_tasks():
                place = task["id"], task["route"]
                conductor.update_task_state(*place, events.ActionExecutionEvent(statuses.RUNNING))
                for call in task["actions"]:
                    self.given.append(call["input"])
                    result = self.done(call["action"].split(".", 1)[1], **call["input"])
                    answer = {"result": result, "exit_code": 0, "stdout": EVIL, "stderr": EVIL}
                    done = events.ActionExecutionEvent(statuses.SUCCEEDED, result=answer)
                    conductor.update_task_state(*place, done)
        assert conductor.get_workflow_status() == statuses.SUCCEEDED, conductor.errors
        assert "42" not in re.findall(r"\b42\b", str(self.given))
        assert "%>" not in str(self.given)
        conductor.render_workflow_output()
        output: Dict[str, Any] = conductor.get_workflow_output()
        assert "%>" not in str(output)
        return output

    def test_declare(self) -> None:
        post = self.chat.service.say("ada", "incidents", f"{EVIL}\n{EVIL} details")
        channel = self.chat.world.channels["incidents"].id
        inputs = {
            "service_id": self.service["id"],
            "post_id": post.id,
            "urgency": "high",
            "channel_id": channel,
        }
        output = self.conduct("declare", **inputs)
        made = self.done("incident.get", entity_id=output["incident_id"])
        assert EVIL in str(made)
        cards = [one for one in self.chat.service.posts("incidents") if "pagerduty" in one.props]
        assert len(cards) == 1
        assert self.conduct("declare", **inputs) == output
        assert (
            len([one for one in self.chat.service.posts("incidents") if "pagerduty" in one.props])
            == 1
        )

    def test_triage(self) -> None:
        ours = self.account.trigger(EVIL, EVIL).id
        output = self.conduct("triage", user_id=self.ada["id"])
        assert output == {"acknowledged": [ours], "rest": [], "rest_count": 0}

    def test_close(self) -> None:
        one = self.account.trigger(EVIL, EVIL).id
        self.done("incident.create_note", entity_id=one, content=EVIL)
        output = self.conduct("close", incident_id=one, reason="fixed")
        notes = self.done("incident.find_notes", entity_id=one)
        assert {output["note_id"], output["timeline_note_id"]} <= {note["id"] for note in notes}
        assert EVIL in str(notes)
        again = self.conduct("close", incident_id=one)
        assert again == output


@needs_orquesta
def test_text_that_travels_is_evaluated() -> None:
    """The reason for all of this, on the same engine: were it to change, the rules above could be
    relaxed."""
    from orquesta.expressions import base

    published = base.evaluate("<% ctx().title %>", {"title": "{{ 6 * 7 }}"})
    passed = base.evaluate({"note": published}, {})
    assert passed == {"note": 42}
