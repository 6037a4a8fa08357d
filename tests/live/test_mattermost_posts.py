"""The contract, posts: creating, once; editing; threads; reading a channel; limits."""

# flake8: noqa: W503

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict

import pytest
from mattermost_site import Client, Site, good, refused

Channel = Dict[str, Any]
PENDING = "api.post.deduplicate_create_post.pending"


def attachment(**fields: Any) -> Dict[str, Any]:
    return dict({"fallback": "f", "color": "#ff0000", "title": "t", "text": "x"}, **fields)


def pending_id(site: Site) -> str:
    return f"{site.bot_id}:{secrets.token_hex(16)}"


def live_posts(client: Client, channel: Channel) -> Any:
    body = good(client.get("/channels/{}/posts".format(channel["id"])))
    return [body["posts"][i] for i in body["order"] if not body["posts"][i]["type"]]


# Creating


def test_a_post_is_answered_201_with_what_was_stored(site: Site, channel: Channel) -> None:
    answer = site.bot.create_post(
        channel["id"], "hello **you**", props={"pagerduty": {"key": "k"}}
    )
    assert answer.status_code == 201
    post = answer.json()
    assert len(post["id"]) == 26
    assert post["message"] == "hello **you**"
    assert post["user_id"] == site.bot_id
    assert post["channel_id"] == channel["id"]
    assert post["root_id"] == ""
    assert post["create_at"] == post["update_at"] > 1_500_000_000_000
    assert post["edit_at"] == post["delete_at"] == 0
    assert post["props"]["pagerduty"] == {"key": "k"}
    assert good(site.bot.get("/posts/" + post["id"]))["props"]["pagerduty"] == {"key": "k"}


def test_a_repeat_with_the_same_pending_post_id_answers_the_first_post(
    site: Site, channel: Channel
) -> None:
    key = pending_id(site)
    first = site.bot.create_post(channel["id"], "one", pending_post_id=key)
    second = site.bot.create_post(channel["id"], "two", pending_post_id=key)
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] == second.json()["id"]
    assert [p["message"] for p in live_posts(site.bot, channel)] == ["one"]


def test_eight_at_once_with_one_pending_post_id_make_one_post(
    site: Site, channel: Channel
) -> None:
    key = pending_id(site)
    token = site.bot.session.headers["Authorization"].split()[1]
    clients = [Client(site.url, token, site.ca_file) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda c: c.create_post(channel["id"], "once", pending_post_id=key), clients)
        )
    for answer in answers:
        assert answer.status_code == 201 or answer.json()["id"] == PENDING, answer.text
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1
    assert len(live_posts(site.bot, channel)) == 1


def test_a_refused_post_does_not_use_up_its_pending_post_id(site: Site, channel: Channel) -> None:
    key = pending_id(site)
    refused(site.bot.create_post(channel["id"], "x" * 20000, pending_post_id=key), 400)
    assert (
        good(site.bot.create_post(channel["id"], "short", pending_post_id=key))["message"]
        == "short"
    )


@pytest.mark.parametrize(
    "text",
    [
        "emoji 🚨 and 👩‍🚒",
        "עברית and العربية",
        "{{ braces }} {% raw %}",
        "tab\tand\nnew line",
        "\u202eflipped",
        "x" * 6000,
    ],
)
def test_any_text_comes_back_as_it_was(site: Site, channel: Channel, text: str) -> None:
    post = good(
        site.bot.create_post(channel["id"], text, props={"attachments": [attachment(text=text)]})
    )
    read = good(site.bot.get("/posts/" + post["id"]))
    assert read["message"] == text
    assert read["props"]["attachments"][0]["text"] == text


# Limits


def test_the_longest_message_is_16383_code_points(site: Site, channel: Channel) -> None:
    assert site.bot.create_post(channel["id"], "é" * 16383).status_code == 201
    word = "message_length" if site.is_new else "msg"
    answer = site.bot.create_post(channel["id"], "é" * 16384)
    refused(answer, 400, f"model.post.is_valid.{word}.app_error")


