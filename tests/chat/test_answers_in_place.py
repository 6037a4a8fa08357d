"""What comes of a click on a list or a question is told right below it, for as long as Mattermost
takes answers to its command, and in a direct message after that."""

from __future__ import annotations

import time
from typing import Any, List

from chat_sensor_case import KEY, ChatSensorCase

from pagerduty_mattermost.cards import buttons, whole_card
from sandbox.mattermost.person import ChatPerson
from sandbox.waiting import until


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

    def asked(self, text: str) -> Any:
        """The question after it, where no dialog can be opened any more."""
        before = len(self.ada.seen())
        assert self.ada.command("incidents", f"/pd {text}").status_code == 200
        self.sandbox.clock.advance(31)
        assert self.handle()[0] is True
        assert not self.ada.dialogs()
        return self.ada.seen()[before:][-1]

    def test_a_question_is_a_dialog_whose_outcome_stands_below_the_command(self) -> None:
        first, second = (self.account.trigger("Database", title) for title in "ab")
        before = len(self.ada.seen())
        self.ada.command("incidents", f"/pd resolve {first.number} {second.number} It is over")
        assert self.handle()[0] is True
        assert first.status == "triggered"
        (dialog,) = self.ada.dialogs()
        shown = dialog.dialog
        assert (shown["title"], shown["submit_label"], shown["elements"]) == (
            "Resolve",
            "Resolve",
            [],
        )
        lines = shown["introduction_text"].split("\n")
        assert lines[0] == "Resolve these 2 incidents, with the note “It is over”?"
        assert [line[:7] for line in lines[1:]] == [
            f"- [#{one.number} " + one.title for one in (first, second)
        ]
        assert self.ada.submit(dialog, {}).json() == {}
        assert self.handle()[0] is True
        assert (first.status, second.status) == ("resolved", "resolved")
        (told,) = self.ada.seen()[before:]
        assert told.message.startswith("Resolved ")
        assert not self.direct_messages()

    def test_what_is_wrong_or_so_already_is_said_and_not_asked(self) -> None:
        first, second = (self.account.trigger("Database", title) for title in "ab")
        for text, told in (
            (f"merge {first.number} into {first.number}", "can't be merged into itself"),
            ("merge 77 into 78", "no incident with the number 78"),
            (f"run {first.number} No such", "there is no incident workflow 'No such'"),
        ):
            before = len(self.ada.seen())
            self.ada.command("incidents", f"/pd {text}")
            self.handle()
            assert told in self.ada.seen()[before:][-1].message, text
        for one in (first, second):
            self.account.acknowledge(one, "grace@example.com")
        told = self.typed(f"ack {first.number} {second.number}").message
        assert "is acknowledged already by Grace Hopper" in told
        assert not self.ada.dialogs()

    def test_questions_name_people_titles_and_times(self) -> None:
        one = self.account.trigger("Database", "Slow")
        for text, act, said in (
            (
                "page Platform rotation about the shop is down --service Database",
                "Page",
                "Platform rotation (Linus Ex",
            ),
            (f"run {one.number} Major incident", "Run", f"on [#{one.number} Slow]("),
            ("override Platform rotation for 2h by @mei", "Override", "Mei Tanaka on call for Pl"),
            (
                "maintenance Database for 9d",
                "Start maintenance",
                "Database in maintenance from ",
            ),
            ("take Platform rotation for 9d", "Take over", "you on call for Platform rotation"),
        ):
            known = {dialog.id for dialog in self.ada.dialogs()}
            self.ada.command("incidents", f"/pd {text}")
            assert self.handle()[0] is True, text
            (shown,) = [d.dialog for d in self.ada.dialogs() if d.id not in known]
            assert shown["title"] == act
            assert said in shown["introduction_text"].replace("\u200b", ""), shown
        assert not self.account.catalog["maintenance_windows"]

    def test_cancel_does_nothing_and_says_so(self) -> None:
        first, second = (self.account.trigger("Database", title) for title in "ab")
        asked = self.asked(f"ack {first.number} {second.number}")
        before = len(self.ada.seen())
        self.ada.click(asked, "cancel")
        seen = until(lambda: self.ada.seen()[before:])
        assert seen[0].message == "Nothing was done."
        self.ada.click(asked, "confirm")
        until(lambda: len(self.ada.seen()) > before + 1)
        assert first.status == "triggered"

    def test_a_question_is_answered_below_it_and_a_second_click_as_well(self) -> None:
        first, second = (self.account.trigger("Database", title) for title in "ab")
        asked = self.asked(f"ack {first.number} {second.number}")
        (told,) = self.clicked(asked, "confirm")
        assert told.message.startswith("Acknowledged ")
        before = len(self.ada.seen())
        assert self.ada.click(asked, "confirm").status_code == 200
        seen = until(lambda: self.ada.seen()[before:])
        assert "Done already" in seen[0].message
        assert not self.direct_messages()

    def test_a_question_too_old_is_told_below_it(self) -> None:
        first, second = (self.account.trigger("Database", title) for title in "ab")
        asked = self.asked(f"ack {first.number} {second.number}")
        late = time.time() + buttons.CONFIRM_SECONDS + 1
        self.sensor.endpoint._clock = lambda: late
        before = len(self.ada.seen())
        assert self.ada.click(asked, "confirm").status_code == 200
        seen = until(lambda: self.ada.seen()[before:])
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

    def test_show_is_the_card_with_details_notes_and_buttons(self) -> None:
        one = self.account.trigger(
            "Database",
            "Slow",
            details={"host": "db-1", "lines": "\n".join("x" * 90 for _ in "abcd")},
        )
        self.account.annotate(one, "It is the disk", user="grace@example.com")
        shown = self.typed(f"show {one.number}")
        assert shown.message == ""
        head, *rest = shown.attachments
        assert head["title"] == f"#{one.number} Slow"
        assert "**Triggered**" in head["text"]
        text = "\n".join(part["text"] for part in rest)
        for word in ("db-1", "x" * 90, "**Grace Hopper**", "It is the disk", "Escalation policy"):
            assert word in text, word
        assert [one["name"] for one in head["actions"]] == [
            "Acknowledge",
            "Resolve",
            "Note…",
            "More…",
        ]
        (told,) = self.clicked(shown, "acknowledge")
        assert told.message.startswith("Acknowledged ")
        assert "**Acknowledged** by" in told.attachments[0]["text"]
        assert self.shown(told)[0] == ["Resolve", "Note…", "More…"]
        known = len(self.ada.dialogs())
        assert self.ada.click(told, "note").status_code == 200
        dialog = self.ada.dialogs()[known:][0]
        assert f"#{one.number} Slow" in dialog.dialog["introduction_text"]
        before = len(self.ada.seen())
        assert self.ada.submit(dialog, {"text": "Replaced"}).json() == {}
        assert self.handle()[0] is True
        (told,) = self.ada.seen()[before:]
        assert told.message.startswith("Noted on ")
        assert "Replaced" in "".join(part["text"] for part in told.attachments)

    def test_details_of_a_card_open_for_whoever_asks_alone(self) -> None:
        one = self.account.trigger("Database", "Slow", details={"host": "db-1"})
        token = self.token(one, "more")
        late = self.trigger()
        context = {"token": token, "selected_option": "details"}
        self.click("", context=context, trigger_id=self.trigger())
        assert self.handle()[0] is True
        (dialog,) = self.ada.dialogs()
        assert "db-1" in dialog.dialog["introduction_text"]
        assert (dialog.dialog["elements"], dialog.dialog["submit_label"]) == ([], "Close")
        assert self.ada.submit(dialog, {}).json() == {}
        self.sandbox.clock.advance(31)
        self.click("", context=context, trigger_id=late)
        assert self.handle()[0] is True
        assert "db-1" in self.direct_messages()[-1]

    def test_the_other_alerts_of_a_group_are_named_with_their_links_and_counted(self) -> None:
        one = self.account.trigger("Database", "Slow", details={"host": "db-1"})
        for number in range(3):
            other = self.account.trigger("Database", f"Slow on db-{number + 2} @all")
            self.sandbox.clock.advance(1)
            self.account.merge(one, [other])
        text = self.whole(one)
        assert "db-1" in text
        assert "**3 more alerts**" in text
        for number in range(3):
            assert f"Slow on db-{number + 2} " in text
        assert text.count("/alerts/") == 3
        assert "@all" not in text
        for number in range(20):
            self.account.merge(one, [self.account.trigger("Database", f"Node {number}")])
        text = self.whole(one)
        assert "**23 more alerts**" in text
        assert text.count("/alerts/") == whole_card.MAX_ALERTS
        assert "8 more in PagerDuty" in text
        self.sandbox.pagerduty.faults.add("status", status=403, path=r"/alerts\?")
        text = self.whole(one)
        assert "**23 more alerts**" in text
        assert "see them in PagerDuty" in text

    def test_no_answer_is_read_as_slacks_markup(self) -> None:
        """Else what stands between `<` and `|` is a link that eats the words."""
        one = self.account.trigger("Database", "Slow", details={"on": "<sda|sdb> and `<x|y>`"})
        assert "`<x|y>`" in self.whole(one)
        answer = self.ada.command("incidents", "/pd page").json()
        assert "`/pd page <@user, schedule" in answer["text"]
        assert answer["skip_slack_parsing"] is True

    def whole(self, one: Any) -> str:
        """What /pd show says of it."""
        shown = self.typed(f"show {one.number}")
        return "\n".join(part["text"] for part in shown.attachments)

    def trigger(self) -> str:
        """One of Ada's, as a click brings it."""
        from sandbox.mattermost import triggers

        return triggers.new(self.sandbox.mattermost.service, self.ada.id)[1]

    def test_rows_do_not_repeat_the_day_of_today(self) -> None:
        self.account.trigger("Database", "Slow")
        (row,) = self.typed("list").attachments
        assert row["text"].rsplit(" · ", 1)[-1].count(":") == 1
        assert " Nov " not in row["text"]

    def storm(self, service: str) -> Any:
        """What the buttons of its storm's card send."""
        made = buttons.of_service(service, self.url, KEY, time.time(), triggered=True)
        assert [one["name"] for one in made] == ["Acknowledge all", "List"]
        return {one["name"]: one["integration"]["context"]["token"] for one in made}

    def test_a_storms_buttons_list_what_is_open_and_acknowledge_all_once_asked(self) -> None:
        made = [self.account.trigger("Database", f"Slow {number}") for number in range(3)]
        other = self.account.trigger("Checkout API", "Elsewhere")
        tokens = self.storm(self.account.find("services", "Database")["id"])
        self.click(tokens["List"], trigger_id=self.trigger())
        assert self.handle()[0] is True
        (dialog,) = self.ada.dialogs()
        assert dialog.dialog["title"] == "Open incidents"
        for one in made:
            assert f"#{one.number} {one.title}" in dialog.dialog["introduction_text"]
        assert "Elsewhere" not in dialog.dialog["introduction_text"]
        self.ada.submit(dialog, {})
        self.click(tokens["Acknowledge all"], trigger_id=self.trigger())
        assert self.handle()[0] is True
        assert {one.status for one in made} == {"triggered"}
        (dialog,) = self.ada.dialogs()
        question = dialog.dialog["introduction_text"]
        assert question.startswith("Acknowledge these 3 incidents?\n- [#")
        assert self.ada.submit(dialog, {}).json() == {}
        assert self.handle()[0] is True
        assert {one.status for one in made} == {"acknowledged"}
        assert other.status == "triggered"
        assert any(told.startswith("Acknowledged ") for told in self.direct_messages())
        assert "still open" not in self.direct_messages()[-1]
        self.click(tokens["Acknowledge all"], trigger_id=self.trigger())
        self.handle()
        assert "nothing is triggered on this service any more" in self.direct_messages()[-1]

    def test_what_came_of_acknowledge_all_stands_in_the_thread_of_the_card(self) -> None:
        made = [self.account.trigger("Database", f"Slow {number}") for number in range(3)]
        service = self.sandbox.mattermost.service
        channel = self.sandbox.mattermost.account.channel("incidents")
        service.add_member("incidents", self.sandbox.mattermost.world.bot.username)
        card = service.say("mei", "incidents", "Storm of incidents on Database")
        tokens = self.storm(self.account.find("services", "Database")["id"])
        self.click(
            tokens["Acknowledge all"],
            trigger_id=self.trigger(),
            post_id=card.id,
            channel_id=channel.id,
        )
        assert self.handle()[0] is True
        (dialog,) = self.ada.dialogs()
        assert not dialog.dialog["notify_on_cancel"]
        assert self.ada.submit(dialog, {}).json() == {}
        assert self.handle()[0] is True
        assert {one.status for one in made} == {"acknowledged"}
        (told,) = [post for post in service.thread(card) if post.id != card.id]
        assert told.message.startswith("Acknowledged [#")
        assert "in the name of `ada@example.com`." in told.message
        sent = [said for said in self.direct_messages() if said.startswith("Acknowledged")]
        assert len(sent) == 1, "and nowhere else"
