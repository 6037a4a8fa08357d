"""Every action that changes something at PagerDuty, when the answer to its request is lost: it is
done once, whatever happened to the answer, and the result says what is so.

The actions are those of `rest_rows_*.py` that write. "Done" is counted in the sandbox's journal,
which knows what was carried out and what was not.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Tuple

import pytest
from actions_world import ActionsTestCase, metadata
from rest_rows import SETS_STATE, incident, policy, schedule, service, tables, user

TABLE = tables()
DONE: Dict[str, Dict[str, Any]] = {
    "lost": {"kind": "lost"},
    "truncated": {"kind": "truncate"},
    "500 after it": {"kind": "status", "status": 500, "done": True},
    "502 after it": {"kind": "status", "status": 502, "done": True},
    "no JSON after it": {"kind": "bad_json"},
}
"""PagerDuty did it, and did not say so."""
NOT_DONE: Dict[str, Dict[str, Any]] = {
    "dropped": {"kind": "drop"},
    "500 before it": {"kind": "status", "status": 500},
}
"""It did not, which looks just the same from here."""
NOT_KNOWN = "it is not known whether it was carried out: check before you repeat it"
NEVER_KNOWN = {"webhook_subscription.ping", "incident.run_workflow", "webhook_subscription.create"}
"""Nothing at PagerDuty tells whether these were done, or what came of them."""
KEYED = {"incident.create.rest_v2", "incident.create.rest_v2.simple", "incident.declare_from_post"}
"""Found by a key of their own."""


def call_of(name: str) -> Tuple[str, str]:
    """Method and path of the request that changes something."""
    words = metadata(name)["parameters"]
    call = TABLE[name].call or words["endpoint"]["default"]
    method, path = call.split(" ")
    return method, path


def writes(name: str) -> bool:
    reads = metadata(name)["parameters"].get("repeatable", {}).get("default") is True
    return call_of(name)[0] != "GET" and not reads


WRITES = [name for name in TABLE if writes(name)]


def is_made_anew(name: str) -> bool:
    """Whether it makes something that has no key, so that what is not there may still come."""
    return call_of(name)[0] == "POST" and name not in KEYED | SETS_STATE


class LostAnswerCase(ActionsTestCase):
    __test__ = False

    def play(self, name: str, trouble: Dict[str, Any]) -> Tuple[bool, Any, List[Any]]:
        """(succeeded, result, the requests that changed something)."""
        parameters = TABLE[name].parameters(self)
        self.account.clock.advance(60)
        method, path = call_of(name)
        pattern = "^" + re.sub(r"\{\w+\}", "[^/]+", path) + r"(\?|$)"
        began = len(self.server.journal.entries)
        self.server.faults.add(method=method, path=pattern, times=1, **trouble)
        succeeded, result = self.run_action(name, **parameters)
        self.server.faults.clear()
        done = [
            entry
            for entry in self.server.journal.find(method, since=began)
            if entry.effect and re.search(pattern, entry.path)
        ]
        return succeeded, result, done

    def done_without_answer(self, name: str, trouble: Dict[str, Any]) -> None:
        succeeded, result, done = self.play(name, trouble)
        assert len(done) == 1, [f"{one.method} {one.path} {one.fault}" for one in done]
        if name in NEVER_KNOWN and (trouble["kind"] != "truncate" or done[0].answer):
            assert succeeded is False
            assert NOT_KNOWN in result or "was made" in result
        else:
            assert succeeded is True, result
            assert TABLE[name].holds(result), result

    def not_done(self, name: str, trouble: Dict[str, Any]) -> None:
        succeeded, result, done = self.play(name, trouble)
        if is_made_anew(name):
            assert (succeeded, len(done)) == (False, 0)
            assert NOT_KNOWN in result
        else:
            assert succeeded is True, result
            assert len(done) == 1
            assert TABLE[name].holds(result), result


class EachActionTestCase(LostAnswerCase):
    """One test for each action and kind of trouble."""

    __test__ = True


def _add(name: str, kind: str, trouble: Dict[str, Any], check: Any) -> None:
    def test(self: LostAnswerCase) -> None:
        check(self, name, trouble)

    word = re.sub(r"\W", "_", f"{name} {kind}")
    often = kind in ("lost", "dropped")
    setattr(EachActionTestCase, f"test_{word}", test if often else pytest.mark.soak(test))


for _name in WRITES:
    for _kind, _trouble in DONE.items():
        _add(_name, _kind, _trouble, LostAnswerCase.done_without_answer)
    for _kind, _trouble in NOT_DONE.items():
        _add(_name, _kind, _trouble, LostAnswerCase.not_done)


def test_most_actions_are_here() -> None:
    assert len(WRITES) > 75
    assert {"incident.close", "incident.manage", "incident.merge"} <= set(WRITES)
    assert not (NEVER_KNOWN | KEYED | SETS_STATE) - set(WRITES)


EVERY = {**DONE, **NOT_DONE}


class EachKindOfTroubleTestCase(LostAnswerCase):
    __test__ = True
    """Of each way to read what is so, one action with every kind of trouble, in each run."""

    def test_what_was_done_is_done_once(self) -> None:
        for name in ("incident.resolve", "incident.create_note", "team.add_user", "tag.delete"):
            for kind, trouble in DONE.items():
                with self.subTest(f"{name} {kind}"):
                    self.done_without_answer(name, trouble)


class WhatRemainsTestCase(ActionsTestCase):
    """After a lost answer it goes on with what is left to do, and tells what is so."""

    def lost(self, method: str, path: str = "", **more: Any) -> None:
        self.server.faults.add("lost", method=method, path=path, **{"times": 1, **more})

    def test_the_note_is_written_after_a_resolve_whose_answer_was_lost(self) -> None:
        for kind in EVERY.values():
            for name, status in (
                ("incident.acknowledge", "acknowledged"),
                ("incident.resolve", "resolved"),
            ):
                one = self.account.trigger("Checkout API", "Slow")
                self.server.faults.add(method="PUT", times=1, **kind)
                self.done(name, entity_id=one.id, note="Restarted")
                assert (one.status, [note.content for note in one.notes]) == (
                    status,
                    ["Restarted"],
                )

    def test_one_that_was_resolved_already_is_no_failure_and_gets_the_note(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.account.resolve(one)
        made = self.done("incident.resolve", entity_id=one.id, note="Restarted")
        assert made["incident"]["status"] == "resolved"
        assert [note.content for note in one.notes] == ["Restarted"]

    def test_an_acknowledge_never_reopens_what_was_resolved_meanwhile(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.server.faults.add("drop", method="PUT", times=1)
        resolve = self.server.journal.listeners.append
        resolve(lambda entry: self._resolve_once(one, entry))
        line = self.refused("incident.acknowledge", entity_id=one.id)
        assert "resolved meanwhile" in line
        assert one.status == "resolved"

    def _resolve_once(self, one: Any, entry: Any) -> None:
        if entry.fault and one.is_open:
            self.account.resolve(one)

    def test_escalated_once_it_is_one_level_further(self) -> None:
        for trouble in EVERY.values():
            one = self.account.trigger("Checkout API", "Slow")
            self.server.faults.add(method="PUT", times=1, **trouble)
            self.done("incident.escalate", entity_id=one.id)
            assert one.level == 2
            assert len([e for e in one.entries if e.type == "escalate"]) == 1

    def test_the_same_level_on_call_twice_is_told_by_the_log(self) -> None:
        """Of people who are on call on both levels the assignees do not tell."""
        name = self.id("escalation_policies", "Payments escalation")
        rules = self.account.catalog["escalation_policies"][name]["rules"]
        rules[1]["targets"] = rules[0]["targets"]
        one = self.account.trigger("Checkout API", "Slow")
        self.lost("PUT")
        self.done("incident.escalate", entity_id=one.id, escalation_level=2)
        assert len([e for e in one.entries if e.type == "escalate"]) == 1

    def test_of_several_the_rest_is_done(self) -> None:
        """PagerDuty refuses all where one is resolved already."""
        ids = [incident(self, str(number)) for number in range(4)]
        self.account.resolve(ids[1])
        rows = self.done("incident.manage", incident_ids=ids, status="resolved")
        assert [row["id"] for row in rows] == ids
        assert {row["status"] for row in rows} == {"resolved"}

    def test_merged_already_is_done(self) -> None:
        first, second, third = (incident(self, str(number)) for number in range(3))
        self.lost("PUT")
        self.done("incident.merge", entity_id=first, source_incidents=[second, third])
        assert sum(line.startswith("PUT") for line in self.sent()) == 1

    def test_an_alert_that_was_moved_is_looked_for_where_it_went(self) -> None:
        first, second = incident(self), incident(self, "Another")
        alert = self.done("incident.find_alerts", entity_id=first)[0]["id"]
        self.lost("PUT")
        self.done("incident.manage_alerts", entity_id=first, alert_ids=[alert], incident=second)
        assert sum(line.startswith("PUT") for line in self.sent()) == 1

    def test_a_note_of_somebody_else_is_not_taken_for_ones_own(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.account.annotate(one, "Looking", user="grace@example.com")
        self.server.faults.add("drop", method="POST", times=1)
        line = self.refused("incident.create_note", entity_id=one.id, content="Looking")
        assert f"{NOT_KNOWN}: https://acme-sandbox.pagerduty.com/incidents/{one.id}" in line
        assert len(one.notes) == 1

    def test_when_pagerduty_can_not_be_asked_it_is_not_known(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.lost("PUT")
        self.server.faults.add("status", status=500, method="GET")
        line = self.refused("incident.resolve", entity_id=one.id)
        assert NOT_KNOWN in line
        assert sum(entry.startswith("PUT") for entry in self.sent()) == 1

    def test_a_change_that_never_comes_through_is_told_as_not_done(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.server.faults.add("status", status=500, method="PUT")
        line = self.refused("incident.resolve", entity_id=one.id)
        assert "trouble (500); it was not carried out" in line

    def test_what_was_made_is_found_by_what_it_is(self) -> None:
        for name, given in (
            ("tag.create", {"label": "night"}),
            ("business_service.create", {"name": "Paying"}),
            ("integration.create.simple", {"entity_id": service(self), "name": "More"}),
            ("service.create.simple", {"name": "New", "escalation_policy_id": policy(self)}),
            (
                "override.create",
                {
                    "entity_id": schedule(self),
                    "start": "1h",
                    "end": "3h",
                    "user": "ada@example.com",
                },
            ),
            (
                "schedule.create.simple",
                {"name": "N", "time_zone": "UTC", "user_ids": [user(self)], "start": "1h"},
            ),
        ):
            self.lost("POST")
            made = self.done(name, **given)
            assert made["id"], name
            assert sum(line.startswith("POST") for line in self.sent()) == 1, name
            self.server.journal.clear()

    def test_what_ends_instead_of_being_deleted_ends_once(self) -> None:
        """An override or maintenance window that is going on can't be deleted a second time."""
        span = {"start": "now", "end": "3h"}
        who = {"entity_id": schedule(self), "user": "ada@example.com"}
        made = self.done("override.create", **who, **span)
        window = self.done(
            "maintenance_window.create.simple",
            start_time="now",
            end_time="3h",
            service_id=service(self),
        )
        self.account.clock.advance(60)
        for name, given in (
            ("override.delete", {"entity_id": schedule(self), "resource_id": made["id"]}),
            ("maintenance_window.delete", {"entity_id": window["id"]}),
        ):
            self.lost("DELETE")
            self.done(name, **given)
            done = [e for e in self.server.journal.find("DELETE") if e.effect]
            assert len(done) == 1, name
            self.server.journal.clear()
