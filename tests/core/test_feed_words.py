"""The setting rooms.feed: the events that a room hears of."""

from __future__ import annotations

from test_config import complaint

from pagerduty_mattermost.core.config import rooms


def test_words_of_the_feed_are_the_events_that_rules_may_name() -> None:
    from pagerduty_mattermost.cards.route import KNOWN_EVENTS

    assert rooms.EVENTS == KNOWN_EVENTS


def test_a_word_of_the_feed_that_is_no_event_is_told_with_the_nearest() -> None:
    words = ["Incident.Resolved", "resolvd", "mitigated", "all", "xyz"]
    told = complaint({"api_key": "k" * 20, "rooms": {"feed": words}})
    assert "rooms.feed has 'resolvd', which is no event; did you mean resolved?" in told
    assert "rooms.feed has 'xyz', which is no event; there are acknowledged, " in told
    assert told.count("no event") == 2
