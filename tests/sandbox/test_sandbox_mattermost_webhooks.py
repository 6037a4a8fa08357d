"""The sandbox's Mattermost: outgoing webhooks, where integrations may lead to, roles and
settings."""

# flake8: noqa: W503

from __future__ import annotations

from threading import Thread
from typing import Any, Dict

import pytest
import requests
from integrations_world import World, form, refused

from sandbox.mattermost import MattermostService
from sandbox.mattermost.outgoing import FORBIDDEN as ADDRESS_FORBIDDEN
from sandbox.waiting import until

FORBIDDEN = "api.context.permissions.app_error"


def body(at: World, **fields: Any) -> Dict[str, Any]:
    made = {
        "team_id": at.world.team.id,
        "display_name": "notes",
        "trigger_words": ["note:"],
        "callback_urls": [at.double.url + "/note"],
    }
    return {**made, **fields}


def hook(at: World, **fields: Any) -> Any:
    answer = at.as_admin("POST", "/hooks/outgoing", body(at, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


# Outgoing webhooks as things


def test_only_who_may_manage_them_makes_webhooks(at: World) -> None:
    assert refused(at.send("POST", "/hooks/outgoing", body(at))) == (403, FORBIDDEN)
    at.mm.grant("team_user", "manage_outgoing_webhooks")
    made = at.send("POST", "/hooks/outgoing", body(at)).json()
    assert (len(made["token"]), made["creator_id"], made["trigger_when"]) == (
        26,
        at.mm.user("pagerduty").id,
        0,
    )
    theirs = hook(at, trigger_words=["x:"])
    assert refused(at.send("DELETE", f"/hooks/outgoing/{theirs['id']}")) == (403, FORBIDDEN)
    assert [
        h["id"] for h in at.send("GET", f"/hooks/outgoing?team_id={at.world.team.id}").json()
    ] == [made["id"]]


def test_webhooks_can_be_switched_off(at: World) -> None:
    made = hook(at)
    at.mm.enable_outgoing_webhooks = False
    off = (501, "api.outgoing_webhook.disabled.app_error")
    assert refused(at.as_admin("POST", "/hooks/outgoing", body(at))) == off
    assert refused(at.as_admin("GET", f"/hooks/outgoing/{made['id']}")) == off
    assert at.send("POST", "/hooks/outgoing", body(at)).status_code == 403, (
        "who may not is told that alone"
    )
    at.person("ada").say("incidents", "note: x")
    at.mm.enable_outgoing_webhooks = True
    at.person("ada").say("incidents", "note: y")
    until(lambda: at.called)
    assert form(at.called[0])["text"] == "note: y"


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"trigger_words": []}, 400, "api.webhook.create_outgoing.triggers.app_error"),
        ({"callback_urls": []}, 400, "model.outgoing_hook.is_valid.callback.app_error"),
        ({"callback_urls": ["pd.example"]}, 400, "model.outgoing_hook.is_valid.url.app_error"),
        ({"trigger_words": [""]}, 400, "model.outgoing_hook.is_valid.trigger_words.app_error"),
        ({"trigger_when": 2}, 400, "model.outgoing_hook.is_valid.content_type.app_error"),
        ({"channel_id": "a" * 26}, 404, "app.channel.get.existing.app_error"),
    ],
)
def test_a_wrong_webhook_is_refused(
    at: World, fields: Dict[str, Any], status: int, error: str
) -> None:
    assert refused(at.as_admin("POST", "/hooks/outgoing", body(at, **fields))) == (status, error)


def test_a_webhook_is_of_a_public_channel(at: World) -> None:
    secret = at.mm.add_channel("secret", private=True)
    got = at.as_admin("POST", "/hooks/outgoing", body(at, channel_id=secret.id))
    assert refused(got) == (403, "api.outgoing_webhook.disabled.app_error")
    hook(at)
    same = at.as_admin("POST", "/hooks/outgoing", body(at))
    assert refused(same) == (500, "api.webhook.create_outgoing.intersect.app_error")


