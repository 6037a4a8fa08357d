"""`commander`, `role`, `end`, `restart`, `update`, `remind`, `follow`: as people type and click
them."""

from __future__ import annotations

import json
from typing import Any, Iterator
from urllib.parse import urlencode

import pytest
from runs_case import RunsWorld
from runs_world import PLAYBOOK
from test_run_commands import Sent

from pagerduty_mattermost.chat import dialogs, handle, requests, update_form
from pagerduty_mattermost.chat.room_listener import ROOM_TRIGGER, RoomListener
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.playbooks.playbook import Updates
from pagerduty_mattermost.runs import controls, reminders, tending
from sandbox.mattermost.integrations import ResponseUrl, SlashCommand

BROADCAST = PLAYBOOK._replace(
    updates=Updates("**What we know:**", remind_seconds=1800.0, broadcast=("~incidents",))
)


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld(BROADCAST, note=False) as world:
        world.begin()
        world.clock.advance(60)
        yield world


def refused(world: RunsWorld, name: str, line: str, **more: Any) -> str:
    with pytest.raises(PackError) as failure:
        world.say(name, line, **more)
    assert "\n" not in str(failure.value)
    return str(failure.value)


def hook(world: RunsWorld, name: str) -> str:
    state = world.chat.state
    command = SlashCommand(state.new_id(), "t" * 26, world.user(name), world.world.team.id, 0, 0)
    channel = world.the_room.channel_id
    url = ResponseUrl(state.new_id(), command.id, world.user(name), channel, "", state.now())
    state.integrations.commands[command.id] = command
    state.integrations.response_urls[url.id] = url
    return f"/hooks/commands/{url.id}"


def updates_in(world: RunsWorld, channel: str) -> Any:
    return [post for post in world.posts(channel) if "pdate" in post.message]


def test_the_commander_is_shown_and_changed(world: RunsWorld) -> None:
    assert world.say("grace", "commander") == "Commander: ada"
    assert world.say("grace", "commander @grace") == "Commander: grace"
    assert "led by grace" in world.chat.channel(world.the_room.channel_id).header
    assert world.say("linus", "incident commander me") == "Commander: linus"
    assert "is so already" in world.say("linus", "commander @linus")
    assert world.state.commander.name == "linus"
    assert "nobody" in world.say("ada", "commander nobody")
    assert [line for line in world.told if "commander now" in line][-1].startswith("🎖️ Nobody")


def test_somebody_from_outside_comes_in_by_taking_the_lead(world: RunsWorld) -> None:
    channel = world.the_room.channel_id
    if "mei" in world.members(channel):
        world.chat.remove_member(channel, "mei")
    assert world.say("ada", "commander @mei") == "Commander: mei"
    assert "mei" in world.members(channel)
    assert "nobody-knows" in refused(world, "ada", "commander @nobody-knows")


def test_roles_of_the_playbook(world: RunsWorld) -> None:
    assert world.say("ada", "role liaison @linus") == "Liaison: linus"
    shown = world.say("ada", "role")
    assert shown == "Commander: ada"
    assert world.state.roles["liaison"].who.name == "linus"
    assert "commander, scribe, liaison" in refused(world, "ada", "role king @ada")


def test_it_ends_and_goes_on(world: RunsWorld) -> None:
    world.say("grace", "end")
    assert not world.state.is_over, "tasks are open: who ends it is asked first"
    asked = world.chat.direct_posts(world.world.bot.id, world.user("grace"))[-1]
    text = asked.props["attachments"][0]["text"]
    assert "End the playbook of" in text
    assert "6 tasks are still open:" in text
    for task in world.state.tasks:
        world.say("ada", f"check {task.number} done")
    assert "The playbook is over" in world.say("grace", "incident end")
    assert world.state.is_over
    assert "over already" in world.say("ada", "end")
    assert world.say("ada", "restart") == "The playbook goes on."
    assert "not over" in world.say("ada", "incident restart")


