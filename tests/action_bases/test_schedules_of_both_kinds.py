"""The Exchange's actions `schedule.*` and `override.*` on schedules of both kinds: the same
parameters, results of the same shape, and what each kind costs in requests."""

from __future__ import annotations

from typing import Any, Dict, List

from actions_world import ActionsTestCase
from rest_rows import new_schedule, user
from rest_rows_shifts import upgraded

DAY = {"since": "now", "until": "24h"}


class BothKindsCase(ActionsTestCase):
    __test__ = False
    shift_based = False
    asked_first = 1
    """Requests for its kind."""

    def setUp(self) -> None:
        super().setUp()
        self.schedule = upgraded(self) if self.shift_based else self.layered()

    def layered(self) -> str:
        return self.id("schedules", "Platform rotation")

    def requests(self, name: str, /, **given: Any) -> int:
        self.server.journal.clear()
        self.done(name, **given)
        return len(self.sent())

    def spare(self) -> str:
        """A schedule that no escalation policy uses."""
        made = str(self.done("schedule.create", **new_schedule(self))["id"])
        if self.shift_based:
            self.account.upgrade(made)
        return made

    def test_get(self) -> None:
        found = self.done("schedule.get", entity_id=self.schedule, **DAY)
        assert (found["id"], found["name"]) == (self.schedule, "Platform rotation")
        assert found["final_schedule"]["rendered_coverage_percentage"] == 100.0
        assert self.requests("schedule.get", entity_id=self.schedule, **DAY) == 2
        found = self.done("schedule.get", entity_id=self.schedule, until="7d")
        assert found["final_schedule"]["rendered_coverage_percentage"] == 100.0
        found = self.done("schedule.get", entity_id=self.schedule)
        assert found["escalation_policies"]

    def test_update_as_it_was_got(self) -> None:
        got = self.done("schedule.get", entity_id=self.schedule)
        changed = {**got, "name": "Renamed", "description": "All of it"}
        found = self.done("schedule.update", entity_id=self.schedule, data=changed)
        assert (found["name"], found["description"]) == ("Renamed", "All of it")
        again = self.done("schedule.get", entity_id=self.schedule)
        for part in ("schedule_layers", "rotations"):
            assert again.get(part) == got.get(part)
        given = {"entity_id": self.schedule, "data": changed}
        assert self.requests("schedule.update", **given) == 2

    def test_a_lost_answer_changes_once(self) -> None:
        got = self.done("schedule.get", entity_id=self.schedule)
        self.server.faults.add("lost", method="PUT", times=1)
        data = {**got, "name": "Renamed"}
        assert self.done("schedule.update", entity_id=self.schedule, data=data)["id"]
        assert sum(line.startswith("PUT") for line in self.sent()) == 1

    def test_delete(self) -> None:
        id = self.spare()
        self.server.journal.clear()
        assert self.done("schedule.delete", entity_id=id) == {"deleted": True}
        assert len(self.sent()) == 2
        assert id not in self.account.catalog["schedules"]
        assert "(404)" in self.refused("schedule.delete", entity_id=id)

    def test_one_in_use_is_not_deleted(self) -> None:
        assert "(400)" in self.refused("schedule.delete", entity_id=self.schedule)

    def test_get_on_call(self) -> None:
        found = self.done("schedule.get_on_call", entity_id=self.schedule)
        assert set(found) == {"users"}
        (one,) = found["users"]
        assert (one["type"], one["email"]) == ("user", "linus@example.com")
        found = self.done("schedule.get_on_call", entity_id=self.schedule, until="60d")
        assert len(found["users"]) > 1

    def test_find_has_it_by_name(self) -> None:
        for query in ("platform", "ROTATION", None):
            (row,) = self.done("schedule.find", query=query)
            assert (row["id"], row["name"]) == (self.schedule, "Platform rotation")
            assert row["summary"] == "Platform rotation"
        assert self.done("schedule.find", query="nothing of that name") == []
        assert self.requests("schedule.find") == 2

    def override(self, **more: Any) -> Dict[str, Any]:
        given = {"start": "1h", "end": "3h", "user": "mei@example.com", **more}
        made: Dict[str, Any] = self.done("override.create", entity_id=self.schedule, **given)
        return made

    def overrides(self, **more: Any) -> List[List[Any]]:
        rows = self.done("override.find", entity_id=self.schedule, **more)
        return [[row["id"], row["user"]["summary"], row["start"], row["end"]] for row in rows]

    def test_overrides(self) -> None:
        made = self.override()
        assert made["user"]["summary"] == "Mei Tanaka"
        (row,) = self.overrides()
        assert row[:2] == [made["id"], "Mei Tanaka"]
        cut = self.overrides(until="2h")[0]
        whole = self.overrides(until="2h", overflow=True)[0]
        assert cut[2] == whole[2]
        assert cut[3] < whole[3] == row[3]
        given = {"entity_id": self.schedule, "resource_id": made["id"]}
        assert self.done("override.delete", **given) == {"deleted": True}
        assert self.overrides() == []
        assert "404" in self.refused("override.delete", **given)

    def test_of_those_that_are_over_none_can_be_changed(self) -> None:
        self.override(start="now", end="1h")
        self.account.clock.advance(7200)
        self.now += 7200
        span = {"since": "2026-11-21T00:00:00Z", "until": "24h"}
        assert len(self.overrides(**span)) == 1
        assert self.overrides(**span, editable=True) == []

    def test_a_lost_answer_ends_an_override_once(self) -> None:
        made = self.override(start="now")
        self.account.clock.advance(60)
        self.server.faults.add("lost", method="DELETE", times=1)
        self.done("override.delete", entity_id=self.schedule, resource_id=made["id"])
        assert len([one for one in self.server.journal.find("DELETE") if one.effect]) == 1

    def test_while_pagerduty_has_trouble_its_kind_is_not_guessed(self) -> None:
        """Neither kind's write is sent."""
        self.server.faults.add("status", status=500, method="GET")
        ids = {"entity_id": self.schedule, "resource_id": "Q1ABCDE"}
        for name, given in (
            ("schedule.delete", {"entity_id": self.schedule}),
            ("schedule.update", {"entity_id": self.schedule, "data": {"name": "Other"}}),
            ("override.delete", ids),
        ):
            assert "trouble (500)" in self.refused(name, **given)
        assert all(line.startswith("GET") for line in self.sent())


