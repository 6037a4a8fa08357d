"""The sandbox's shift-based schedules: each of the 25 operations of the V3 API, held to the
OpenAPI, and who is on call by them."""

# flake8: noqa: W503

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Dict, Iterator, List

import openapi
import pytest
from sandbox_api import Api

from sandbox.clock import Clock, iso
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import PagerDutyServer

HOUR, DAY = 3600, 86400
MONDAY = "2026-03-02"
"""The clocks of New York change on the Sunday after it, those of London on 29 March."""


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


@pytest.fixture
def api() -> Iterator[Api]:
    clock = Clock(at(MONDAY + "T00:00:00"))
    journal = SandboxJournal(clock)
    with PagerDutyServer(journal, clock) as server:
        yield Api(server)
    if openapi.available():
        assert openapi.check_journal(journal) == []


def member(api: Api, name: str) -> Dict[str, str]:
    return {"type": "user_member", "user_id": api.id("users", name)}


def sent(api: Api, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = api.send(method, path, body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def made(api: Api, name: str = "Night", zone: str = "UTC") -> str:
    body = {"schedule": {"name": name, "time_zone": zone}}
    return str(sent(api, "POST", "/v3/schedules", body, 201)["schedule"]["id"])


def event(api: Api, people: List[str], **changes: Any) -> Dict[str, Any]:
    strategy = {
        "type": "rotating_member_assignment_strategy",
        "shifts_per_member": 1,
        "members": [member(api, name) for name in people],
    }
    found: Dict[str, Any] = {
        "name": "Days",
        "start_time": {"date_time": MONDAY + "T09:00:00Z", "time_zone": "UTC"},
        "end_time": {"date_time": MONDAY + "T17:00:00Z", "time_zone": "UTC"},
        "effective_since": MONDAY + "T00:00:00Z",
        "recurrence": ["RRULE:FREQ=DAILY"],
        "assignment_strategy": strategy,
    }
    found.update(changes)
    return found


def rotation(api: Api, schedule: str, *events: Dict[str, Any]) -> str:
    path = f"/v3/schedules/{schedule}/rotations"
    id = str(sent(api, "POST", path, {}, 201)["rotation"]["id"])
    for one in events:
        sent(api, "POST", f"{path}/{id}/events", {"event": one}, 201)
    return id


def final(api: Api, schedule: str, since: float, until: float) -> List[List[Any]]:
    shown = api.get(
        f"/v3/schedules/{schedule}",
        since=iso(since),
        until=iso(until),
        include__="final_schedule",
    )["schedule"]
    names = {user["id"]: user["name"] for user in api.account.catalog["users"].values()}
    return [
        [
            names.get(one["member"].get("user_id"), "nobody"),
            one["start_time"][5:16],
            one["end_time"][5:16],
            one["source"]["type"],
        ]
        for one in shown["final_schedule"]["computed_shift_assignments"]
    ]


def test_each_list_holds_one_kind_and_each_api_refuses_the_other(api: Api) -> None:
    id = made(api)
    assert [one["id"] for one in api.get("/v3/schedules")["schedules"]] == [id]
    assert api.get("/v3/schedules")["schedules"][0]["type"] == "schedule_v3_reference"
    assert [one["summary"] for one in api.get("/schedules")["schedules"]] == ["Platform rotation"]
    layered = api.id("schedules", "Platform rotation")
    assert api.send("GET", f"/v3/schedules/{layered}").status_code == 400
    assert api.send("GET", "/v3/schedules/PNOSUCH").status_code == 404
    for answer, status in (("missing", 404), ("refused", 400), ("empty", 200)):
        api.account.set_switches(upgraded_schedule=answer)
        assert api.send("GET", f"/schedules/{id}").status_code == status
    assert api.send("GET", f"/schedules/{id}/users").status_code == 404


def test_a_rotation_goes_through_its_members_and_gaps_are_nobodys(api: Api) -> None:
    id = made(api)
    rotation(api, id, event(api, ["Ada Lovelace", "Grace Hopper"]))
    begin = at(MONDAY + "T00:00:00")
    assert final(api, id, begin, begin + 2 * DAY) == [
        ["nobody", "03-02T00:00", "03-02T09:00", "schedule_rotation"],
        ["Ada Lovelace", "03-02T09:00", "03-02T17:00", "schedule_rotation"],
        ["nobody", "03-02T17:00", "03-03T09:00", "schedule_rotation"],
        ["Grace Hopper", "03-03T09:00", "03-03T17:00", "schedule_rotation"],
        ["nobody", "03-03T17:00", "03-04T00:00", "schedule_rotation"],
    ]


def test_every_member_is_on_call_at_once_by_the_clock_of_the_events_zone(api: Api) -> None:
    id = made(api)
    strategy = {
        "type": "every_member_assignment_strategy",
        "members": [member(api, "Ada Lovelace"), member(api, "Grace Hopper")],
    }
    zoned = {
        "start_time": {"date_time": MONDAY + "T14:00:00Z", "time_zone": "America/New_York"},
        "end_time": {"date_time": MONDAY + "T15:00:00Z", "time_zone": "America/New_York"},
    }
    weekly = {"recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO"], "assignment_strategy": strategy}
    rotation(api, id, event(api, [], **weekly, **zoned))
    rows = final(api, id, at(MONDAY + "T00:00:00"), at("2026-03-10T00:00:00"))
    assert [row for row in rows if row[0] != "nobody"] == [
        ["Ada Lovelace", "03-02T14:00", "03-02T15:00", "schedule_rotation"],
        ["Grace Hopper", "03-02T14:00", "03-02T15:00", "schedule_rotation"],
        ["Ada Lovelace", "03-09T13:00", "03-09T14:00", "schedule_rotation"],
        ["Grace Hopper", "03-09T13:00", "03-09T14:00", "schedule_rotation"],
    ]


def test_an_override_replaces_one_person_of_one_rotation(api: Api) -> None:
    id = made(api)
    of = rotation(api, id, event(api, ["Ada Lovelace"]))
    rotation(api, id, event(api, ["Mei Tanaka"]))
    body = {
        "type": "override_shift",
        "rotation_id": of,
        "start_time": MONDAY + "T10:00:00Z",
        "end_time": MONDAY + "T12:00:00Z",
        "overridden_member": member(api, "Ada Lovelace"),
        "overriding_member": member(api, "Grace Hopper"),
    }
    path = f"/v3/schedules/{id}/overrides"
    found = sent(api, "POST", path, {"overrides": [body]}, 201)["overrides"][0]
    begin = at(MONDAY + "T09:00:00")
    assert final(api, id, begin, begin + 8 * HOUR) == [
        ["Ada Lovelace", "03-02T09:00", "03-02T10:00", "schedule_rotation"],
        ["Mei Tanaka", "03-02T09:00", "03-02T17:00", "schedule_rotation"],
        ["Grace Hopper", "03-02T10:00", "03-02T12:00", "schedule_rotation_override"],
        ["Ada Lovelace", "03-02T12:00", "03-02T17:00", "schedule_rotation"],
    ]
    span = {"since": MONDAY + "T00:00:00Z", "until": MONDAY + "T23:00:00Z"}
    assert api.get(path, **span)["overrides"] == [found]
    assert api.get(f"{path}/{found['id']}")["override"] == found
    assert api.send("GET", path).status_code == 400
    wrong = {**body, "overridden_member": member(api, "Olu Adeyemi")}
    assert api.send("POST", path, {"overrides": [wrong]}).status_code == 400
    both = {**body, "custom_shift_id": "A"}
    assert api.send("POST", path, {"overrides": [both]}).status_code == 400
    later = {"override": {"end_time": MONDAY + "T11:00:00Z"}}
    assert sent(api, "PUT", f"{path}/{found['id']}", later)["override"]["end_time"].startswith(
        MONDAY + "T11"
    )
    sent(api, "DELETE", f"{path}/{found['id']}", status=204)
    assert api.get(path, **span)["overrides"] == []


def test_custom_shifts_add_people_and_one_that_has_begun_ends_when_it_is_deleted(api: Api) -> None:
    id = made(api)
    path = f"/v3/schedules/{id}/custom_shifts"
    assignment = {"type": "shift_assignment", "member": member(api, "Olu Adeyemi")}
    body = {
        "type": "custom_shift",
        "start_time": MONDAY + "T00:00:00Z",
        "end_time": MONDAY + "T06:00:00Z",
        "assignments": [assignment],
    }
    one = sent(api, "POST", path, {"custom_shifts": [body]}, 201)["custom_shifts"][0]
    assert api.get(f"{path}/{one['id']}")["custom_shift"] == one
    api.server.account.clock.advance(HOUR)
    change = {"custom_shift": {"start_time": MONDAY + "T02:00:00Z"}}
    assert api.send("PUT", f"{path}/{one['id']}", change).status_code == 400
    later = {"custom_shift": {"end_time": MONDAY + "T08:00:00Z"}}
    sent(api, "PUT", f"{path}/{one['id']}", later)
    sent(api, "DELETE", f"{path}/{one['id']}", status=204)
    span = {"since": MONDAY + "T00:00:00Z", "until": MONDAY + "T23:00:00Z"}
    rows = api.get(path, **span)["custom_shifts"]
    assert [row["end_time"] for row in rows] == [MONDAY + "T01:00:00Z"]
    assert api.send("DELETE", f"{path}/{one['id']}").status_code == 400


def test_rotations_and_events_are_read_changed_and_removed(api: Api) -> None:
    id = made(api)
    of = rotation(api, id, event(api, ["Ada Lovelace"]))
    path = f"/v3/schedules/{id}/rotations"
    assert [one["id"] for one in api.get(path)["rotations"]] == [of]
    shown = api.get(f"{path}/{of}")["rotation"]["events"][0]
    assert api.get(f"{path}/{of}/events")["events"] == [shown]
    assert api.get(f"{path}/{of}/events/{shown['id']}")["event"] == shown
    assert (
        api.send(
            "POST", f"{path}/{of}/events", {"event": event(api, ["Ada Lovelace"], recurrence=[])}
        ).status_code
        == 400
    )
    coming = event(api, ["Ada Lovelace"], effective_since="2026-04-01T00:00:00Z")
    later = sent(api, "POST", f"{path}/{of}/events", {"event": coming}, 201)["event"]
    sent(api, "PUT", f"{path}/{of}/events/{later['id']}", {"event": {"name": "Later"}})
    api.server.account.clock.advance(HOUR)
    change = {"event": {"name": "Now"}}
    assert api.send("PUT", f"{path}/{of}/events/{shown['id']}", change).status_code == 400
    sent(api, "DELETE", f"{path}/{of}/events/{later['id']}", status=204)
    sent(api, "DELETE", f"{path}/{of}", status=204)
    ended = api.get(f"{path}/{of}")["rotation"]["events"]
    assert [one["effective_until"] for one in ended] == [MONDAY + "T01:00:00Z"]


def test_the_schedule_itself_is_changed_audited_and_deleted(api: Api) -> None:
    id = made(api)
    sent(api, "PUT", f"/v3/schedules/{id}", {"schedule": {"name": "Nights"}})
    assert (
        api.send("PUT", f"/v3/schedules/{id}", {"schedule": {"rotations": []}}).status_code == 400
    )
    records = api.get(f"/v3/schedules/{id}/audit/records")["records"]
    assert [one["action"] for one in records] == ["update", "create"]
    sent(api, "DELETE", f"/v3/schedules/{id}", status=204)
    assert api.send("GET", f"/v3/schedules/{id}").status_code == 404


def test_an_upgraded_schedule_keeps_its_id_and_who_is_on_call(api: Api) -> None:
    id = api.id("schedules", "Platform rotation")
    api.account.cover("Platform rotation", "Ada Lovelace", 2 * HOUR)
    span = {"since": iso(api.account.now()), "until": iso(api.account.now() + 60 * DAY)}

    def people() -> List[Any]:
        rows = api.get("/oncalls", schedule_ids__=id, limit=100, **span)["oncalls"]
        return sorted((row["start"], row["end"], row["user"]["id"]) for row in rows)

    before = people()
    assert api.account.upgrade("Platform rotation") == id
    after = people()
    assert [row[2] for row in after] == [row[2] for row in before]
    assert after[1:] == before[1:]
    row = api.get("/oncalls", schedule_ids__=id)["oncalls"][0]["schedule"]
    assert (row["id"], row["type"]) == (id, "schedule_v3_reference")
    with pytest.raises(ValueError, match="can't be upgraded"):
        api.account.upgrade("Platform rotation")


def test_overrides_that_overlap_or_stand_where_nobody_would_be_outlive_an_upgrade(
    api: Api,
) -> None:
    id, now = api.id("schedules", "Platform rotation"), api.account.now()
    found = api.account.find("schedules", id)
    found["layers"][0]["end"] = now + DAY
    stretches = [("Ada Lovelace", 1, 5), ("Mei Tanaka", 3, 7), ("Ada Lovelace", 22, 26)]
    found["overrides"] = [
        {
            "id": f"Q{number}",
            "user_id": api.id("users", name),
            "start": now + begin * HOUR,
            "end": now + end * HOUR,
        }
        for number, (name, begin, end) in enumerate(stretches)
    ]

    def people() -> List[Any]:
        found = []
        for half in range(56):
            since = now + half * HOUR // 2 + 60
            span = {"since": iso(since), "until": iso(since + 1)}
            rows = api.get("/oncalls", schedule_ids__=id, **span)["oncalls"]
            found.append({row["user"]["summary"] for row in rows})
        return found

    before = people()
    assert before[6] == {"Mei Tanaka"}
    assert before[50] == {"Ada Lovelace"}
    assert before[54] == set()
    api.account.upgrade(id)
    assert people() == before


def test_many_schedules_come_by_the_hundred_and_by_the_thousand(api: Api) -> None:
    for number in range(130):
        api.account.add(
            "schedules",
            f"S{number:03d}",
            time_zone="UTC",
            type="schedule_v3",
            rotations=[],
            custom_shifts=[],
            shift_overrides=[],
        )
    page = api.get("/v3/schedules")
    assert (len(page["schedules"]), page["more"], "total" in page) == (100, True, False)
    assert len(api.get("/v3/schedules", limit=1000)["schedules"]) == 130
    assert api.send("GET", "/v3/schedules", limit=1001).status_code == 400


def test_every_minute_of_a_week_is_somebodys_as_a_plain_count_says(api: Api) -> None:
    """Counted by this test alone: day shifts of two people by turns of two, in New York."""
    id = made(api, zone="America/New_York")
    strategy = {
        "type": "rotating_member_assignment_strategy",
        "shifts_per_member": 2,
        "members": [member(api, "Ada Lovelace"), member(api, "Grace Hopper")],
    }
    zone = "America/New_York"
    rotation(
        api,
        id,
        event(
            api,
            [],
            start_time={"date_time": "2026-03-03T03:00:00Z", "time_zone": zone},
            end_time={"date_time": "2026-03-03T11:00:00Z", "time_zone": zone},
            assignment_strategy=strategy,
        ),
    )
    begin = at(MONDAY + "T00:00:00")
    rows = final(api, id, begin, begin + 9 * DAY)
    offset = {True: 4, False: 5}
    expected: List[List[Any]] = []
    for number in range(9):
        day = datetime(2026, 3, 2) + timedelta(days=number)
        starts = day + timedelta(hours=22 + offset[day >= datetime(2026, 3, 8)])
        ends = day + timedelta(days=1, hours=6 + offset[day >= datetime(2026, 3, 7)])
        name = ("Ada Lovelace", "Grace Hopper")[number // 2 % 2]
        last = datetime(2026, 3, 11)
        if starts < last:
            expected.append(
                [
                    name,
                    starts.strftime("%m-%dT%H:%M"),
                    min(ends, last).strftime("%m-%dT%H:%M"),
                    "schedule_rotation",
                ]
            )
    assert [row for row in rows if row[0] != "nobody"] == expected
