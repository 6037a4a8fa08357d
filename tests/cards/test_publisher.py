"""One card for each incident and channel, one reply for each event, the newest state on top; what
people did to cards and channels is respected."""

from __future__ import annotations

import itertools
from typing import Any, List

import pytest
from posts_world import ACKED, INCIDENT, RESOLVED, STORY, TRIGGERED, Wall, at, event

from pagerduty_mattermost.cards.card import is_outdated
from pagerduty_mattermost.cards.route import Route, make_route
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.mattermost.channels import ChannelUnavailable
from pagerduty_mattermost.incidents.incident import Change


def test_a_story_is_one_card_with_one_reply_for_each_event(wall: Wall) -> None:
    done = [wall.show(change).done for change in STORY]
    assert done == ["created", "repainted", "repainted"]
    assert wall.shows(RESOLVED.incident)
    assert wall.replies() == ["R1", "R2", "R3"]
    assert wall.texts()[1].endswith(" · Ann acknowledged")
    assert not wall.complaints


def test_what_later_changes_do_not_repeat_stays_on_the_card(wall: Wall) -> None:
    noted = Change(
        ACKED.incident._replace(updated_at=at(40), note="on it", note_by="Ann", note_at=at(40)),
        (event(9, "annotated", 40, note="on it"),),
        3,
    )
    for change in (TRIGGERED, ACKED, noted):
        wall.show(change)
    first, second = wall.card().props["attachments"]
    assert "df says 100%" in second["text"]
    assert "[Join the call](https://meet.example/7)" in second["text"]
    assert "on it — Ann" in second["text"]
    assert "by Ann" in first["text"]


def test_a_replay_an_hour_later_changes_nothing(wall: Wall) -> None:
    for change in STORY:
        wall.show(change)
    edits = len(wall.card().history)
    wall.long_after()
    for change in STORY:
        assert wall.show(change).done == "unchanged"
        assert wall.repaint(change)[0].reply_ids == ()
    assert wall.replies() == ["R1", "R2", "R3"]
    assert len(wall.card().history) == edits


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_ends_with_the_newest_state_and_all_replies(
    wall: Wall, order: List[int]
) -> None:
    for number in order:
        wall.show(STORY[number])
        wall.repaint(STORY[number])
    assert wall.shows(RESOLVED.incident)
    assert sorted(wall.replies()) == ["R1", "R2", "R3"]


