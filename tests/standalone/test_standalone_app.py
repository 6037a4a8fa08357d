"""The embedded default takes triggers, runs what rules want, and forgets nothing until it has
ended."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from toy_app import Clock, lines

from standalone.errors import UserError

TRICKY = 'it\'s {{ x }} "q" \u2028 \\n \U0001f600 None True'


def test_a_full_disk_takes_nothing_by_halves_and_works_again_when_there_is_room(make, tmp_path):
    app = make()
    pages = app._database.read("PRAGMA page_count")[0][0]
    app._database.read(f"PRAGMA max_page_count={pages}")
    taken, refused = [], 0
    for n in range(40):
        try:
            app.dispatch("toy.counted", {"n": n, "text": "x" * 2000}, "g1")
            taken.append(str(n))
        except sqlite3.OperationalError:
            refused += 1
    assert refused
    app._database.read("PRAGMA max_page_count=100000")
    app.dispatch("toy.counted", {"n": 99}, "g2")
    assert app.drain(20, delayed=True)
    assert sorted({line["key"] for line in lines(tmp_path)}) == sorted([*taken, "99"])


def test_a_trigger_runs_each_matching_rules_action_with_exact_values(make, tmp_path):
    app = make()
    payload = {
        "n": 1001,
        "text": 'it\'s {{ x }} "q" \u2028 \\n \U0001f600 None True',
        "more": {"a": [1, None, True, 1.5]},
    }
    app.dispatch("toy.counted", payload, "g1")
    assert app.drain(60)
    found = {line["key"]: line for line in lines(tmp_path)}
    assert set(found) == {"1001", "big 1001"}
    assert found["1001"]["data"] == payload
    assert found["1001"]["kind"] == "fixed"
    assert found["1001"]["greeting"] == "hello"
    assert {e.status for e in app.journal.executions()} == {"succeeded"}


def test_what_is_dispatched_is_on_disk_before_dispatch_returns(make, tmp_path):
    first = make(started=False)
    first._accepting = True
    first.dispatch("toy.counted", {"n": 5}, "g1")
    assert lines(tmp_path) == []
    second = make()
    assert second.drain(60)
    assert [line["key"] for line in lines(tmp_path)] == ["5"]


@pytest.mark.parametrize(
    ("trigger", "payload", "message"),
    [
        ("toy.counted", {"n": "one"}, r"payload\.n: is text, must be a whole number"),
        ("toy.counted", {}, "payload.n: is missing"),
        ("toy.counted", {"n": 1, "else": 2}, "else"),
        ("toy.counted", {"n": 1, "more": {1, 2}}, "serializable"),
        ("toy.other", {"n": 1}, "no trigger toy.other"),
    ],
)
def test_a_trigger_that_does_not_fit_is_refused(make, trigger, payload, message):
    app = make()
    with pytest.raises(ValueError, match=message):
        app.dispatch(trigger, payload)
    assert app.journal.executions() == []


def test_optional_payload_fields_may_be_null(make):
    make().dispatch("toy.counted", {"n": 1, "text": None, "more": None})


def test_executions_of_one_trace_tag_run_in_order_and_others_beside_them(make, tmp_path):
    app = make()
    app.store.set("toy.fail", "slow")
    for n in range(12):
        app.dispatch("toy.counted", {"n": n}, f"g{n % 3}")
    assert app.drain(60)
    keys = [int(line["key"]) for line in lines(tmp_path)]
    assert sorted(keys) == list(range(12))
    for group in range(3):
        mine = [key for key in keys if key % 3 == group]
        assert mine == sorted(mine)


def test_a_failed_action_is_retried_after_the_policys_delay_even_across_a_restart(make, tmp_path):
    clock = Clock()
    app = make(clock)
    app.store.set("toy.fail", "once")
    app.dispatch("toy.counted", {"n": 7}, "g1")
    assert app.drain(60)
    assert lines(tmp_path) == []
    assert app.stop()
    clock.now += 30
    app = make(clock)
    assert app.drain(0.2)
    assert lines(tmp_path) == []
    clock.now += 31
    app.poke()
    assert app.drain(60, delayed=True)
    assert [line["key"] for line in lines(tmp_path)] == ["7"]
    assert [(e.attempt, e.status) for e in app.journal.executions()] == [
        (1, "succeeded"),
        (0, "failed"),
    ]


def test_a_clock_that_jumps_back_delays_no_retry(make, tmp_path):
    clock = Clock()
    app = make(clock)
    app.store.set("toy.fail", "once")
    app.dispatch("toy.counted", {"n": 7}, "g1")
    assert app.drain(60)
    clock.now -= 86400
    app.poke()
    assert app.drain(60, delayed=True)
    assert [line["key"] for line in lines(tmp_path)] == ["7"]


def test_retries_end(make):
    clock = Clock()
    app = make(clock)
    app.store.set("toy.fail", "always")
    app.dispatch("toy.counted", {"n": 7}, "g1")
    for _ in range(5):
        assert app.drain(60)
        clock.now += 61
        app.poke()
    assert [(e.attempt, e.status) for e in app.journal.executions()] == [
        (2, "failed"),
        (1, "failed"),
        (0, "failed"),
    ]


def test_an_action_that_raises_or_exits_fails_with_one_line(make):
    app = make()
    raised = app.run("toy.record", {"key": "x", "fail": "raise"})
    assert raised.status == "failed"
    assert raised.result["stderr"] == "RuntimeError: told to raise"
    assert app.run("toy.record", {"key": "x", "fail": "exit"}).result["stderr"] == "SystemExit: 3"


def test_an_action_that_takes_too_long_is_given_up(make, tmp_path):
    parameters = {"key": "x", "file": str(tmp_path / "out.log"), "fail": "hang", "timeout": 0}
    execution = make().run("toy.record", parameters)
    assert execution.status == "timeout"


def test_listeners_hear_of_each_end_after_it_is_on_disk(make):
    heard = []
    app = make(on_finished=lambda execution: heard.append(app.journal.execution(execution.id)))
    app.dispatch("toy.counted", {"n": 1}, "g1")
    assert app.drain(60)
    assert [(e.action_ref, e.status, e.rule_ref) for e in heard] == [
        ("toy.record", "succeeded", "toy.record_all")
    ]


def test_a_rule_whose_parameters_cannot_be_made_fails_alone(make, tmp_path):
    app = make()
    app.store.delete("toy.file")
    app.dispatch("toy.counted", {"n": 2000}, "g1")
    assert app.drain(60)
    failed = app.journal.executions()
    assert {e.status for e in failed} == {"failed"}
    assert "no key 'toy.file'" in failed[0].result["error"]


def test_only_one_process_serves_the_same_data(make):
    make()
    with pytest.raises(UserError, match="already serves"):
        make()


def test_what_ended_long_ago_is_forgotten_and_the_rest_is_not(make):
    clock = Clock()
    app = make(clock)
    app.dispatch("toy.counted", {"n": 1}, "g1")
    assert app.drain(60)
    app.store.set("toy.fail", "always")
    clock.now += 8 * 86400
    app.dispatch("toy.counted", {"n": 2}, "g1")
    assert app.drain(60)
    app.journal.prune()
    assert {e.attempt for e in app.journal.executions()} == {0, 1}
    assert app._database.read("SELECT count(*) FROM trigger_instances")[0][0] == 1


def test_stop_leaves_what_hangs_on_disk_and_the_next_start_runs_it(make, tmp_path):
    app = make()
    app.store.set("toy.fail", "hang")
    app.dispatch("toy.counted", {"n": 3}, "g1")
    while not app._executor._running:
        time.sleep(0.005)
    assert not app.stop(grace=0.2)
    with pytest.raises(RuntimeError, match="stopping"):
        app.dispatch("toy.counted", {"n": 4}, "g1")
    again = make()
    assert [e.finished_at for e in again.journal.executions()] == [None]


def test_an_unwritable_end_is_tried_again_rather_than_lost(make, tmp_path, monkeypatch):
    clock = Clock()
    app = make(clock)
    original, failures = app.journal.finish, [sqlite3.OperationalError("disk is full")]

    def finish(*arguments):
        if failures:
            raise failures.pop()
        return original(*arguments)

    monkeypatch.setattr(app.journal, "finish", finish)
    app.dispatch("toy.counted", {"n": 1}, "g1")
    assert app.drain(60)
    assert app.journal.executions()[0].finished_at is None
    clock.now += 6
    app.poke()
    assert app.drain(60, delayed=True)
    assert app.journal.executions()[0].status == "succeeded"


def test_sensors_poll_and_a_broken_one_lives_on(make, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("TOY_LIMIT", "4")
    monkeypatch.setattr("standalone.sensors.FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setenv("TOY_BREAK", "yes")
    done = threading.Event()
    app = make(
        sensors=True,
        poll_interval=0.01,
        on_finished=lambda e: len(lines(tmp_path)) == 4 and done.set(),
    )
    monkeypatch.setenv("TOY_BREAK", "no")
    assert done.wait(60)
    assert app.drain(60)
    found = {line["key"]: line["data"]["text"] for line in lines(tmp_path)}
    assert set(found) == {"1", "2", "3", "4"}
    assert set(found.values()) == {'it\'s {{ braces }} \u2028 "n" \U0001f600'}
    assert app.store.get("toy.count").value == "4"


def test_timers_fire_their_own_rule(make, tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "tick.yaml").write_text(
        "name: tick\nenabled: true\ntrigger: {type: core.st2.IntervalTimer, parameters: "
        "{unit: seconds, delta: 1}}\n"
        "action: {ref: toy.record, parameters: {key: tick, data: '{{ trigger }}',"
        " file: '{{ st2kv.system.toy.file }}'}}\n"
    )
    done = threading.Event()
    make(rule_folders=[folder], on_finished=lambda e: done.set())
    assert done.wait(60)
    assert set(lines(tmp_path)[0]["data"]) == {"executed_at", "schedule"}


def test_a_changed_datastore_value_reaches_the_configuration_and_a_broken_one_does_not(
    make, caplog
):
    app = make(config={"token": "{{ st2kv.system.token }}"}, started=False)
    with pytest.raises(UserError, match="no key 'token'"):
        app.start()
    app.store.set("token", "first-token", secret=True)
    app.start()
    assert app.configuration.current()["token"] == "first-token"
    from standalone.database import Database
    from standalone.datastore import KeyValueStore

    other = KeyValueStore(Database(app._database.path))
    other.set("token", "second-token")
    assert app.configuration.current()["token"] == "second-token"
    with caplog.at_level(logging.ERROR):
        other.delete("token")
        assert app.configuration.current()["token"] == "second-token"
    assert "no key 'token'" in caplog.text
    assert app.configuration.secrets == {"first-token", "second-token"}


def test_metadata_that_is_wrong_stops_the_start_and_what_is_not_supported_is_named(make, tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "bad.yaml").write_text(
        "name: bad\ntrigger: {type: toy.nothing}\naction: {ref: toy.record}\n"
    )
    (folder / "worse.yaml").write_text("name: [\n")
    (folder / "odd.yaml").write_text(
        "name: odd\nenabled: true\ntrigger: {type: toy.counted}\naction: {ref: toy.record}\n"
        "criteria: {trigger.n: {type: telepathy, pattern: 1}}\n"
    )
    app = make(rule_folders=[folder], started=False)
    assert "toy.flow" in app.pack.workflows
    assert any("operator 'telepathy'" in line for line in app.pack.problems)
    with pytest.raises(UserError, match="toy.nothing") as raised:
        app.start()
    assert "worse.yaml line" in str(raised.value)


def test_a_workflow_is_listed_and_says_what_it_needs() -> None:
    from standalone.metadata import load_pack

    pack = load_pack(Path(__file__).resolve().parents[2])
    assert "pagerduty.workflow.close" in pack.workflows
    assert "pagerduty.workflow.close" not in pack.actions
