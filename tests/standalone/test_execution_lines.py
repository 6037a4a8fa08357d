"""`serve` logs one line for each execution that did something for people, and one for each that is
given up."""

from __future__ import annotations

import logging
from datetime import timezone
from pathlib import Path
from types import SimpleNamespace

import pytest

from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent, to_payload
from sandbox import Sandbox
from sandbox.connection import connection
from sandbox.story import before
from standalone.app import App
from standalone.execution_lines import failure_line, is_answered, success_line
from standalone.journal import Execution
from standalone.output import execution_text

ROOT = Path(__file__).resolve().parents[2]
TRIGGERED = IncidentEvent("R1", "incident.triggered", "2026-01-01T00:00:00Z")


def change(**fields):
    known = {
        "id": "PT4KHLK",
        "number": 12,
        "status": "triggered",
        "title": "It burns",
        "urgency": "high",
    }
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    return to_payload(Change(Incident(**{**known, **times, **fields}), (TRIGGERED,), 1))


@pytest.fixture
def run(tmp_path, caplog):
    """Runs the pack on one change with Mattermost's settings changed; the log's lines of the level
    and above."""
    now = [1_800_000_000.0]

    def serve(level, payload, tries=1, **changed):
        with Sandbox() as sandbox:
            before(sandbox)
            channels = {"default_channel": "incidents", "operations_channel": "ops"}
            config = connection(sandbox, **{**channels, **changed})
            app = App(ROOT, config, tmp_path / "data", clock=lambda: now[0], sensors=False)
            with caplog.at_level(logging.INFO, logger="standalone"):
                app.start()
                app.dispatch("pagerduty.incident", payload, "PT4KHLK")
                for _ in range(tries):
                    assert app.drain(60)
                    now[0] += 61
                    app.poke()
                assert app.stop()
        return [
            one.getMessage()
            for one in caplog.records
            if one.name == "standalone" and one.levelno >= level
        ]

    return serve


def test_what_an_execution_did_is_one_line_and_what_did_nothing_none(run):
    assert run(logging.INFO, change()) == ["#12 in ~incidents: card created."]


def test_what_could_not_be_posted_names_the_incident_the_reason_and_that_it_is_kept(run):
    (line,) = run(logging.WARNING, change(), tries=7, default_channel="nowhere")
    assert line.startswith(
        "#12: pagerduty.mattermost.post_incident (pagerduty.post_incidents): "
        "Not done, and kept as failed post "
    )
    assert "(tried again by itself, once the cause may be gone): Mattermost shows" in line
    assert "~nowhere" in line


def test_one_execution_is_told_in_lines():
    given = {"order": {"kind": "command", "user_name": "ada", "text": "ack 12", "token": "s3cret"}}
    made = an_execution(
        {"message": "Done."}, given, status="requested", created_at=1_800_000_000.0
    )
    planned = execution_text(made._replace(result=None), timezone.utc)
    assert planned == (
        "id       a1b2c3d4e5f6\n"
        "action   pagerduty.x\n"
        "rule     pagerduty.some_rule\n"
        "by       @ada\n"
        "planned  2027-01-15T08:00:00+00:00\n"
        "status   requested\n\n"
        "-j shows all of it, with its parameters."
    )
    times = {"started_at": 1_800_000_000.0, "finished_at": 1_800_000_001.5}
    done = made._replace(status="failed", attempt=2, result={"error": "no such file"}, **times)
    said = execution_text(done, timezone.utc)
    assert "status   failed (1.5 s, try 3)\n\nno such file\n\n" in said
    by_hand = done._replace(context={"user": "ann"}, parameters={}, result={"result": "text"})
    said = execution_text(by_hand, timezone.utc)
    assert "by       ann" in said
    assert "\n\ntext\n\n" in said


def an_execution(result, parameters=None, **more):
    context = {"rule": "pagerduty.some_rule"}
    return Execution(
        "a1b2c3d4e5f6", "pagerduty.x", parameters or {}, context, result={"result": result}, **more
    )


