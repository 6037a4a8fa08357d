"""Pure: which of what quiet hours hold back is told now, and what becomes of it."""

from __future__ import annotations

from typing import List, Optional

from pagerduty_mattermost.cards.held_cards import DIGEST, OVER, QUIET, HeldCard
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.noise.quiet_digest import SETTLE_SECONDS, by_fate, due, named

END = 1_800_000_000.0
NOW = END + SETTLE_SECONDS


def held(incident_id: str, channel: str = "C1", quiet: str = "", why: str = QUIET) -> HeldCard:
    return HeldCard(channel, incident_id, END, Route(quiet=quiet), why=why)


def night(hours: str) -> Optional[float]:
    """Only the routes with hours of their own are still quiet."""
    return END + 3600 if hours else None


def ids(group: List[HeldCard]) -> List[str]:
    return [one.incident_id for one in group]


def test_what_is_due_is_told_by_channel() -> None:
    found = due([held("P1"), held("P2", "C2"), held("P3")], night, NOW)
    assert {channel: ids(group) for channel, group in found.items()} == {
        "C1": ["P1", "P3"],
        "C2": ["P2"],
    }


def test_nothing_is_due_before_runs_of_the_last_moment_have_written_what_they_hold() -> None:
    assert due([held("P1")], night, NOW - 1) == {}


def test_what_was_told_or_is_over_is_not_told_again() -> None:
    assert due([held("P1", why=DIGEST), held("P2", why=OVER)], night, NOW) == {}


def test_a_route_whose_own_hours_are_not_over_waits() -> None:
    assert due([held("P1", quiet="Sat,Sun"), held("P2")], night, NOW) == {"C1": [held("P2")]}


def test_the_held_are_sorted_by_what_became_of_them() -> None:
    states = {
        "PWAITS": Incident("PWAITS"),
        "PTOLD": Incident("PTOLD", status="acknowledged"),
        "PDONE": Incident("PDONE", status="resolved"),
        "PGONE": None,
    }
    asked: List[str] = []

    def has_card(one: HeldCard) -> bool:
        asked.append(one.incident_id)
        return one.incident_id == "PTOLD"

    fates = by_fate([held(id) for id in states], states, has_card)
    assert ids(fates.still_open) == ["PWAITS"]
    assert ids(fates.with_card) == ["PTOLD"]
    assert ids(fates.over) == ["PDONE", "PGONE"]
    assert asked == ["PWAITS", "PTOLD"], "of what is over no card is looked for"


def test_a_post_names_its_incidents_in_its_props() -> None:
    assert named({"incidents": "P1 P2"}) == ["P1", "P2"]
    assert named({}) == []
