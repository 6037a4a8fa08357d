"""deadletter.list, .replay and .drop: what failed is kept with its reason; acts from chat only for
a hand."""

from __future__ import annotations

import json
from typing import Any, Dict, List
from unittest.mock import Mock

from datastore_double import Service
from example_beginnings import changed, clicked
from example_case import ExampleCase

from pagerduty_mattermost.action_bases.pack_action import KEEP_AGAIN_SECONDS
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations.dead_letters import ALARM_LETTERS, DeadLetter, keep

DOWN = {"status": 503}


def raw(number: int, **more: Any) -> str:
    made = DeadLetter(
        "", "post_once", {}, "permanent", "why", 1e9 + number, 1e9 + number, 1, 1e9
    )._replace(**more)
    value = made._asdict()
    del value["id"]
    return json.dumps({"v": 1, "data": value})


class DeadLettersTestCase(ExampleCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.done("identity.link", user="ada", pagerduty_user="ada@example.com")

    def listed(self, **asked: Any) -> List[Dict[str, Any]]:
        return list(self.done("deadletter.list", **asked)["letters"])

    def posts_fail(self, count: int = 1) -> None:
        for number in range(count):
            self.chat.server.faults.add("status", method="POST", path="/posts$", **DOWN)
            self.left_for_later(
                "mattermost.post_once", channel="incidents", message=f"m{number}", key=f"k{number}"
            )
        self.chat.server.faults.clear()

    def slept(self, seconds: float) -> None:
        """Time stands still between the tries of an action."""

    def clicks_in_vain(self) -> Dict[str, Any]:
        order = {**clicked(self), "hook": "/hooks/commands/secret-of-the-answer"}
        self.server.faults.add("status", method="PUT", path="^/incidents", **DOWN)
        self.refused("chat.handle", order=order)
        self.server.faults.clear()
        return order

    def test_a_list_tells_all_that_failed_and_what_becomes_of_it(self) -> None:
        self.posts_fail()
        change = changed(self)
        self.left_for_later("mattermost.post_incident", change=change, channel="nowhere")
        order = self.clicks_in_vain()
        found = self.listed()
        by_kind = {one["kind"]: one for one in found}
        assert (len(found), set(by_kind)) == (3, {"retryable", "blocked", "act"})
        assert by_kind["blocked"]["incident_id"] == change["incident"]["id"]
        assert "no channel ~nowhere" in by_kind["blocked"]["reason"]
        assert by_kind["act"]["incident_id"] == order["incident"]
        assert by_kind["act"]["next_at"] == ""
        assert [(one["attempts"], one["first_failed_at"]) for one in found] == [
            (1, "2026-11-21T03:45:10Z")
        ] * 3
        assert [one["kind"] for one in self.listed(kind="act")] == ["act"]
        assert [one["kind"] for one in self.listed(incident_id=change["incident"]["id"])] == [
            "blocked"
        ]
        assert [
            one["kind"] for one in self.listed(incident_id=f"#{change['incident']['number']}")
        ] == ["blocked"]
        self.now += 7200
        self.posts_fail(2)
        assert len(self.listed(since="1h")) == 2, "also what has failed again"
        (last,) = self.listed(maximum=1, parameters=True)
        assert last["parameters"]["key"] == "k1"
        message = self.done("deadletter.list")["message"]
        assert message.startswith("4 failed posts and commands: ")
        assert f"`{last['id']}`" in message
        assert self.done("chat.run", verb="deadletters")["message"] == message
        assert self.done("deadletter.list", incident_id="PNONE")["message"].startswith(
            "No failed posts or commands"
        )

    def test_a_reason_is_inert_where_it_is_posted(self) -> None:
        store = Store(self.get_action_instance(config=self.settings).action_service)
        keep(store, "post_once", {"key": "k"}, "permanent", "a|b @all", 1.0, Mock())
        assert "a" in self.done("deadletter.list")["message"]
        assert "@all" not in self.done("deadletter.list")["message"]

    def test_replayed_by_hand_each_tells_how_it_went(self) -> None:
        self.posts_fail(2)
        first, second = (one["id"] for one in self.listed())
        result = self.done("deadletter.replay", ids=[first, "nothing"])
        assert [one["done"] for one in result["letters"]] == ["replayed", "not_found"]
        assert result["message"] == "1 of 1 retried. No failed post or command: nothing."
        self.chat.server.faults.add("status", method="POST", path="/posts$", **DOWN)
        again = self.refused("deadletter.replay", all=True)
        assert again.startswith("0 of 1 retried."), again
        assert "503" in again
        (left,) = self.listed()
        assert (left["id"], left["attempts"]) == (second, 2)
        self.chat.server.faults.clear()
        assert self.done("deadletter.replay", all=True)["replayed"] == 1
        assert self.listed() == []
        assert self.chat.created() == 2

    def test_without_ids_or_all_nothing_is_replayed_or_dropped(self) -> None:
        for name in ("deadletter.replay", "deadletter.drop"):
            assert "Give either ids" in self.refused(name)
            assert "Give either ids" in self.refused(name, ids=["a"], all=True)

    def test_an_id_that_is_none_fails_the_action(self) -> None:
        self.posts_fail()
        for name in ("deadletter.replay", "deadletter.drop"):
            assert self.refused(name, ids=["63e643b98c"]) == (
                "No failed post or command: 63e643b98c. It was dropped, or is mistyped; "
                "pagerduty.deadletter.list shows those that are left"
            )
        assert len(self.listed()) == 1

    def test_what_became_of_one_that_is_kept_no_more_is_said(self) -> None:
        self.posts_fail(3)
        caught, by_hand, dropped = (one["id"] for one in self.listed())
        self.done("deadletter.replay", ids=[by_hand])
        self.done("deadletter.drop", ids=[dropped])
        assert self.done("mattermost.catch_up", is_back=True)["caught_up"] == 1
        self.chat.server.faults.add("status", method="POST", path="/posts$", **DOWN)
        self.left_for_later("mattermost.post_once", channel="incidents", message="x", key="x")
        self.chat.server.faults.clear()
        (left,) = (one["id"] for one in self.listed())
        at = "at 21 Nov 2026 03:45 UTC"
        for id, end in (
            (caught, f"caught up {at}"),
            (by_hand, f"retried by hand {at}"),
            (dropped, f"dropped by hand {at}"),
        ):
            for name in ("deadletter.replay", "deadletter.drop"):
                assert self.refused(name, ids=[id]) == f"{id} was {end}."
            assert self.done("deadletter.list", incident_id=id)["message"] == f"It was {end}."
            said = self.done("chat.run", verb="deadletters", text=id)
            assert said["message"] == f"It was {end}."
        assert [one["id"] for one in self.listed(incident_id=left)] == [left]
        result = self.done("deadletter.replay", ids=[left, caught, "nothing"])
        assert result["message"] == (
            f"1 of 1 retried. {caught} was caught up {at}. No failed post or command: nothing."
        )
        assert result["letters"][1]["message"] == f"It was caught up {at}."

    def test_what_is_dropped_is_gone(self) -> None:
        self.posts_fail(3)
        first = self.listed()[0]["id"]
        assert self.done("deadletter.drop", ids=[first, "nothing"])["not_found"] == ["nothing"]
        assert len(self.done("deadletter.drop", all=True)["dropped"]) == 2
        assert self.listed() == []
        assert self.chat.created() == 0

    def test_an_act_is_replayed_by_its_id_alone_with_a_warning_and_as_who_asked(self) -> None:
        order = self.clicks_in_vain()
        self.now += 3600
        assert self.done("mattermost.catch_up")["by_hand"] == 1
        everything = self.done("deadletter.replay", all=True)
        assert everything["letters"] == []
        assert "Left out as commands from chat: 1;" in everything["message"]
        assert self.account.incidents[order["incident"]].status == "triggered"
        (one,) = self.listed(parameters=True)
        assert "hook" not in one["parameters"]["order"]
        result = self.done("deadletter.replay", ids=[one["id"]])
        assert result["replayed"] == 1
        assert "A command from chat of 21 Nov 2026 03:45 UTC" in result["letters"][0]["warning"]
        assert self.account.incidents[order["incident"]].status == "acknowledged"
        assert self.listed() == []
        sent = [entry for entry in self.server.journal.entries if entry.method == "PUT"]
        assert sent[-1].headers.get("from") == "ada@example.com"

    def test_an_act_whose_replay_is_cut_off_says_that_it_may_be_done(self) -> None:
        self.clicks_in_vain()
        (one,) = self.listed()
        delete = self.service.delete_value
        self.service.delete_value = Mock(side_effect=ConnectionError)
        assert "datastore failed" in self.refused("deadletter.replay", ids=[one["id"]])
        self.service.delete_value = delete
        (left,) = self.listed()
        assert left["kind"] == "act"
        assert "whether it was done is not known" in left["reason"]

    def datastore_fails(self, times: int) -> List[str]:
        """The next writes fail so often; what was written in vain."""
        failed: List[str] = []
        write = self.service.set_value

        def written(name: str, *given: Any, **named: Any) -> Any:
            if len(failed) < times:
                failed.append(name)
                raise ConnectionError("st2api is down")
            return write(name, *given, **named)

        self.service.set_value = written
        return failed

    def test_what_a_rule_asked_for_waits_for_the_datastore_and_is_kept(self) -> None:
        self.chat.server.faults.add("status", method="POST", path="/posts$", **DOWN)
        failed = self.datastore_fails(20)
        self.left_for_later("mattermost.post_once", channel="incidents", message="m", key="k")
        assert len(failed) == 20
        self.service.set_value = Service.set_value.__get__(self.service)
        assert len(self.listed()) == 1

    def test_it_ends_when_the_datastore_does_not_come_back(self) -> None:
        self.chat.server.faults.add("status", method="POST", path="/posts$", **DOWN)
        self.datastore_fails(10**6)
        line = self.refused("mattermost.post_once", channel="incidents", message="m", key="k")
        assert "datastore failed" in line
        assert sum(KEEP_AGAIN_SECONDS) > 300, "StackStorm's time is over before"

    def test_a_persons_mistake_fails_once_and_waits_for_nothing(self) -> None:
        failed = self.datastore_fails(10**6)
        for given in ({"channel": "no-such-channel"}, {"mention": "everybody"}):
            self.refused("mattermost.post_incident", incident_id="1", **given)
        self.refused("mattermost.repaint_incident", incident_id="PNONE")
        assert not [name for name in failed if "deadletter" in name]

    def test_an_act_that_waited_too_long_is_kept_too(self) -> None:
        order = {**clicked(self), "valid_until": self.now - 1}
        assert self.done("chat.handle", order=order)["done"] == "too_late"
        (one,) = self.listed()
        assert (one["kind"], one["reason"]) == (
            "act",
            "It waited for more than a minute, so it was void",
        )
        assert self.done("deadletter.replay", ids=[one["id"]])["replayed"] == 1
        assert self.account.incidents[order["incident"]].status == "acknowledged"

    def test_a_mistake_and_what_changes_nothing_are_kept_by_nobody(self) -> None:
        order = {"id": "1", "kind": "command", "verb": "", "user_id": clicked(self)["user_id"]}
        order["valid_until"] = self.now + 60
        self.refused("chat.handle", order={**order, "text": "ack 99999"})
        self.refused("chat.handle", order={**order, "text": "no such thing"})
        self.refused("chat.run", verb="note", incidents="1")
        self.server.faults.add("status", **DOWN)
        self.refused("chat.handle", order={**order, "text": "list"})
        self.refused("chat.handle", order={**order, "text": "dry-run ack 1"})
        self.refused("chat.run", verb="list")
        assert self.listed() == []
        self.refused("chat.run", verb="resolve", incidents="1", from_email="ada@example.com")
        assert [one["action"] for one in self.listed()] == ["pagerduty.chat.run"]

    def test_a_bug_is_kept_and_holds_up_nothing(self) -> None:
        self.posts_fail()
        store = Store(self.service)
        keep(
            store,
            "chat_run",
            {"verb": "resolve", "incidents": ["odd"]},
            "permanent",
            "Unexpected",
            self.now - 1,
            None,
        )
        result = self.done("deadletter.replay", all=True)
        assert [one["done"] for one in result["letters"]] == ["failed", "replayed"]

    def test_people_are_told_before_there_are_too_many(self) -> None:
        for number in range(ALARM_LETTERS - 1):
            self.service.set_value(f"pagerduty.deadletter.{number:05}", raw(number), local=False)
        self.done("mattermost.catch_up")
        assert self.chat.messages("ops") == []
        self.service.set_value(
            f"pagerduty.deadletter.{ALARM_LETTERS:05}", raw(ALARM_LETTERS), local=False
        )
        self.done("mattermost.catch_up")
        self.done("mattermost.catch_up")
        (told,) = [message for message in self.chat.messages("ops") if "have failed" in message]
        assert "8,000 posts and commands have failed and are kept, of 10,000" in told
