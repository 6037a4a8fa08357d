"""The sandbox's PagerDuty takes and renders layer-based schedules as the real one does, and says
who is on call."""

from __future__ import annotations

from typing import Any, List, Tuple

import pytest
from sandbox_api import START, Api
from sandbox_catalog import DAY, HOUR, changed, gone, layer, made, ref

from sandbox.clock import iso
from sandbox.pagerduty import (
    PagerDutyAccount,
)
from sandbox.pagerduty.rota import shifts


def test_a_schedule_renders_rotation_restrictions_and_overrides(api: Api) -> None:
    night = {
        "type": "daily_restriction",
        "start_time_of_day": "20:00:00",
        "duration_seconds": 12 * HOUR,
    }
    start = "2023-11-20T08:00:00Z"
    turns = {"start": start, "rotation_virtual_start": start, "rotation_turn_length_seconds": DAY}
    layers = [
        layer(api, "Ada Lovelace", "Grace Hopper", **turns),
        layer(api, "Mei Tanaka", restrictions=[night], **turns),
    ]
    body = {
        "type": "schedule",
        "name": "Night watch",
        "time_zone": "UTC",
        "schedule_layers": layers,
    }
    schedule = made(api, "/schedules", "schedule", **body)
    assert schedule["final_schedule"]["rendered_schedule_entries"] == []
    place = f"/schedules/{schedule['id']}"
    span = {"since": "2023-11-20T08:00:00Z", "until": "2023-11-22T08:00:00Z"}

    def entries(part: str = "final_schedule") -> List[Tuple[str, str, str]]:
        found = api.get(place, **span)["schedule"][part]["rendered_schedule_entries"]
        return [(e["user"]["summary"].split()[0], e["start"][8:13], e["end"][8:13]) for e in found]

    assert entries() == [
        ("Ada", "20T08", "20T20"),
        ("Mei", "20T20", "21T08"),
        ("Grace", "21T08", "21T20"),
        ("Mei", "21T20", "22T08"),
    ]
    whole = api.get(place, **span)["schedule"]
    assert [p["rendered_coverage_percentage"] for p in whole["schedule_layers"]] == [100.0, 50.0]
    override = {
        "start": "2023-11-20T10:00:00Z",
        "end": "2023-11-20T22:00:00Z",
        "user": ref(api, "users", "Olu Adeyemi"),
    }
    wrong = {**override, "end": "2023-11-20T09:00:00Z"}
    rows = api.send("POST", place + "/overrides", {"overrides": [override, wrong]}).json()
    assert [row["status"] for row in rows] == [201, 400]
    assert entries()[:3] == [
        ("Ada", "20T08", "20T10"),
        ("Olu", "20T10", "20T22"),
        ("Mei", "20T22", "21T08"),
    ]
    assert entries("overrides_subschedule") == [("Olu", "20T10", "20T22")]
    listed = api.send("GET", place + "/overrides", **span)
    assert (listed.status_code, len(listed.json()["overrides"])) == (201, 1)
    api.server.clock.set(START + 6 * DAY)
    one = f"{place}/overrides/{rows[0]['override']['id']}"
    api.server.clock.set(1_700_481_600)  # 2023-11-20T12:00Z
    assert [
        u["name"]
        for u in api.get(place + "/users", since=iso(1_700_481_600), until=iso(1_700_481_700))[
            "users"
        ]
    ] == ["Olu Adeyemi"]
    assert api.send("DELETE", one).status_code == 200, "one that has begun ends now"
    assert entries()[1] == ("Olu", "20T10", "20T12")
    assert api.send("DELETE", one).status_code == 400
    assert api.send("DELETE", place + "/overrides/QNOSUCH").status_code == 404
    future = {**override, "start": "2023-11-25T10:00:00Z", "end": "2023-11-25T11:00:00Z"}
    kept = api.send("POST", place + "/overrides", {"overrides": [future]}).json()[0]["override"][
        "id"
    ]
    assert api.send("DELETE", f"{place}/overrides/{kept}").status_code == 204