def test_props_of_7000_characters_are_taken(site: Site, channel: Channel) -> None:
    assert site.bot.create_post(channel["id"], "x", props={"a": "y" * 6990}).status_code == 201
    with_card = {"attachments": [attachment(text="y" * 6800)]}
    assert site.bot.create_post(channel["id"], "x", props=with_card).status_code == 201


def test_props_over_the_limit_are_refused(site: Site, channel: Channel) -> None:
    answer = site.bot.create_post(channel["id"], "x", props={"a": "y" * 810_000})
    if site.is_new:
        refused(answer, 413, "api.context.request_body_too_large.app_error")
    else:
        refused(answer, 400, "model.post.is_valid.props.app_error")


def test_a_priority_is_shown_since_11_6(site: Site, channel: Channel) -> None:
    fields = {"metadata": {"priority": {"priority": "urgent"}}}
    made = good(site.bot.create_post(channel["id"], "x", **fields))
    shown = good(site.bot.get("/posts/" + made["id"])).get("metadata", {}).get("priority")
    assert (shown or {}).get("priority") == ("urgent" if site.is_new else None)


def test_a_nul_in_a_message_is_a_500_every_time(site: Site, channel: Channel) -> None:
    for _ in range(2):
        refused(site.bot.create_post(channel["id"], "a\0b"), 500)


def test_a_body_that_is_no_json_is_a_400(site: Site) -> None:
    refused(site.bot.send("POST", "/posts", data=b"{nonsense"), 400)


# Where one may not post


@pytest.mark.parametrize("channel_id", ["short", "z" * 26, "with space"])
def test_posting_to_an_unknown_or_malformed_channel_is_403(site: Site, channel_id: str) -> None:
    refused(site.bot.create_post(channel_id, "x"), 403, "api.context.permissions.app_error")


def test_posting_to_a_public_channel_needs_membership(site: Site) -> None:
    channel = site.new_channel(bot=False)
    refused(site.bot.create_post(channel["id"], "x"), 403, "api.context.permissions.app_error")
    good(site.bot.post("/channels/{}/members".format(channel["id"]), {"user_id": site.bot_id}))
    assert site.bot.create_post(channel["id"], "x").status_code == 201


def test_posting_to_a_private_channel_of_others_is_403(site: Site) -> None:
    channel = site.new_channel(private=True, bot=False)
    refused(site.bot.create_post(channel["id"], "x"), 403, "api.context.permissions.app_error")


def test_posting_to_an_archived_channel_is_a_400_of_its_own(site: Site, channel: Channel) -> None:
    post = good(site.bot.create_post(channel["id"], "before"))
    good(site.admin.delete("/channels/" + channel["id"]))
    error = "api.post.create_post.can_not_post_to_deleted.error"
    refused(site.bot.create_post(channel["id"], "x"), 400, error)
    refused(site.bot.create_post(channel["id"], "x", root_id=post["id"]), 400, error)
    refused(site.bot.put("/posts/{}/patch".format(post["id"]), {"message": "y"}), 400)


def test_a_bot_sends_no_ephemeral_post(site: Site, channel: Channel) -> None:
    body = {"user_id": site.person["id"], "post": {"channel_id": channel["id"], "message": "psst"}}
    refused(site.bot.post("/posts/ephemeral", body), 403, "api.context.permissions.app_error")


# Threads


def test_a_thread_holds_root_and_replies_in_the_order_of_create_at(
    site: Site, channel: Channel
) -> None:
    root = good(site.bot.create_post(channel["id"], "root"))
    said = [f"reply {n}" for n in range(4)]
    for text in said:
        assert (
            good(site.bot.create_post(channel["id"], text, root_id=root["id"]))["root_id"]
            == root["id"]
        )
    thread = good(site.bot.get("/posts/{}/thread".format(root["id"])))
    assert set(thread["order"]) == set(thread["posts"])
    ordered = sorted(thread["posts"].values(), key=lambda p: (p["create_at"], p["id"]))
    times = [p["create_at"] for p in ordered]
    if len(set(times)) == len(times):
        assert [p["message"] for p in ordered] == ["root", *said]
    from_a_reply = good(site.bot.get("/posts/{}/thread".format(ordered[-1]["id"])))
    assert set(from_a_reply["posts"]) == set(thread["posts"])


