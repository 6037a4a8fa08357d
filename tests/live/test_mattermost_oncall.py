"""The contract, on call: what changing a header tells, who may change it, whom one may add and
take out, and groups."""

from __future__ import annotations

import secrets
from typing import Any, Dict

import pytest
from mattermost_site import Site, good, refused

Channel = Dict[str, Any]


def patch(site: Site, channel: Channel, **fields: str) -> Any:
    return site.bot.put("/channels/{}/patch".format(channel["id"]), fields)


def told(site: Site, channel: Channel, kind: str) -> int:
    posts = good(site.bot.get("/channels/{}/posts".format(channel["id"])))["posts"].values()
    return len([post for post in posts if post["type"] == kind])


def test_a_change_of_the_header_is_told_once_and_the_same_header_not_at_all(
    site: Site, channel: Channel
) -> None:
    for text, times in (("On call: @a", 1), ("On call: @a", 1), ("On call: @b", 2)):
        assert good(patch(site, channel, header=text))["header"] == text
        assert told(site, channel, "system_header_change") == times
    good(patch(site, channel, purpose="p"))
    assert told(site, channel, "system_purpose_change") == 1


def test_invisible_characters_stay_in_header_and_purpose(site: Site, channel: Channel) -> None:
    text = "Runbook\u2063 | On call: @\u200ba\u2064 behind"
    for field in ("header", "purpose"):
        good(patch(site, channel, **{field: text}))
        assert good(site.bot.get("/channels/" + channel["id"]))[field] == text


@pytest.mark.parametrize(("field", "limit"), [("header", 1024), ("purpose", 250)])
def test_lengths_are_counted_in_code_points(
    site: Site, channel: Channel, field: str, limit: int
) -> None:
    good(patch(site, channel, **{field: "é" * limit}))
    refused(patch(site, channel, **{field: "é" * (limit + 1)}), 400)


def test_who_was_added_is_taken_out_and_a_second_time_is_404(site: Site, channel: Channel) -> None:
    user = site.stranger()["id"]
    good(site.bot.post("/channels/{}/members".format(channel["id"]), {"user_id": user}))
    path = "/channels/{}/members/{}".format(channel["id"], user)
    assert good(site.bot.delete(path)) == {"status": "OK"}
    refused(site.bot.get(path), 404)
    refused(site.bot.delete(path), 404)


def test_groups_need_a_licence_and_with_one_they_have_members(site: Site) -> None:
    license = good(site.bot.get("/license/client", format="old"))
    if license["IsLicensed"] != "true":
        word = "api.license_error" if site.is_new else "api.ldap_groups.license_error"
        refused(site.bot.get("/groups", group_source="custom"), 501, word)
        if site.account is None or not site.is_new:
            return
        site.account.license = "professional"
    try:
        held(site)
    finally:
        if site.account is not None:
            site.account.license = ""


def held(site: Site) -> None:
    """On a server that has custom groups."""
    name = site.new_name()
    wanted = {"name": name, "display_name": name, "source": "custom", "allow_reference": True}
    group = good(site.bot.post("/groups", {**wanted, "user_ids": [site.bot_id]}))
    found = good(site.bot.get("/groups", q=name, group_source="custom", per_page=200))
    assert [one["id"] for one in found if one["name"] == name] == [group["id"]]
    path = "/groups/{}/members".format(group["id"])
    for _ in range(2):
        good(site.bot.post(path, {"user_ids": [site.person["id"]]}))
    assert {one["id"] for one in good(site.bot.get(path))["members"]} == {
        site.bot_id,
        site.person["id"],
    }
    good(site.bot.send("DELETE", path, json={"user_ids": [site.person["id"]]}))
    assert [one["id"] for one in good(site.bot.get(path))["members"]] == [site.bot_id]
    assert site.bot.send("DELETE", path, json={"user_ids": [site.person["id"]]}).status_code == 404
    site.bot.delete("/groups/" + group["id"])


def test_a_direct_message_with_a_key_comes_once_and_is_found_by_it(site: Site) -> None:
    """What the on-call watch tells people: the channel is made once, the post bears its key."""
    user = site.person["id"]
    made = [good(site.bot.post("/channels/direct", [site.bot_id, user])) for _ in range(2)]
    assert made[0]["id"] == made[1]["id"]
    key = secrets.token_hex(16)
    props = {"pagerduty": {"key": key}}
    text = ":phone: You are on call for **Checkout rotation** until 25 Nov 2026 09:00 CET."
    posts = [
        good(
            site.bot.create_post(
                made[0]["id"], text, props=props, pending_post_id=f"{site.bot_id}:{key}"
            )
        )
        for _ in range(2)
    ]
    assert posts[0]["id"] == posts[1]["id"]
    body = good(site.bot.get("/channels/{}/posts".format(made[0]["id"])))
    found = [
        post for post in body["posts"].values() if post["props"].get("pagerduty") == {"key": key}
    ]
    assert [post["message"] for post in found] == [text]