def test_schedules_are_checked_changed_previewed_and_deleted(api: Api) -> None:
    body = {
        "type": "schedule",
        "name": "S",
        "time_zone": "Europe/Paris",
        "schedule_layers": [layer(api, "Ada Lovelace")],
    }
    for wrong in (
        {"time_zone": "Mars/Base"},
        {"schedule_layers": []},
        {"schedule_layers": [layer(api)]},
        {"schedule_layers": [layer(api, "Ada Lovelace", rotation_turn_length_seconds=60)]},
        {"schedule_layers": [layer(api, "Ada Lovelace", start="soon")]},
        {
            "schedule_layers": [
                layer(api, "Ada Lovelace", restrictions=[{"type": "weekly_restriction"}])
            ]
        },
    ):
        assert api.refused("POST", "/schedules", {"schedule": {**body, **wrong}})[:2] == [
            400,
            2001,
        ]
    shown = api.send(
        "POST", "/schedules/preview", {"schedule": body}, since=iso(START), until=iso(START + DAY)
    )
    assert len(shown.json()["schedule"]["final_schedule"]["rendered_schedule_entries"]) == 1
    schedule = made(api, "/schedules", "schedule", **body)
    place = f"/schedules/{schedule['id']}"
    assert changed(api, place, "schedule", **{**body, "name": "T"})["name"] == "T"
    parts = api.get("/schedules", query="T", include__=["final_schedule"], since=iso(START))[
        "schedules"
    ]
    assert "final_schedule" in parts[0]
    assert gone(api, place)
    assert (
        "used by escalation policies"
        in api.refused("DELETE", f"/schedules/{api.id('schedules', 'Platform rotation')}")[2]
    )


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_a_hand_over_keeps_its_hour_when_the_clocks_change(day: str, hours: int) -> None:
    from dateutil import parser, tz

    zone = tz.gettz("Europe/Paris")
    start = int(parser.isoparse("2024-01-01T09:00:00").replace(tzinfo=zone).timestamp())
    turn = {
        "id": "1",
        "user_ids": ["a", "b"],
        "start": start,
        "end": None,
        "virtual_start": start,
        "turn": DAY,
    }
    schedule = {"time_zone": "Europe/Paris", "layers": [turn], "overrides": []}
    night = int(parser.isoparse(day + "T05:00:00").replace(tzinfo=zone).timestamp())
    (shift,) = shifts(schedule, night, night)
    assert shift.end - shift.start == hours * HOUR
    assert shifts(schedule, shift.end, shift.end)[-1].start == shift.end
    assert len({s.user_id for s in shifts(schedule, shift.start, shift.end)}) == 2


def test_weekly_restrictions_cover_part_of_a_week() -> None:
    weekend = {
        "type": "weekly_restriction",
        "start_day_of_week": 6,
        "start_time_of_day": "00:00:00",
    }
    layer_ = {"user_ids": ["a"], "start": 0, "end": None, "virtual_start": 0, "turn": 7 * DAY}
    schedule = {"layers": [{**layer_, "restrictions": [{**weekend, "duration_seconds": 2 * DAY}]}]}
    monday = 1_700_438_400
    found = [(s.start, s.end) for s in shifts(schedule, monday, monday + 7 * DAY - 1)]
    assert sum(e - s for s, e in found) == 2 * DAY
    assert found[0][0] == monday + 5 * DAY


def test_on_call_follows_rotation_and_overrides(api: Api, account: PagerDutyAccount) -> None:
    rota = account.find("schedules", "Platform rotation")

    def who(**query: Any) -> List[Any]:
        rows = api.get("/oncalls", schedule_ids__=rota["id"], **query)["oncalls"]
        return [(r["user"]["summary"], r["start"], r["end"]) for r in rows]

    ((name, start, end),) = who()
    turn, hour = 7 * 86400, 3600
    begin = rota["layers"][0]["start"] + (START - rota["layers"][0]["start"]) // turn * turn
    begin += (
        hour  # The rotation began in summer time: its hand-over stays at one o'clock in London.
    )
    assert (start, end) == (iso(begin), iso(begin + turn))
    api.server.clock.advance(turn)
    assert who()[0][0] != name
    mei = api.id("users", "Mei Tanaka")
    rota["overrides"].append(
        {"user_id": mei, "start": START + turn - 60, "end": START + turn + 60}
    )
    assert who() == [("Mei Tanaka", iso(START + turn - 60), iso(START + turn + 60))]
    always = api.get(
        "/oncalls",
        user_ids__=mei,
        escalation_policy_ids__=api.id("escalation_policies", "Web escalation"),
    )
    assert [(r["schedule"], r["start"], r["escalation_level"]) for r in always["oncalls"]] == [
        (None, None, 1)
    ]
