"""One card for each incident and channel, one reply for each event, the newest state on top:
whatever happens."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import threading
from typing import Any, Iterable, Iterator, List

import pytest
from chat_world import Chat
from posts_world import ACKED, ANN, BOB, INCIDENT, RESOLVED, STORY, TRIGGERED, Wall, at, event

from pagerduty_mattermost.cards.card import is_outdated
from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.route import Route, make_route
from pagerduty_mattermost.cards.thread import CardThread
from pagerduty_mattermost.core.errors import PackError, RetryLater, StoreUnreachable, Unauthorized
from pagerduty_mattermost.core.post_keys import PROPS_KEY, post_key
from pagerduty_mattermost.gateways.mattermost.channels import ChannelUnavailable
from pagerduty_mattermost.incidents.incident import Change


@pytest.fixture
def wall() -> Iterator[Wall]:
    with Chat() as chat:
        yield Wall(chat)


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


@pytest.mark.parametrize("kind", ["lost", "drop", "truncate", "html", "empty", "bad_json"])
@pytest.mark.parametrize("skip", range(4))
def test_trouble_with_any_write_leaves_one_card_and_one_reply(
    wall: Wall, kind: str, skip: int
) -> None:
    wall.chat.server.faults.add(kind, method="POST", path="/posts$", times=2, skip=skip)
    wall.chat.server.faults.add(kind, method="PUT", times=1)
    for change in STORY:
        until_done(wall, change)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2", "R3"])
    assert wall.shows(RESOLVED.incident)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_tried_again(wall: Wall, status: int) -> None:
    wall.chat.server.faults.add(
        "status", status=status, retry_after=2, probability=0.3, seed=status, times=12
    )
    for change in STORY:
        until_done(wall, change)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2", "R3"])


def until_done(wall: Wall, change: Change, tries: int = 12) -> None:
    """As action.retry does: again, each time long after, Mattermost's memory of keys empty."""
    for _ in range(tries):
        try:
            wall.show(change)
            return
        except PackError:
            wall.long_after()
    raise AssertionError("never done")


def test_an_answer_lost_for_good_is_found_an_hour_later(wall: Wall) -> None:
    wall.chat.server.faults.add("lost", method="POST", path="/posts$")
    wall.chat.server.faults.add("drop", method="GET", path="/channels/.*/posts")
    with pytest.raises(RetryLater):
        wall.show(TRIGGERED)
    wall.chat.server.faults.clear()
    assert wall.chat.created() == 1
    wall.long_after()
    wall.show(TRIGGERED)
    assert (wall.chat.created(), wall.replies()) == (2, ["R1"])


class Killed(BaseException):
    """kill -9: nothing of the process goes on."""


@pytest.mark.parametrize("forget", [False, True])
def test_a_kill_at_any_datastore_call_leaves_nothing_twice_and_nothing_out(
    wall: Wall, forget: bool
) -> None:
    for change in STORY:
        for call in itertools.count():
            killed = killed_at(wall, change, call)
            if forget:
                wall.long_after()
            if not killed:
                break
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2", "R3"])
    assert wall.shows(RESOLVED.incident)


def killed_at(wall: Wall, change: Change, call: int) -> bool:
    left = [call]
    dead = threading.Event()

    def trouble() -> None:
        if dead.is_set() or left[0] == 0:
            dead.set()
            raise OSError("killed")
        left[0] -= 1

    wall.datastore.trouble = trouble
    try:
        wall.show(change)
    except StoreUnreachable:
        return True
    finally:
        wall.datastore.trouble = lambda: None
    return False


def test_a_kill_after_any_request_to_mattermost_leaves_nothing_twice(wall: Wall) -> None:
    for change in STORY:
        for request in range(1, 9):
            gateway_kills(wall, change, request)
            wall.long_after()
        wall.show(change)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2", "R3"])


def gateway_kills(wall: Wall, change: Change, request: int) -> None:
    gateway = wall.chat.gateway()
    mine = wall.posts(mattermost=gateway)
    left = [request]
    call = gateway._call

    def counted(*args: Any, **named: Any) -> Any:
        answer = call(*args, **named)
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return answer

    gateway._call = counted  # type: ignore[method-assign]
    with contextlib.suppress(Killed):
        mine.show(change, "incidents", Route())


