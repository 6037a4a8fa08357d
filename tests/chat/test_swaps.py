"""A swap: asked in a channel, taken by the first, once, however many accept at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, List

import pytest
from chat_case import ChatCase
from chat_run import ChatRun
from kills import killed_at, moments

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.oncall import swap_taking, swaps
from pagerduty_mattermost.oncall.swaps import AskedSwap

ROTA = "Platform rotation"
HOUR, DAY = 3600, 86400


class SwapTestCase(ChatCase):
    __test__ = True
    shift_based = False

    def setUp(self) -> None:
        super().setUp()
        self.settings["chat"] = {
            "public_url": "http://st2.example.com",
            "signing_keys": ["k" * 32],
        }
        self.settings["oncall"] = {"channels": {ROTA: "incidents"}}
        self.rota = self.account.find("schedules", ROTA)
        self.linus = self.account.find("users", "Linus Example")["id"]
        begin = int(self.sandbox.clock()) + 3 * HOUR - 2 * DAY
        radia = self.account.find("users", "Radia Perlman")["id"]
        self.rota["layers"][0].update(
            user_ids=[self.linus, radia], turn=DAY, start=begin, virtual_start=begin
        )
        if self.shift_based:
            self.account.upgrade(ROTA)

    def context(self) -> Any:
        """Of a process of its own; all share the datastore."""
        self.action_cls = ChatRun
        action = self.get_action_instance(config=dict(self.settings))
        action.action_service = self.service
        action.sleep = lambda _: None
        return action.context

    def do(self, user: str, **words: str) -> CommandResult:
        return perform(self.context(), Command("swap", user=user, **words))

    def ask(self) -> AskedSwap:
        self.do("linus", service=ROTA, duration="in 2h")
        (one,) = swaps.unfinished(self.context().store, time.time())
        return one

    def look(self, at: float) -> int:
        """What the watch does then."""
        context = self.context()
        context.__dict__["clock"] = lambda: at
        return swap_taking.look_after(context, at)

    def told_privately(self, user: str) -> List[str]:
        account = self.sandbox.mattermost.account
        return [post.message for post in account.direct_posts(user, "pagerduty")]

    def taken(self) -> List[str]:
        rows = self.rota.get("shift_overrides") or self.rota["overrides"]
        return [str(one.get("overriding") or one.get("user_id")) for one in rows]

    def thread(self) -> List[str]:
        account = self.sandbox.mattermost.account
        roots = [post for post in account.posts("incidents") if not post.root_id]
        return [post.message for root in roots for post in (root, *account.thread(root.id))]

    def test_twenty_accept_at_once_and_one_gets_it(self) -> None:
        one = self.ask()
        users = ["ada", "grace", "mei", "olu"]
        contexts = [(self.context(), users[n % 4]) for n in range(20)]

        def press(pair: Any) -> CommandResult:
            context, user = pair
            return perform(context, Command("swap", user=user, text=one.key))

        with ThreadPoolExecutor(20) as pool:
            results = list(pool.map(press, contexts))
        said = [one.message for one in results]
        winners = {text.split(" takes ")[0] for text in said if " takes " in text}
        assert len(self.taken()) == 1
        name = self.account.known("users", self.taken()[0])["name"]
        assert winners <= {name}
        assert len([text for text in self.thread() if text.startswith(":white_check_mark:")]) == 1

    def test_each_of_four_people_accepts_once_at_once(self) -> None:
        one = self.ask()
        contexts = [(self.context(), user) for user in ("ada", "grace", "mei", "olu")]
        with ThreadPoolExecutor(4) as pool:
            results = list(
                pool.map(
                    lambda pair: perform(pair[0], Command("swap", user=pair[1], text=one.key)),
                    contexts,
                )
            )
        assert len(self.taken()) == 1
        assert len([one for one in results if one.message.startswith("You take")]) == 1

    def test_asked_twice_is_one_question_and_its_own_asker_does_not_take_it(self) -> None:
        one = self.ask()
        assert "asked already" in self.do("linus", service=ROTA, duration="in 2h").message
        assert len([text for text in self.thread() if "asks who takes" in text]) == 1
        with pytest.raises(PackError, match="your own shift"):
            self.do("linus", text=one.key)
        assert "no shift" in self.do("ada", service=ROTA, duration="in 2h").message

    def test_withdrawn_nobody_takes_it(self) -> None:
        one = self.ask()
        said = perform(self.context(), Command("swap_cancel", user="linus"))
        assert "withdrawn, it stays yours" in said.message
        answer = self.do("mei", text=one.key)
        assert answer.already
        assert "withdrawn" in answer.message
        assert self.taken() == []
        assert any("the question is withdrawn" in text for text in self.thread())

    def test_not_taken_is_told_once_before_the_shift(self) -> None:
        one = self.ask()
        for at in (time.time(), one.start - 600, one.start - 300, one.start + 5):
            self.look(at)
        assert len([text for text in self.thread() if "Nobody has taken" in text]) == 1
        assert len([one for one in self.told_privately("linus") if "it stays" in one]) == 1

    def test_withdrawn_nothing_is_told_before_the_shift(self) -> None:
        one = self.ask()
        perform(self.context(), Command("swap_cancel", user="linus"))
        assert self.look(one.start - 600) == 0
        assert not any("Nobody has taken" in text for text in self.thread())

    def test_one_who_was_killed_before_the_override_gets_it_by_pressing_again(self) -> None:
        one = self.ask()
        self.sandbox.pagerduty.faults.add("status", status=403, method="POST", path="overrides")
        with pytest.raises(PackError):
            self.do("mei", text=one.key)
        (said,) = [text for text in self.thread() if "could not be made" in text]
        assert "It is still Linus Example's until Mei Tanaka presses again." in said
        assert any("could not be made" in text for text in self.told_privately("linus"))
        assert self.question().attachments, "it can be pressed again"
        self.sandbox.pagerduty.faults.clear()
        assert self.do("olu", text=one.key).already
        assert self.taken() == []
        assert self.do("mei", text=one.key).message.startswith("You take")
        assert self.taken() == [self.account.find("users", "Mei Tanaka")["id"]]
        assert not any("could not be made" in text for text in self.thread())
        assert self.question().attachments == []

    def question(self) -> Any:
        account = self.sandbox.mattermost.account
        return next(
            post for post in account.posts("incidents") if "asks who takes" in post.message
        )

    def test_an_override_that_could_not_be_made_is_told_before_the_shift(self) -> None:
        one = self.ask()
        self.sandbox.pagerduty.faults.add("status", status=403, method="POST", path="overrides")
        with pytest.raises(PackError):
            self.do("mei", text=one.key)
        assert self.look(one.start - 600) == 1
        assert any(
            text.startswith(":warning: Mei Tanaka could not take") for text in self.thread()
        )

    def test_a_shift_that_is_the_askers_no_more_is_not_claimed(self) -> None:
        one = self.ask()
        self.account.cover(ROTA, "Grace Hopper", int(one.end - one.start), int(one.start))
        before = self.taken()
        with pytest.raises(PackError, match="does not have the shift any more"):
            self.do("mei", text=one.key)
        assert self.taken() == before
        assert not any(text.startswith(":white_check_mark:") for text in self.thread())

    def test_the_answers_lost_it_is_one_question_one_taker_one_override(self) -> None:
        mattermost = self.sandbox.mattermost.faults
        mattermost.add("lost", method="POST", path="/posts$", times=1)
        one = self.ask()
        mattermost.add("lost", method="POST", path="/posts$", times=1)
        self.sandbox.pagerduty.faults.add("lost", method="POST", path="overrides", times=1)
        assert self.do("mei", text=one.key).message.startswith("You take")
        assert self.do("olu", text=one.key).already
        assert len(self.taken()) == 1
        assert len([text for text in self.thread() if "asks who takes" in text]) == 1
        assert self.answers() == [True]

    def test_whether_the_override_was_made_not_known_it_is_made_once_by_pressing_again(
        self,
    ) -> None:
        one = self.ask()
        faults = self.sandbox.pagerduty.faults
        faults.add("lost", method="POST", path="overrides", times=1)
        faults.add(
            "status", status=503, method="GET", path=r"overrides|schedules/[A-Z0-9]+\?", skip=2
        )
        with suppress(PackError):
            self.do("mei", text=one.key)
        faults.clear()
        said = self.do("mei", text=one.key).message
        assert "take" in said
        assert len(self.taken()) == 1

    def test_killed_at_any_moment_there_is_one_override_and_it_is_told(self) -> None:
        one = self.ask()
        total = moments(lambda: self.do("mei", text=one.key))
        assert total > 10
        for moment in range(total):
            self.doCleanups()
            self.setUp()
            one = self.ask()
            with self.subTest(moment=moment):
                assert killed_at(moment, partial(self.do, "mei", text=one.key))
                self.sandbox.mattermost.account.forget_pending()
                for seconds in (301, 400):
                    self.look(time.time() + seconds)
                answered = self.answers()
                assert len(self.taken()) == len(answered)
                if not answered:
                    assert self.do("mei", text=one.key).message.startswith("You take")
                assert len(self.taken()) == 1
                assert self.answers() == [True]
                assert self.question().attachments == []

    def answers(self) -> List[bool]:
        """Of the replies that say who was first: whether they say that it is done."""
        said = [text for text in self.thread() if " take" in text and "asks who" not in text]
        return [text.startswith(":white_check_mark:") for text in said]

    def test_killed_while_it_is_asked_there_is_one_question_and_it_can_be_taken(self) -> None:
        ask = partial(self.do, "linus", service=ROTA, duration="in 2h")
        total = moments(ask)
        for moment in range(total):
            self.doCleanups()
            self.setUp()
            with self.subTest(moment=moment):
                assert killed_at(moment, partial(self.do, "linus", service=ROTA, duration="in 2h"))
                self.do("linus", service=ROTA, duration="in 2h")
                assert len([text for text in self.thread() if "asks who takes" in text]) == 1
                (one,) = swaps.unfinished(self.context().store, time.time())
                assert self.do("mei", text=one.key).message.startswith("You take")


class ShiftBasedSwapTestCase(SwapTestCase):
    __test__ = True
    shift_based = True
