"""Which incidents are told one by one, and which together in a storm."""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import Any, List

from hypothesis import given, settings
from hypothesis import strategies as st
from storm_changes import NOW, change, new, over, verdicts

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.noise import NoiseConfig
from pagerduty_mattermost.noise.storm_detection import (
    HOLD,
    MAX_RELEASED_AT_ONCE,
    PASS,
    RELEASE,
    WAIT,
    StormDetector,
)


def ended_storm(resolved: int) -> StormDetector:
    """Of twenty, of which so many are over."""
    noise = StormDetector(NoiseConfig())
    verdicts(noise, *map(new, range(20)))
    verdicts(noise, *[change(number, "resolved", status="resolved") for number in range(resolved)])
    for group in noise.due(NOW + 400):
        noise.card_was_sent(group, NOW + 400)
    return noise


def test_ten_of_a_service_are_told_one_by_one_and_eleven_are_a_storm() -> None:
    assert verdicts(StormDetector(NoiseConfig()), *map(new, range(10))) == [PASS] * 10
    assert verdicts(StormDetector(NoiseConfig()), *map(new, range(11))) == [HOLD] * 11


def test_those_that_have_cards_keep_them_and_later_ones_are_held() -> None:
    noise = StormDetector(NoiseConfig())
    assert verdicts(noise, *map(new, range(10))) == [PASS] * 10
    assert verdicts(noise, new(10)) == [HOLD]
    assert verdicts(noise, change(3, "resolved", status="resolved")) == [PASS]


def test_another_service_and_slow_ones_are_no_storm() -> None:
    noise = StormDetector(NoiseConfig())
    mixed = [new(number, service_id=f"P{number % 3}") for number in range(27)]
    assert verdicts(noise, *mixed) == [PASS] * 27
    for number in range(30):
        at = NOW + 60 * number
        assert verdicts(
            StormDetector(NoiseConfig()), new(number, created_at=times.iso(at)), now=at
        ) == [PASS]


def test_high_priority_and_what_somebody_acts_on_gets_its_own_card() -> None:
    noise = StormDetector(NoiseConfig())
    assert verdicts(noise, new(99, priority="P1"), *map(new, range(12))) == [PASS, *[HOLD] * 12]
    assert verdicts(noise, change(1, "acknowledged", status="acknowledged")) == [RELEASE]
    assert verdicts(noise, change(1, "annotated", status="acknowledged")) == [PASS]
    assert verdicts(noise, change(2, "priority_updated", priority="P2")) == [RELEASE]
    assert verdicts(noise, change(3, "resolved", status="resolved")) == [HOLD]
    assert verdicts(noise, change(4, "updated")) == [HOLD]


def test_an_act_on_many_at_once_is_one_in_bulk_and_births_no_card() -> None:
    noise = StormDetector(NoiseConfig())
    verdicts(noise, *map(new, range(50)))
    acked = [change(number, "acknowledged", status="acknowledged") for number in range(50)]
    few, many = acked[:MAX_RELEASED_AT_ONCE], acked[MAX_RELEASED_AT_ONCE:]
    assert verdicts(noise, *few) == [RELEASE] * MAX_RELEASED_AT_ONCE
    noise.settle()
    assert verdicts(noise, *many) == [HOLD] * len(many)
    urgent = change(7, "acknowledged", status="acknowledged", priority="P1")
    assert verdicts(noise, urgent, *many[3:]) == [RELEASE, *[HOLD] * (len(many) - 3)]


def test_the_card_of_one_that_is_over_says_what_became_of_what_it_left() -> None:
    noise = ended_storm(10)
    left = sorted(noise.left)
    for number, wait in enumerate((60, 600, 1800)):
        assert len(noise.once_more(NOW + 1000 + wait)) == 1, number
    assert noise.once_more(NOW + 4000) == [], "nothing is new"
    several = [change(int(id[-4:]), "acknowledged", status="acknowledged") for id in left[:7]]
    verdicts(noise, *several, now=NOW + 4000)
    assert noise.changed
    again = StormDetector(NoiseConfig(), json.loads(json.dumps(noise.to_data())))
    (payload,) = again.once_more(NOW + 4000)
    (kept,) = noise.once_more(NOW + 4000)
    assert payload == kept
    assert (payload["state"], payload["acknowledged"], payload["triggered"]) == ("ended", 7, 3)
    assert noise.once_more(NOW + 4001) == []
    assert len(noise.once_more(NOW + 4061)) == 1, "it may be lost, too"
    over = [change(int(id[-4:]), "resolved", status="resolved") for id in left]
    verdicts(noise, *over, now=NOW + 5000)
    (payload,) = noise.once_more(NOW + 5000)
    assert (payload["acknowledged"], payload["triggered"]) == (0, 0)


