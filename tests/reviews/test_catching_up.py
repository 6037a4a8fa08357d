"""Catching up: each sentence has a source, and goes with it; take one away, and exactly its
sentences go."""

from __future__ import annotations

from datetime import timezone
from typing import List

from hypothesis import given
from hypothesis import strategies as st
from runs_world import BEGIN

from pagerduty_mattermost.incidents.incident import Incident, Person
from pagerduty_mattermost.reviews.catching_up import (
    MAX_MESSAGES,
    MAX_NEWS,
    MESSAGES,
    NEWS,
    UPDATE,
    sentences_of,
)
from pagerduty_mattermost.reviews.timeline import KINDS, TimelineEntry, in_order
from pagerduty_mattermost.reviews.timeline import MESSAGE as MARKED
from pagerduty_mattermost.reviews.timeline import UPDATE as GIVEN

INCIDENT = Incident(
    "PINC1",
    12,
    "Disk full",
    url="https://acme.example/incidents/PINC1",
    service="Checkout",
    created_at="2026-11-18T11:00:00Z",
    assignees=(Person("PU1", "Mei"),),
)
NOW = BEGIN + 7200.0


@st.composite
def timelines(draw: st.DrawFn) -> List[TimelineEntry]:
    count = draw(st.integers(0, 30))
    entries = [
        TimelineEntry(
            BEGIN + draw(st.integers(0, 7000)),
            draw(st.sampled_from(KINDS)),
            draw(st.text(min_size=1, max_size=30)),
            f"post:{number}",
            draw(st.text(max_size=20)),
        )
        for number in range(count)
    ]
    return list(in_order(entries))


@given(timelines(), st.integers(0, 29), st.sampled_from([0.0, BEGIN + 3000.0, BEGIN + 6000.0]))
def test_take_a_source_away_and_exactly_its_sentences_go(
    entries: List[TimelineEntry], place: int, since: float
) -> None:
    if not entries:
        return
    gone = entries[place % len(entries)]
    left = [one for one in entries if one is not gone]
    before = sentences_of(INCIDENT, entries, None, timezone.utc, NOW, since)
    after = sentences_of(INCIDENT, left, None, timezone.utc, NOW, since)
    assert not [one for one in after if one.source == gone.source]
    staying = [one for one in before if one.source != gone.source]
    assert [one for one in after if one in staying] == staying
    # What comes instead was there before, and stood behind the newest.
    new = [one for one in after if one not in staying]
    assert len(new) <= len(before) - len(staying)
    for one in new:
        same_kind = [e for e in entries if e.kind == GIVEN]
        full = {
            UPDATE: len(same_kind) > 1,
            MESSAGES: sum(e.kind == MARKED for e in entries) > MAX_MESSAGES,
            NEWS: sum(e.at > since for e in entries) > MAX_NEWS,
        }
        assert full[one.heading], one


@given(timelines(), st.integers(0, 7200))
def test_what_is_new_since_one_looked_is_all_that_is_later(
    entries: List[TimelineEntry], seconds: int
) -> None:
    since = BEGIN + float(seconds)
    found = sentences_of(INCIDENT, entries, None, timezone.utc, NOW, since)
    news = [one.source for one in found if one.heading == NEWS]
    assert news == [one.source for one in entries if one.at > since][-MAX_NEWS:]
    assert not [
        one
        for one in sentences_of(INCIDENT, entries, None, timezone.utc, NOW)
        if one.heading == NEWS
    ]
