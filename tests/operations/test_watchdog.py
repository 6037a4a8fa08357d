"""Silence of the incident sensor, told once and taken back."""

from __future__ import annotations

from typing import Any, List, Optional

from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.operations.watchdog import (
    MISSED_CYCLES,
    NEVER_HEARD_SECONDS,
    WatchdogState,
    allowed,
    died,
    judge,
    state_from,
)


def beat(cycle: int) -> Any:
    return {"cycle": cycle, "server_time": 1000.0 + cycle}


def test_three_missed_cycles_are_told_once_and_the_return_as_well() -> None:
    watched, notice = judge(WatchdogState(), beat(1), 1000.0, 30.0)
    assert notice is None
    watched, notice = judge(watched, beat(1), 1000.0 + allowed(30.0) - 1, 30.0)
    assert notice is None
    watched, notice = judge(watched, beat(1), 1000.0 + allowed(30.0), 30.0)
    assert notice is not None
    assert "silent" in notice.text
    watched, again = judge(watched, beat(1), 5000.0, 30.0)
    assert again is None
    watched, back = judge(watched, beat(2), 5060.0, 30.0)
    assert back is not None
    assert "is back" in back.text
    assert back.key != notice.key
    assert judge(watched, beat(3), 5120.0, 30.0)[1] is None


def test_a_sensor_that_was_never_there_is_told_after_a_while() -> None:
    watched, notice = judge(WatchdogState(), None, 1000.0, 30.0)
    assert notice is None
    assert judge(watched, None, 1000.0 + allowed(30.0) + 1, 30.0)[1] is None
    assert judge(watched, None, 1000.0 + NEVER_HEARD_SECONDS, 30.0)[1] is not None


def test_a_long_interval_is_waited_for() -> None:
    assert allowed(600.0) == MISSED_CYCLES * 600.0


def test_a_death_names_the_sensor_without_doing_anything() -> None:
    notice = died("@here [x](y)", 1, 7)
    assert "@here" not in notice.text.replace("@\u200b", "")
    assert "(exit code 1)" in notice.text
    assert "exit code" not in died("ChatSensor", None, None).text


@given(st.lists(st.tuples(st.integers(1, 4000), st.booleans()), max_size=60))
def test_silent_and_back_come_by_turns_and_what_is_kept_reads_again(looks: List[Any]) -> None:
    watched, now, cycle = WatchdogState(), 1000.0, 1
    told: List[str] = []
    for seconds, alive in looks:
        now += seconds
        cycle += alive
        watched, notice = judge(state_from(watched._asdict()), beat(cycle), now, 30.0)
        if notice is not None:
            told.append("back" if "is back" in notice.text else "silent")
    assert told == (["silent", "back"] * len(told))[: len(told)]


@given(
    st.one_of(
        st.none(),
        st.text(),
        st.dictionaries(st.sampled_from(["beat", "since", "told"]), st.text()),
    )
)
def test_whatever_was_kept_reads(value: Optional[Any]) -> None:
    assert isinstance(state_from(value), WatchdogState)


def test_what_an_older_version_kept_reads() -> None:
    kept = {"beat": "7/1007.0", "since": 1000, "told": True}
    assert state_from(kept) == WatchdogState("7/1007.0", 1000.0, True)