def test_its_card_is_told_at_once_then_every_half_minute_and_at_its_end() -> None:
    noise = StormDetector(NoiseConfig())
    verdicts(noise, *map(new, range(20)))
    (group,) = noise.due(NOW)
    payload = group.payload(NOW)
    assert (
        payload["state"],
        payload["total"],
        payload["triggered"],
        len(payload["incidents"]),
    ) == (
        "ongoing",
        20,
        20,
        10,
    )
    assert noise.card_was_sent(group, NOW) == []
    verdicts(noise, new(20), now=NOW + 10)
    assert noise.due(NOW + 10) == []
    assert noise.due(NOW + 31) == [group]
    noise.card_was_sent(group, NOW + 31)
    closed = [change(number, "resolved", status="resolved") for number in range(18)]
    verdicts(noise, *closed, now=NOW + 100)
    (group,) = noise.due(NOW + 311)
    assert group.payload(NOW + 311)["state"] == "ended"
    assert noise.card_was_sent(group, NOW + 311) == []
    assert set(noise.left) == {"PINC0018", "PINC0019", "PINC0020"}


def test_of_a_few_that_are_left_each_gets_its_card_when_anything_happens_to_it() -> None:
    noise = ended_storm(10)
    assert (
        verdicts(noise, change(12, "escalated"), change(13, "updated"), now=NOW + 900)
        == [RELEASE] * 2
    )
    assert verdicts(noise, change(14, "resolved", status="resolved"), now=NOW + 900) == [HOLD]
    assert len(noise.left) == 8


def test_many_that_are_left_open_get_no_cards_until_something_happens() -> None:
    noise = StormDetector(NoiseConfig())
    verdicts(noise, *map(new, range(40)))
    for group in noise.due(NOW + 400):
        assert noise.card_was_sent(group, NOW + 400) == []
    assert len(noise.held) == 40
    assert verdicts(noise, change(7, "acknowledged", status="acknowledged"), now=NOW + 500) == [
        RELEASE
    ]
    by_itself = [change(number, "updated") for number in range(20, 40)]
    assert verdicts(noise, *by_itself, now=NOW + 1800) == [HOLD] * 20
    acked = [change(number, "acknowledged", status="acknowledged") for number in range(20, 40)]
    assert verdicts(noise, *acked, now=NOW + 1900) == [HOLD] * 20, "done in bulk"
    noise.forget(NOW + 500, {"PINC0001", "PINC0002"})
    assert set(noise.left) == {"PINC0001", "PINC0002"}


def test_what_is_judged_again_because_nothing_could_be_dispatched_counts_once() -> None:
    noise = StormDetector(NoiseConfig())
    for look in range(20):
        assert verdicts(noise, *map(new, range(4)), now=NOW + 30 * look, fails=True) == [PASS] * 4
    assert verdicts(noise, new(4), now=NOW + 600) == [PASS]


def test_what_passed_before_the_sensor_was_killed_is_not_held_after_it() -> None:
    noise = StormDetector(NoiseConfig())
    assert verdicts(noise, *map(new, range(5)), fails=True) == [PASS] * 5
    again = StormDetector(NoiseConfig(), json.loads(json.dumps(noise.to_data())))
    assert verdicts(again, *map(new, range(100)), now=NOW + 30) == [PASS] * 5 + [HOLD] * 95
    assert verdicts(again, over(3, NOW + 60)) == [PASS]


def test_a_look_that_is_repeated_makes_the_same_storm() -> None:
    one, two = StormDetector(NoiseConfig()), StormDetector(NoiseConfig())
    verdicts(one, *map(new, range(20)), now=NOW + 7)
    verdicts(two, *map(new, range(20)), now=NOW + 99)
    assert list(one.groups) == list(two.groups)


def test_what_is_released_is_so_until_it_was_dispatched() -> None:
    noise = StormDetector(NoiseConfig())
    verdicts(noise, *map(new, range(12)))
    acked = change(1, "acknowledged", status="acknowledged")
    assert verdicts(noise, acked, fails=True) == verdicts(noise, acked) == [RELEASE]
    assert verdicts(noise, change(1, "annotated", status="acknowledged")) == [PASS]


def test_a_trickle_does_not_keep_a_storm_up() -> None:
    noise = StormDetector(NoiseConfig())
    verdicts(noise, *map(new, range(200)))
    for number in range(200, 240):
        at = NOW + 240 * (number - 199)
        (verdict,) = verdicts(noise, new(number, created_at=times.iso(at)), now=at)
        for group in noise.due(at):
            noise.card_was_sent(group, at)
    assert verdict == PASS