def test_webhooks_are_read_changed_and_deleted(at: World) -> None:
    made = hook(at)
    path = f"/hooks/outgoing/{made['id']}"
    assert at.as_admin("GET", path).json() == made
    changed = at.as_admin(
        "PUT", path, {"id": made["id"], **body(at, trigger_words=["n:"], description="d")}
    ).json()
    assert at.as_admin("PUT", path, {**body(at), "id": "a" * 26}).status_code == 400
    assert (changed["trigger_words"], changed["token"], changed["description"]) == (
        ["n:"],
        made["token"],
        "d",
    )
    fresh = at.as_admin("POST", path + "/regen_token").json()
    assert fresh["token"] != made["token"]
    assert at.as_admin("DELETE", path).json() == {"status": "OK"}
    assert refused(at.as_admin("GET", path)) == (404, "app.webhooks.get_outgoing.app_error")


# Outgoing webhooks fired


def test_a_webhook_is_told_as_measured(at: World) -> None:
    made = hook(at)
    root = at.person("ada").say("incidents", "down").json()
    reply = at.person("ada").say("incidents", "note: rolled back", root["id"]).json()
    until(lambda: at.called)
    (call,) = at.called
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form(call) == {
        "token": made["token"],
        "team_id": at.world.team.id,
        "team_domain": "ops",
        "channel_id": at.incidents.id,
        "channel_name": "incidents",
        "timestamp": str(reply["create_at"] // 1000),
        "user_id": at.mm.user("ada").id,
        "user_name": "ada",
        "post_id": reply["id"],
        "text": "note: rolled back",
        "trigger_word": "note:",
        "file_ids": "",
    }


def test_it_can_be_json_and_one_channels_alone_without_a_word(at: World) -> None:
    hook(at, content_type="application/json", channel_id=at.incidents.id, trigger_words=[])
    at.person("ada").say("ops", "elsewhere")
    at.person("ada").say("incidents", "anything")
    until(lambda: at.called)
    sent = at.called[0].json()
    assert (sent["text"], sent["trigger_word"], sent["timestamp"]) == (
        "anything",
        "",
        at.mm.state.now(),
    )


def test_which_posts_fire(at: World) -> None:
    hook(at, trigger_when=1)
    at.mm.add_channel("secret", private=True, members=["ada"])
    ada = at.person("ada")
    ada.say("secret", "note: private")
    ada.say("incidents", "a note: inside")
    at.send("POST", "/posts", {"channel_id": at.incidents.id, "message": "note:by a bot"})
    at.mm.say("ada", "incidents", "note: in Python")
    until(lambda: len(at.called) >= 2)
    assert sorted(form(call)["text"] for call in at.called) == ["note: in Python", "note:by a bot"]


def test_exact_words_fit_the_first_word_alone(at: World) -> None:
    hook(at)
    at.person("ada").say("incidents", "note:glued")
    at.person("ada").say("incidents", "note: apart")
    until(lambda: at.called)
    assert [form(call)["text"] for call in at.called] == ["note: apart"]


def test_an_answer_is_a_post_or_a_comment_that_fires_nothing(at: World) -> None:
    hook(at)
    at.answer("/note", {"text": "note: noted", "response_type": "comment"})
    root = at.person("ada").say("incidents", "note: root").json()
    (reply,) = until(lambda: at.mm.thread(root["id"]))
    assert (reply.message, reply.user_id, reply.props["from_webhook"]) == (
        "note: noted",
        at.mm.user("admin").id,
        "true",
    )
    at.person("ada").say("incidents", "note: below", root["id"])
    assert until(at.reasons) == ["api.post.create_post.root_id.app_error"], (
        "a reply has no thread of its own"
    )
    at.answer("/note", {"text": "loud"}, 500)
    at.person("ada").say("incidents", "note: again")
    until(lambda: "loud" in [p.message for p in at.mm.posts("incidents")])
    assert len(at.called) == 3


# Where integrations may lead to


@pytest.mark.parametrize(
    "setting", ["", "10.0.0.0/8 localhost", "127.0.0.2,192.168.1.1", "127.0.0.1:80"]
)
def test_an_internal_address_that_is_not_named_is_not_called(at: World, setting: str) -> None:
    at.command()
    hook(at)
    card = at.card(at.button())
    at.mm.allowed_untrusted_internal_connections = setting
    ada = at.person("ada")
    assert refused(ada.command("incidents", "/pd x")) == (
        500,
        "api.command.execute_command.failed.app_error",
    )
    got = ada.click(card, "acknowledge")
    assert refused(got) == (400, "api.post.do_action.action_integration.app_error")
    assert got.json()["detailed_error"] == "", "the reason stands in the server's log alone"
    ada.say("incidents", "note: x")
    until(lambda: len(at.reasons()) == 3)
    assert set(at.reasons()) == {ADDRESS_FORBIDDEN}
    assert at.called == []


@pytest.mark.parametrize(
    "setting", ["127.0.0.1", "x, 127.0.0.1", "127.0.0.0/8", "10.0.0.0/8\t127.0.0.1/32"]
)
def test_a_named_host_or_block_is_called(at: World, setting: str) -> None:
    at.mm.allowed_untrusted_internal_connections = setting
    card = at.card(at.button())
    assert at.person("ada").click(card, "acknowledge").status_code == 200


def test_a_name_counts_as_it_is_written(at: World) -> None:
    url = at.double.url.replace("127.0.0.1", "localhost")
    made = {"id": "go", "integration": {"url": url + "/click", "context": {}}}
    card = at.card(made)
    assert at.person("ada").click(card, "go").status_code == 200
    at.mm.allowed_untrusted_internal_connections = "127.0.0.1"
    assert at.person("ada").click(card, "go").status_code == 400, "its addresses are no names"
    assert (
        refused(
            at.person("ada").click(at.card({"id": "go", "integration": {"url": "nowhere"}}), "go")
        )[0]
        == 400
    )


def test_while_somebody_is_called_the_server_answers(at: World) -> None:
    card = at.card(at.button())
    at.answer("/click", {"ephemeral_text": "x"})
    at.double.faults.add("delay", seconds=0.5, times=1)
    clicking = Thread(target=at.person("ada").click, args=(card, "acknowledge"))
    clicking.start()
    assert at.send("GET", "/users/me").elapsed.total_seconds() < 0.4
    clicking.join()
    assert len(at.mm.ephemerals("ada")) == 1


# Roles and settings


def test_a_program_sees_what_its_role_permits(at: World) -> None:
    names = ["team_user", "team_admin", "system_user", "nonsense"]
    roles = {r["name"]: r["permissions"] for r in at.send("POST", "/roles/names", names).json()}
    assert set(roles) == {"team_user", "team_admin", "system_user"}
    assert [
        "manage_slash_commands" in roles[n] for n in ("team_user", "team_admin", "system_user")
    ] == [0, 1, 0]
    at.mm.grant("team_user", "manage_slash_commands")
    assert (
        "manage_slash_commands"
        in at.send("POST", "/roles/names", ["team_user"]).json()[0]["permissions"]
    )
    assert at.send("POST", "/roles/names", names, "").status_code == 401


def test_the_client_configuration_tells_what_is_switched_on(at: World) -> None:
    path = "/config/client?format=old"
    told = at.send("GET", path).json()
    wanted = (
        "EnableCommands",
        "EnableOutgoingWebhooks",
        "EnablePostUsernameOverride",
        "ShowEmailAddress",
    )
    assert [told[name] for name in wanted] == ["true", "true", "false", "true"]
    at.mm.enable_commands, at.mm.show_email = False, False
    told = at.send("GET", path).json()
    assert (told["EnableCommands"], told["ShowEmailAddress"]) == ("false", "false")
    assert "EnableCommands" not in at.send("GET", path, None, "").json()


def test_the_whole_configuration_is_for_administrators(at: World) -> None:
    assert refused(at.send("GET", "/config")) == (403, FORBIDDEN)
    at.mm.require_email_verification = at.mm.enable_gitlab = True
    told = at.as_admin("GET", "/config").json()
    assert told["ServiceSettings"]["AllowedUntrustedInternalConnections"] == "127.0.0.1 localhost"
    assert told["EmailSettings"]["RequireEmailVerification"] is True
    assert [
        told[name]["Enable"] for name in ("GitLabSettings", "SamlSettings", "LdapSettings")
    ] == [True, False, False]
    assert told["TeamSettings"]["EnableUserCreation"] is True


def test_the_switches_are_settings_of_another_process_too(at: World) -> None:
    def control(word: str, **fields: Any) -> Any:
        return requests.post(f"{at.server.url}/_sandbox/{word}", json=fields, timeout=60).json()[
            "result"
        ]

    told = control(
        "settings",
        allowed_untrusted_internal_connections="",
        trigger_seconds=30,
        enable_commands=False,
    )
    assert (told["allowed_untrusted_internal_connections"], told["trigger_seconds"]) == ("", 30.0)
    mm: MattermostService = at.mm
    assert not mm.enable_commands
    control("grant", role="team_user", permissions=["manage_slash_commands"])
    assert "manage_slash_commands" in mm.state.roles["team_user"]
