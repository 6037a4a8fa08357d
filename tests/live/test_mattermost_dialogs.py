"""The contract, dialogs: how they open, what Mattermost sends of them, and what it makes of the
answers, in each version."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest
from chat_contract import card, click, execute, eyes_at, json_of, pack_at
from chat_pack import KEY, Pack
from mattermost_eyes import Eyes
from mattermost_site import Client, Site, good

from pagerduty_mattermost.chat.dialog_abilities import abilities_of
from pagerduty_mattermost.chat.dialog_elements import LOOKUP
from pagerduty_mattermost.chat.dialogs import confirmation
from pagerduty_mattermost.gateways.mattermost.admin import Admin
from sandbox.waiting import until


@pytest.fixture(scope="module")
def pack(site: Site) -> Iterator[Pack]:
    with pack_at(site) as made:
        yield made


@pytest.fixture(scope="module")
def eyes(site: Site) -> Iterator[Eyes]:
    with eyes_at(site) as opened:
        yield opened


def sent_of(pack: Pack, shown: Dict[str, Any], values: Dict[str, str]) -> Dict[str, Any]:
    """What a client sends of a dialog."""
    return {
        "url": shown["url"],
        "callback_id": shown["dialog"]["callback_id"],
        "state": shown["dialog"]["state"],
        "channel_id": pack.channel["id"],
        "team_id": pack.site.team["id"],
        "submission": values,
        "cancelled": False,
    }


def submit(pack: Pack, shown: Dict[str, Any], values: Dict[str, str], client: Client) -> Any:
    return client.post("/actions/dialogs/submit", sent_of(pack, shown, values))


def trigger_of(pack: Pack) -> str:
    """By which a dialog opens for who has just clicked."""
    pack.answers["/click"] = {}
    try:
        good(click(pack, card(pack), "note"))
    finally:
        del pack.answers["/click"]
    return str(json_of(pack.calls[-1][2])["trigger_id"])


def opened(eyes: Eyes, count: int) -> Dict[str, Any]:
    return until(lambda: eyes.dialogs()[count:])[0]  # type: ignore[no-any-return]


def test_a_dialog_opens_is_put_right_and_sent_once_by_who_opened_it(
    pack: Pack, site: Site, eyes: Eyes
) -> None:
    dialogs, orders = len(eyes.dialogs()), len(pack.orders())
    good(click(pack, card(pack), "note"))
    shown = opened(eyes, dialogs)
    assert [one["name"] for one in shown["dialog"]["elements"]] == ["text"]
    assert good(submit(pack, shown, {"text": " "}, site.people))["errors"] == {
        "text": "It needs words"
    }
    assert submit(pack, shown, {"text": "not mine"}, site.admin).status_code == 400
    assert pack.orders(orders) == []
    assert not good(submit(pack, shown, {"text": "Looking"}, site.people))
    sent = json_of(pack.calls[-1][2])
    assert {
        "type",
        "callback_id",
        "state",
        "user_id",
        "channel_id",
        "team_id",
        "submission",
    } <= set(sent)
    (order,) = pack.orders(orders)
    assert (order["kind"], order["verb"], order["text"]) == ("dialog", "note", "Looking")
    good(submit(pack, shown, {"text": "Looking"}, site.people))  # sent again: no error, and
    assert pack.orders(orders) == [order], "taken once"


def test_a_command_opens_a_dialog(pack: Pack, site: Site, eyes: Eyes) -> None:
    dialogs, orders = len(eyes.dialogs()), len(pack.orders())
    good(execute(pack, "/pd declare Slow shop", site.people))
    shown = opened(eyes, dialogs)
    elements = {one["name"]: one for one in shown["dialog"]["elements"]}
    assert elements["title"]["default"] == "Slow shop"
    assert not good(submit(pack, shown, {"title": "Slow shop", "service": "Shop"}, site.people))
    (order,) = pack.orders(orders)
    assert (order["verb"], order["text"], json_of(order["values"].encode())) == (
        "declare",
        "Slow shop",
        {"service": "Shop"},
    )


def test_a_dialog_without_fields_opens_as_it_is(pack: Pack, eyes: Eyes, site: Site) -> None:
    """A question: its text, its act and Cancel."""
    dialogs = len(eyes.dialogs())
    made = confirmation("Merge #29 into #30?", "Merge", {}, pack.url, KEY, pack.now)
    pack.gateway().open_dialog(trigger_of(pack), made)
    shown = opened(eyes, dialogs)["dialog"]
    assert (shown["elements"], shown["introduction_text"]) == ([], "Merge #29 into #30?")
    assert shown["submit_label"] == "Merge"


def test_the_server_says_what_its_dialogs_can(pack: Pack, site: Site) -> None:
    told = Admin(pack.gateway()).client_config()
    can = abilities_of(told, "https://st2.example.com")
    assert (can.pickers, can.lookups) == (site.is_new, site.is_new)


def test_a_list_is_asked_for_as_people_type_where_the_server_knows_it(
    pack: Pack, site: Site, eyes: Eyes
) -> None:
    dialogs = len(eyes.dialogs())
    good(click(pack, card(pack), "note"))
    shown = opened(eyes, dialogs)
    field = {"selected_field": "user", "query": "gra"}
    body = {**sent_of(pack, shown, field), "url": pack.url + LOOKUP}
    answer = site.people.post("/actions/dialogs/lookup", body)
    if not site.is_new:
        assert answer.status_code == 404
        return
    assert answer.status_code == 400, "the pack offers no list in this dialog"
    asked = json_of(pack.calls[-1][2])
    assert (asked["type"], asked["user_id"]) == ("dialog_lookup", site.person["id"])
    assert asked["submission"] == field
    pack.answers["/lookup"] = {"items": [{"text": "Grace Hopper", "value": "PGRACE"}]}
    assert good(site.people.post("/actions/dialogs/lookup", body))["items"] == [
        {"text": "Grace Hopper", "value": "PGRACE"}
    ]
    pack.answers["/lookup"] = {}
    assert not good(site.people.post("/actions/dialogs/lookup", body)).get("items")


def test_a_dialog_may_be_answered_with_another_where_the_server_knows_it(
    pack: Pack, site: Site, eyes: Eyes
) -> None:
    dialogs = len(eyes.dialogs())
    good(click(pack, card(pack), "note"))
    shown = opened(eyes, dialogs)
    form = {"title": "Sure?", "elements": [], "state": "s", "submit_label": "Yes"}
    pack.answers["/dialog"] = {"type": "form", "form": form}
    try:
        told = good(submit(pack, shown, {"text": "x"}, site.people))
    finally:
        del pack.answers["/dialog"]
    if site.is_new:
        assert (told["type"], told["form"]["title"]) == ("form", "Sure?")
        assert told["form"]["elements"] == []
    else:
        assert not told.get("type")
