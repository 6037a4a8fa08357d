"""What people are told of an incident in private: to whom, in which words, once of each event."""

from __future__ import annotations

from posts_world import ACKED, ANN, BOB, INCIDENT, TRIGGERED, event

from pagerduty_mattermost.cards.private_messages import key_of, text_of, who_knows
from pagerduty_mattermost.incidents.incident import Change


def test_whoever_did_all_of_it_alone_knows() -> None:
    assert who_knows(ACKED) == {ANN.id}
    two = (event(1, "acknowledged", 0, ANN), event(2, "escalated", 1, BOB))
    assert who_knows(ACKED._replace(events=two)) == set()
    assert who_knows(Change(INCIDENT)) == set()


def test_the_newest_event_makes_it_another_message() -> None:
    assert key_of(TRIGGERED) == "incident:PINC1:R1"
    assert key_of(ACKED) == "incident:PINC1:R2"
    assert key_of(Change(INCIDENT, cycle=4)).endswith("::4")


def test_the_rules_words_stand_before_the_incident() -> None:
    assert text_of(TRIGGERED, " Please look ").startswith("Please look\n🚨 Triggered")
    assert "\n" not in text_of(TRIGGERED, "")