def test_an_update_is_the_authors_and_goes_everywhere(world: RunsWorld) -> None:
    said = world.say("grace", "update Errors are down", hook=hook(world, "grace"))
    assert said.startswith("Status update 1 is given in the room and in ~")
    (own,) = updates_in(world, world.the_room.channel_id)[-1:]
    assert own.user_id == world.user("grace")
    (copied,) = updates_in(world, "incidents")
    assert "Errors are down" in copied.message
    assert "📣 Errors are down" in world.post.message
    world.say("grace", "update **Known:** still slow", hook=hook(world, "grace"))
    assert "📣 Known: still slow" in world.post.message
    assert "**Known:** still slow" in updates_in(world, "incidents")[-1].message
    world.say("grace", "update --room-only Only here --next 10m")
    assert len(updates_in(world, "incidents")) == 2
    assert world.state.remind_seconds == 600.0


def test_given_elsewhere_it_stands_in_the_room_all_the_same(world: RunsWorld) -> None:
    elsewhere = world.chat.channel("incidents").id
    line = f"update {world.case.id} Errors are down --room-only"
    world.say("grace", line, channel_id=elsewhere, hook=hook(world, "grace"))
    assert updates_in(world, "incidents") == []
    (posted,) = updates_in(world, world.the_room.channel_id)[-1:]
    assert posted.message.startswith("📣 **Status update 1** by grace")


def test_the_audit_and_the_signature_know_no_hook(world: RunsWorld) -> None:
    used = hook(world, "grace")
    world.say("grace", "update Errors are down", hook=used)
    kept = "\n".join(world.datastore.items.values())
    assert used not in kept
    assert '"chat_user": "grace"' in kept or '"chat_user":"grace"' in kept


@pytest.mark.parametrize("role", ["read_only_user", "read_only_limited_user"])
def test_who_may_publish_none_at_pagerduty_gives_none_that_goes_there(role: str) -> None:
    updates = BROADCAST.updates._replace(pagerduty=True)
    with RunsWorld(PLAYBOOK._replace(updates=updates), note=False) as there:
        there.begin()
        ada = there.pagerduty.find("users", "Ada Lovelace")
        there.pagerduty.change("users", ada, {"role": role})
        before = len(there.posts(there.the_room.channel_id))
        line = refused(there, "ada", "update Down to 2 %")
        assert "PagerDuty does not let you publish status updates: your role is" in line
        made = there.pagerduty.incidents.values()
        assert [one.status_updates for one in made] == [[]] * len(made)
        assert len(there.posts(there.the_room.channel_id)) == before


def test_to_further_channels_only_as_a_member(world: RunsWorld) -> None:
    world.chat.add_channel("stakeholders", members=["ada"])
    assert "no member" in refused(world, "grace", "update Hello --to ~stakeholders")
    world.say("ada", "update Hello --to ~stakeholders")
    assert len(updates_in(world, "stakeholders")) == 1


def test_reminders_are_set_snoozed_and_stopped(world: RunsWorld) -> None:
    assert "is due at" in world.say("ada", "remind")
    world.say("ada", "remind 45m")
    assert world.state.remind_at == pytest.approx(world.clock() + 2700, abs=2)
    assert world.say("ada", "remind off") == "Nobody is reminded of status updates."
    world.clock.advance(7200)
    assert reminders.due_reminder(world.state, world.clock()) is None
    assert "at most" in refused(world, "ada", "remind 30d")


def test_what_is_due_is_said_by_the_round_and_clicked_away(world: RunsWorld) -> None:
    world.clock.advance(1800)
    assert any("reminded" in line for line in world.tend().done)
    world.click("ada", "remind", "30m")
    assert world.state.remind_at == pytest.approx(world.clock() + 1800, abs=2)


