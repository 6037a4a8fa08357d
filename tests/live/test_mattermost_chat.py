"""The contract, chat: what Mattermost sends for commands, clicks, choices and replies, what it
makes of the answers, and that the pack's own desk takes it; set up and taken down by the pack."""

from __future__ import annotations

from typing import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from chat_contract import OPEN, card, click, execute, eyes_at, json_of, pack_at, seen_since
from chat_pack import KEY, Pack
from mattermost_eyes import Eyes
from mattermost_site import Site, good

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.core.errors import RetryLater
from sandbox.waiting import until

FORM = {
    *(
        "token",
        "team_id",
        "team_domain",
        "channel_id",
        "channel_name",
        "user_id",
        "user_name",
        "command",
        "text",
    ),
    *("trigger_id", "response_url"),
}
CLICKED = {
    *(
        "user_id",
        "user_name",
        "channel_id",
        "channel_name",
        "team_id",
        "team_domain",
        "post_id",
        "trigger_id",
    ),
    *("type", "data_source", "context"),
}


@pytest.fixture(scope="module")
def pack(site: Site) -> Iterator[Pack]:
    with pack_at(site) as made:
        yield made


@pytest.fixture(scope="module")
def eyes(site: Site) -> Iterator[Eyes]:
    with eyes_at(site) as opened:
        yield opened


def test_setup_makes_and_tries_the_command_and_does_nothing_the_second_time(pack: Pack) -> None:
    assert [text.split(" leads")[0] for text in pack.steps["made"]] == [
        "/pd",
        "replies that begin with note:",
    ]
    assert any(
        "was tried: Mattermost reaches the chat sensor" in text for text in pack.steps["ok"]
    )
    again = pack.setup()
    assert not {"made", "changed", "problem"} & set(again)


def test_an_administrator_reads_commands_with_their_tokens_and_a_person_does_not(
    pack: Pack, site: Site
) -> None:
    query = {"team_id": site.team["id"], "custom_only": "true"}
    (made,) = [one for one in good(site.admin.get("/commands", **query)) if one["trigger"] == "pd"]
    assert made["url"] == pack.url + "/command"
    assert made["token"]
    listed = site.people.get("/commands", **query)
    assert listed.status_code == 403 or not any(one.get("token") for one in listed.json())


def test_a_trigger_that_is_taken_is_refused(pack: Pack, site: Site) -> None:
    again = {
        "team_id": site.team["id"],
        "trigger": "pd",
        "url": pack.url + "/command",
        "method": "P",
    }
    assert site.admin.post("/commands", again).status_code == 400


# Commands


def test_a_command_comes_as_documented_and_is_taken(pack: Pack, site: Site, eyes: Eyes) -> None:
    seen, orders = len(eyes.ephemerals()), len(pack.orders())
    answer = good(execute(pack, "/pd ack 1234", site.people))
    assert answer["text"] == "", "nothing is shown"
    path, headers, body = pack.calls[-1]
    form = {
        name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()
    }
    assert path.endswith("/command")
    assert set(form) >= FORM
    assert headers["authorization"] == "Token " + form["token"]
    assert "application/x-www-form-urlencoded" in headers["content-type"]
    (order,) = pack.orders(orders)
    assert (order["kind"], order["text"], order["user_id"]) == (
        "command",
        "ack 1234",
        site.person["id"],
    )
    assert (order["channel_id"], order["hook"]) == (
        pack.channel["id"],
        urlsplit(form["response_url"]).path,
    )
    assert eyes.ephemerals()[seen:] == [], "an empty answer shows nothing"


def test_a_delayed_answer_is_for_the_asker_or_for_all(pack: Pack, site: Site, eyes: Eyes) -> None:
    orders, seen = len(pack.orders()), len(eyes.ephemerals())
    good(execute(pack, "/pd list", site.people))
    hook = pack.orders(orders)[0]["hook"]
    row = buttons.row(OPEN, "one", 0, pack.url, KEY, pack.now)
    pack.gateway().answer_command(hook, "for you alone", [row])
    shown = seen_since(eyes, seen, "for you alone")
    (action, _) = shown["props"]["attachments"][0]["actions"]
    assert action["id"] == "acknowledge0"
    pack.gateway().answer_command(hook, "for all", public=True)
    posts = until(
        lambda: [
            p
            for p in pack.gateway().channel_posts(pack.channel["id"])
            if p["message"] == "for all"
        ]
    )
    assert posts[0]["user_id"] == site.person["id"]
    assert posts[0]["props"]["from_webhook"] == "true"
    # Its button works, though no database has the post: the client sends the cookie along.
    good(click(pack, shown["id"], "acknowledge0", cookie=action["cookie"]))
    assert pack.orders()[-1]["kind"] == "row"


