"""The sandbox's Mattermost beyond the contract of tests/live: props, its clock and journal,
driven in the process and by HTTP, its page."""

from __future__ import annotations

from typing import Any, Dict

import pytest
import requests
from chat_box import START, TIMEOUT, Box, messages

from sandbox.pagerduty.account import PagerDutyAccount
from sandbox.pagerduty.seed import plant

# Props


def card(**fields: Any) -> Dict[str, Any]:
    return {"attachments": [dict({"title": "t"}, **fields)]}


def test_the_server_adds_about_290_characters_an_attachment(box: Box) -> None:
    assert box.post("x", props=card(text="y" * 7600)).status_code == 201
    answer = box.post("x", props=card(text="y" * 7720))
    assert (answer.status_code, answer.json()["id"]) == (
        400,
        "model.post.is_valid.props.app_error",
    )


def test_angle_brackets_and_ampersands_weigh_six(box: Box) -> None:
    assert box.post("x", props={"a": "<" * 1200}).status_code == 201
    assert box.post("x", props={"a": "<" * 1400}).status_code == 400


def test_newer_servers_take_800000(box: Box) -> None:
    box.mm.props_limit = 800_000
    assert box.post("x", props=card(text="y" * 700_000)).status_code == 201
    assert box.post("x", props=card(text="y" * 800_000)).status_code == 400


def test_what_an_attachment_does_not_have_vanishes(box: Box) -> None:
    props = {"attachments": [{"title": "t", "mine": 1}, {"title": 7}], "kept": {"any": ["thing"]}}
    stored = box.post("x", props=props).json()["props"]
    (attachment,) = stored["attachments"]
    assert "mine" not in attachment
    assert (attachment["title"], attachment["fields"], attachment["color"]) == ("t", None, "")
    assert stored["kept"] == {"any": ["thing"]}
    assert stored["from_bot"] == "true"


def test_lone_surrogates_become_replacement_characters(box: Box) -> None:
    body = '{{"channel_id": "{}", "message": "a\\ud83dz"}}'.format(box.mm.channel("incidents").id)
    answer = box.send("POST", "/posts", data=body)
    assert answer.json()["message"] == "a\ufffdz"


# Time, history and journal


def test_times_are_the_sandbox_clocks(box: Box) -> None:
    post = box.post("one").json()
    assert post["create_at"] == post["update_at"] == int(START * 1000)
    box.clock.advance(60)
    patched = box.send("PUT", "/posts/{}/patch".format(post["id"]), {"message": "two"}).json()
    assert (patched["create_at"], patched["edit_at"]) == (
        int(START * 1000),
        int((START + 60) * 1000),
    )


def test_the_journal_tells_how_a_card_was_painted(box: Box) -> None:
    post = box.post("triggered", props=card(text="1")).json()
    for n, word in enumerate(("acknowledged", "resolved"), start=2):
        box.clock.advance(1)
        box.send(
            "PUT",
            "/posts/{}/patch".format(post["id"]),
            {"message": word, "props": card(text=str(n))},
        )
    history = box.mm.history(post["id"])
    assert [v.message for v in history] == ["triggered", "acknowledged", "resolved"]
    assert [v.props["attachments"][0]["text"] for v in history] == ["1", "2", "3"]
    assert [v.at - history[0].at for v in history] == [0, 1000, 2000]
    facts = box.journal.facts_of("mattermost", subject=post["id"])
    assert [(f.kind, f.data["message"]) for f in facts] == [
        ("post_created", "triggered"),
        ("post_edited", "acknowledged"),
        ("post_edited", "resolved"),
    ]
    assert box.journal.count("PUT", "/patch$", status=200) == 2
    assert {e.effect for e in box.journal.find("PUT", "/patch$")} == {post["id"]}


def test_a_refused_request_leaves_no_fact(box: Box) -> None:
    before = len(box.journal.facts)
    box.mm.remove_member("incidents", "pagerduty")
    assert box.post("x").status_code == 403
    assert [f.kind for f in box.journal.facts[before:]] == ["member_removed"]
    assert box.journal.find("POST", "/posts$")[0].effect == ""


def test_the_journal_holds_no_token(box: Box) -> None:
    box.post("x")
    assert box.world.bot_token not in repr(box.journal.entries) + repr(box.journal.facts)


# The Python side


def test_archive_rename_remove_and_revoke_take_effect_at_once(box: Box) -> None:
    box.mm.rename("incidents", "alerts")
    path = "/teams/name/ops/channels/name/"
    assert box.send("GET", path + "incidents").status_code == 404
    found = box.send("GET", path + "alerts").json()["id"]
    body = {"channel_id": found, "message": "x"}
    box.mm.archive("alerts")
    assert box.send("GET", path + "alerts").status_code == 404
    assert box.send("POST", "/posts", body).status_code == 400
    box.mm.restore("alerts")
    assert box.send("POST", "/posts", body).status_code == 201
    box.mm.remove_member("alerts", "pagerduty")
    assert box.send("POST", "/posts", body).status_code == 403
    box.mm.revoke(box.world.bot_token)
    assert box.send("GET", "/users/me").status_code == 401