def test_many_runs_at_once_make_one_card_and_one_reply_each(wall: Wall) -> None:
    wall.chat.service.save_seconds = 0.02
    errors: List[BaseException] = []

    def run(change: Change, paint: bool) -> None:
        for _ in range(6):
            try:
                wall.repaint(change) if paint else wall.show(change)
                return
            except PackError:
                continue
            except BaseException as error:
                errors.append(error)
                return
        errors.append(AssertionError("never done"))

    jobs = [(change, paint) for change in STORY for paint in (False, True, False)]
    random.Random(7).shuffle(jobs)
    threads = [threading.Thread(target=run, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert (wall.cards(), sorted(wall.replies())) == (1, ["R1", "R2", "R3"])
    assert wall.shows(RESOLVED.incident)


def test_whoever_waited_looks_again_before_it_posts(wall: Wall) -> None:
    def slow(change: Change, incident: Any, birth: bool) -> Any:
        if birth:
            wall.show(change)
            wall.long_after()
        return incident

    wall.show(TRIGGERED, extras=slow)
    assert (wall.cards(), wall.replies()) == (1, ["R1"])


def test_a_slow_old_painter_does_not_leave_an_old_card(wall: Wall) -> None:
    wall.show(TRIGGERED)
    gateway = wall.chat.gateway()
    slow = wall.posts(mattermost=gateway)
    patch = gateway.patch_post

    def late(*args: Any, **named: Any) -> Any:
        gateway.patch_post = patch  # type: ignore[method-assign]
        wall.show(RESOLVED)
        return patch(*args, **named)

    gateway.patch_post = late  # type: ignore[method-assign]
    slow.show(ACKED, "incidents", Route())
    assert wall.shows(RESOLVED.incident)
    assert sorted(wall.replies()) == ["R1", "R2", "R3"]


def test_an_abandoned_intent_is_finished_by_the_next_change(wall: Wall) -> None:
    wall.chat.server.faults.add("drop", method="POST", path="/posts$")
    with pytest.raises(RetryLater):
        wall.show(TRIGGERED)
    wall.chat.server.faults.clear()
    wall.chat.clock.set(wall.chat.clock() + 1)
    assert [outcome.done for outcome in wall.repaint(ACKED)] in (["waiting"], ["created"])
    wall.long_after()
    wall.repaint(ACKED)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])


def test_a_record_that_does_not_read_makes_no_second_card(wall: Wall) -> None:
    wall.show(TRIGGERED)
    (key,) = wall.keys(".card.")
    wall.datastore.items[key] = "garbage"
    wall.long_after()
    wall.show(ACKED)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])


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


def test_a_datastore_that_is_down_posts_nothing(wall: Wall) -> None:
    def down() -> None:
        raise OSError("down")

    wall.datastore.trouble = down
    with pytest.raises(StoreUnreachable):
        wall.show(TRIGGERED)
    assert wall.cards() == 0


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


class Names(Mentions):
    """Mentions whose names are the ids."""

    def __init__(self) -> None:
        """Asks nobody."""

    def of_users(self, ids: Iterable[str]) -> str:
        return " ".join("@" + ident.lower() for ident in ids)

    def on_call(self, policy: str, paged: Any = (), acted: Any = ()) -> str:
        return "" if "PBOB" in acted else "@oncall"


def test_mentions_stand_in_the_new_card_and_in_replies_to_hand_overs_only(wall: Wall) -> None:
    route = make_route(mention="assignees")
    wall.show(TRIGGERED, route=route, mentions=Names())
    assert wall.card().message.endswith(" · @pann")
    handed = Change(
        INCIDENT._replace(updated_at=at(20), assignees=(BOB,)),
        (event(4, "reassigned", 20, ANN, to="Bob", to_ids="PBOB, PANN"),),
        2,
    )
    wall.show(handed, route=route, mentions=Names())
    assert "@" not in wall.card().message
    assert wall.texts()[-1].endswith("Ann reassigned to Bob · @pbob")
    wall.show(
        ACKED._replace(incident=ACKED.incident._replace(updated_at=at(40))),
        route=route,
        mentions=Names(),
    )
    assert "@" not in wall.texts()[-1]


