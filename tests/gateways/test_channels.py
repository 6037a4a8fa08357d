"""Channels as people write them: resolved once, followed through renames and archives, complained
of once."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest
from chat_world import Chat
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
    notify_operators,
)
from pagerduty_mattermost.gateways.mattermost.post_once import post_once
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


class Log:
    def __init__(self) -> None:
        self.lines: List[str] = []

    def warning(self, form: str, *values: Any) -> None:
        self.lines.append(form % values)


class Scene:
    """One datastore, and for each run (`run()`) a gateway, store and channels of its own as each
    process has."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.datastore = Datastore()
        self.log = Log()

    def run(self, **settings: Any) -> Channels:
        self.mattermost = self.chat.gateway(raw=self.chat.raw(**settings))
        self.store = Store(self.datastore, sleep=lambda _: None)
        return Channels(self.mattermost, self.store, notify=self._complain)

    def _complain(self, error: ChannelUnavailable) -> None:
        self.complain(f"channel:{error.channel}", str(error))

    def complain(self, about: str, text: str) -> bool:
        return notify_operators(
            self.mattermost, self.store, about, text, log=self.log, clock=self.chat.clock
        )

    def post(self, channel: str, text: str = "hello", service: Tuple[str, str] = ("", "")) -> str:
        return self.run().using(
            channel, lambda found: self.mattermost.create_post(found.id, text)["id"], service
        )

    def asked(self, method: str = "", path: str = "") -> int:
        return self.chat.journal.count(method, path)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Chat() as chat:
        yield Scene(chat)


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
        int(ttl or 0) for name, ttl in scene.datastore.ttls.items() if ".channel." in name
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
    assert [
        int(ttl or 0) for name, ttl in scene.datastore.ttls.items() if ".complaint." in name
    ] == [DAY_SECONDS]


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


def post_with_key(scene: Scene, key: str = "k", root_id: str = "") -> Tuple[str, bool]:
    scene.run()
    chat = scene.chat
    channel = chat.world.channels["incidents"]
    chat.service.add_member(channel, chat.world.bot)
    sent = post_once(
        scene.mattermost,
        lambda: scene.store,
        channel.id,
        "text",
        key=key,
        root_id=root_id,
        clock=chat.clock,
        monotonic=chat.clock,
    )
    return sent.post_id, sent.already


@pytest.mark.parametrize("later", [0, 3600, 20 * 86400])
def test_a_key_makes_one_message_however_much_later(scene: Scene, later: float) -> None:
    first = post_with_key(scene)
    scene.chat.clock.advance(later)
    assert post_with_key(scene) == (first[0], True)
    assert post_with_key(scene, "other")[1] is False
    assert scene.chat.created() == 2


@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize("later", [0, 25, 3600])
def test_an_intent_without_a_result_is_looked_for(scene: Scene, later: float, root: bool) -> None:
    root_id = post_with_key(scene, "root")[0] if root else ""
    before = scene.chat.created()
    first = post_with_key(scene, root_id=root_id)
    forget_results(scene.datastore.items)
    scene.chat.clock.advance(later)
    scene.chat.service.forget_pending()
    assert post_with_key(scene, root_id=root_id) == (first[0], True)
    assert scene.chat.created() == before + 1


def forget_results(items: Dict[str, str]) -> None:
    """As if every run had died between the post and its result."""
    import json

    for name, raw in items.items():
        data = json.loads(raw)
        if ".message." in name:
            del data["data"]["post_id"]
        items[name] = json.dumps(data)


def test_a_run_that_died_before_its_post_posts_in_the_next(scene: Scene) -> None:
    scene.run()
    scene.mattermost.me()
    scene.chat.server.faults.add("drop", method="POST", path="/posts$", times=20)
    with pytest.raises(PackError):
        post_with_key(scene)
    scene.chat.server.faults.clear()
    scene.chat.clock.advance(3600)
    assert post_with_key(scene)[1] is False
    assert scene.chat.created() == 1


@pytest.mark.parametrize("key", ["", "k"])
def test_a_post_that_was_made_although_no_try_was_answered_is_found(
    scene: Scene, key: str
) -> None:
    scene.chat.server.faults.add("status", status=502, done=True, method="POST", path="/posts$")
    post_id, already = post_with_key(scene, key)
    assert not already
    assert scene.chat.service.post(post_id).message == "text"
    assert scene.chat.created() == 1


def test_a_record_of_a_message_that_does_not_read_makes_no_second_one(scene: Scene) -> None:
    first = post_with_key(scene)
    for name in [name for name in scene.datastore.items if ".message." in name]:
        scene.datastore.items[name] = "{broken"
    scene.chat.clock.advance(3600)
    scene.chat.service.forget_pending()
    assert post_with_key(scene) == (first[0], True)
    assert scene.chat.created() == 1


def test_nothing_is_posted_when_the_intent_cannot_be_kept(scene: Scene) -> None:
    scene.datastore.trouble = raiser(ConnectionError())
    with pytest.raises(PackError):
        post_with_key(scene)
    assert scene.chat.created() == 0


def test_a_result_that_cannot_be_kept_costs_nothing(scene: Scene) -> None:
    class Failing(Datastore):
        def set_value(
            self, name: str, value: str, ttl: Optional[int] = None, local: bool = True
        ) -> bool:
            if '"post_id"' in value:
                raise ConnectionError
            return super().set_value(name, value, ttl, local)

    scene.datastore = Failing()
    first = post_with_key(scene)
    scene.chat.service.forget_pending()
    assert post_with_key(scene) == (first[0], True)
    assert scene.chat.created() == 1


def test_whoever_waited_long_since_it_looked_looks_again(scene: Scene) -> None:
    class Slow(Datastore):
        """Another run posts while this one waits for the datastore."""

        def set_value(
            self, name: str, value: str, ttl: Optional[int] = None, local: bool = True
        ) -> bool:
            if ".message." in name and not hasattr(self, "other"):
                self.other = post_with_key(other)
                scene.chat.clock.advance(45)
                scene.chat.service.forget_pending()
            return super().set_value(name, value, ttl, local)

    other = Scene(scene.chat)
    scene.datastore = Slow()
    assert post_with_key(scene) == (scene.datastore.other[0], True)  # type: ignore[attr-defined]
    assert scene.chat.created() == 1
