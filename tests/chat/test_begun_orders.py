"""An order that comes again after what carried it out was killed: nothing is sent twice, its giver
hears what became of each request, and it is kept as a failed command.

The commands are those of `command_rows.py`, each killed right after its last request.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Dict, List
from unittest import mock

import pytest
from changing_commands import CHANGING, staged
from chat_case import ChatCase
from chat_handle import ChatHandle
from typed_effects import Row

from pagerduty_mattermost.chat import handle
from pagerduty_mattermost.gateways.pagerduty import incident_updates

NOT_SHOWN = ("run [id] <workflow>", "override cancel <id>")
"""Whether these were carried out PagerDuty does not show."""


class OrdersCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.world = self.sandbox.mattermost.world
        self.settings["chat"] = {"confirm": []}

    def order(self, text: str, who: str = "ada", **more: Any) -> Dict[str, Any]:
        said = {"kind": "command", "text": text, "user_id": self.world.users[who].id}
        return {"id": uuid.uuid4().hex, **said, "valid_until": time.time() + 60, **more}

    def handle(self, order: Dict[str, Any]) -> Any:
        self.action_cls = ChatHandle
        action = self.get_action_instance(config=dict(self.settings))
        action.action_service = self.service
        action.sleep = lambda _: None
        return action.run(order=order)

    def killed(self, order: Dict[str, Any], *, after: str = "begun") -> None:
        """Carry it out, and leave the datastore as it was before its end was written there."""
        write, last = self.service.set_value, {}

        def kept(name: str, value: str, *args: Any, **terms: Any) -> Any:
            if ".audit." in name and json.loads(value)["data"]["result"] == after:
                last[name] = value
            return write(name, value, *args, **terms)

        with mock.patch.object(self.service, "set_value", kept):
            self.handle(order)
        assert len(last) == 1, order
        for name, value in last.items():
            write(name, value, local=False)

    def heard(self) -> List[str]:
        """What the bot told people in private."""
        sent = [
            entry.json()["message"]
            for entry in self.sandbox.journal.entries
            if entry.method == "POST" and entry.path == "/api/v4/posts"
        ]
        return [text.replace("\u200b", "").replace("\\", "") for text in sent]

    def letters(self) -> List[Any]:
        rows = self.service.list_values(local=False, prefix="pagerduty.deadletter.")
        return [json.loads(row.value)["data"] for row in rows]


class BegunOrdersTestCase(OrdersCase):
    __test__ = True

    def play(self, row: Row) -> None:
        typed = staged(self, row).typed
        channel = self.world.channels[row.channel].id
        order = self.order(typed, row.who, channel_id=channel)
        self.killed(order)
        before, told = len(self.written()), len(self.heard())
        done, line = self.handle(order)
        assert done is False
        assert "is not carried out again" in line
        sent = [one for one in self.written()[before:] if not one[2].startswith("/api/v4")]
        sent = [one for one in sent if not one[2].startswith("/hooks")]
        assert sent == [], "nothing is sent twice"
        outcome = "not known" if row.usage in NOT_SHOWN else "done"
        assert f": {outcome}" in line, line
        assert ": not done" not in line
        assert "Sent to PagerDuty: the " in line or "Sent to PagerDuty: a new" in line, line
        assert any("is not carried out again" in text for text in self.heard()[told:])
        (letter,) = [one for one in self.letters() if one["action"] == "chat_handle"]
        assert "cut short by a restart" in letter["reason"]

    def test_what_was_done_to_its_end_is_only_told_again(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        order = self.order(f"escalate {one.number} to level 2")
        assert self.handle(order)[0] is True
        before = len(self.account.log)
        assert self.handle(order)[0] is True
        assert len(self.account.log) == before
        assert "is done already" in self.heard()[-1]
        assert self.letters() == []

    def test_an_order_that_was_killed_before_it_did_anything_is_carried_out(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        order = self.order(f"escalate {one.number} to level 2")
        with mock.patch.object(handle, "run", side_effect=KeyboardInterrupt), pytest.raises(
            KeyboardInterrupt
        ):
            self.handle(order)
        assert self.handle(order)[0] is True
        assert "to Grace Hopper" in self.heard()[-1]

    def test_what_was_begun_in_time_is_looked_up_although_a_minute_passed(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        order = self.order(f"note {one.number} Looking")
        self.killed(order)
        late = {**order}
        with mock.patch.object(ChatHandle, "clock", staticmethod(lambda: time.time() + 3600)):
            done, line = self.handle(late)
        assert (done, "the note: done" in line) == (False, True), line
        assert len(one.notes) == 1

    def test_an_order_that_came_too_late_is_told(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        order = self.order(f"note {one.number} Looking", valid_until=time.time() - 1)
        assert self.handle(order)[1]["done"] == "too_late"
        assert "Not done: it waited for more than a minute" in self.heard()[-1]
        assert one.notes == []

    def test_a_replay_by_hand_is_an_act_of_its_own(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        order = self.order(f"note {one.number} Looking")
        self.killed(order)
        assert self.handle(order)[0] is False
        assert self.handle({**order, "replayed": True})[0] is True
        assert len(one.notes) == 2

    def test_an_unsubscription_that_was_begun_takes_no_other_subscription(self) -> None:
        channel = self.world.channels["incidents"].id
        for urgency in ("high", "low"):
            order = self.order(f"subscribe --urgency {urgency}", channel_id=channel)
            assert self.handle(order)[0] is True
        order = self.order("unsubscribe 1", channel_id=channel)
        self.killed(order)
        assert self.handle(order)[0] is False
        left = self.service.list_values(local=False, prefix="pagerduty.subscription.")
        assert len(left) == 1


class HalfDoneTestCase(OrdersCase):
    """The second request of a bulk fails."""

    __test__ = True

    def half(self, text: str = "") -> Any:
        made = [self.account.trigger("Checkout API", str(number)) for number in range(3)]
        with mock.patch.object(incident_updates, "MAX_BULK", 2):
            self.sandbox.pagerduty.faults.add("status", status=403, method="PUT", skip=1)
            numbers = " ".join(str(one.number) for one in made)
            done, line = self.handle(self.order(f"resolve {numbers} {text}".strip()))
        self.sandbox.pagerduty.faults.clear()
        assert done is False
        return made, line

    def acts(self) -> List[Dict[str, Any]]:
        rows = self.service.list_values(local=False, prefix="pagerduty.audit.")
        return [json.loads(row.value)["data"] for row in rows]

    def test_what_is_done_and_what_is_not_stands_in_chat_and_audit(self) -> None:
        made, line = self.half()
        numbers = [f"#{one.number}" for one in made]
        said = f"Resolved: {numbers[0]}, {numbers[1]}. Not resolved: {numbers[2]}."
        assert line.startswith(said)
        assert said in self.heard()[-1]
        (act,) = self.acts()
        assert act["result"] == "failed"
        assert act["reason"].startswith(said)
        assert act["incidents"] == [made[0].id, made[1].id]
        assert act["person"] == "ada@example.com"
        (letter,) = self.letters()
        assert letter["reason"].startswith(said)

    def test_the_note_stands_on_what_was_resolved(self) -> None:
        made, _ = self.half("Rolled back")
        assert [len(one.notes) for one in made] == [1, 1, 0]

    def test_subscriptions_that_are_half_ended_are_told(self) -> None:
        channel = self.world.channels["incidents"].id
        for urgency in ("high", "low"):
            self.handle(self.order(f"subscribe --urgency {urgency}", channel_id=channel))
        delete, keys = self.service.delete_value, []

        def broken(name: str, *args: Any, **terms: Any) -> Any:
            if ".subscription." in name:
                keys.append(name)
                if name != keys[0]:
                    raise ConnectionError("away")
            return delete(name, *args, **terms)

        with mock.patch.object(self.service, "delete_value", broken):
            done, line = self.handle(self.order("unsubscribe all", channel_id=channel))
        assert done is False
        assert line.startswith("Ended: ")
        assert ". Not ended: " in line

    def test_a_part_that_failed_stands_in_the_audit(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.sandbox.pagerduty.faults.add("status", status=403, method="POST", times=1)
        self.handle(self.order(f"resolve {one.number} Rolled back"))
        assert "The note is not there" in self.heard()[-1]
        (act,) = self.acts()
        assert (act["result"], act["incidents"]) == ("failed", [one.id])
        assert "The note is not there" in act["reason"]


def _add(row: Row, index: int) -> None:
    def test(self: BegunOrdersTestCase) -> None:
        self.play(row)

    word = f"test_{row.usage.split(' [')[0].split(' <')[0]}_{index}".replace(" ", "_")
    setattr(BegunOrdersTestCase, word, test)


for _index, _row in enumerate(CHANGING):
    _add(_row, _index)
