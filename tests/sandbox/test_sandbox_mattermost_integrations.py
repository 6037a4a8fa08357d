"""The sandbox's Mattermost and those it calls: slash commands, as measured on a real one."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Dict

import pytest
import requests
from integrations_world import World, form, refused

from sandbox.server import HttpAnswer

JSON = {"Content-Type": "application/json"}
FORBIDDEN = "api.context.permissions.app_error"


# Slash commands as things


def test_only_who_may_manage_them_makes_commands(at: World) -> None:
    body = {
        "team_id": at.world.team.id,
        "trigger": "pd",
        "url": "https://pd.example/c",
        "method": "P",
    }
    assert refused(at.send("POST", "/commands", body)) == (403, FORBIDDEN)
    own = at.mm.add_bot("chief", team="ops", team_admin=True)
    made = at.send("POST", "/commands", body, own).json()
    assert (made["trigger"], len(made["token"]), made["creator_id"]) == (
        "pd",
        26,
        at.mm.user("chief").id,
    )
    at.mm.grant("team_user", "manage_slash_commands")
    assert at.send("POST", "/commands", {**body, "trigger": "PD2"}).json()["trigger"] == "pd2"
    assert refused(at.send("DELETE", f"/commands/{made['id']}")) == (403, FORBIDDEN), "another's"


def test_a_trigger_is_taken_once_in_a_team(at: World) -> None:
    at.command("pd")
    body = {
        "team_id": at.world.team.id,
        "trigger": "PD",
        "url": "https://pd.example/c",
        "method": "P",
    }
    taken = (400, "api.command.duplicate_trigger.app_error")
    assert refused(at.as_admin("POST", "/commands", body)) == taken
    assert refused(at.as_admin("POST", "/commands", {**body, "trigger": "help"})) == taken
    other = at.mm.add_team("dev")
    assert at.as_admin("POST", "/commands", {**body, "team_id": other.id}).status_code == 201


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"trigger": "/pd"}, "trigger"),
        ({"trigger": "p d"}, "trigger"),
        ({"trigger": ""}, "trigger"),
        ({"url": ""}, "url"),
        ({"url": "ftp://pd.example"}, "url_http"),
        ({"method": "POST"}, "method"),
        ({"display_name": "x" * 65}, "display_name"),
        ({"description": "x" * 129}, "description"),
    ],
)
def test_a_wrong_command_is_refused(at: World, fields: Dict[str, str], what: str) -> None:
    body = {
        "team_id": at.world.team.id,
        "trigger": "pd",
        "url": "https://pd.example/c",
        "method": "P",
    }
    answer = at.as_admin("POST", "/commands", {**body, **fields})
    assert refused(answer) == (400, f"model.command.is_valid.{what}.app_error")


def test_commands_are_read_changed_and_deleted(at: World) -> None:
    made = at.command(
        auto_complete=True,
        auto_complete_hint="list",
        auto_complete_desc="PagerDuty",
        display_name="PD",
    )
    path = f"/commands/{made['id']}"
    assert at.as_admin("GET", path).json() == made
    assert at.send("GET", path).status_code == 404, "nothing is told to who may not manage it"
    changed = at.as_admin(
        "PUT", path, {**made, "url": "https://other.example/", "token": "mine"}
    ).json()
    assert (changed["url"], changed["token"]) == ("https://other.example/", made["token"])
    listing = f"/commands?team_id={at.world.team.id}"
    assert [c["id"] for c in at.as_admin("GET", listing + "&custom_only=true").json()] == [
        made["id"]
    ]
    assert at.send("GET", listing + "&custom_only=true").status_code == 403
    (seen,) = at.send("GET", listing).json()
    assert (seen["trigger"], seen["auto_complete_hint"], seen["token"], seen["url"]) == (
        "pd",
        "list",
        "",
        "",
    )
    fresh = at.as_admin("PUT", path + "/regen_token").json()["token"]
    assert fresh != made["token"]
    assert at.as_admin("GET", path).json()["token"] == fresh
    assert (
        at.as_admin("PUT", path, {**made, "team_id": at.mm.add_team("dev").id}).status_code == 400
    )
    assert at.as_admin("DELETE", path).json() == {"status": "OK"}
    assert at.as_admin("GET", path).status_code == 404


def test_commands_can_be_switched_off(at: World) -> None:
    at.command()
    at.mm.enable_commands = False
    off = (501, "api.command.disabled.app_error")
    body = {
        "team_id": at.world.team.id,
        "trigger": "x",
        "url": "https://pd.example",
        "method": "P",
    }
    assert refused(at.as_admin("POST", "/commands", body)) == off
    assert refused(at.person("ada").command("incidents", "/pd list")) == off


# Slash commands run


def test_a_command_is_called_as_measured(at: World) -> None:
    made = at.command()
    ada = at.person("ada")
    answer = ada.command("incidents", "/PD ack 1 @grace ~ops  twice")
    assert answer.status_code == 200
    (call,) = at.called
    assert (call.method, call.path) == ("POST", "/command")
    assert call.headers["Authorization"] == "Token " + made["token"]
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    sent = form(call)
    assert {name: sent[name] for name in sent if name not in ("trigger_id", "response_url")} == {
        "token": made["token"],
        "team_id": at.world.team.id,
        "team_domain": "ops",
        "channel_id": at.incidents.id,
        "channel_name": "incidents",
        "user_id": ada.id,
        "user_name": "ada",
        "command": "/pd",
        "text": "ack 1 @grace ~ops  twice",
        "user_mentions": "grace",
        "user_mentions_ids": at.mm.user("grace").id,
        "channel_mentions": "ops",
        "channel_mentions_ids": at.mm.channel("ops").id,
    }
    assert sent["response_url"].startswith(at.server.url + "/hooks/commands/")
    assert sent["trigger_id"]
    assert answer.json()["trigger_id"] != sent["trigger_id"], "clients know the id alone"


def test_a_get_command_has_its_fields_in_the_query(at: World) -> None:
    at.command(method="G", path="/command?a=1")
    at.person("ada").command("incidents", "/pd list")
    (call,) = at.called
    assert (call.method, call.body, call.param("a"), call.param("text")) == (
        "GET",
        b"",
        "1",
        "list",
    )
    assert "Content-Type" not in call.headers


def test_an_answer_is_seen_by_who_typed_alone(at: World) -> None:
    at.command()
    told = {
        "response_type": "ephemeral",
        "text": "see <https://pd.example|it> <!here>",
        "goto_location": "/x",
    }
    at.answer("/command", told)
    answer = at.person("ada").command("incidents", "/pd list").json()
    assert (answer["text"], answer["goto_location"]) == (
        "see [it](https://pd.example) @here",
        "/x",
    )
    (seen,) = at.mm.ephemerals("ada")
    assert (seen.message, seen.type) == ("see [it](https://pd.example) @here", "system_ephemeral")
    assert at.mm.ephemerals("grace") == []
    listed = at.send("GET", f"/channels/{at.incidents.id}/posts").json()
    assert seen.id not in listed["posts"]
    assert at.send("GET", f"/posts/{seen.id}").status_code == 404


def test_an_answer_for_all_is_a_post_of_who_typed(at: World) -> None:
    at.command(username="PagerDuty")
    told = {"response_type": "in_channel", "text": "**now**", "attachments": [{"title": "t"}]}
    at.answer("/command", told)
    at.person("ada").command("incidents", "/pd list")
    (post,) = at.mm.posts("incidents")
    assert (post.message, post.user_id, post.attachments[0]["title"]) == (
        "**now**",
        at.mm.user("ada").id,
        "t",
    )
    assert post.props["from_webhook"] == "true"
    assert "override_username" not in post.props, "not switched on"
    at.mm.enable_post_username_override = True
    at.person("ada").command("incidents", "/pd list")
    assert at.mm.posts("incidents")[-1].props["override_username"] == "PagerDuty"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (HttpAnswer(201, {"text": "x"}), "failed_resp"),
        (HttpAnswer(204), "failed_resp"),
        (HttpAnswer(302, "", {"Location": "/other"}), "failed_resp"),
        (HttpAnswer(500, "x"), "failed_resp"),
        (HttpAnswer(200, "{", JSON), "failed"),
        (HttpAnswer(200, "", JSON), "failed"),
        (HttpAnswer(200, [1], JSON), "failed"),
        (HttpAnswer(200, {"text": 1}), "failed"),
    ],
)
def test_only_200_with_json_is_an_answer(at: World, answer: HttpAnswer, error: str) -> None:
    at.command()
    at.answers["/command"] = lambda request: answer
    got = refused(at.person("ada").command("incidents", "/pd list"))
    assert got == (500, f"api.command.execute_command.{error}.app_error")
    assert at.mm.ephemerals("ada") == []
    assert len(at.called) == 1, "a redirect is not followed"


def test_an_answer_of_another_type_is_a_text(at: World) -> None:
    at.command()
    at.answer("/command", "plain", **{"Content-Type": "text/plain"})
    at.person("ada").command("incidents", "/pd list")
    assert [p.message for p in at.mm.ephemerals("ada")] == ["plain"]


def test_who_may_run_a_command_and_what_is_none(at: World) -> None:
    at.command()
    eve = at.mm.add_user("eve", team="ops")
    assert refused(at.person("eve").command("incidents", "/pd x")) == (403, FORBIDDEN)
    at.mm.add_member("incidents", eve)
    start = (400, "api.command.execute_command.start.app_error")
    assert refused(at.person("eve").command("incidents", "pd x")) == start
    assert refused(at.person("eve").command("incidents", "/")) == start
    unknown = (404, "api.command.execute_command.not_found.app_error")
    assert refused(at.person("eve").command("incidents", "/nope")) == unknown
    assert at.called == []


def test_in_direct_messages_the_client_names_the_team(at: World) -> None:
    at.command()
    ada = at.person("ada")
    direct = ada.send("/channels/direct", [ada.id, at.world.bot.id]).json()
    assert ada.command(direct["id"], "/pd list").status_code == 200
    sent = form(at.called[0])
    assert (sent["channel_id"], sent["team_domain"]) == (direct["id"], "ops")
    body = {"channel_id": direct["id"], "command": "/pd list", "team_id": at.mm.add_team("dev").id}
    assert refused(ada.send("/commands/execute", body)) == (403, FORBIDDEN)


# response_url


def hook(at: World) -> str:
    at.person("ada").command("incidents", "/pd list")
    return form(at.called[-1])["response_url"]


def test_delayed_answers_need_no_session_and_end_after_five(at: World) -> None:
    at.command()
    url = hook(at)
    for number in range(5):
        answer = requests.post(url, json={"text": f"late {number}"}, timeout=60)
        assert (answer.status_code, answer.text) == (200, "ok")
    spent = requests.post(url, json={"text": "x"}, timeout=60)
    assert refused(spent) == (400, "app.command_webhook.try_use.invalid")
    assert [p.message for p in at.mm.ephemerals("ada")] == [f"late {n}" for n in range(5)]
    assert refused(requests.post(hook(at), data="{", headers=JSON, timeout=60)) == (
        400,
        "web.command_webhook.parse.app_error",
    )


def test_a_response_url_lives_half_an_hour(at: World) -> None:
    at.command()
    url = hook(at)
    at.clock.advance(29 * 60)
    assert (
        requests.post(
            url, json={"response_type": "in_channel", "text": "all"}, timeout=60
        ).status_code
        == 200
    )
    assert [p.message for p in at.mm.posts("incidents")] == ["all"]
    at.clock.advance(61)
    missing = (404, "app.command_webhook.get.missing")
    assert refused(requests.post(url, json={"text": "x"}, timeout=60)) == missing
    assert (
        refused(requests.post(at.server.url + "/hooks/commands/" + "a" * 26, json={}, timeout=60))
        == missing
    )
