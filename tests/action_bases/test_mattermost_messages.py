"""The Mattermost actions that change, reply, react, upload and look up."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from chat_world import ChatActionCase
from mattermost_add_reaction import AddReaction
from mattermost_get_channel import GetChannel
from mattermost_reply import Reply
from mattermost_test_card import SampleCard
from mattermost_update_message import UpdateMessage
from mattermost_upload_file import UploadFile

from pagerduty_mattermost.gateways.mattermost.uploads import MAX_BYTES
from pagerduty_mattermost.gateways.mattermost.values import key_of
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


class UpdateMessageTestCase(ChatActionCase):
    __test__ = True
    action_cls = UpdateMessage

    def setUp(self) -> None:
        super().setUp()
        channel = self.chat.world.channels["incidents"]
        self.chat.service.add_member(channel, self.chat.world.bot)
        self.post = self.chat.gateway().create_post(channel.id, "old", key="k", props={"a": 1})

    def test_the_message_changes_and_the_rest_stays(self) -> None:
        result = self.done(post_id=self.post["id"], message="new", props=None)
        (post,) = self.chat.service.posts("incidents")
        assert (post.message, post.props["a"], result["post_id"]) == ("new", 1, post.id)

    def test_new_props_keep_the_key_of_the_post(self) -> None:
        self.done(post_id=self.post["id"], message=None, props={"b": 2})
        (post,) = self.chat.service.posts("incidents")
        assert "a" not in post.props
        assert post.props["b"] == 2
        assert key_of({"props": post.props}) == "k"

    def test_a_mistake_is_told(self) -> None:
        assert "Nothing to change" in self.refused(
            post_id=self.post["id"], message=None, props=None
        )
        assert "no Mattermost post id" in self.refused(post_id="../x", message="x")
        others = self.chat.service.say("ada", "incidents", "hers")
        assert "403" in self.refused(post_id=others.id, message="x")


class ReplyTestCase(ChatActionCase):
    __test__ = True
    action_cls = Reply

    def setUp(self) -> None:
        super().setUp()
        self.roots = {}
        for name in ("incidents", "ops"):
            channel = self.chat.world.channels[name]
            self.chat.service.add_member(channel, self.chat.world.bot)
            self.roots[name] = self.chat.gateway().create_post(channel.id, "root")["id"]

    def replies(self, name: str) -> list:  # type: ignore[type-arg]
        return [post.message for post in self.chat.service.thread(self.roots[name])]

    def test_a_reply_stands_under_its_post(self) -> None:
        result = self.done(post=self.roots["incidents"], message="first", key=None, channel=None)
        assert self.replies("incidents") == ["first"]
        self.done(post=result["replies"][0]["post_id"], message="under a reply")
        assert self.replies("incidents") == ["first", "under a reply"]

    def test_the_same_key_replies_once(self) -> None:
        self.done(post=self.roots["incidents"], message="x", key="k")
        self.chat.clock.advance(3600)
        assert self.done(post=self.roots["incidents"], message="x", key="k")["replies"][0][
            "already"
        ]
        assert self.replies("incidents") == ["x"]

    def test_an_incident_has_its_replies_under_each_card(self) -> None:
        store = Store(self.action_service)
        for name, root in self.roots.items():
            card = {"key": "k", "route": {}, "post_id": root}
            store.write(f"incident.PT4KHLK.card.{self.chat.world.channels[name].id}", card)
        store.write(
            "incident.PT4KHLK.card." + "z" * 26, {"key": "k"}
        )  # an intent without a result
        store.write("incident.PT4KHLK2.card." + "z" * 26, {"post_id": "y" * 26})
        assert len(self.done(post="PT4KHLK", message="to all", key="k")["replies"]) == 2
        self.done(post="PT4KHLK", message="to one", channel="~ops")
        assert (self.replies("incidents"), self.replies("ops")) == (
            ["to all"],
            ["to all", "to one"],
        )

    def test_a_mistake_is_told(self) -> None:
        assert "has no card in any channel" in self.refused(post="PT4KHLK", message="x")
        assert "is neither a post's id" in self.refused(post="pagerduty.x/y", message="x")
        assert "Nothing to reply" in self.refused(post="PT4KHLK", message="")
        assert "404" in self.refused(post="a" * 26, message="x")

    def cards(self) -> None:
        """Both roots as cards of an incident."""
        store = Store(self.action_service)
        for name, root in self.roots.items():
            gone = self.chat.service.post(root).delete_at > 0
            card = {"key": "k", "route": {}, "post_id": root, "label": f"~{name}", "gone": gone}
            store.write(f"incident.PT4KHLK.card.{self.chat.world.channels[name].id}", card)

    def test_a_card_that_a_person_deleted_is_passed_over(self) -> None:
        self.chat.service.delete(self.roots["incidents"])
        self.cards()
        assert len(self.done(post="PT4KHLK", message="x")["replies"]) == 1
        assert self.replies("ops") == ["x"]

    def test_trouble_in_one_thread_does_not_keep_the_reply_from_the_others(self) -> None:
        self.cards()
        for name, other in (("incidents", "ops"), ("ops", "incidents")):
            self.chat.service.archive(name)
            assert f"Replied in 1 thread, not in ~{name}" in self.refused(
                post="PT4KHLK", message=name
            )
            assert self.replies(other)[-1] == name
            self.chat.service.restore(name)


class AddReactionTestCase(ChatActionCase):
    __test__ = True
    action_cls = AddReaction

    def test_a_reaction_stands_under_the_post_once(self) -> None:
        self.chat.service.add_member("incidents", "pagerduty")
        post = self.chat.service.say("ada", "incidents", "look")
        self.done(post_id=post.id, emoji=":eyes:")
        self.done(post_id=post.id, emoji="eyes")
        (kept,) = self.chat.service.posts("incidents")
        assert [reaction.emoji_name for reaction in kept.reactions] == ["eyes"]

    def test_a_mistake_is_told(self) -> None:
        assert "no name of a Mattermost emoji" in self.refused(post_id="a" * 26, emoji="👀")
        assert "no Mattermost post id" in self.refused(post_id="x", emoji="eyes")


class GetChannelTestCase(ChatActionCase):
    __test__ = True
    action_cls = GetChannel

    def test_a_channel_is_told_without_joining_it(self) -> None:
        result = self.done(channel=":default")
        assert result["channel_id"] == self.chat.world.channels["incidents"].id
        assert (result["name"], result["team"], result["type"]) == ("incidents", "ops", "public")
        assert not self.chat.journal.count("POST")

    def test_a_channel_that_is_not_there_is_told_and_complained_of_nowhere(self) -> None:
        assert "/invite @pagerduty" in self.refused(channel="nowhere")
        assert self.chat.messages("ops") == []


class UploadFileTestCase(ChatActionCase):
    __test__ = True
    action_cls = UploadFile
    folders: List[str] = []

    def action(self, config: Optional[Dict[str, Any]] = None) -> Any:
        return super().action({**self.chat.raw(), "files": {"folders": self.folders}})

    def test_a_text_becomes_a_file(self) -> None:
        result = self.done(
            channel="incidents",
            path=None,
            content="a,b\n",
            name="x.csv",
            message="see",
            root_id=None,
        )
        (post,) = self.chat.service.posts("incidents")
        assert (post.message, post.file_ids) == ("see", [result["file_id"]])

    def test_a_file_of_the_runner_is_posted(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "graph.png"
            path.write_bytes(b"\x89PNG")
            assert "may use no files" in self.refused(channel="incidents", path=str(path))
            self.folders = [folder]
            self.done(channel="incidents", path=str(path))
            assert "is not below" in self.refused(channel="incidents", path="/etc/hosts")
            large = Path(folder) / "large"
            with large.open("wb") as file:
                file.truncate(MAX_BYTES + 1)
            assert "is the limit" in self.refused(channel="incidents", path=str(large))
            assert "no file" in self.refused(channel="incidents", path=folder)
        assert self.chat.created() == 1

    def test_a_mistake_is_told(self) -> None:
        assert "either" in self.refused(channel="incidents")
        assert "either" in self.refused(channel="incidents", path="/etc/hosts", content="x")
        self.folders = ["/does"]
        assert "no file" in self.refused(channel="incidents", path="/does/not/exist")
        assert "empty" in self.refused(channel="incidents", content="")
        assert self.chat.journal.count() == 0


class SampleCardTestCase(ChatActionCase):
    __test__ = True
    action_cls = SampleCard

    def test_a_sample_card_stands_in_the_channel_and_says_that_it_is_one(self) -> None:
        self.done(channel="incidents")
        (post,) = self.chat.service.posts("incidents")
        assert "TEST, not a real incident" in post.message
        assert "TEST, not a real incident" in post.props["attachments"][0]["title"]
