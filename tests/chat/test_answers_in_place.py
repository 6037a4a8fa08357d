"""What comes of a click on a list or a question is told right below it, for as long as Mattermost
takes answers to its command, and in a direct message after that."""

from __future__ import annotations

import time
from typing import Any, List

from chat_sensor_case import KEY, ChatSensorCase

from pagerduty_mattermost.cards import buttons
from sandbox.chat_room import until
from sandbox.mattermost.person import ChatPerson


class AnswersInPlaceTestCase(ChatSensorCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.with_command()
        self.ada = ChatPerson(self.sandbox.mattermost, "ada")

    def typed(self, text: str) -> Any:
        """The post that answers it."""
        before = len(self.ada.seen())
        assert self.ada.command("incidents", f"/pd {text}").status_code == 200
        assert self.handle()[0] is True
        return self.ada.seen()[before:][-1]

    def clicked(self, post: Any, action: str) -> List[Any]:
        """What Ada sees of it that she had not seen."""
        before, orders = len(self.ada.seen()), len(self.orders())
        assert self.ada.click(post, action).status_code == 200
        if len(self.orders()) > orders:
            self.handle()
        return list(self.ada.seen()[before:])

    def shown(self, post: Any) -> List[List[str]]:
        return [[one["name"] for one in row.get("actions") or ()] for row in post.attachments]

    def test_a_click_in_a_list_is_answered_below_it_with_the_list_as_it_is_now(self) -> None:
        made = [self.account.trigger("Database", f"Slow {number}") for number in range(2)]
        self.account.trigger("Checkout API", "Elsewhere")
        listing = self.typed("list on Database")
        (told,) = self.clicked(listing, "acknowledge0")
        assert made[1].status == "acknowledged"
        assert told.message.startswith(f"Acknowledged [#{made[1].number} Slow 1]")
        assert "2 incidents on Database:" in told.message
        assert "still open" not in told.message, "the list says it"
        assert self.shown(told) == [["Resolve"], ["Acknowledge", "Resolve"]]
        (again,) = self.clicked(listing, "acknowledge0")
        assert "is acknowledged already by Ada Lovelace" in again.message
        (told,) = self.clicked(told, "resolve0")
        assert made[1].status == "resolved"
        assert self.shown(told) == [["Acknowledge", "Resolve"]]
        (told,) = self.clicked(told, "resolve0")
        assert told.message.endswith("No incident on Database.")
        assert not self.direct_messages(), "all five answers of the command were enough"

    def test_after_five_answers_it_comes_in_a_direct_message_that_names_the_incident(self) -> None:
        one = self.account.trigger("Database", "Slow")
        listing = self.typed("list")
        for _ in range(4):
            self.clicked(listing, "acknowledge0")
        assert not self.direct_messages()
        assert self.clicked(listing, "acknowledge0") == []
        (told,) = self.direct_messages()
        assert told.startswith(f"[#{one.number} Slow](")
        assert "acknowledged already" in told

    def test_a_failure_names_the_act_and_its_incident(self) -> None:
        one = self.account.trigger("Database", "Slow")
        listing = self.typed("list")
        self.config["chat"]["allowed"] = {"resolve": ["@grace"]}
        (told,) = self.clicked(listing, "resolve0")
        assert told.message.startswith(f":warning: **Resolve** of [#{one.number} Slow](")
        assert one.status == "triggered"

    def test_a_question_is_answered_below_it_and_a_second_click_as_well(self) -> None:
        first, second = (self.account.trigger("Database", title) for title in "ab")
        asked = self.typed(f"ack {first.number} {second.number}")
        (told,) = self.clicked(asked, "confirm")
        assert told.message.startswith("Acknowledged ")
        before = len(self.ada.seen())
        assert self.ada.click(asked, "confirm").status_code == 200
        seen = until(lambda: self.ada.seen()[before:], 5)
        assert "Done already" in seen[0].message
        assert not self.direct_messages()

    def test_a_question_too_old_is_told_below_it(self) -> None:
        first, second = (self.account.trigger("Database", title) for title in "ab")
        asked = self.typed(f"ack {first.number} {second.number}")
        late = time.time() + buttons.CONFIRM_SECONDS + 1
        self.sensor.endpoint._clock = lambda: late
        before = len(self.ada.seen())
        assert self.ada.click(asked, "confirm").status_code == 200
        seen = until(lambda: self.ada.seen()[before:], 5)
        assert "too old" in seen[0].message

    def test_an_answer_goes_to_the_configured_server_alone(self) -> None:
        """Whatever a token says."""
        one = self.account.trigger("Database", "Slow")
        about = {"v": "resolve", "i": one.id, "r": 1, "l": '{"verb": "list"}'}
        for hook in ("http://evil.example/hooks/commands/h", "/hooks/../api/v4/posts", 7, None):
            token = buttons.sign(KEY, buttons.PURPOSE, {**about, "h": hook}, int(time.time()) + 60)
            assert self.click(token).status_code == 200
            assert "evil" not in self.orders()[-1]["hook"]
            assert "api" not in self.orders()[-1]["hook"]
