"""Answers to inquiries and the workflows that wait for them: given once whenever the sensor dies,
and each workflow goes on."""

from __future__ import annotations

import threading
from typing import Any, List
from unittest import mock

from inquiry_case import InquiryCase

from pagerduty_mattermost.chatops import waiting_workflows
from sandbox.stackstorm import inquiries


class KilledBetweenTestCase(InquiryCase):
    """The sensor dies between the click and the answer, or StackStorm's answer is lost."""

    __test__ = True

    def test_an_answer_that_was_kept_is_given_by_the_next_process_once(self) -> None:
        id = self.ask()
        records = self.bridge._answers._records
        kept = records.read(id)
        records.write(kept._replace(state="given", answer={"approved": True}, by="ada"))
        self.start()
        self.bridge.tend()
        self.told("@\u200bada answered: **Yes**")
        assert self.stackstorm.account.resumed == {id: 1}

    def test_one_that_stackstorm_took_before_the_kill_is_not_given_again(self) -> None:
        id = self.ask()
        records = self.bridge._answers._records
        kept = records.read(id)
        records.write(kept._replace(state="given", answer={"approved": True}, by="ada"))
        inquiries.respond(self.stackstorm.account, id, {"approved": True}, "stanley")
        self.start()
        self.bridge.tend()
        self.told("@\u200bada answered: **Yes**")
        assert self.answers() == 0

    def test_a_lost_answer_goes_on_once(self) -> None:
        id = self.ask()
        self.stackstorm.faults.add("lost", method="PUT", path="^/v1/inquiries/", times=1)
        self.press(self.told("Restart web-1?"), "Yes")
        self.told_alone("your answer is kept")
        self.bridge.tend()
        self.told("@\u200bada answered: **Yes**")
        assert self.stackstorm.account.resumed == {id: 1}

    def test_stackstorm_in_trouble_gets_it_when_it_is_back(self) -> None:
        id = self.ask()
        self.stackstorm.faults.add("status", method="PUT", path="^/v1/inquiries/", status=500)
        self.press(self.told("Restart web-1?"), "Yes")
        self.told_alone("your answer is kept")
        self.stackstorm.faults.clear()
        self.bridge.tend()
        self.told("@\u200bada answered: **Yes**")
        assert self.stackstorm.account.resumed == {id: 1}


class EarlyAnswersTestCase(InquiryCase):
    """StackStorm makes a workflow wait a moment after its inquiry can be answered; what is
    answered before that it takes, and the workflow waits for good."""

    __test__ = True

    def setUp(self) -> None:
        quick = mock.patch.object(waiting_workflows, "LOOK_PAUSES_SECONDS", (0.1, 0.3))
        quick.start()
        self.addCleanup(quick.stop)
        super().setUp()

    def test_an_answer_waits_until_the_workflow_does(self) -> None:
        id = self.ask(waits=False)
        self.press(self.told("Restart web-1?"), "Yes")
        threading.Timer(1.0, lambda: inquiries.wait(self.stackstorm.account, id)).start()
        self.told("answered: **Yes**")
        assert self.stackstorm.account.resumed == {id: 1}
        self.waited(lambda: self.state(id) == "done")
        assert not self.resumes()

    def test_a_workflow_that_stays_paused_though_answered_is_resumed_once(self) -> None:
        id = self.ask(waits=False)
        with mock.patch.object(waiting_workflows, "READY_SECONDS", 0.3):
            self.press(self.told("Restart web-1?"), "Yes")
            self.told("answered: **Yes**")
        assert self.stackstorm.account.resumed == {}
        self.waited(lambda: self.stackstorm.account.resumed)
        self.bridge.tend()
        self.waited(lambda: self.state(id) == "done")
        assert self.stackstorm.account.resumed == {id: 1}
        assert len(self.resumes()) == 1

    def test_one_whose_sensor_was_killed_after_the_answer_is_seen_to_by_the_next(self) -> None:
        id = self.ask(waits=False)
        records = self.bridge._answers._records
        inquiries.respond(self.stackstorm.account, id, {"approved": True}, "stanley")
        given = {"state": "given", "answer": {"approved": True}, "by": "ada"}
        records.write(records.read(id)._replace(**given))
        self.start()
        self.bridge.tend()
        self.told("answered: **Yes**")
        self.waited(lambda: self.stackstorm.account.resumed == {id: 1})

    def test_what_somebody_has_paused_stays_so(self) -> None:
        id = self.ask(waits=False)
        account = self.stackstorm.account
        workflow = account.executions[account.executions[id]["parent"]]
        workflow["context"]["paused_by"] = "admin"
        with mock.patch.object(waiting_workflows, "READY_SECONDS", 0.3):
            self.press(self.told("Restart web-1?"), "Yes")
            self.told("answered: **Yes**")
        self.waited(lambda: self.state(id) == "done")
        assert not self.resumes()

    def test_one_that_waits_for_its_next_question_is_not_resumed(self) -> None:
        id = self.ask(waits=False)
        account = self.stackstorm.account
        parent = account.executions[id]["parent"]
        account.add_execution("core.ask", {}, {}, parent=parent)["status"] = "pending"
        with mock.patch.object(waiting_workflows, "READY_SECONDS", 0.3):
            self.press(self.told("Restart web-1?"), "Yes")
            self.told("answered: **Yes**")
        self.waited(lambda: self.state(id) == "done")
        assert not self.resumes()

    def test_one_that_may_not_be_resumed_operations_are_told_of(self) -> None:
        self.config["mattermost"]["operations_channel"] = "town-square"
        self.start()
        self.stackstorm.faults.add("status", method="PUT", path="^/v1/executions/", status=403)
        id = self.ask(waits=False)
        with mock.patch.object(waiting_workflows, "READY_SECONDS", 0.3):
            self.press(self.told("Restart web-1?"), "Yes")
            self.told("answered: **Yes**")
        parent = self.stackstorm.account.executions[id]["parent"]
        assert f"st2 execution resume {parent}" in self.told("stays paused")["message"]

    def state(self, id: str) -> str:
        return str(self.bridge._answers._records.read(id).state)

    def resumes(self) -> List[Any]:
        return list(self.sandbox.journal.find(path="^/v1/executions/", method="PUT"))
