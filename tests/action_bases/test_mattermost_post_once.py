"""mattermost.post_once: a rule's message survives an outage and is there once."""

from __future__ import annotations

from typing import Any, Dict

from chat_world import ChatActionCase
from mattermost_post_once import PostOnce

GIVEN: Dict[str, Any] = {
    "channel": ":operations",
    "message": "The sensor is failing.",
    "root_id": None,
    "props": None,
}


class PostOnceTestCase(ChatActionCase):
    __test__ = True
    action_cls = PostOnce

    def test_an_outage_is_survived_by_a_run_a_minute_later(self) -> None:
        for trouble in ("drop", "lost", "status"):
            self.chat.server.faults.add(trouble, status=503)
            self.left_for_later(**{**GIVEN, "message": trouble}, key=trouble)
            self.chat.server.faults.clear()
            self.chat.clock.advance(60)
            assert self.done(**{**GIVEN, "message": trouble}, key=trouble)["post_id"]
            assert self.done(**{**GIVEN, "message": trouble}, key=trouble)["already"] is True
        assert [text.split("\n")[0] for text in self.chat.messages("ops")] == [
            "drop",
            "lost",
            "status",
        ]

    def test_what_comes_late_says_of_when_it_is(self) -> None:
        self.chat.server.faults.add("drop")
        self.left_for_later(**GIVEN, key="failing")
        self.chat.server.faults.clear()
        self.done(**{**GIVEN, "message": "It works again."}, key="recovered")
        self.chat.clock.advance(60)
        self.done(**GIVEN, key="failing")
        again, late = self.chat.messages("ops")
        assert again == "It works again."
        assert late.startswith(
            "The sensor is failing.\n_Of 9 Oct 2025 08:53 UTC, posted 1 min later._"
        )

    def test_a_later_revision_edits_the_post_and_an_earlier_one_does_not(self) -> None:
        def post(revision: Any, text: str) -> str:
            given = {**GIVEN, "message": text, "revision": revision}
            return str(self.done(**given, key="summary")["post_id"])

        assert len({post(1, "one"), post("3", "three"), post(2, "two"), post(3, "again")}) == 1
        assert self.chat.messages("ops") == ["three"]
        (shown,) = self.chat.service.posts("ops")
        assert shown.props["pagerduty"]["revision"] == 3
        self.done(**{**GIVEN, "message": "four"}, key="summary")
        assert self.chat.messages("ops") == ["three"]

    def test_without_a_key_it_posts_nothing_and_the_operators_are_told_which_rule_to_correct(
        self,
    ) -> None:
        for key in ("", " ", None):
            assert "key: give one" in self.refused(**GIVEN, key=key)
        (told,) = self.chat.messages("ops")
        assert "Correct the rule" in told

    def test_over_an_exchange_configuration_nothing_fails(self) -> None:
        succeeded, result = self.act({"api_key": "u+exchangePack1234567"}, **GIVEN, key="k")
        assert (succeeded, result["done"]) == (True, "not_configured")
