"""mattermost.direct_message: to users by name."""

from __future__ import annotations

from typing import Any, Dict, List

from chat_world import ChatActionCase
from mattermost_direct_message import DirectMessage

UNSET: Dict[str, Any] = {"users": None, "message": None, "key": None}


class DirectMessageTestCase(ChatActionCase):
    __test__ = True
    action_cls = DirectMessage

    def told(self, username: str) -> List[str]:
        return [post.message for post in self.chat.service.direct_posts(username, "pagerduty")]

    def test_each_user_is_told_whatever_way_they_are_named(self) -> None:
        users = ["@ada", "grace@example.com", self.chat.world.users["mei"].id, "ada"]
        result = self.done(**{**UNSET, "users": users, "message": "hello"})
        assert [sent["username"] for sent in result["sent"]] == ["ada", "grace", "mei"]
        assert [self.told(name) for name in ("ada", "grace", "mei", "olu")] == [["hello"]] * 3 + [
            []
        ]

    def test_users_typed_on_a_command_line_arrive_right(self) -> None:
        self.done(**{**UNSET, "users": ["[@ada", "@mei]"], "message": "x"})
        self.done(**{**UNSET, "users": "@ada,@mei", "message": "y"})
        assert [self.told("ada"), self.told("mei")] == [["x", "y"]] * 2

    def test_nobody_is_told_when_one_of_them_does_not_exist(self) -> None:
        assert "nobody" in self.refused(**{**UNSET, "users": ["@ada", "@nobody"], "message": "x"})
        self.chat.service.activate("mei", False)
        assert "deactivated" in self.refused(
            **{**UNSET, "users": ["@ada", "@mei"], "message": "x"}
        )
        assert self.told("ada") == []

    def test_a_key_reaches_each_user_once_and_a_repeated_run_the_others(self) -> None:
        self.chat.server.faults.add("drop", method="POST", path="/posts$", skip=1)
        line = self.refused(**{**UNSET, "users": ["@ada", "@mei"], "message": "x", "key": "k"})
        assert "Sent to 1, not to mei" in line
        self.chat.server.faults.clear()
        self.chat.clock.advance(3600)
        self.done(**{**UNSET, "users": ["@ada", "@mei"], "message": "x", "key": "k"})
        assert [self.told("ada"), self.told("mei")] == [["x"], ["x"]]

    def test_a_mistake_is_told(self) -> None:
        assert "Nobody to write to" in self.refused(**{**UNSET, "message": "x"})
        assert "Nothing to send" in self.refused(**{**UNSET, "users": ["@ada"]})