def test_whoever_follows_gets_each_update_alone(world: RunsWorld) -> None:
    channel = world.chat.channel("incidents").id
    assert "direct message" in world.say("radia", f"follow {world.case.id}", channel_id=channel)
    world.say("grace", "update Errors are down")
    assert "Errors are down" in world.direct("radia")
    world.say("radia", f"unfollow {world.case.id}", channel_id=channel)
    world.say("grace", "update All is well")
    assert "All is well" not in world.direct("radia")


def test_whoever_follows_later_is_not_sent_what_was_given_before(world: RunsWorld) -> None:
    world.say("grace", "update Errors are down")
    world.clock.advance(60)
    channel = world.chat.channel("incidents").id
    world.say("radia", f"follow {world.case.id}", channel_id=channel)
    before = world.direct("radia")
    world.tend()
    assert world.direct("radia") == before


def test_an_update_is_asked_for_from_outside(world: RunsWorld) -> None:
    channel = world.chat.channel("incidents").id
    world.say("radia", f"update-request {world.case.id}", channel_id=channel)
    (asked,) = [p for p in world.posts(world.the_room.channel_id) if "asks for" in p.message]
    assert asked.message.startswith("🙋 @ada: radia asks")


def test_mitigated_and_cancelled_are_told_in_the_room(world: RunsWorld) -> None:
    world.say("ada", "mitigate traffic is elsewhere")
    assert world.state.phase == "mitigated"
    world.say("ada", "cancel a false alarm")
    assert world.state.phase == "cancelled"
    texts = [post.message for post in world.posts(world.the_room.channel_id)]
    assert len([text for text in texts if "cancelled the incident" in text]) == 1


# The form


def form(world: RunsWorld, name: str = "ada", hook: str = "") -> Any:
    context, channel = world.context(), world.the_room.channel_id
    user = world.user(name)
    wanted = requests.DialogWanted("update", "", "t" * 26, user, channel, hook=hook)
    run = update_form.run_of(context.store, world.log, wanted)
    return update_form.form(wanted, run, context.settings.chat, world.clock())["dialog"]


def fields(shown: Any) -> Any:
    return {one["name"]: one.get("default") for one in shown["elements"]}


def test_the_form_starts_with_the_template_then_with_the_last_text(world: RunsWorld) -> None:
    first = form(world)
    assert fields(first) == {"text": "**What we know:**", "next": "30m", "room-only": "false"}
    assert first["introduction_text"] == "It goes to the room and 1 more channel."
    world.say("grace", "update Errors are down --next 1h")
    assert fields(form(world)) == {"text": "Errors are down", "next": "1h", "room-only": "false"}


def test_while_the_datastore_is_away_the_form_is_empty_and_says_so(world: RunsWorld) -> None:
    def away() -> None:
        raise OSError("away")

    world.datastore.trouble = away
    shown = form(world)
    assert "could not be read" in shown["introduction_text"]
    assert fields(shown)["text"] is None


def test_the_form_that_is_sent_gives_the_update(world: RunsWorld) -> None:
    shown = form(world, hook=hook(world, "ada"))
    body = {
        "user_id": world.user("ada"),
        "state": shown["state"],
        "submission": {"text": "All is well", "next": "off", "room-only": True},
    }
    chat = world.context().settings.chat
    keys = tuple(one.reveal() for one in chat.signing_keys)
    call = requests.ChatCall(dialogs.SUBMIT, {}, json.dumps(body).encode())
    order = requests.read(call, requests.CallSecrets((), keys), world.clock())
    assert isinstance(order, requests.ChatOrder)
    handle.handle(world.context(), {**order.payload(), "valid_until": world.clock() + 60})
    last = world.state.last_update
    assert last is not None
    assert (last.text, last.seconds, last.targets) == ("All is well", 0.0, ())
    assert updates_in(world, world.the_room.channel_id)[-1].user_id == world.user("ada")


