"""The contract: reactions, pins and files."""

from __future__ import annotations

import requests
from mattermost_site import Client, Site, good, refused
from test_mattermost_posts import Channel


def test_the_same_reaction_twice_is_one(site: Site, channel: Channel) -> None:
    post = good(site.bot.create_post(channel["id"], "a"))
    wanted = {"user_id": site.bot_id, "post_id": post["id"], "emoji_name": "eyes"}
    for _ in range(2):
        assert good(site.bot.post("/reactions", wanted))["emoji_name"] == "eyes"
    assert [
        r["emoji_name"] for r in good(site.bot.get("/posts/{}/reactions".format(post["id"])))
    ] == ["eyes"]
    good(site.bot.delete("/users/{}/posts/{}/reactions/eyes".format(site.bot_id, post["id"])))
    assert not good(site.bot.get("/posts/{}/reactions".format(post["id"])))


def test_nobody_reacts_in_anothers_name(site: Site, channel: Channel) -> None:
    post = good(site.bot.create_post(channel["id"], "a"))
    wanted = {"user_id": site.person["id"], "post_id": post["id"], "emoji_name": "eyes"}
    refused(site.bot.post("/reactions", wanted), 403)


def test_a_post_is_pinned_and_unpinned(site: Site, channel: Channel) -> None:
    post = good(site.bot.create_post(channel["id"], "a", props={"mine": "1"}))
    for word, pinned in (("pin", True), ("unpin", False)):
        good(site.bot.post("/posts/{}/{}".format(post["id"], word)))
        read = good(site.bot.get("/posts/" + post["id"]))
        assert (read["is_pinned"], read["props"]["mine"]) == (pinned, "1")


def upload(client: Client, channel_id: str, name: str, content: bytes) -> requests.Response:
    return client.send(
        "POST", "/files", data={"channel_id": channel_id}, files={"files": (name, content)}
    )


def test_a_file_is_uploaded_and_attached(site: Site, channel: Channel) -> None:
    answer = upload(site.bot, channel["id"], "graph ü.txt", b"1,2,3")
    assert answer.status_code == 201
    (info,) = answer.json()["file_infos"]
    assert (info["name"], info["size"]) == ("graph ü.txt", 5)
    post = good(site.bot.create_post(channel["id"], "see", file_ids=[info["id"]]))
    assert post["file_ids"] == [info["id"]]
    assert (
        good(site.bot.get("/posts/" + post["id"]))["metadata"]["files"][0]["name"] == "graph ü.txt"
    )
    assert site.bot.get("/files/" + info["id"]).content == b"1,2,3"


def test_uploading_where_one_may_not_post_is_403(site: Site) -> None:
    refused(upload(site.bot, site.new_channel(bot=False)["id"], "a.txt", b"a"), 403)
