"""The contract: what somebody of the team may read and do in a channel that is not one's own, by
the version; and what is answered for channels and posts that are not there."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple

import pytest
from mattermost_site import Client, Site, good, refused

from pagerduty_mattermost.gateways.mattermost import token_readers

FORBIDDEN = "api.context.permissions.app_error"
NO_CHANNEL = "app.channel.get.existing.app_error"
BAD_URL = "api.context.invalid_url_param.app_error"
UNKNOWN = "z" * 26


class Room(NamedTuple):
    """A public channel with a post of the administrator's, and somebody who is not in it."""

    id: str
    name: str
    post: str
    guest: Client


@pytest.fixture(scope="module")
def room(site: Site) -> Room:
    channel = site.new_channel(bot=False)
    button = {"id": "ack", "name": "Ack", "type": "button", "integration": {"url": "http://x/"}}
    props = {"attachments": [{"text": "t", "actions": [button]}]}
    post = good(site.admin.create_post(channel["id"], "root", props=props))
    return Room(channel["id"], channel["name"], post["id"], site.client_of(site.stranger()["id"]))


# Who is no member


@pytest.mark.parametrize("path", ["/channels/{0.id}", "/posts/{0.post}", "/posts/{0.post}/thread"])
def test_everybody_of_the_team_reads_a_public_channel_itself_and_one_post(
    site: Site, room: Room, path: str
) -> None:
    good(room.guest.get(path.format(room)))


@pytest.mark.parametrize(
    "path",
    [
        "/channels/{0.id}/posts",
        "/channels/{0.id}/pinned",
        "/posts/{0.post}/reactions",
        "/posts/{0.post}/files/info",
    ],
)
def test_what_stands_in_a_public_channel_is_read_by_members_alone_on_old_servers(
    site: Site, room: Room, path: str
) -> None:
    answer = room.guest.get(path.format(room))
    if site.is_new:
        good(answer)
    else:
        refused(answer, 403, FORBIDDEN)


@pytest.mark.parametrize(
    "path",
    [
        "/channels/{0.id}/stats",
        "/channels/{0.id}/members",
        "/channels/{0.id}/members/me",
        "/users?in_channel={0.id}",
    ],
)
def test_who_is_in_a_public_channel_is_read_by_members_alone(
    site: Site, room: Room, path: str
) -> None:
    refused(room.guest.get(path.format(room)), 403, FORBIDDEN)


def test_a_click_by_who_is_no_member(site: Site, room: Room) -> None:
    answer = room.guest.post(f"/posts/{room.post}/actions/nothing", {})
    if site.is_new:
        refused(answer, 404, "api.post.do_action.action_id.app_error")
    else:
        refused(answer, 403, FORBIDDEN)


# What is not there


@pytest.mark.parametrize("rest", ["", "/posts", "/pinned", "/stats", "/members"])
def test_an_unknown_channel_and_a_malformed_id(site: Site, rest: str) -> None:
    path = "/channels/{}" + rest
    answer = site.bot.get(path.format(UNKNOWN))
    if not rest or (site.is_new and rest in ("/posts", "/pinned")):
        refused(answer, 404, NO_CHANNEL)
    else:
        refused(answer, 403, FORBIDDEN)
    refused(site.bot.get(path.format("short")), 400, BAD_URL)


def test_changing_an_unknown_channel_is_404(site: Site) -> None:
    for answer in (
        site.bot.put(f"/channels/{UNKNOWN}/patch", {"header": "h"}),
        site.bot.delete(f"/channels/{UNKNOWN}"),
        site.bot.post(f"/channels/{UNKNOWN}/members", {"user_id": site.bot_id}),
        site.bot.delete(f"/channels/{UNKNOWN}/members/{site.bot_id}"),
    ):
        refused(answer, 404, NO_CHANNEL)


def test_posts_by_ids_are_unknown_to_old_servers(site: Site, channel: Dict[str, Any]) -> None:
    """Deleted ones are listed too, as long as one of them is there at all."""
    post, gone = (good(site.bot.create_post(channel["id"], "a"))["id"] for _ in range(2))
    good(site.bot.delete("/posts/" + gone))
    answer = site.bot.post("/posts/ids", [post, gone, UNKNOWN])
    if not site.is_new:
        assert (answer.status_code, answer.json()["id"]) == (404, "api.context.404.app_error")
        return
    shown = {one["id"]: bool(one["delete_at"]) for one in good(answer)}
    assert shown == {post: False, gone: True}
    refused(site.bot.post("/posts/ids", [UNKNOWN]), 404, "app.post.get.app_error")


def test_an_unknown_emoji_is_refused_on_new_servers(site: Site, channel: Dict[str, Any]) -> None:
    if site.account is not None:
        site.account.unknown_emojis = frozenset(["no_such_emoji"])
    post = good(site.bot.create_post(channel["id"], "a"))["id"]
    wanted = {"user_id": site.bot_id, "post_id": post, "emoji_name": "no_such_emoji"}
    answer = site.bot.post("/reactions", wanted)
    if site.is_new:
        refused(answer, 404, "app.emoji.get_by_name.no_result")
    else:
        good(answer)


# Who reads the command's token


def test_a_member_reads_the_commands_token_where_the_rule_says_so(site: Site, room: Room) -> None:
    wanted = {
        "team_id": site.team["id"],
        "trigger": site.new_name(),
        "url": "http://127.0.0.1:9/x",
        "method": "P",
    }
    made = good(site.admin.post("/commands", wanted))
    try:
        listed = room.guest.get("/commands", team_id=site.team["id"], custom_only="true")
        rows = listed.json() if listed.status_code == 200 else []
        seen = any(row["id"] == made["id"] and row["token"] for row in rows)
        names = [*token_readers.EVERYBODY, "team_admin"]
        roles = good(room.guest.post("/roles/names", names))
        found = token_readers.readable({row["name"]: set(row["permissions"]) for row in roles})
        assert seen == any("slash command" in what for what, _ in found)
    finally:
        good(site.admin.delete(f"/commands/{made['id']}"))
