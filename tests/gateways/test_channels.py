"""Channels as people write them: resolved once, followed through renames and archives, complained
of once."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest
from channels_scene import Scene
from datastore_double import Service as Datastore
from datastore_double import raiser
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core.config.connections import MattermostConfig
from pagerduty_mattermost.core.errors import ConfigError, PackError, RejectedInput
from pagerduty_mattermost.gateways.mattermost.channel_words import expand
from pagerduty_mattermost.gateways.mattermost.channels import Channels, ChannelUnavailable
from pagerduty_mattermost.gateways.mattermost.operations_notices import (
    DAY_SECONDS,
)
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


@pytest.mark.parametrize(
    "text",
    ["incidents", "~incidents", "ops/incidents", "ops/~incidents", " Incidents ", ":default"],
)
def test_every_way_to_write_a_channel_leads_to_it(scene: Scene, text: str) -> None:
    assert scene.run().resolve(text).id == scene.chat.world.channels["incidents"].id


def test_an_id_leads_to_its_channel_and_a_name_of_26_letters_to_its_own(scene: Scene) -> None:
    wanted = scene.chat.world.channels["incidents"].id
    assert scene.run().resolve(wanted).name == "incidents"
    odd = scene.chat.service.add_channel("abcdefghijklmnopqrstuvwxyz")
    assert scene.run().resolve("abcdefghijklmnopqrstuvwxyz").id == odd.id


def test_another_team_is_named_before_the_channel(scene: Scene) -> None:
    town = scene.chat.service.add_team("town")
    scene.chat.service.add_to_team(town, scene.chat.service.user("pagerduty"))
    wanted = scene.chat.service.add_channel("incidents", team=town)
    assert scene.run().resolve("town/incidents").id == wanted.id
    assert scene.run().resolve("incidents").id != wanted.id


def test_a_channel_needs_a_team_from_somewhere(scene: Scene) -> None:
    with pytest.raises(ConfigError, match=r"mattermost\.team"):
        scene.run(team=None).resolve("incidents")
    assert scene.run(team=None).resolve("ops/incidents").name == "incidents"


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_text_leads_anywhere_but_to_a_channel(text: str) -> None:
    asked: List[str] = []

    class Gateway:
        settings = MattermostConfig(url="http://x", team="ops")

        def channel(self, channel_id: str) -> None:
            asked.append(channel_id)
            raise RejectedInput("")

        def channel_by_name(self, team: str, name: str, **_: Any) -> None:
            asked.extend([team, name])
            raise RejectedInput("")

    with pytest.raises(PackError):
        Channels(Gateway(), Store(Datastore())).resolve(text)  # type: ignore[arg-type]
    assert all(
        part.replace("-", "").replace("_", "").replace(".", "").isalnum() and part.isascii()
        for part in asked
    )


SETTINGS = MattermostConfig(
    default_channel="incidents",
    operations_channel="ops",
    service_channels={"PSVC1": "checkout", "Search Engine": "town/search"},
)


@pytest.mark.parametrize(
    ("text", "service", "meant"),
    [
        (":default", ("", ""), "incidents"),
        (":operations", ("", ""), "ops"),
        (":service", ("PSVC1", "Checkout"), "checkout"),
        (":service", ("PX", "search engine"), "town/search"),
        (":service", ("PX", "Unknown"), "incidents"),
        ("default", ("", ""), "default"),
    ],
)
def test_our_words_stand_for_what_is_configured(
    text: str, service: Tuple[str, str], meant: str
) -> None:
    assert expand(SETTINGS, text, service)[0] == meant


def test_what_is_for_the_operations_channel_goes_to_the_default_where_there_is_none() -> None:
    one = expand(SETTINGS._replace(operations_channel=""), ":operations")
    assert one == ("incidents", "mattermost.default_channel")


@pytest.mark.parametrize(
    ("text", "service", "setting"),
    [
        (":default", ("", ""), "mattermost.default_channel"),
        (":operations", ("", ""), "mattermost.operations_channel"),
        (":service", ("PSVC1", "x"), "mattermost.service_channels"),
        (":service", ("PX", "nobody's"), "mattermost.default_channel"),
        ("incidents", ("", ""), ""),
    ],
)
def test_the_setting_is_known_that_names_a_channel(text, service, setting):
    assert expand(SETTINGS, text, service)[1] == setting


@pytest.mark.parametrize("text", ["", None, ":other", ":service"])
def test_what_stands_for_nothing_is_an_error(text: Any) -> None:
    with pytest.raises(RejectedInput):
        expand(SETTINGS, text)


@pytest.mark.parametrize("text", [":default", ":operations", ":service"])
def test_a_word_that_is_not_configured_names_its_setting(text: str) -> None:
    with pytest.raises(ConfigError, match=r"mattermost\.default_channel is not set"):
        expand(MattermostConfig(), text, ("PX", "x"))


def test_a_channel_is_resolved_and_joined_once(scene: Scene) -> None:
    scene.post("incidents")
    before = scene.asked()
    scene.post("incidents")
    assert scene.asked() - before == 2  # who am I, and the post
    assert scene.asked("POST", "/members$") == 1
    assert [
        int(ttl or 0) for name, ttl in scene.datastore.ttls.items() if ".channels." in name
    ] == [3600]


def test_a_rename_is_noticed_when_the_kept_channel_expires(scene: Scene) -> None:
    scene.post("incidents")
    scene.chat.service.rename("incidents", "incidents-old")
    wanted = scene.chat.service.add_channel("incidents")
    scene.datastore.items.clear()  # its ttl is over
    scene.post("incidents")
    assert [post.message for post in scene.chat.service.posts(wanted)] == ["hello"]


def test_a_bot_that_was_removed_from_a_public_channel_goes_back(scene: Scene) -> None:
    scene.post("incidents")
    scene.chat.service.remove_member("incidents", "pagerduty")
    scene.post("incidents", "again")
    assert scene.chat.messages("incidents") == ["hello", "again"]


def test_a_channel_archived_and_made_anew_is_found(scene: Scene) -> None:
    scene.post("incidents")
    scene.chat.service.archive("incidents")
    scene.chat.service.rename("incidents", "incidents-old")
    wanted = scene.chat.service.add_channel("incidents")
    scene.post("incidents", "new")
    assert [post.message for post in scene.chat.service.posts(wanted)] == ["new"]


def test_an_archived_channel_is_told_once_in_the_operations_channel(scene: Scene) -> None:
    scene.post("incidents")
    scene.chat.service.archive("incidents")
    for _ in range(3):
        with pytest.raises(ChannelUnavailable, match="~incidents in the team ops is archived"):
            scene.post("incidents")
    (told,) = scene.chat.messages("ops")
    assert "~incidents in the team ops is archived" in told
    assert [int(ttl or 0) for name, ttl in scene.datastore.ttls.items() if ".notice." in name] == [
        DAY_SECONDS
    ]


def test_an_archived_channel_given_by_id_is_known_as_such(scene: Scene) -> None:
    scene.chat.service.archive("incidents")
    with pytest.raises(ChannelUnavailable, match="is archived"):
        scene.post(scene.chat.world.channels["incidents"].id)


def test_a_private_channel_says_who_must_invite_the_bot(scene: Scene) -> None:
    secret = scene.chat.service.add_channel("secret", private=True, members=["ada"])
    for text in ("secret", secret.id):
        with pytest.raises(
            ChannelUnavailable, match="ask a member of the channel to run `/invite @pagerduty`"
        ):
            scene.post(text)
    scene.chat.service.add_member(secret, "pagerduty")
    scene.post("secret")
    scene.chat.service.remove_member(secret, "pagerduty")
    with pytest.raises(ChannelUnavailable, match="/invite @pagerduty"):
        scene.post("secret")


def test_a_public_channel_that_the_bot_cannot_join_says_why(scene: Scene) -> None:
    scene.chat.server.faults.add("status", status=403, method="POST", path="/members$")
    with pytest.raises(ChannelUnavailable, match="can't join"):
        scene.post("incidents")


def test_a_channel_that_refuses_even_after_joining_is_unavailable(scene: Scene) -> None:
    scene.chat.server.faults.add("status", status=403, method="POST", path="/posts$")
    with pytest.raises(ChannelUnavailable, match="refuses the bot in the channel ~incidents"):
        scene.post("incidents")
    assert scene.asked("POST", "/posts$") <= 2 + 1  # the complaint is refused as well


def test_other_refusals_are_not_the_channels(scene: Scene) -> None:
    def reply(found: Any) -> Any:
        return scene.mattermost.create_post(found.id, "x", root_id="a" * 26)

    with pytest.raises(RejectedInput) as failure:
        scene.run().using("incidents", reply)
    assert not isinstance(failure.value, ChannelUnavailable)
    assert scene.chat.messages("ops") == []


def test_a_datastore_that_is_down_costs_only_the_cache(scene: Scene) -> None:
    scene.datastore.trouble = raiser(ConnectionError())
    scene.post("incidents")
    assert scene.chat.messages("incidents") == ["hello"]


def test_a_broken_kept_channel_is_resolved_again(scene: Scene) -> None:
    scene.post("incidents")
    for name in scene.datastore.items:
        scene.datastore.items[name] = '{"v":1,"data":{"id":"../../x"}}'
    scene.post("incidents")
    assert len(scene.chat.messages("incidents")) == 2


def listed(scene: Scene) -> Dict[str, Any]:
    """What is beside the names of people, as a listing of these brings it along."""
    return Store(scene.datastore).read_prefix("identity.")


def test_what_a_listing_brought_along_is_not_read_again(scene: Scene) -> None:
    scene.post("incidents")
    found, channels = listed(scene), scene.run()
    scene.datastore.calls.clear()
    channels.brought("~incidents", ("", ""), found)
    assert channels.resolve("incidents").id == scene.chat.world.channels["incidents"].id
    assert scene.datastore.calls == []
    assert scene.asked("POST", "/members$") == 1


def test_what_a_listing_does_not_have_is_looked_up_and_kept(scene: Scene) -> None:
    channels = scene.run()
    channels.brought("incidents", ("", ""), {})
    assert channels.resolve("incidents").name == "incidents"
    assert scene.datastore.calls == ["set"]
    assert len(listed(scene)) == 1


@pytest.mark.parametrize("made", ["archived", "removed"])
def test_a_channel_that_a_listing_brought_and_that_refuses_is_found_afresh(
    scene: Scene, made: str
) -> None:
    scene.post("incidents")
    found, wanted = listed(scene), scene.chat.world.channels["incidents"]
    if made == "archived":
        scene.chat.service.archive("incidents")
        scene.chat.service.rename("incidents", "incidents-old")
        wanted = scene.chat.service.add_channel("incidents")
    else:
        scene.chat.service.remove_member("incidents", "pagerduty")
    channels = scene.run()
    channels.brought("incidents", ("", ""), found)
    channels.using("incidents", lambda one: scene.mattermost.create_post(one.id, "again"))
    assert scene.chat.service.posts(wanted)[-1].message == "again"
    (kept,) = listed(scene).values()
    assert kept["id"] == wanted.id


@pytest.mark.parametrize("value", [None, [], {}, {"id": "../../x"}, {"id": 1}])
def test_what_a_listing_brought_and_does_not_read_is_looked_up(scene: Scene, value: Any) -> None:
    scene.post("incidents")
    (name,) = listed(scene)
    channels = scene.run()
    channels.brought("incidents", ("", ""), {name: value})
    assert channels.resolve("incidents").id == scene.chat.world.channels["incidents"].id


def test_only_channels_that_have_names_stand_where_people_are_listed(scene: Scene) -> None:
    """Rooms, of which there may be hundreds, are posted to by their ids."""
    wanted = scene.chat.world.channels["incidents"].id
    scene.run().resolve(wanted)
    assert listed(scene) == {}
    channels = scene.run()
    channels.brought(wanted, ("", ""), {})
    before = scene.asked()
    assert channels.resolve(wanted).id == wanted
    assert scene.asked() == before, "it is read where it stands"


def test_looking_up_neither_joins_nor_keeps(scene: Scene) -> None:
    assert scene.run().look_up("incidents").label == "~incidents"
    assert scene.asked("POST", "") == 0
    assert scene.datastore.items == {}


@pytest.mark.parametrize("text", ["sandbox/incidents", "closed/incidents"])
def test_a_team_that_is_not_there_or_not_the_bots_is_named_with_those_it_is_in(
    scene: Scene, text: str
) -> None:
    closed = scene.chat.service.add_team("closed")
    scene.chat.service.add_channel("incidents", team=closed)
    with pytest.raises(ChannelUnavailable) as failure:
        scene.post(text)
    team = text.split("/")[0]
    assert f"There is no Mattermost team '{team}'" in str(failure.value)
    assert "the bot is in: ops." in str(failure.value)
    assert f"mmctl team users add {team} pagerduty" in str(failure.value)


def test_teams_that_cannot_be_read_leave_the_channel_to_be_told(scene: Scene) -> None:
    scene.chat.server.faults.add("status", status=403, method="GET", path="/users/me/teams$")
    with pytest.raises(ChannelUnavailable, match="no channel ~no-such in the team ops"):
        scene.post("no-such")


def test_a_complaint_without_an_operations_channel_is_told_in_the_default_channel(
    scene: Scene,
) -> None:
    scene.run(operations_channel=None)
    assert scene.complain("a", "the matter")
    assert scene.chat.messages("incidents") == [":warning: the matter"]


def test_a_complaint_without_any_channel_is_logged(scene: Scene) -> None:
    scene.run(operations_channel=None, default_channel=None)
    assert not scene.complain("a", "the matter")
    assert "the matter" in scene.log.lines[0]


@pytest.mark.parametrize("trouble", ["datastore", "mattermost", "archived"])
def test_a_complaint_that_cannot_be_told_is_logged_and_raises_nothing(
    scene: Scene, trouble: str
) -> None:
    scene.run()
    if trouble == "datastore":
        scene.datastore.trouble = raiser(ConnectionError())
    elif trouble == "mattermost":
        scene.chat.server.stop()
    else:
        scene.chat.service.archive("ops")
    assert not scene.complain("a", "the matter")
    assert "the matter" in scene.log.lines[0]
    assert scene.chat.created() == 0
