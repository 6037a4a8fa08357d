"""Many calls of StackStorm's aliases within a moment: each is carried out, a few at a time, and
who comes when too many wait is told so."""

from __future__ import annotations

import logging
import threading
from types import SimpleNamespace
from typing import Any, List

from pagerduty_mattermost.chat.passed_on import PassedOn, PassedOnAnswer
from pagerduty_mattermost.chatops.bridge import BUSY, CALLS_AT_ONCE, WAITING_CALLS, ChatopsBridge
from pagerduty_mattermost.core.config.settings import Config
from sandbox.waiting import until


class Orders:
    """Each order takes until it may end."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.begun: List[str] = []
        self.done: List[str] = []

    def run(self, phrase: Any) -> None:
        self.begun.append(phrase.text)
        assert self.may_end.wait(60)
        self.done.append(phrase.text)
        if phrase.text == "0":
            raise ValueError("the first one fails")


def test_calls_wait_for_those_that_are_carried_out_and_none_is_lost() -> None:
    orders, unused = Orders(), SimpleNamespace()
    bridge = ChatopsBridge(
        Config(), orders, unused, unused, unused, unused, logging.getLogger("test")
    )

    def answer(text: str) -> PassedOnAnswer:
        return bridge.answer(PassedOn("command", "", {}, text, "ada", "ada", "channel"))

    taken = [str(number) for number in range(CALLS_AT_ONCE + WAITING_CALLS)]
    assert [answer(text) for text in taken] == [PassedOnAnswer()] * len(taken)
    assert answer("one too many").text == f":warning: {BUSY}"
    until(lambda: len(orders.begun) == CALLS_AT_ONCE)
    orders.may_end.set()
    until(lambda: len(orders.done) == len(taken))
    assert sorted(orders.done) == sorted(taken)
    until(lambda: answer("later") == PassedOnAnswer())
