"""Which incidents are told one by one, and which together."""

from __future__ import annotations

import json
from typing import Any, List

from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost import times
from pagerduty_mattermost.incident import Change, Incident, IncidentEvent
from pagerduty_mattermost.storms import HOLD, PASS, RELEASE, RELEASED_AT_ONCE, Noise, Terms

NOW = 1_760_000_000.0


def change(number: int, *kinds: str, status: str = "triggered", **fields: Any) -> Change:
    given = {"title": f"Alert {number}", "service_id": "PSVC", "service": "Checkout", "created_at": times.iso(NOW)}
    incident = Incident(id=f"PINC{number:04}", number=number, status=status, **{**given, **fields})
    events = tuple(IncidentEvent(f"R{number}{kind}", f"incident.{kind}", times.iso(NOW)) for kind in kinds)
    return Change(incident, events, 1)


def new(number: int, **fields: Any) -> Change:
    return change(number, "triggered", **fields)


def verdicts(noise: Noise, *changes: Change, now: float = NOW) -> List[str]:
    found = noise.judge(changes, now)
    return [found[one.incident.id] for one in changes]


def test_ten_of_a_service_are_told_one_by_one_and_eleven_are_a_storm() -> None:
    assert verdicts(Noise(Terms()), *map(new, range(10))) == [PASS] * 10
    assert verdicts(Noise(Terms()), *map(new, range(11))) == [HOLD] * 11


def test_those_that_have_cards_keep_them_and_later_ones_are_held() -> None:
    noise = Noise(Terms())
    assert verdicts(noise, *map(new, range(10))) == [PASS] * 10
    assert verdicts(noise, new(10)) == [HOLD]
    assert verdicts(noise, change(3, "resolved", status="resolved")) == [PASS]


def test_another_service_and_slow_ones_are_no_storm() -> None:
    noise = Noise(Terms())
    mixed = [new(number, service_id=f"P{number % 3}") for number in range(27)]
    assert verdicts(noise, *mixed) == [PASS] * 27
    for number in range(30):
        at = NOW + 60 * number
        assert verdicts(Noise(Terms()), new(number, created_at=times.iso(at)), now=at) == [PASS]


def test_high_priority_and_what_somebody_acts_on_gets_its_own_card() -> None:
    noise = Noise(Terms())
    assert verdicts(noise, new(99, priority="P1"), *map(new, range(12))) == [PASS, *[HOLD] * 12]
    assert verdicts(noise, change(1, "acknowledged", status="acknowledged")) == [RELEASE]
    assert verdicts(noise, change(1, "annotated", status="acknowledged")) == [PASS]
    assert verdicts(noise, change(2, "priority_updated", priority="P2")) == [RELEASE]
    assert verdicts(noise, change(3, "resolved", status="resolved")) == [HOLD]
    assert verdicts(noise, change(4, "updated")) == [HOLD]


def test_an_act_on_many_at_once_births_few_cards() -> None:
    noise = Noise(Terms())
    verdicts(noise, *map(new, range(50)))
    acked = [change(number, "acknowledged", status="acknowledged") for number in range(50)]
    assert verdicts(noise, *acked).count(RELEASE) == RELEASED_AT_ONCE


def test_its_card_is_told_at_once_then_every_half_minute_and_at_its_end() -> None:
    noise = Noise(Terms())
    verdicts(noise, *map(new, range(20)))
    (group,) = noise.due(NOW)
    payload = group.payload(NOW)
    assert (payload["state"], payload["total"], payload["triggered"], len(payload["incidents"])) == (
        "ongoing",
        20,
        20,
        10,
    )
    assert noise.told(group, NOW) == []
    verdicts(noise, new(20), now=NOW + 10)
    assert noise.due(NOW + 10) == []
    assert noise.due(NOW + 31) == [group]
    noise.told(group, NOW + 31)
    closed = [change(number, "resolved", status="resolved") for number in range(18)]
    verdicts(noise, *closed, now=NOW + 100)
    (group,) = noise.due(NOW + 311)
    assert group.payload(NOW + 311)["state"] == "ended"
    assert sorted(noise.told(group, NOW + 311)) == ["PINC0018", "PINC0019", "PINC0020"]
    assert noise.held == {}


def test_many_that_are_left_open_get_no_cards_until_something_happens() -> None:
    noise = Noise(Terms())
    verdicts(noise, *map(new, range(40)))
    for group in noise.due(NOW + 400):
        assert noise.told(group, NOW + 400) == []
    assert len(noise.held) == 40
    assert verdicts(noise, change(7, "acknowledged", status="acknowledged"), now=NOW + 500) == [RELEASE]
    noise.forget(NOW + 500, {"PINC0001", "PINC0002"})
    assert set(noise.held) == {"PINC0001", "PINC0002"}


def test_an_alert_that_flaps_is_counted_from_its_fourth_round_on() -> None:
    noise = Noise(Terms())
    told = []
    for number in range(6):
        at = NOW + 200 * number
        told += verdicts(noise, new(number, title="Disk full", created_at=times.iso(at)), now=at)
        verdicts(noise, change(number, "resolved", status="resolved", title="Disk full"), now=at + 100)
    assert told == [PASS] * 3 + [HOLD] * 3
    (group,) = noise.groups.values()
    assert (group.kind, group.title, group.payload(NOW)["total"]) == ("flapping", "Disk full", 3)


def test_switched_off_nothing_is_held() -> None:
    noise = Noise(Terms(incidents=0, rounds=0))
    assert verdicts(noise, *[new(number, title="Same") for number in range(100)]) == [PASS] * 100


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_whatever_was_kept_reads(data: Any) -> None:
    assert Noise(Terms(), data).held == {}


OPS = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from(["triggered", "acknowledged", "resolved", "annotated", "updated"]),
        st.integers(0, 200),
        st.booleans(),
    ),
    max_size=80,
)


@given(OPS)
@settings(deadline=None)
def test_kept_and_read_at_any_time_it_decides_the_same_and_nobody_is_held_who_was_passed(ops: List[Any]) -> None:
    noise, now = Noise(Terms(incidents=3)), NOW
    seen: set[str] = set()
    passed: set[str] = set()
    for number, kind, seconds, restart in ops:
        now += seconds
        one = change(
            number,
            kind if f"PINC{number:04}" in seen else "triggered",
            status="resolved" if kind == "resolved" else "triggered",
            created_at=times.iso(now),
        )
        seen.add(one.incident.id)
        if restart:
            noise = Noise(Terms(incidents=3), json.loads(json.dumps(noise.kept())))
        (verdict,) = verdicts(noise, one, now=now)
        assert verdict == PASS or one.incident.id not in passed
        if verdict in (PASS, RELEASE):
            passed.add(one.incident.id)
        assert not (set(noise.held) & passed)
        for group in noise.due(now):
            passed.update(noise.told(group, now))