def test_a_reply_moves_the_roots_update_at_and_its_count(site: Site, channel: Channel) -> None:
    root = good(site.bot.create_post(channel["id"], "root"))
    reply = good(site.bot.create_post(channel["id"], "reply", root_id=root["id"]))
    read = good(site.bot.get("/posts/{}/thread".format(root["id"])))["posts"][root["id"]]
    assert read["update_at"] >= reply["create_at"]
    assert read["reply_count"] == 1
    assert read["edit_at"] == 0


@pytest.mark.parametrize("case", ["reply", "unknown", "deleted", "malformed"])
def test_a_root_must_be_a_live_post_that_is_no_reply(
    site: Site, channel: Channel, case: str
) -> None:
    root = good(site.bot.create_post(channel["id"], "root"))
    wrong = {"unknown": "z" * 26, "malformed": "abc"}.get(case)
    if case == "reply":
        wrong = good(site.bot.create_post(channel["id"], "reply", root_id=root["id"]))["id"]
    if case == "deleted":
        wrong = root["id"]
        good(site.bot.delete("/posts/" + root["id"]))
    refused(
        site.bot.create_post(channel["id"], "x", root_id=wrong),
        400,
        "api.post.create_post.root_id.app_error",
    )


def test_a_root_of_another_channel_is_refused(site: Site, channel: Channel) -> None:
    elsewhere = good(site.bot.create_post(site.new_channel()["id"], "root"))
    refused(site.bot.create_post(channel["id"], "x", root_id=elsewhere["id"]), 400)


def test_deleting_a_root_takes_its_thread_with_it(site: Site, channel: Channel) -> None:
    root = good(site.bot.create_post(channel["id"], "root"))
    reply = good(site.bot.create_post(channel["id"], "reply", root_id=root["id"]))
    good(site.bot.delete("/posts/" + root["id"]))
    refused(site.bot.get("/posts/" + root["id"]), 404)
    refused(site.bot.get("/posts/" + reply["id"]), 404)
    assert live_posts(site.bot, channel) == []


# Editing


def test_patching_the_message_keeps_the_props(site: Site, channel: Channel) -> None:
    post = good(
        site.bot.create_post(
            channel["id"], "a", props={"attachments": [attachment()], "mine": "1"}
        )
    )
    patched = good(site.bot.put("/posts/{}/patch".format(post["id"]), {"message": "b"}))
    assert patched["id"] == post["id"]
    assert patched["message"] == "b"
    assert patched["props"]["mine"] == "1"
    assert patched["props"]["attachments"][0]["title"] == "t"
    assert patched["edit_at"] >= post["create_at"]
    assert patched["update_at"] >= patched["edit_at"]


def test_patching_props_replaces_all_of_them(site: Site, channel: Channel) -> None:
    post = good(
        site.bot.create_post(
            channel["id"], "a", props={"attachments": [attachment()], "mine": "1"}
        )
    )
    patched = good(site.bot.put("/posts/{}/patch".format(post["id"]), {"props": {"other": "2"}}))
    assert patched["message"] == "a"
    assert patched["props"]["other"] == "2"
    assert "mine" not in patched["props"]
    assert "attachments" not in patched["props"]


def test_a_put_without_props_wipes_them(site: Site, channel: Channel) -> None:
    post = good(site.bot.create_post(channel["id"], "a", props={"mine": "1"}))
    good(site.bot.put("/posts/" + post["id"], {"id": post["id"], "message": "b"}))
    read = good(site.bot.get("/posts/" + post["id"]))
    assert read["message"] == "b"
    assert "mine" not in read["props"]