def test_whoever_acted_is_not_mentioned(wall: Wall) -> None:
    own = TRIGGERED._replace(events=(event(1, "triggered", 0, ANN),))
    wall.show(own, route=make_route(mention="assignees"), mentions=Names())
    assert "@" not in wall.card().message
    wall.show(TRIGGERED, "incidents-p1", route=make_route(mention="oncall"), mentions=Names())
    assert wall.card("incidents-p1").message.endswith("@oncall")


def test_by_default_who_an_incident_of_high_urgency_is_assigned_to_is_mentioned(
    wall: Wall,
) -> None:
    low = TRIGGERED._replace(incident=INCIDENT._replace(urgency="low"))
    wall.show(low, "ops", route=make_route(), mentions=Names())
    assert "@" not in wall.card("ops").message
    wall.show(
        TRIGGERED._replace(incident=INCIDENT._replace(urgency="high")),
        "incidents-p1",
        route=make_route(),
        mentions=Names(),
    )
    assert wall.card("incidents-p1").message.endswith(" · @pann")


def test_an_incident_that_becomes_one_of_high_urgency_mentions_who_it_is_assigned_to(
    wall: Wall,
) -> None:
    """By default nobody was mentioned before."""
    low = TRIGGERED._replace(incident=INCIDENT._replace(urgency="low"))
    wall.show(low, route=make_route(), mentions=Names())
    raised = Change(
        INCIDENT._replace(urgency="high", updated_at=at(20)),
        (event(4, "urgency_updated", 20, BOB, **{"from": "low", "to": "high"}),),
        2,
    )
    wall.show(raised, route=make_route(), mentions=Names())
    assert wall.texts()[-1].endswith("low → high · @pann")
    lowered = Change(
        INCIDENT._replace(urgency="low", updated_at=at(30)),
        (event(5, "urgency_updated", 30, BOB, **{"from": "high", "to": "low"}),),
        3,
    )
    wall.show(lowered, route=make_route(), mentions=Names())
    assert "@" not in wall.texts()[-1]


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


def test_a_reply_that_another_run_posted_meanwhile_is_not_posted_again(wall: Wall) -> None:
    root = wall.show(TRIGGERED)
    mattermost = wall.chat.gateway()
    read = mattermost.thread(root.post_id)
    slow = CardThread(
        mattermost, wall.chat.clock, root.channel_id, root.post_id, read, wall.chat.clock()
    )
    wall.show(ACKED)
    wall.long_after()
    assert slow.add(post_key("reply", "R2", root.channel_id), "Ann acknowledged", {}) == []
    assert wall.replies() == ["R1", "R2"]


def test_a_revoked_token_makes_the_run_fail_so_that_it_is_tried_again(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.chat.service.revoke(wall.chat.world.bot_token)
    with pytest.raises(Unauthorized, match="mattermost.token"):
        wall.repaint(ACKED)
    wall.chat.service.add_token(wall.chat.world.bot, wall.chat.world.bot_token)
    assert [outcome.done for outcome in wall.repaint(ACKED)] == ["repainted"]
    assert wall.replies() == ["R1", "R2"]


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


def test_an_intent_of_a_clock_that_ran_ahead_makes_no_second_card(wall: Wall) -> None:
    wall.show(TRIGGERED)
    (name,) = wall.keys(".card.")
    record = json.loads(wall.datastore.items[name])
    record["data"].update(post_id="", at=wall.chat.clock() + 7200)
    wall.datastore.items[name] = json.dumps(record)
    for number in range(210):
        wall.chat.service.say("ada", "incidents", f"talk {number}")
    wall.long_after()
    assert [outcome.done for outcome in wall.repaint(ACKED)] == ["repainted"]
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])


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