def test_a_storm_of_an_hour_ago_is_one_too_and_over_at_once() -> None:
    noise = StormDetector(NoiseConfig())
    calm = [new(number, created_at=times.iso(NOW + 1000 + 200 * number)) for number in range(10)]
    found = verdicts(noise, *map(new, range(100, 150)), *calm, now=NOW + 3600)
    assert found == [HOLD] * 50 + [PASS] * 10
    (group,) = noise.due(NOW + 3600)
    assert group.ended


def test_what_comes_at_the_pace_of_a_storm_waits_for_more() -> None:
    noise = StormDetector(NoiseConfig())

    def look(*numbers: int, now: float, **fields: Any) -> List[str]:
        found = noise.judge(
            [new(n, created_at=times.iso(NOW + n), **fields) for n in numbers], now, patient=True
        )
        noise.settle()
        return list(found.values())

    assert look(0, now=NOW + 1) == [PASS]
    assert look(1, 2, 3, now=NOW + 4) == [WAIT] * 3
    assert look(*range(1, 20), now=NOW + 20) == [HOLD] * 19
    noise = StormDetector(NoiseConfig())
    assert look(0, 1, now=NOW + 2) == [WAIT] * 2
    assert look(0, 1, now=NOW + 9) == [PASS] * 2
    assert look(40, 41, now=NOW + 42, priority="P1") == [PASS] * 2
    assert look(80, now=NOW + 81) == look(100, now=NOW + 101) == [PASS]


def test_nobody_is_behind_an_escalation_by_timeout() -> None:
    noise = StormDetector(NoiseConfig())
    verdicts(noise, *map(new, range(12)))
    plain = change(1, "escalated")
    by_itself = plain.events[0]._replace(changes=(("channel", "timeout"),))
    assert verdicts(noise, plain._replace(events=(by_itself,))) == [HOLD]
    assert verdicts(noise, plain) == [RELEASE]


def test_switched_off_nothing_is_held() -> None:
    noise = StormDetector(NoiseConfig(storm_incidents=0, flapping_rounds=0))
    assert verdicts(noise, *[new(number, title="Same") for number in range(100)]) == [PASS] * 100


@settings(max_examples=30, deadline=None)
@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)
    )
)
def test_whatever_was_kept_reads(data: Any) -> None:
    assert StormDetector(NoiseConfig(), data).held == {}


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
def test_kept_and_read_at_any_time_it_decides_the_same_and_nobody_is_held_who_was_passed(
    ops: List[Any],
) -> None:
    noise, now = StormDetector(NoiseConfig(storm_incidents=3)), NOW
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
            noise = StormDetector(
                NoiseConfig(storm_incidents=3), json.loads(json.dumps(noise.to_data()))
            )
        (verdict,) = verdicts(noise, one, now=now)
        assert verdict == PASS or one.incident.id not in passed
        if verdict in (PASS, RELEASE):
            passed.add(one.incident.id)
        assert not (set(noise.held) & passed)
        for group in noise.due(now):
            passed.update(noise.card_was_sent(group, now))


def test_the_last_card_of_a_storm_is_told_again_because_a_trigger_can_be_lost() -> None:
    noise = ended_storm(0)
    assert noise.once_more(NOW + 430) == []
    noise = StormDetector(NoiseConfig(), json.loads(json.dumps(noise.to_data())))
    told = [one["state"] for at in range(460, 4000, 10) for one in noise.once_more(NOW + at)]
    assert told == ["ended"] * 3


def test_what_a_storm_counted_lacks_no_card_hours_later_until_it_is_reopened() -> None:
    noise = ended_storm(20)
    noise.forget(NOW + 400, set())
    noise = StormDetector(NoiseConfig(), json.loads(json.dumps(noise.to_data())))
    assert len(noise.held) == 20
    assert verdicts(noise, change(3, "annotated", status="resolved"), now=NOW + 900) == [HOLD]
    assert verdicts(noise, change(3, "reopened"), now=NOW + 900) == [RELEASE]
    assert "PINC0003" not in noise.held
    noise.once_more(NOW + 8 * 3600)
    assert noise.held == {}


def test_what_is_kept_of_a_large_storm_is_little_more_than_its_ids() -> None:
    noise = StormDetector(NoiseConfig())
    noise.judge([new(number) for number in range(9_000)], NOW)
    kept = json.dumps(noise.to_data())
    assert len(kept) < 9_000 * (len("PINC0000") + 1) + 20_000
    assert StormDetector(NoiseConfig(), json.loads(kept)).held == noise.held