class LayerBasedTestCase(BothKindsCase):
    __test__ = True

    def test_one_request_more_for_its_kind(self) -> None:
        made = self.override()
        for name, given in (
            ("schedule.get_on_call", {}),
            ("override.find", {}),
            ("override.delete", {"resource_id": made["id"]}),
        ):
            assert self.requests(name, entity_id=self.schedule, **given) == 2, name

    def test_an_update_that_lacks_something_is_refused_here(self) -> None:
        line = self.refused("schedule.update", entity_id=self.schedule, data={"name": "Other"})
        assert "data.schedule_layers: is missing" in line
        assert all(line.startswith("GET") for line in self.sent())

    def test_nobody_comes_beside_whoever_is_on_call(self) -> None:
        given = {"entity_id": self.schedule, "start": "1h", "end": "3h", "user": user(self)}
        for more in ({"add": True}, {"instead_of": "mei@example.com"}):
            assert "this schedule is layer-based" in self.refused(
                "override.create", **given, **more
            )


class ShiftBasedTestCase(BothKindsCase):
    __test__ = True
    shift_based = True

    def test_an_account_may_have_both(self) -> None:
        self.done("schedule.create", **new_schedule(self))
        names = [row["name"] for row in self.done("schedule.find")]
        assert names == ["Nights", "Platform rotation"]
        assert [row["name"] for row in self.done("schedule.find", maximum=1)] == ["Nights"]
        self.done("shift_schedule.create", name="Weekends", time_zone="UTC")
        assert len(self.done("schedule.find", maximum=2)) == 2
        assert "more than the 2" in self.warnings[0]
        assert self.requests("schedule.find", maximum=1) == 1

    def test_an_account_without_such_schedules(self) -> None:
        self.server.faults.add("status", status=404, path="^/v3/")
        assert self.done("schedule.find") == []

    def test_a_part_is_never_given_for_the_whole(self) -> None:
        """The second list, or what it says, does not come."""
        for trouble in ({"status": 500}, {"status": 429}):
            self.server.faults.add("status", path="^/v3/schedules", **trouble)
            assert "PagerDuty GET /v3/schedules: " in self.refused("schedule.find")
            self.server.faults.clear()
        self.server.faults.add("bad_json", path="^/v3/schedules", method="GET")
        assert "no JSON" in self.refused("schedule.find")
        assert "no JSON" in self.refused("schedule.get", entity_id=self.schedule)
        assert "no JSON" in self.refused("override.find", entity_id=self.schedule)

    def test_a_name_alone_is_changed(self) -> None:
        found = self.done("schedule.update", entity_id=self.schedule, data={"name": "Other"})
        assert found["name"] == "Other"

    def test_layers_are_refused_and_rotations_not_changed(self) -> None:
        layers = new_schedule(self)["data"]
        self.server.journal.clear()
        line = self.refused("schedule.update", entity_id=self.schedule, data=layers)
        assert "this schedule is shift-based" in line
        assert not any(one.startswith("PUT") for one in self.sent())
        got = self.done("schedule.get", entity_id=self.schedule)
        self.done("schedule.update", entity_id=self.schedule, data=got)
        assert any("data.rotations: not changed" in line for line in self.warnings)

    def test_an_update_of_nothing_says_what_can_be_changed(self) -> None:
        line = self.refused("schedule.update", entity_id=self.schedule, data={"teams": []})
        assert "at least one is needed of name, time_zone, description" in line

    def test_somebody_comes_beside_whoever_is_on_call_and_goes(self) -> None:
        made = self.override(add=True)
        (row,) = self.done("override.find", entity_id=self.schedule)
        assert (row["type"], row["instead_of"]) == ("custom_shift", None)
        on = self.done("schedule.get_on_call", entity_id=self.schedule, since="1h", until="2h")
        assert {one["name"] for one in on["users"]} == {"Linus Example", "Mei Tanaka"}
        self.done("override.delete", entity_id=self.schedule, resource_id=made["id"])
        assert self.overrides() == []

    def test_of_several_one_is_replaced(self) -> None:
        self.override(add=True, start="now", end="12h")
        given = {"start": "1h", "end": "3h", "user": "grace@example.com"}
        line = self.refused("override.create", entity_id=self.schedule, **given)
        assert "Linus Example and Mei Tanaka are on call" in line
        given["instead_of"] = "mei@example.com"
        made = self.done("override.create", entity_id=self.schedule, **given)
        assert [one["instead_of"]["summary"] for one in made["parts"]] == ["Mei Tanaka"]