def test_a_late_event_adds_its_reply_and_paints_nothing(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.show(RESOLVED)
    edits = len(wall.card().history)
    wall.chat.clock.advance(600)
    outcome = wall.show(ACKED)
    assert (outcome.done, len(outcome.reply_ids)) == ("unchanged", 1)
    assert wall.texts()[-1].endswith("_posted 9 min later_")
    assert len(wall.card().history) == edits


def test_the_same_event_through_two_rules_is_one_card_and_one_reply(wall: Wall) -> None:
    wall.show(TRIGGERED, route=Route("one"))
    wall.show(TRIGGERED, route=Route("two"))
    wall.repaint(TRIGGERED)
    assert (wall.cards(), wall.replies()) == (1, ["R1"])


def test_two_channels_have_a_card_each_and_repaint_keeps_both_true(wall: Wall) -> None:
    wall.show(TRIGGERED, "incidents")
    wall.show(TRIGGERED, "incidents-p1")
    wall.repaint(ACKED)
    for channel in ("incidents", "incidents-p1"):
        assert wall.shows(ACKED.incident, channel)
        assert wall.replies(channel) == ["R1", "R2"]


def test_repaint_makes_no_card(wall: Wall) -> None:
    assert wall.repaint(TRIGGERED) == []
    assert wall.cards() == 0


def test_a_card_born_late_catches_up_with_what_came_before_it(wall: Wall) -> None:
    route = make_route(start_on=["triggered"])
    assert wall.show(ACKED, route=route).done == "not_started"
    wall.repaint(ACKED)
    wall.show(TRIGGERED, route=route)
    assert wall.shows(ACKED.incident)
    assert wall.replies() == ["R1", "R2"]


def test_routes_choose_what_is_replied_also_on_repaint(wall: Wall) -> None:
    wall.show(TRIGGERED, route=make_route(reply_on=["resolved"]))
    wall.repaint(ACKED)
    wall.repaint(RESOLVED)
    assert wall.replies() == ["R3"]
    assert wall.shows(RESOLVED.incident)


def test_checklist_and_reactions_come_once_and_first(wall: Wall) -> None:
    route = make_route(
        checklist=["Join the channel, now", "Review the alert"],
        reactions=[":eyes:", "no_such_emoji_x"],
    )
    for change in STORY:
        wall.show(change, route=route)
    wall.long_after()
    wall.show(TRIGGERED, route=route)
    assert wall.replies() == ["checklist", "R1", "R2", "R3"]
    assert wall.texts()[0] == "**Checklist**\n- [ ] Join the channel, now\n- [ ] Review the alert"
    assert "eyes" in [reaction.emoji_name for reaction in wall.card().reactions]


def test_a_card_that_a_person_deleted_stays_deleted(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.show(TRIGGERED, "incidents-p1")
    wall.chat.service.delete(wall.card())
    outcomes = {outcome.channel: outcome.done for outcome in wall.repaint(ACKED)}
    assert outcomes == {"~incidents": "deleted_by_a_person", "~incidents-p1": "repainted"}
    assert wall.show(RESOLVED).done == "deleted_by_a_person"
    assert wall.cards() == 0


def test_a_renamed_channel_keeps_its_card(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.chat.service.rename("incidents", "outages")
    wall.repaint(ACKED)
    assert wall.replies("outages") == ["R1", "R2"]


def test_a_removed_bot_goes_back_into_a_public_channel(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.chat.service.remove_member("incidents", "pagerduty")
    assert [outcome.done for outcome in wall.repaint(ACKED)] == ["repainted"]
    assert wall.replies() == ["R1", "R2"]


def test_a_private_channel_says_who_must_do_what(wall: Wall) -> None:
    wall.chat.service.add_channel("secret", "Secret", private=True)
    with pytest.raises(ChannelUnavailable, match="/invite @pagerduty"):
        wall.show(TRIGGERED, "secret")
    assert wall.complaints


def test_every_value_expires_sooner_once_it_is_over(wall: Wall) -> None:
    wall.show(TRIGGERED)
    (card,) = wall.keys(".card.")
    assert wall.datastore.ttls[card] == 180 * 86400
    wall.show(RESOLVED)
    assert wall.datastore.ttls[card] == 30 * 86400
    assert all(wall.datastore.ttls.values())


def test_old_states_go_and_what_only_they_knew_stays(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.long_after()
    wall.show(ACKED)
    assert len(wall.keys(".state.")) == 1
    wall.long_after()
    later = ACKED.incident._replace(updated_at=at(90), conference_url="")
    wall.repaint(Change(later, (event(5, "annotated", 90),), 9))
    assert "df says 100%" in wall.card().props["attachments"][1]["text"]


def test_details_and_bridge_are_asked_for_once_at_birth(wall: Wall) -> None:
    asked: List[bool] = []

    def extras(change: Change, incident: Any, birth: bool) -> Any:
        asked.append(birth)
        return incident._replace(summary="from the alert") if birth else incident

    bare = TRIGGERED._replace(incident=INCIDENT._replace(summary=""))
    wall.show(bare, extras=extras)
    wall.show(ACKED, extras=extras)
    assert asked == [True, False]
    assert "from the alert" in wall.card().props["attachments"][1]["text"]


def test_evil_text_passes_through_to_the_server_and_does_nothing(wall: Wall) -> None:
    evil = INCIDENT._replace(
        title="@here \x00\ud800 {{ x }} \u202e [a](http://b.example)" + "x" * 10_000
    )
    wall.show(TRIGGERED._replace(incident=evil))
    card = wall.card()
    assert "@here" not in card.message
    assert "{{ x }}" in card.message
    assert card.props[PROPS_KEY]["incident"] == "PINC1"


def test_a_lower_version_in_the_props_of_a_stranger_does_not_fool_us(wall: Wall) -> None:
    assert is_outdated({"props": {}}, ACKED.version, "x")
    assert is_outdated({"props": {PROPS_KEY: {"version": "odd"}}}, ACKED.version, "x")
    assert is_outdated(
        {"props": {PROPS_KEY: {"version": list(ACKED.version), "print": "y"}}}, ACKED.version, "x"
    )
    assert not is_outdated(
        {"props": {PROPS_KEY: {"version": list(RESOLVED.version)}}}, ACKED.version, "x"
    )


def test_a_channel_closed_to_the_bot_is_complained_of_by_its_name(wall: Wall) -> None:
    secret = wall.chat.service.add_channel("secret", "Secret", private=True, members=["pagerduty"])
    wall.show(TRIGGERED, "secret")
    wall.chat.service.remove_member("secret", "pagerduty")
    (outcome,) = wall.repaint(ACKED)
    assert "~secret" in outcome.problem
    assert secret.id not in "".join(wall.complaints)


def test_a_bot_that_may_not_react_still_tells_everything(wall: Wall) -> None:
    wall.chat.server.faults.add("status", status=403, method="POST", path="/reactions$")
    wall.show(TRIGGERED, route=make_route(reactions=["eyes"], checklist=["Look"]))
    wall.show(ACKED)
    assert wall.replies() == ["checklist", "R1", "R2"]
    assert not wall.complaints


def test_a_new_bot_posts_the_card_anew_where_it_may_not_edit_the_old_ones(wall: Wall) -> None:
    wall.show(TRIGGERED)
    old = wall.card()
    wall.chat.world = wall.chat.world._replace(
        bot_token=wall.chat.service.add_bot("pagerduty2", team="ops"),
        bot=wall.chat.service.user("pagerduty2"),
    )
    wall.long_after()
    for _ in range(2):
        wall.repaint(ACKED)
        wall.show(ACKED)
    new = [
        post
        for post in wall.chat.service.posts("incidents")
        if PROPS_KEY in post.props and post.id != old.id
    ]
    assert len(new) == 1
    assert new[0].message.startswith("👀 Acknowledged")
    assert len(wall.chat.service.thread(new[0])) == 2
    assert not wall.complaints


def test_a_menu_is_drawn_afresh_after_each_choice(wall: Wall) -> None:
    """Mattermost's page keeps the chosen words for as long as the menu's id stays the same."""

    def buttons(incident: Any, chosen: int) -> Any:
        return ({"id": f"more{chosen}", "name": "More…", "type": "select", "options": []},)

    wall.show(TRIGGERED, buttons=buttons)
    channel = wall.card().channel_id
    for _ in range(2):
        wall.repaint(Change(TRIGGERED.incident), buttons=buttons, chosen_in=channel)
    wall.repaint(Change(TRIGGERED.incident), buttons=buttons, chosen_in="another")
    (action,) = wall.card().attachments[0]["actions"]
    assert action["id"] == "more2"