def test_the_command_alone_opens_the_form(world: RunsWorld) -> None:
    def read(text: str) -> Any:
        form_ = {
            "command": "/pd",
            "text": text,
            "token": "k" * 26,
            "user_id": world.user("ada"),
            "channel_id": world.the_room.channel_id,
            "trigger_id": "trigger",
            "response_url": f"http://x.example{hook(world, 'ada')}",
        }
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "authorization": f"Token {'k' * 26}",
        }
        call = requests.ChatCall(requests.COMMAND, headers, urlencode(form_).encode())
        return requests.read(call, requests.CallSecrets(("k" * 26,), ()), world.clock())

    opened = read("update")
    assert isinstance(opened, requests.DialogWanted)
    assert opened.kind == "update"
    assert opened.hook
    assert isinstance(read("update All is well"), requests.ChatOrder)


def test_the_ear_hears_of_an_update_that_its_author_corrects_or_deletes(world: RunsWorld) -> None:
    world.say("grace", "update Errors are down", hook=hook(world, "grace"))
    sent = Sent()
    listener = RoomListener(world.context(), sent, world.log)  # type: ignore[arg-type]

    def heard() -> list[str]:
        world.clock.advance(60)
        listener.look()
        done, sent.sent = sent.sent, []
        for trigger, payload in done:
            assert trigger == ROOM_TRIGGER
            tending.tend_one(world.context(), payload["incident"])
        return [payload["kind"] for _, payload in done]

    heard()
    posts = updates_in(world, world.the_room.channel_id)
    (post,) = [one for one in posts if one.user_id == world.user("grace")]
    message = post.message.replace("are down", "are gone")
    world.chat.state.edit_post(post, message, post.props, False, [])
    assert heard() == ["changed"]
    assert world.state.updates[-1].text == "Errors are gone"
    world.chat.delete(post)
    for _ in range(4):  # what is deleted shows in every fourth look
        heard()
    assert world.state.last_update is None


def test_info_tells_who_leads_what_is_done_and_the_last_update(world: RunsWorld) -> None:
    world.say("ada", "check 1.2")
    world.say("grace", "update Errors are down to 2 %")
    world.say("ada", "info")
    told = world.direct("ada")
    assert "📋 Playbook **Outage** · 1 of 6 done · commander ada" in told
    assert "📣 Errors are down to 2 % · grace" in told
    assert "active account" not in told
    world.chat.user("ada").delete_at = 1
    world.say("grace", "info")
    assert "ada, who leads, has no active account any more" in world.direct("grace")


# Triage


@pytest.fixture
def triaged() -> Iterator[RunsWorld]:
    with RunsWorld(BROADCAST._replace(triage=True), note=False) as world:
        world.begin()
        world.clock.advance(60)
        yield world


def test_in_triage_nobody_is_asked_for_updates_until_it_is_an_incident(triaged: RunsWorld) -> None:
    assert "**in triage**" in triaged.post.message
    assert "It is an incident" in triaged.buttons
    assert triaged.state.remind_at == 0.0
    triaged.clock.advance(3600)
    assert triaged.say("grace", "end triage") == "It is an incident: the playbook begins."
    assert triaged.state.phase == "started"
    assert triaged.state.remind_at == pytest.approx(triaged.clock() + 1800, abs=5)
    assert "in triage" not in triaged.post.message
    assert "It is an incident" not in triaged.buttons
    assert "grace says that it is an incident: the playbook Outage begins." in triaged.told[-1]
    assert triaged.say("ada", "triage end") == "It is not in triage."
    assert sum("says that it is an incident" in line for line in triaged.told) == 1


def test_its_button_ends_triage(triaged: RunsWorld) -> None:
    assert controls.clicked("triage_end", "") == ("triage_end", "")
    assert triaged.click("linus", "triage_end", "")["done"] == "done"
    assert triaged.state.phase == "started"


def test_what_is_no_incident_is_cancelled_out_of_triage(triaged: RunsWorld) -> None:
    triaged.say("ada", f"cancel {triaged.case.number} a test of the load")
    assert triaged.state.phase == "cancelled"
    assert triaged.say("ada", "triage end") == "It is not in triage."
