"""What the log of `serve` says of regular jobs and answers: what happened for people, not that
nothing did; and nothing of Markdown."""

from __future__ import annotations

import pytest

from pagerduty_mattermost.action_bases.upkeep import ENTRY_POINTS, JobDone, acted, result_of
from pagerduty_mattermost.chat.command import CommandResult
from pagerduty_mattermost.chat.handle import _done
from pagerduty_mattermost.core.config.upkeep import JOBS
from standalone.execution_lines import success_line
from standalone.journal import Execution


def line(result: object, **parameters: object) -> str:
    made = Execution(
        "e1", "pagerduty.health.upkeep", dict(parameters), {"rule": "pagerduty.upkeep"}
    )
    return success_line(made._replace(status="succeeded", result={"result": result}))


IDLE = {
    "canary": {"fault": "", "done": "card"},
    "kept_pages": {"sent": 0, "refused": 0, "remembered": True, "done": "done"},
    "reminders": {"post_ids": []},
    "oncall_watch": {"handoffs": 0, "reminders": 0, "contacts": 0, "watched": 3, "done": "done"},
    "catch_up": {"caught_up": 0, "dropped": 0},
    "quiet_hours_digest": {"post_ids": []},
    "oncall_sync": {"changed": [], "problems": []},
    "reconcile": {"jobs": 0, "done": "done"},
    "watchdog": {"done": "quiet"},
}
BUSY = {
    "canary": {"fault": "card"},
    "kept_pages": {"sent": 1},
    "reminders": {"post_ids": ["p"]},
    "oncall_watch": {"handoffs": 1},
    "catch_up": {"caught_up": 2},
    "quiet_hours_digest": {"post_ids": ["p"]},
    "oncall_sync": {"changed": ["header"]},
    "reconcile": {"jobs": 1},
    "watchdog": {"done": "told"},
}


@pytest.mark.parametrize("name", JOBS)
def test_of_each_job_it_is_known_whether_something_came_of_it(name: str) -> None:
    assert name in ENTRY_POINTS
    assert not acted(name, IDLE[name])
    assert not acted(name, {"message": "Not configured.", "done": "not_configured"})
    assert acted(name, BUSY[name])


def test_jobs_of_which_nothing_came_are_no_line() -> None:
    result = result_of([JobDone("reminders", "Reminders posted: 0."), JobDone("reconcile", "x")])
    assert result["message"] == "Nothing to do: reminders, reconcile."
    assert line(result) == ""


def test_a_line_says_what_came_of_a_job() -> None:
    busy = JobDone("reminders", "Reminders posted: 2.", acted=True)
    result = result_of([busy, JobDone("reconcile", "All is as it should be.")])
    assert line(result) == "pagerduty.upkeep: reminders: Reminders posted: 2."


def test_an_answer_that_is_a_table_is_no_head_of_a_table() -> None:
    table = "| part | state |\n| --- | --- |\n| PagerDuty | answers |"
    assert _done(CommandResult(table))["message"] == "Answered with a table."
    assert _done(CommandResult(f"Who is on call:\n\n{table}"))["message"] == "Who is on call"


def test_an_answer_is_text() -> None:
    order = {"kind": "command", "text": "trigger x", "user_name": "ada"}
    said = {"done": "done", "message": ":rotating_light: **Not at PagerDuty yet**: “Down”."}
    assert line(said, order=order) == "@ada: 🚨 Not at PagerDuty yet: “Down”."
