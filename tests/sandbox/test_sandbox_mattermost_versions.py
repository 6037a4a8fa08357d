"""The sandbox's Mattermost by version: what was measured on 5.37 and on 11.6."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple
from urllib.parse import parse_qsl

import pytest
import requests
from webhook_hook import Hook, listening

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.mattermost import ADMIN_TOKEN, BOT_TOKEN, ChatPerson, MattermostServer

OLD, NEW = "5.37", "11.6"
START = 1_800_000_000.0


class Box(NamedTuple):
    server: MattermostServer
    version: str

    @property
    def is_new(self) -> bool:
        return self.version == NEW

    def send(
        self, method: str, path: str, body: Any = None, token: str = BOT_TOKEN, **headers: str
    ) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["Authorization"] = "Bearer " + token
        url = self.server.url + "/api/v4" + path
        return requests.request(method, url, json=body, headers=named, timeout=60)

    def new_channel(self, name: str = "room") -> Dict[str, Any]:
        team = self.server.account.team("ops").id
        body = {"team_id": team, "name": name, "display_name": "R", "type": "O"}
        answer = self.send("POST", "/channels", body)
        assert answer.status_code == 201, answer.text
        made: Dict[str, Any] = answer.json()
        return made

    def post(self, channel_id: str, message: str = "x", **fields: Any) -> requests.Response:
        body = {"channel_id": channel_id, "message": message, **fields}
        return self.send("POST", "/posts", body)


@pytest.fixture(params=[OLD, NEW])
def box(request: pytest.FixtureRequest) -> Iterator[Box]:
    clock = Clock(START)
    with MattermostServer(SandboxJournal(clock), clock, version=request.param) as server:
        yield Box(server, request.param)


def refused(answer: requests.Response) -> List[Any]:
    return [answer.status_code, answer.json().get("id")]


def test_an_unknown_version_is_refused() -> None:
    clock = Clock(START)
    with pytest.raises(KeyError):
        MattermostServer(SandboxJournal(clock), clock, version="4.0")


def test_every_answer_tells_the_version(box: Box) -> None:
    answer = box.send("GET", "/users/me")
    assert answer.headers["X-Version-Id"].startswith(box.version)
    assert box.send("GET", "/config/client?format=old").json()["Version"].startswith(box.version)


def test_a_long_message_and_long_props(box: Box) -> None:
    room = box.new_channel()["id"]
    word = "message_length" if box.is_new else "msg"
    long = box.post(room, "x" * 16384)
    assert refused(long) == [400, f"model.post.is_valid.{word}.app_error"]
    answer = box.post(room, props={"k": "x" * 290_000})
    assert answer.status_code == (201 if box.is_new else 400)
    huge = box.post(room, props={"k": "x" * 300_001})
    if box.is_new:
        assert refused(huge) == [413, "api.context.request_body_too_large.app_error"]
    else:
        assert refused(huge) == [400, "model.post.is_valid.props.app_error"]


def test_a_channel_name_of_one_character(box: Box) -> None:
    team = box.server.account.team("ops").id
    body = {"team_id": team, "name": "r", "display_name": "R", "type": "O"}
    assert box.send("POST", "/channels", body).status_code == (201 if box.is_new else 400)


def test_an_unknown_path(box: Box) -> None:
    answer = box.send("GET", "/no/such/thing")
    assert refused(answer) == [404, "api.context.404.app_error"]
    assert "request_id" not in answer.json()
    assert refused(box.send("PUT", "/posts", {})) == [404, "api.context.404.app_error"]


def test_what_can_be_done_in_an_archived_channel(box: Box) -> None:
    """Six things in which the sandbox once lied."""
    room = box.new_channel()["id"]
    card = box.post(room).json()["id"]
    ada = box.server.account.user("ada").id
    assert box.send("DELETE", f"/channels/{room}").status_code == 200
    patched = "api.post.patch_post.can_not_update_post_in_deleted.error"
    assert refused(box.send("PUT", f"/posts/{card}/patch", {"message": "y"})) == [400, patched]
    assert refused(box.send("POST", f"/posts/{card}/pin")) == [400, patched]
    assert refused(box.send("DELETE", f"/posts/{card}")) == [
        400,
        "api.post.delete_post.can_not_delete_post_in_deleted.error",
    ]
    header = box.send("PUT", f"/channels/{room}/patch", {"header": "h"})
    assert refused(header) == [400, "app.channel.update.bad_id"]
    said = "api.post.create_post.can_not_post_to_deleted.error"
    assert refused(box.post(room)) == [400, said]
    assert refused(box.post(room, root_id=card)) == [400, said]
    bot = box.server.account.user("pagerduty").id
    reaction = {"user_id": bot, "post_id": card, "emoji_name": "eyes"}
    assert refused(box.send("POST", "/reactions", reaction)) == [
        403,
        "api.reaction.save.archived_channel.app_error",
    ]
    assert card in box.send("GET", f"/channels/{room}/posts").json()["posts"]
    assert box.send("GET", f"/posts/{card}").status_code == 200
    assert box.send("GET", f"/channels/{room}").json()["delete_at"] > 0
    team = box.server.account.team("ops").id
    mine = box.send("GET", f"/users/me/teams/{team}/channels").json()
    assert room not in [row["id"] for row in mine]
    added = box.send("POST", f"/channels/{room}/members", {"user_id": ada})
    assert added.status_code == 201
    restored = box.send("POST", f"/channels/{room}/restore")
    assert refused(restored) == [403, "api.context.permissions.app_error"]
    restored = box.send("POST", f"/channels/{room}/restore", token=ADMIN_TOKEN)
    assert restored.json()["delete_at"] == 0
    assert box.post(room, "again").status_code == 201


def test_a_bot_that_is_admin_of_the_team_restores(box: Box) -> None:
    room = box.new_channel()["id"]
    assert box.send("PUT", f"/channels/{room}/privacy", {"privacy": "P"}).status_code == 403
    assert box.send("DELETE", f"/channels/{room}").status_code == 200
    box.server.account.make_team_admin("ops", "pagerduty")
    restored = box.send("POST", f"/channels/{room}/restore")
    assert (restored.status_code, restored.json()["delete_at"]) == (200, 0)
    team = box.server.account.team("ops").id
    mine = box.send("GET", f"/users/me/teams/{team}/channels").json()
    assert room in [row["id"] for row in mine]


def test_ones_channels_have_an_etag_that_posts_move_and_reactions_do_not(box: Box) -> None:
    room = box.new_channel()["id"]
    bot, team = box.server.account.user("pagerduty").id, box.server.account.team("ops").id
    path = f"/users/me/teams/{team}/channels"
    tag = box.send("GET", path).headers["ETag"]

    def is_same() -> bool:
        answer = box.send("GET", path, If_None_Match=tag)
        assert (answer.status_code == 304) is (answer.content == b"")
        return answer.status_code == 304

    assert is_same()
    box.server.clock.advance(1)
    card = box.post(room).json()["id"]
    assert not is_same()
    tag = box.send("GET", path).headers["ETag"]
    box.server.clock.advance(1)
    reaction = {"user_id": bot, "post_id": card, "emoji_name": "eyes"}
    assert box.send("POST", "/reactions", reaction).status_code == 200
    assert is_same()


def test_a_bot_reads_stats(box: Box) -> None:
    room = box.new_channel()["id"]
    assert box.send("GET", f"/channels/{room}/stats").json()["member_count"] == 1
    team = box.server.account.team("ops").id
    stats = box.send("GET", f"/teams/{team}/stats").json()
    assert stats["total_member_count"] == stats["active_member_count"] == 8


def test_members_by_list_and_deactivated_ones(box: Box) -> None:
    room, account = box.new_channel()["id"], box.server.account
    ids = [account.user(name).id for name in ("ada", "grace")]
    answer = box.send("POST", f"/channels/{room}/members", {"user_ids": ids})
    if box.is_new:
        assert [answer.status_code, [row["user_id"] for row in answer.json()]] == [201, ids]
    else:
        assert answer.status_code == 400
    account.activate("linus", False)
    gone = box.send("POST", f"/channels/{room}/members", {"user_id": account.user("linus").id})
    wanted = [403, "app.channel.add_member.deleted_user.app_error"]
    assert refused(gone) == (wanted if box.is_new else [201, None])


def test_priorities_of_posts(box: Box) -> None:
    room = box.new_channel()["id"]
    card = box.post(room, metadata={"priority": {"priority": "urgent"}}).json()
    shown = card["metadata"].get("priority")
    assert shown == ({"priority": "urgent"} if box.is_new else None)
    reply = box.post(room, root_id=card["id"], metadata={"priority": {"priority": "urgent"}})
    asked = box.post(room, metadata={"priority": {"priority": "", "requested_ack": True}})
    if box.is_new:
        assert reply.status_code == 400
        assert refused(asked) == [501, "license_error.feature_unavailable"]
        box.send("PUT", f"/posts/{card['id']}/patch", {"message": "resolved"})
        found = box.send("GET", f"/posts/{card['id']}").json()
        assert found["metadata"]["priority"] == {"priority": "urgent"}
    else:
        assert (reply.status_code, asked.status_code) == (201, 201)


@pytest.fixture
def called() -> Iterator[Hook]:
    """Who is called by commands and clicks."""
    with listening([200]) as made:
        yield made


def form(called: Hook) -> Dict[str, str]:
    return dict(parse_qsl(called.calls[-1][1].decode(), keep_blank_values=True))


def command(box: Box, called: Hook) -> None:
    team = box.server.account.team("ops").id
    body = {"team_id": team, "trigger": "pd", "method": "P", "url": called.url}
    assert box.send("POST", "/commands", body, token=ADMIN_TOKEN).status_code == 201


def test_a_slash_call_tells_its_thread_and_its_response_url_ends(box: Box, called: Hook) -> None:
    command(box, called)
    room = box.server.account.channel("incidents").id
    root = box.send("POST", "/posts", {"channel_id": room, "message": "r"}, token=ADMIN_TOKEN)
    body = {"channel_id": room, "command": "/pd list", "root_id": root.json()["id"]}
    assert box.send("POST", "/commands/execute", body, token=ADMIN_TOKEN).status_code == 200
    typed = form(called)
    assert typed.get("root_id") == (root.json()["id"] if box.is_new else None)
    url = typed["response_url"]
    for _ in range(5):
        assert requests.post(url, json={"text": "later"}, timeout=60).status_code == 200
    word = "web.command_webhook.general.app_error"
    wanted = word if box.is_new else "app.command_webhook.try_use.invalid"
    assert refused(requests.post(url, json={"text": "later"}, timeout=60)) == [400, wanted]


@pytest.mark.parametrize("skip", [True, False])
def test_slacks_link_runs_over_lines_on_a_new_server(box: Box, called: Hook, skip: bool) -> None:
    command(box, called)
    room = box.server.account.channel("incidents").id
    body = {"channel_id": room, "command": "/pd list"}
    box.send("POST", "/commands/execute", body, token=ADMIN_TOKEN)
    text = "<title>\n| a | b >"
    answer = {"text": text, "response_type": "in_channel", "skip_slack_parsing": skip}
    requests.post(form(called)["response_url"], json=answer, timeout=60)
    shown = box.server.account.posts("incidents")[-1].message
    assert (shown == text) is (skip or not box.is_new)


def test_a_trigger_lives_three_or_thirty_seconds(box: Box, called: Hook) -> None:
    command(box, called)
    room = box.server.account.channel("incidents").id
    body = {"channel_id": room, "command": "/pd list"}
    box.send("POST", "/commands/execute", body, token=ADMIN_TOKEN)
    dialog = {"trigger_id": form(called)["trigger_id"], "url": called.url, "dialog": {}}
    box.server.clock.advance(29)
    opened = box.send("POST", "/actions/dialogs/open", dialog)
    expired = [400, "interactive_message.decode_trigger_id.expired"]
    assert refused(opened) == ([200, None] if box.is_new else expired)
    box.server.clock.advance(2)
    assert refused(box.send("POST", "/actions/dialogs/open", dialog)) == expired


def test_an_empty_answer_to_a_click(box: Box, called: Hook) -> None:
    box.server.account.add_member("incidents", "pagerduty")
    button = {"id": "ack", "name": "Ack", "type": "button", "integration": {"url": called.url}}
    room = box.server.account.channel("incidents").id
    box.post(room, props={"attachments": [{"actions": [button]}]})
    (card,) = box.server.account.posts("incidents")
    clicked = ChatPerson(box.server, "ada").click(card, "ack")
    assert clicked.status_code == (200 if box.is_new else 400)


def test_a_team_takes_no_more_channels_than_it_may_archived_ones_count(box: Box) -> None:
    room = box.new_channel()["id"]
    state = box.server.account.state
    box.server.account.max_channels_per_team = len(state.channels)
    assert box.send("DELETE", f"/channels/{room}").status_code == 200
    team = box.server.account.team("ops").id
    body = {"team_id": team, "name": "more", "display_name": "M", "type": "O"}
    full = "api.channel.create_channel.max_channel_limit.app_error"
    assert refused(box.send("POST", "/channels", body)) == [400, full]
    archived = box.send("GET", f"/teams/{team}/channels/deleted").json()
    assert [row["id"] for row in archived] == [room]


def test_a_name_is_taken_before_its_channel_is_found(box: Box) -> None:
    box.server.account.channel_seconds = 1.0
    made = box.new_channel()
    team = box.server.account.team("ops").id
    body = {"team_id": team, "name": "room", "display_name": "R", "type": "O"}
    taken = "store.sql_channel.save_channel.exists.app_error"
    assert refused(box.send("POST", "/channels", body)) == [400, taken]
    path = f"/teams/{team}/channels/name/room"
    missing = "app.channel.get_by_name.missing.app_error"
    assert refused(box.send("GET", path)) == [404, missing]
    box.server.clock.advance(1.0)
    assert box.send("GET", path).json()["id"] == made["id"]


def test_who_may_not_make_or_archive_channels_is_refused(box: Box) -> None:
    room = box.new_channel()["id"]
    box.server.account.deny("team_user", "create_public_channel")
    box.server.account.deny("channel_user", "delete_public_channel")
    team = box.server.account.team("ops").id
    body = {"team_id": team, "name": "more", "display_name": "M", "type": "O"}
    denied = [403, "api.context.permissions.app_error"]
    assert refused(box.send("POST", "/channels", body)) == denied
    assert refused(box.send("DELETE", f"/channels/{room}")) == denied
    assert box.send("POST", "/channels", {**body, "type": "P"}).status_code == 201


def test_names_may_be_replaced_by_the_server(box: Box) -> None:
    box.server.account.anonymous_urls = True
    first, second = box.new_channel(), box.new_channel()
    assert "room" not in (first["name"], second["name"])
    assert first["name"] != second["name"]