def test_posts_are_the_threads_people_started_without_the_servers_own(box: Box) -> None:
    root = box.post("root").json()
    box.post("reply", root_id=root["id"])
    human = box.mm.say("ada", "incidents", "hello")
    box.mm.say("ada", "incidents", "on it", thread=root["id"])
    stranger = box.mm.add_user("eve", team="ops")
    box.send("POST", "/channels/{}/members".format(root["channel_id"]), {"user_id": stranger.id})
    assert messages(box) == ["root", "hello"]
    assert [p.message for p in box.mm.thread(root["id"])] == ["reply", "on it"]
    assert [p.type for p in box.mm.posts("incidents", system=True)] == [
        "",
        "",
        "system_add_to_channel",
    ]
    box.mm.delete(human)
    assert messages(box) == ["root"]


def test_direct_messages_are_found_by_their_people(box: Box) -> None:
    me, ada = box.mm.user("pagerduty"), box.mm.user("ada")
    assert box.mm.direct_posts("ada", "pagerduty") == []
    channel = box.send("POST", "/channels/direct", [me.id, ada.id]).json()
    box.send("POST", "/posts", {"channel_id": channel["id"], "message": "psst"})
    assert [p.message for p in box.mm.direct_posts("ada", "pagerduty")] == ["psst"]


def test_where_emails_are_hidden_nobody_is_found_by_them(box: Box) -> None:
    box.mm.show_email = False
    ada = box.mm.user("ada")
    assert box.send("GET", "/users/" + ada.id).json()["email"] == ""
    assert box.send("GET", "/users/email/ada@example.com").status_code == 403
    assert box.send("POST", "/users/search", {"term": "ada@"}).json() == []


def test_an_unknown_name_is_a_key_error(box: Box) -> None:
    for find in (box.mm.channel, box.mm.user, box.mm.team, box.mm.post):
        with pytest.raises(KeyError, match="nothing-here"):
            find("nothing-here")


def test_the_people_are_those_of_the_pagerduty_sandbox(box: Box) -> None:
    account = PagerDutyAccount(box.journal, box.clock)
    plant(account)
    theirs = {user["email"] for user in account.catalog["users"].values()}
    ours = {user.email for user in box.world.users.values()}
    assert theirs == ours


# From another process


def test_the_same_can_be_done_by_http(box: Box) -> None:
    box.control("add_channel", name="secret", private=True)
    assert box.send("GET", "/teams/name/ops/channels/name/secret").status_code == 404
    box.control("add_member", channel="secret", user="pagerduty")
    assert box.send("GET", "/teams/name/ops/channels/name/secret").status_code == 200
    box.post("hello")
    (seen,) = box.control("posts", channel="incidents")
    assert (seen["message"], [v["message"] for v in seen["history"]]) == ("hello", ["hello"])
    assert box.control("settings", props_limit=800_000)["props_limit"] == 800_000
    box.control("database", down=True)
    assert box.post("x").status_code == 403
    box.control("database", down=False)
    box.control("rate_limit", per_second=1, burst=1)
    assert [box.post("x").status_code for _ in range(2)] == [201, 429]
    assert "secret" in {c["name"] for c in box.control("channels")}


@pytest.mark.parametrize(
    ("word", "body", "status"),
    [
        ("nonsense", {}, 404),
        ("archive", {"channel": "nope"}, 404),
        ("archive", {"x": 1}, 400),
        ("settings", {"x": 1}, 400),
    ],
)
def test_a_wrong_command_says_so(box: Box, word: str, body: Dict[str, Any], status: int) -> None:
    answer = requests.post(box.server.url + "/_sandbox/" + word, json=body, timeout=TIMEOUT)
    assert answer.status_code == status
    assert answer.json()["error"]


# The page


def test_the_page_brings_all_it_needs_and_lets_nothing_in(box: Box) -> None:
    answer = requests.get(box.server.url + "/", timeout=TIMEOUT)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy
    shown_here = answer.text.replace('src="${PICTURES[', "")  # pictures as data
    for outside in ("src=", "<link", "@import", "url("):
        assert outside not in shown_here


def test_a_permalink_leads_to_its_channel_on_the_page(box: Box) -> None:
    post = box.post("down").json()
    link = f"{box.server.url}/_redirect/pl/"
    answer = requests.get(link + post["id"], timeout=TIMEOUT, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/#{box.mm.channel('incidents').id}",
    )
    assert (
        requests.get(link + post["id"], timeout=TIMEOUT)
        .headers["Content-Type"]
        .startswith("text/html")
    )
    assert requests.get(link + "a" * 26, timeout=TIMEOUT).status_code == 404
    assert requests.post(link + post["id"], timeout=TIMEOUT).status_code == 404


def test_the_page_is_told_a_channel_as_people_see_it(box: Box) -> None:
    root = box.post("**down**", props=card(text="body", color="#f00")).json()
    box.post("acknowledged", root_id=root["id"])
    wanted = {"user_id": box.mm.user("pagerduty").id, "post_id": root["id"], "emoji_name": "eyes"}
    box.send("POST", "/reactions", wanted)
    view = box.control("view")
    assert view["channel"] == box.mm.channel("incidents").id
    (shown,) = view["posts"]
    assert (shown["user"], shown["bot"], shown["message"], shown["reactions"]) == (
        "pagerduty",
        True,
        "**down**",
        {"eyes": 1},
    )
    assert shown["attachments"][0]["text"] == "body"
    assert [r["message"] for r in shown["replies"]] == ["acknowledged"]
    assert box.control("view", channel=box.mm.channel("ops").id)["posts"] == []