@pytest.mark.parametrize(
    ("result", "line"),
    [
        ({"message": "Posted in ~ops.", "already": False}, "pagerduty.some_rule: Posted in ~ops."),
        ({"message": "Posted before in ~ops.", "already": True}, ""),
        (
            {"message": "Sent to 1.", "sent": [{"already": False}]},
            "pagerduty.some_rule: Sent to 1.",
        ),
        ({"message": "Sent to 0.", "sent": []}, ""),
        ({"message": "Nothing posted.", "done": "not_configured"}, ""),
        (
            {"message": "~a: card unchanged.", "cards": [{"done": "unchanged", "reply_ids": []}]},
            "",
        ),
        ({"message": "The incident has no card.", "cards": []}, ""),
        (
            {
                "message": "~a: card unchanged, 1 reply.",
                "cards": [{"done": "unchanged", "reply_ids": ["p"]}],
            },
            "pagerduty.some_rule in ~a: card unchanged, 1 reply.",
        ),
        ({"message": "Nothing was waiting.", "caught_up": 0, "waiting": 0, "dropped": 0}, ""),
        (
            {
                "message": "Caught up: 0; still waiting: 3.",
                "caught_up": 0,
                "waiting": 3,
                "dropped": 0,
            },
            "",
        ),
        (
            {"message": "Caught up: 2.", "caught_up": 2, "waiting": 0},
            "pagerduty.some_rule: Caught up: 2.",
        ),
        ({"message": "Two\nlines."}, "pagerduty.some_rule: Two lines."),
        ({"no": "message"}, ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_what_is_told_of_a_result(result, line):
    assert success_line(an_execution(result)) == line


@pytest.mark.parametrize(
    ("rule", "text", "line"),
    [
        (
            "sensor_health",
            ":warning: **PagerDuty can't be read since 16:20.** GET https://x?s3cret\nNothing.",
            "posted in ~ops: PagerDuty can't be read since 16:20",
        ),
        (
            "sensor_health",
            ":white_check_mark: **PagerDuty can be read again.** It failed since 16:20.",
            "posted in ~ops: PagerDuty can be read again",
        ),
        ("sensor_health", "no bold words", "Posted in ~ops."),
        ("mine", "**Somebody's title**", "Posted in ~ops."),
    ],
)
def test_what_was_posted_of_the_packs_health_is_said(rule, text, line):
    made = an_execution({"message": "Posted in ~ops.", "already": False}, {"message": text})
    made = made._replace(context={"rule": f"pagerduty.{rule}"})
    assert success_line(made) == f"pagerduty.{rule}: {line}"


def test_an_incident_without_a_number_is_named_by_its_id():
    parameters = {"change": change(number=0)}
    assert success_line(an_execution({"message": "m"}, parameters)) == "PT4KHLK: m"
    assert (
        success_line(an_execution({"message": "m"}, {"change": "odd"})) == "pagerduty.some_rule: m"
    )


@pytest.mark.parametrize(
    ("enabled", "end"),
    [
        (
            True,
            (
                "given up after 6 tries: no; it is kept (`executions a1b2c3d4`), and catch_up "
                "posts later what still "
            ),
        ),
        (False, "given up after 6 tries: no; it is kept (`executions a1b2c3d4`)"),
    ],
)
def test_catch_up_is_promised_only_where_it_runs(enabled, end):
    rule = SimpleNamespace(enabled=enabled, action={"ref": "pagerduty.mattermost.catch_up"})
    pack = SimpleNamespace(ref="pagerduty", rules={"pagerduty.catch_up": rule})
    line = failure_line(an_execution(None, attempt=5, status="failed"), "no.", pack, False)
    assert end in line
    assert ("catch_up" in line) is enabled
    once = failure_line(an_execution(None, status="timeout"), "too slow", pack, False)
    assert once == "pagerduty.some_rule: pagerduty.x timeout: too slow"


def test_who_asked_in_chat_is_named_and_a_slip_is_no_warning():
    order = {"kind": "command", "text": "resolve  99", "user_name": "ada"}
    slip = an_execution("there is no incident with the number 99", {"order": order})
    slip = slip._replace(status="failed")
    assert is_answered(slip)
    line = failure_line(slip, "there is no incident with the number 99", None, False)
    assert line == "@ada: `/pd resolve 99` not done: there is no incident with the number 99"
    click = {"order": {"kind": "click", "verb": "acknowledge", "user_name": "ada"}}
    line = failure_line(an_execution("x", click, status="failed"), "it is resolved", None, False)
    assert line == "@ada: acknowledge not done: it is resolved"
    done = an_execution({"message": "Acknowledged #1.", "done": "done"}, {"order": order})
    assert success_line(done) == "@ada: Acknowledged #1."
    assert success_line(an_execution({"message": "", "done": "done"}, {"order": order})) == ""
    late = an_execution(None, {"order": order}, status="timeout")
    assert not is_answered(late), "nobody told whoever asked"
