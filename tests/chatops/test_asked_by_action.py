"""mattermost.ask, mattermost.confirm and mattermost.post_result: questions that an action waits
for, and results that are posted."""

from __future__ import annotations

from typing import Any, Callable, Dict, List
from unittest import mock

from chatops_case import ChatopsCase
from mattermost_ask import MattermostAsk
from mattermost_confirm import MattermostConfirm
from mattermost_post_result import MattermostPostResult


class ActionCase(ChatopsCase):
    late = 0.0

    def run_action(
        self, cls: Any, meanwhile: Callable[[], None] = lambda: None, own: str = "e1", **given: Any
    ) -> Dict[str, Any]:
        """The action's result. `meanwhile`: what happens while it first waits."""
        service = mock.Mock(wraps=self.sensor_service)
        service.execution_id = own
        action = cls(config=self.config, action_service=service)
        waits: List[float] = []
        start = self.sandbox.clock()

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 1:
                meanwhile()

        action.sleep = sleep
        action.clock = lambda: start + sum(waits)
        ok, result = action.run(**given)
        assert ok, result
        return dict(result)


class ConfirmTestCase(ActionCase):
    __test__ = True

    def test_yes_by_whom(self) -> None:
        def meanwhile() -> None:
            self.press(self.told("Restart web-1?"), "Yes")
            self.told("answered: **Yes**")

        result = self.run_action(
            MattermostConfirm, meanwhile, channel="~town-square", question="Restart web-1?"
        )
        assert result["answered"]
        assert result["approved"]
        assert result["by"] == "ada"

    def test_no(self) -> None:
        result = self.run_action(
            MattermostConfirm,
            lambda: self.clicked("Go?", "No"),
            channel="~town-square",
            question="Go?",
        )
        assert (result["answered"], result["approved"]) == (True, False)

    def test_nobody_answers(self) -> None:
        result = self.run_action(
            MattermostConfirm, channel="~town-square", question="Go?", wait_seconds=10
        )
        assert (result["answered"], result["approved"], result["by"]) == (False, False, "")
        assert not self.shown_actions(self.told("Nobody answered in time"))

    def test_only_who_is_named_answers_and_two_have_to(self) -> None:
        def meanwhile() -> None:
            post = self.told("Go?")
            self.press(post, "Yes", "linus")
            self.told_alone("it is for @ada, @grace")
            self.press(post, "Yes")
            self.press(self.told("so far: @\u200bada Yes"), "Yes", "grace")
            self.told("answered: **Yes**")

        given = {"channel": "~town-square", "question": "Go?", "who": ["@ada", "@grace"]}
        result = self.run_action(MattermostConfirm, meanwhile, needs=2, **given)
        assert result["by"] == "ada grace"

    def test_killed_and_run_again_it_waits_on_for_its_question(self) -> None:
        class KilledError(BaseException):
            pass

        def killed() -> None:
            raise KilledError

        given = {"channel": "~town-square", "question": "Go?"}
        try:
            self.run_action(MattermostConfirm, killed, **given)
        except KilledError:
            self.clicked("Go?", "Yes")
        result = self.run_action(MattermostConfirm, **given)
        assert result["approved"]
        assert len(self.posts()) == 1

    def test_about_an_incident(self) -> None:
        one = self.account.trigger("Database", "Disk is full")
        self.run_action(
            MattermostConfirm,
            lambda: self.clicked("Disk is full", "Yes"),
            channel="~town-square",
            question="Go?",
            incident_id=one.id,
        )

    def clicked(self, words: str, name: str) -> None:
        self.press(self.told(words), name)
        self.told("answered: **")


class AskTestCase(ActionCase):
    __test__ = True

    def test_one_of_some_answers(self) -> None:
        def meanwhile() -> None:
            post = self.told("Where to?")
            assert self.shown_actions(post) == ["north", "south"]
            self.press(post, "south")
            self.told("answered: **south**")

        given = {"channel": "~town-square", "question": "Where to?", "options": ["north", "south"]}
        result = self.run_action(MattermostAsk, meanwhile, **given)
        assert result["answer"] == "south"

    def test_too_many_answers_are_refused(self) -> None:
        action = MattermostAsk(config=self.config, action_service=self.sensor_service)
        given = {"channel": "~town-square", "question": "x", "options": list("abcdef")}
        ok, said = action.run(**given)
        assert not ok
        assert "at most 5" in str(said)

    def test_a_channel_that_is_none_fails_at_once(self) -> None:
        action = MattermostAsk(config=self.config, action_service=self.sensor_service)
        ok, said = action.run(channel="~nowhere-at-all", question="x")
        assert not ok
        assert "channel" in str(said)


class ResultTestCase(ActionCase):
    __test__ = True

    def test_the_result_of_an_execution_is_posted_once(self) -> None:
        row = self.stackstorm.account.add_execution("core.local", {}, {"user": "stanley"})
        self.stackstorm.account.end(row["id"], "succeeded", {"stdout": "up @all", "stderr": ""})
        given = {"execution_id": row["id"], "channel": "~town-square", "words": "Backup @here"}
        first = self.run_action(MattermostPostResult, **given)
        again = self.run_action(MattermostPostResult, **given)
        assert (first["already"], again["already"]) == (False, True)
        (post,) = self.posts()
        assert post["message"].startswith("Backup @\u200bhere\n:white_check_mark: `core.local`")
        assert "up @all" in post["message"]  # as code, in which nothing acts

    def test_a_failure_and_a_long_one(self) -> None:
        row = self.stackstorm.account.add_execution("core.local", {}, {"user": "stanley"})
        self.stackstorm.account.end(row["id"], "failed", {"stderr": "no disk"})
        self.run_action(MattermostPostResult, execution_id=row["id"], channel="~town-square")
        self.told(":x: `core.local` failed: `no disk`")
        row = self.stackstorm.account.add_execution("core.local", {}, {"user": "stanley"})
        self.stackstorm.account.end(row["id"], "succeeded", {"stdout": "x\n" * 3000})
        self.run_action(MattermostPostResult, execution_id=row["id"], channel="~town-square")
        self.told("as a file below")
        assert [one for one in self.posts() if one.get("file_ids")]
