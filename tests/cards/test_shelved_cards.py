"""A card whose channel was archived is left alone without a word, and goes on when the channel is
back."""

from __future__ import annotations

from typing import Any, List

import pytest
from posts_world import ACKED, RESOLVED, TRIGGERED, Wall, at, event

from pagerduty_mattermost.cards.incident_memory import IncidentMemory
from pagerduty_mattermost.cards.painter import CardPainter
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.cards.thread_reply import threads_of
from pagerduty_mattermost.gateways.mattermost.channels import ChannelUnavailable
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change

NOTED = Change(
    ACKED.incident._replace(updated_at=at(40)), (event(9, "annotated", 40, note="on it"),), 3
)


def memory(wall: Wall) -> IncidentMemory:
    return IncidentRecords(Store(wall.datastore, sleep=lambda _: None), "PINC1").load()


@pytest.mark.parametrize("later", [0.0, 3700.0])
@pytest.mark.parametrize("words", ["incidents", "~incidents", "ops/incidents", ""])
def test_its_card_is_shelved_and_the_others_go_on(wall: Wall, later: float, words: str) -> None:
    """`words`: by which a rule names the channel; without any all cards are repainted."""
    wall.show(TRIGGERED)
    wall.show(TRIGGERED, "incidents-p1")
    wall.chat.service.archive("incidents")
    wall.chat.clock.advance(later)
    for change in (ACKED, NOTED, RESOLVED):
        if words:
            assert wall.show(change, words).done == "shelved"
        done = {one.channel: one.done for one in wall.repaint(change)}
        assert done["~incidents"] == "shelved"
    assert wall.replies("incidents-p1") == ["R1", "R2", "R9", "R3"]
    assert wall.complaints == []
    assert [record.shelved for record in memory(wall).cards.values()].count(True) == 1


def test_it_goes_on_when_the_channel_is_back(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.chat.service.archive("incidents")
    wall.show(ACKED)
    wall.chat.service.restore("incidents")
    assert wall.show(NOTED).done == "repainted"
    assert wall.replies() == ["R1", "R2", "R9"]
    (record,) = memory(wall).cards.values()
    assert not record.shelved


def requests(wall: Wall, run: Any) -> List[str]:
    before = len(wall.chat.journal.entries)
    run()
    return [entry.method for entry in wall.chat.journal.entries[before:]]


def test_what_was_shelved_once_costs_nothing_more(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.chat.service.archive("incidents")
    wall.show(ACKED)
    assert requests(wall, lambda: wall.repaint(ACKED)) == []
    assert wall.repaint(ACKED)[0].done == "shelved"


def test_a_server_that_hides_archived_channels_says_no_more_than_that_it_may_not(
    wall: Wall,
) -> None:
    wall.show(TRIGGERED)
    wall.chat.service.archive("incidents")
    wall.chat.clock.advance(100)
    wall.chat.server.faults.add("status", status=403, path="/posts/.*/(thread|patch)$")
    assert [one.done for one in wall.repaint(ACKED)] == ["shelved"]
    assert wall.complaints == []


def test_a_new_card_in_an_archived_channel_is_complained_of(wall: Wall) -> None:
    """A rule names it: somebody has to know."""
    wall.chat.service.archive("incidents")
    with pytest.raises(ChannelUnavailable, match="~incidents in the team ops is archived"):
        wall.show(TRIGGERED)
    assert len(wall.complaints) == 1


def test_an_intent_in_a_channel_that_was_archived_since_is_shelved(wall: Wall) -> None:
    wall.chat.server.faults.add("drop", method="POST", path="/posts$")
    with pytest.raises(Exception, match="Mattermost"):
        wall.show(TRIGGERED)
    wall.chat.server.faults.clear()
    wall.chat.service.archive("incidents")
    wall.long_after()
    assert [one.done for one in wall.repaint(ACKED)] == ["shelved"]
    assert wall.complaints == []
    wall.chat.service.restore("incidents")
    wall.long_after()
    assert [one.done for one in wall.repaint(RESOLVED)] == ["created"]


def test_nobody_replies_in_the_thread_of_a_shelved_card(wall: Wall) -> None:
    wall.show(TRIGGERED)
    assert len(threads_of(memory(wall))) == 1
    wall.chat.service.archive("incidents")
    wall.show(ACKED)
    assert threads_of(memory(wall)) == []


def test_what_is_wrong_with_one_card_stays_with_that_one(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is: here a value that nobody foresaw."""
    wall.show(TRIGGERED)
    wall.show(TRIGGERED, "incidents-p1")
    bring_up = CardPainter.bring_up

    def odd(self: Any, records: Any, change: Any, record: Any, *given: Any, **named: Any) -> Any:
        if record.label == "~incidents":
            raise TypeError("'float' object is not iterable")
        return bring_up(self, records, change, record, *given, **named)

    monkeypatch.setattr(CardPainter, "bring_up", odd)
    outcomes = {one.channel: one for one in wall.repaint(ACKED)}
    assert outcomes["~incidents-p1"].done == "repainted"
    assert outcomes["~incidents"].done == "failed"
    assert "'float' object is not iterable" in outcomes["~incidents"].problem
    with pytest.raises(TypeError):
        wall.show(NOTED)