@pytest.mark.parametrize("status", [201, 204, 500])
def test_only_200_is_an_answer(pack: Pack, site: Site, eyes: Eyes, status: int) -> None:
    seen = len(eyes.ephemerals())
    fields = {
        "team_id": site.team["id"],
        "trigger": f"status{status}",
        "url": f"{pack.url}/status/{status}",
    }
    made = good(site.admin.post("/commands", {**fields, "method": "P"}))
    try:
        assert execute(pack, f"/status{status}", site.people).status_code >= 400
    finally:
        good(site.admin.delete("/commands/" + made["id"]))
    integration = {"url": f"{pack.url}/status/{status}", "context": {}}
    button = {"id": "go", "name": "Go", "type": "button", "integration": integration}
    assert click(pack, card(pack, button), "go").status_code == 400
    assert not any("never shown" in one["message"] for one in eyes.ephemerals()[seen:])


# Clicks and choices


def test_a_click_comes_as_documented_and_its_text_is_for_the_clicker(
    pack: Pack, site: Site, eyes: Eyes
) -> None:
    seen, orders, post = len(eyes.ephemerals()), len(pack.orders()), card(pack)
    good(click(pack, post, "acknowledge"))
    _, headers, body = pack.calls[-1]
    sent = json_of(body)
    assert set(sent) >= CLICKED
    assert "application/json" in headers["content-type"]
    assert (sent["post_id"], sent["user_id"]) == (post, site.person["id"])
    (order,) = pack.orders(orders)
    assert (order["kind"], order["verb"], order["incident"]) == ("click", "acknowledge", OPEN.id)
    assert eyes.ephemerals()[seen:] == [], "an empty answer shows nothing"


def test_a_choice_comes_in_the_context(pack: Pack) -> None:
    acknowledged = OPEN._replace(status="acknowledged")
    post = card(pack, *buttons.actions(acknowledged, pack.url, KEY, pack.now))
    good(click(pack, post, f"{buttons.MENU}acknowledged", selected_option="snooze4h"))
    assert json_of(pack.calls[-1][2])["context"]["selected_option"] == "snooze4h"
    assert pack.orders()[-1]["verb"] == "snooze4h"


def test_buttons_survive_an_edit_that_renders_them_and_not_one_of_what_was_read(
    pack: Pack, site: Site
) -> None:
    post = card(pack)
    fresh = {"attachments": [{"actions": list(buttons.actions(OPEN, pack.url, KEY, pack.now))}]}
    for _ in range(3):
        pack.gateway().patch_post(post, message="painted anew", props=fresh)
    good(click(pack, post, "resolve"))
    pack.gateway().patch_post(post, message="words alone")
    good(click(pack, post, "resolve"))
    read = pack.gateway().get_post(post)["props"]
    if not site.is_new:
        with pytest.raises(RetryLater):
            pack.gateway().patch_post(post, props=read)
        good(click(pack, post, "resolve"))
    pack.gateway().patch_post(post, message="of what was read", props=read)
    assert click(pack, post, "resolve").status_code >= 400


def test_who_may_not_read_the_channel_may_not_click(pack: Pack, site: Site) -> None:
    private = site.new_channel(private=True)
    actions = list(buttons.actions(OPEN, pack.url, KEY, pack.now))
    made = pack.gateway().create_post(
        private["id"], "card", props={"attachments": [{"actions": actions}]}
    )
    orders = len(pack.orders())
    assert click(pack, made["id"], "resolve").status_code == 403
    assert pack.orders(orders) == []


# Replies


def test_a_reply_that_begins_with_the_word_fires_the_webhook(pack: Pack, site: Site) -> None:
    root, orders = card(pack), len(pack.orders())
    for message in ("nothing", "note: The disk was full"):
        post = good(site.people.create_post(pack.channel["id"], message, root_id=root))
    (order,) = until(lambda: pack.orders(orders))
    assert (order["kind"], order["post_id"], order["user_id"]) == (
        "note",
        post["id"],
        site.person["id"],
    )
    sent = next(json_of(body) for path, _, body in reversed(pack.calls) if path.endswith("/note"))
    assert {"token", "post_id", "channel_id", "user_id", "text", "trigger_word"} <= set(sent)
    assert "root_id" not in sent
    thread = pack.gateway().thread(root)
    assert {one["message"] for one in thread} == {"card", "nothing", "note: The disk was full"}, (
        "it answers nothing"
    )


# Taken down


def test_teardown_takes_away_what_setup_made_and_setup_makes_it_again(
    pack: Pack, site: Site
) -> None:
    gone = pack.setup("teardown")
    assert len(gone["changed"]) == 2
    query = {"team_id": site.team["id"], "custom_only": "true"}
    assert not [
        one for one in good(site.admin.get("/commands", **query)) or () if one["trigger"] == "pd"
    ]
    assert execute(pack, "/pd list", site.people).status_code == 404
    assert pack.setup("teardown")["ok"] == ["there was nothing that setup had made"]
    assert len(pack.setup()["made"]) == 2