def test_patching_anothers_post_is_403(site: Site, channel: Channel) -> None:
    post = good(site.admin.create_post(channel["id"], "not yours"))
    refused(site.bot.put("/posts/{}/patch".format(post["id"]), {"message": "mine"}), 403)
    assert good(site.bot.get("/posts/" + post["id"]))["message"] == "not yours"


@pytest.mark.parametrize("case", ["deleted", "unknown"])
def test_patching_what_is_gone_is_403(site: Site, channel: Channel, case: str) -> None:
    post = good(site.bot.create_post(channel["id"], "a"))
    good(site.bot.delete("/posts/" + post["id"]))
    post_id = post["id"] if case == "deleted" else "z" * 26
    refused(site.bot.put(f"/posts/{post_id}/patch", {"message": "b"}), 403)


def test_reads_do_not_tell_a_buttons_integration(site: Site, channel: Channel) -> None:
    button = {
        "id": "ack",
        "name": "Ack",
        "type": "button",
        "integration": {"url": "http://127.0.0.1:9/x", "context": {}},
    }
    created = good(
        site.bot.create_post(
            channel["id"], "a", props={"attachments": [attachment(actions=[button])]}
        )
    )
    for post in (created, good(site.bot.get("/posts/" + created["id"]))):
        (action,) = post["props"]["attachments"][0]["actions"]
        assert (action["id"], action["name"], action["type"]) == ("ack", "Ack", "button")
        assert not action.get("integration")


# Reading a channel


def test_a_channels_posts_come_newest_first_in_pages(site: Site, channel: Channel) -> None:
    made = [good(site.bot.create_post(channel["id"], str(n)))["id"] for n in range(5)]
    path = "/channels/{}/posts".format(channel["id"])
    body = good(site.bot.get(path, per_page=200))
    assert [i for i in body["order"] if i in made] == made[::-1]
    assert good(site.bot.get(path, page=0, per_page=2))["order"] == made[:2:-1]
    assert good(site.bot.get(path, page=1, per_page=2))["order"] == made[2:0:-1]
    assert good(site.bot.get(path, before=made[2]))["order"][:2] == made[1::-1]
    assert good(site.bot.get(path, after=made[2]))["order"] == made[:2:-1]


def test_a_page_has_at_most_200_posts_and_60_unless_asked(site: Site, channel: Channel) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: site.bot.create_post(channel["id"], str(n)), range(210)))
    path = "/channels/{}/posts".format(channel["id"])
    assert len(good(site.bot.get(path))["order"]) == 60
    assert len(good(site.bot.get(path, per_page=1000))["order"]) == 200


def test_since_lists_what_changed_with_deletions(site: Site, channel: Channel) -> None:
    old = good(site.bot.create_post(channel["id"], "old"))
    mark = good(site.bot.create_post(channel["id"], "mark"))
    gone = good(site.bot.create_post(channel["id"], "gone"))
    good(site.bot.delete("/posts/" + gone["id"]))
    edited = good(site.bot.put("/posts/{}/patch".format(old["id"]), {"message": "new"}))
    body = good(
        site.bot.get("/channels/{}/posts".format(channel["id"]), since=mark["update_at"] - 1)
    )
    assert {old["id"], gone["id"]} <= set(body["order"])
    assert body["posts"][gone["id"]]["delete_at"] > 0
    assert body["posts"][old["id"]]["update_at"] == edited["update_at"]


def test_a_private_channel_and_its_posts_are_closed_to_who_is_no_member(site: Site) -> None:
    private = site.new_channel(private=True, bot=False)
    post = good(site.admin.create_post(private["id"], "secret"))
    refused(site.bot.get("/channels/{}/posts".format(private["id"])), 403)
    refused(site.bot.get("/posts/" + post["id"]), 403)


def test_an_unknown_post_is_404_and_a_malformed_id_400(site: Site) -> None:
    refused(site.bot.get("/posts/" + "z" * 26), 404)
    refused(site.bot.get("/posts/short"), 400, "api.context.invalid_url_param.app_error")
