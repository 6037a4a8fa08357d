"""Which threads a reply goes to."""

from __future__ import annotations

from pagerduty_mattermost.cards.incident_memory import CardRecord, IncidentMemory
from pagerduty_mattermost.cards.thread_reply import ThreadRef, threads_of

CARDS = {
    "c2": CardRecord("c2", "key", 1.0, label="~two", post_id="p2"),
    "c1": CardRecord("c1", "key", 1.0, label="~one", post_id="p1"),
    "c3": CardRecord("c3", "key", 1.0, label="~intent"),
    "c4": CardRecord("c4", "key", 1.0, label="~deleted", post_id="p4", gone=True),
}


def test_the_threads_of_all_cards_that_stand_there() -> None:
    found = threads_of(IncidentMemory(CARDS, ()))
    assert found == [ThreadRef("c1", "p1", "~one"), ThreadRef("c2", "p2", "~two")]


def test_of_one_channel() -> None:
    assert threads_of(IncidentMemory(CARDS, ()), "c2") == [ThreadRef("c2", "p2", "~two")]
    assert threads_of(IncidentMemory(CARDS, ()), "c4") == []
