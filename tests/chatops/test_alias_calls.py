"""`/st2 <phrase>` runs once and its result comes, whatever happens: forged, double and late
calls, StackStorm or Mattermost down, the sensor killed."""

from __future__ import annotations

import threading
from typing import List
from unittest import mock

from chatops_case import ChatopsCase

from pagerduty_mattermost.chatops import alias_orders


class CallTestCase(ChatopsCase):
    """Forged, double, late and concurrent calls."""

    __test__ = True

    def test_a_forged_call_runs_nothing(self) -> None:
        assert self.say("pack get core", token="n" * 26).status_code == 401
        assert self.asked_to_run() == 0

    def test_the_same_call_again_is_refused(self) -> None:
        assert self.say("pack get core", trigger_id="same").status_code == 200
        assert self.say("pack get core", trigger_id="same").status_code == 409
        self.told("the pack core")
        assert self.asked_to_run() == 1

    def test_a_dozen_at_once_each_run_once(self) -> None:
        self.sensor.endpoint._people._burst = 100.0
        answers: List[int] = []

        def one(number: int) -> None:
            answers.append(self.say(f"pack get p{number}x").status_code)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [200] * 12
        for number in range(12):
            self.told(f"the pack p{number}x")
        assert len(self.executions()) == len(self.posts()) == 12
        self.nothing_left()

    def test_a_phrase_that_is_too_long_reaches_no_pattern(self) -> None:
        self.say("pack get " + "a" * 2000)
        self.told_alone("at most 2000 characters")
        assert not self.sandbox.journal.find(path="^/v1/actionalias/match")

    def test_stackstorm_that_is_down_is_said_and_nothing_runs_later(self) -> None:
        self.stackstorm.stop()
        self.say("pack get core")
        self.told_alone("was not run: StackStorm POST /actionalias/match")
        self.stackstorm.start()
        self.bridge.tend()
        assert self.asked_to_run() == 0
        assert not self.records()

    def test_an_answer_that_is_lost_is_found_by_its_mark_and_run_once(self) -> None:
        self.stackstorm.faults.add("lost", path="^/v1/aliasexecution$", times=1)
        self.say("pack get core")
        self.told("the pack core")
        assert len(self.executions()) == self.asked_to_run() == 1
        self.nothing_left()

    def test_what_stackstorm_answers_with_trouble_ran_or_is_told_as_not_run(self) -> None:
        self.stackstorm.faults.add("status", status=500, path="^/v1/aliasexecution$", times=1)
        with mock.patch.object(alias_orders, "LOOKED_FOR_SECONDS", (0.1, 0.2)):
            self.say("pack get core")
            self.told_alone("does not say whether it runs")
        assert len(self.records()) == 1
        for kept in self.bridge._watch._records.all():
            self.bridge._watch._go_on(kept._replace(at=kept.at - 100))
        self.told("It was not run")
        self.nothing_left()

    def test_mattermost_that_is_down_is_told_when_it_is_back(self) -> None:
        self.say("wait long")
        self.told("Waiting for long")
        self.sandbox.mattermost.stop()
        self.stackstorm.account.end(self.executions()[0]["id"], "succeeded", {"result": "now"})
        self.waited(lambda: any(w.failures for w in self.bridge._watch._watched.values()))
        self.sandbox.mattermost.start()
        self.told("It came: now")
        assert len(self.posts()) == 1


class KilledTestCase(ChatopsCase):
    """The sensor dies between the execution and its result."""

    __test__ = True

    def test_what_was_under_way_is_told_by_the_next_process_once(self) -> None:
        self.say("wait long")
        post = self.told("Waiting for long")
        self.waited(lambda: next(iter(self.records().values()))["data"]["post_id"])
        self.start()
        self.stackstorm.account.end(self.executions()[0]["id"], "succeeded", {"result": "now"})
        self.bridge.tend()
        assert self.told("It came: now")["id"] == post["id"]
        assert len(self.posts()) == 1
        self.nothing_left()

    def test_an_execution_that_was_not_remembered_is_found_and_its_post_too(self) -> None:
        self.say("wait long")
        post = self.told("Waiting for long")
        (kept,) = self.waited(self.bridge._watch._records.all)
        self.start()
        watch = self.bridge._watch
        watch._records.write(kept._replace(execution="", post_id="", at=kept.at - 100))
        self.stackstorm.account.end(self.executions()[0]["id"], "succeeded", {"result": "now"})
        watch.pick_up()
        assert self.told("It came: now")["id"] == post["id"]
        assert len(self.posts()) == len(self.executions()) == 1

    def test_what_was_never_taken_is_not_run_late(self) -> None:
        self.say("wait long")
        self.told("Waiting for long")
        (kept,) = self.waited(self.bridge._watch._records.all)
        self.start()
        watch = self.bridge._watch
        self.stackstorm.account.executions.clear()
        watch._records.write(kept._replace(execution="", post_id="", at=kept.at - 100))
        watch.pick_up()
        self.told("It was not run")
        assert self.asked_to_run() == 1
        self.nothing_left()
