"""An alert that comes and goes is counted on one card."""

from __future__ import annotations

from storm_changes import NOW, change, new, over, verdicts

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.noise import NoiseConfig
from pagerduty_mattermost.noise.storm_detection import (
    HOLD,
    PASS,
    StormDetector,
)


def test_an_alert_that_flaps_is_counted_from_its_fourth_round_on() -> None:
    noise = StormDetector(NoiseConfig())
    told = []
    for number in range(6):
        at = NOW + 200 * number
        told += verdicts(noise, new(number, title="Disk full", created_at=times.iso(at)), now=at)
        verdicts(noise, over(number, at + 100), now=at + 100)
    assert told == [PASS] * 3 + [HOLD] * 3
    (group,) = noise.groups.values()
    assert (group.kind, group.title, group.payload(NOW)["total"]) == ("flapping", "Disk full", 6)
    assert group.payload(NOW)["started_at"] == times.iso(NOW)


def test_rounds_within_one_look_flap_too_and_one_of_high_priority_is_told() -> None:
    noise = StormDetector(NoiseConfig())
    looks = [
        change(
            number,
            "triggered",
            "resolved",
            status="resolved",
            title="Disk full",
            created_at=times.iso(NOW + number),
        )
        for number in range(0, 50, 10)
    ]
    for one in looks:
        first, last = one.events
        moved = last._replace(occurred_at=times.iso(NOW + one.incident.number + 5))
        looks[one.incident.number // 10] = one._replace(events=(first, moved))
    assert verdicts(noise, *looks, now=NOW + 60) == [PASS, PASS, PASS, HOLD, HOLD]
    assert verdicts(
        noise, new(90, title="Disk full", priority="P2", created_at=times.iso(NOW + 90))
    ) == [PASS]


def test_the_alert_key_tells_what_is_the_same_where_titles_differ() -> None:
    noise, told = StormDetector(NoiseConfig()), []
    for number in range(5):
        at, fields = (
            NOW + 200 * number,
            {"title": f"CPU at {90 + number} %", "incident_key": "db-1/cpu"},
        )
        told += verdicts(noise, new(number, created_at=times.iso(at), **fields), now=at)
        ended = change(number, "resolved", status="resolved", at=times.iso(at + 100), **fields)
        verdicts(noise, ended, now=at + 100)
    assert told == [PASS] * 3 + [HOLD] * 2
    (group,) = noise.groups.values()
    assert (group.title, group.payload(NOW)["total"]) == ("CPU at 92 %", 5)


def test_many_hosts_under_one_title_are_one_round() -> None:
    noise = StormDetector(NoiseConfig())
    for number in range(9):
        at = NOW + 100 * number
        (verdict,) = verdicts(
            noise, new(number, title="Host down", created_at=times.iso(at)), now=at
        )
        assert verdict == PASS
    for number in range(9):
        verdicts(noise, over(number, NOW + 1000 + number, title="Host down"), now=NOW + 1010)
    assert noise.groups == {}


def test_what_flaps_slowly_stays_on_one_card_and_one_that_stays_up_ends_it() -> None:
    noise, told, at = StormDetector(NoiseConfig()), [], NOW
    for number in range(9):
        at = NOW + 540 * number
        told += verdicts(noise, new(number, title="Disk full", created_at=times.iso(at)), now=at)
        verdicts(noise, over(number, at + 60), now=at + 60)
        for group in noise.due(at + 60):
            assert group.payload(at)["state"] == "ongoing"
            noise.card_was_sent(group, at + 60)
    assert told == [PASS] * 3 + [HOLD] * 6
    assert noise.due(at + 1700) == []
    (group,) = noise.due(at + 1900)
    assert (group.ended, noise.card_was_sent(group, at + 1900)) == (True, [])
    assert noise.groups == {}


def test_three_rounds_and_no_more_have_no_card_of_their_own() -> None:
    noise = StormDetector(NoiseConfig())
    for number in range(3):
        at = NOW + 100 * number
        verdicts(noise, new(number, title="Disk full", created_at=times.iso(at)), now=at)
        verdicts(noise, over(number, at + 50), now=at + 50)
    assert len(noise.groups) == 1
    assert noise.due(NOW + 300) == noise.due(NOW + 9000) == []
    assert noise.groups == {}
