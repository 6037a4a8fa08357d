"""Which incident is acted on: the one that was said, or none before it was asked about by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Tuple

import pytest
from typed_case import TypedCase

from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.verb import MANY, ONE
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.yaml_text import loaded

CASES = Path(__file__).resolve().parent.parent / "fixtures" / "cases"
WRONG_ONE = loaded((CASES / "F01_resolve_wrong_incident.yaml").read_text("utf-8"))
SPELLINGS = loaded((CASES / "F01_more_spellings.yaml").read_text("utf-8"))["commands"]
MISREAD = loaded((CASES / "F02_times_misread.yaml").read_text("utf-8"))


class TargetsTestCase(TypedCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.mei = self.account.trigger("Checkout API", "Of Mei")
        self.account.reassign(self.mei, ["Mei Tanaka"])
        self.ada = self.account.trigger("Checkout API", "Of Ada")

    def untouched(self) -> Tuple[str, int]:
        return self.ada.status, len(self.ada.notes)

    def test_what_was_typed_resolves_no_other_incident(self) -> None:
        ids = {"q0000001w9gc3h": self.mei.id.lower()}
        for text in WRONG_ONE["commands"]:
            for id, real in ids.items():
                text = text.replace(id, real)
            self.say(text)
            assert self.untouched() == ("triggered", 0), text
        assert self.mei.status == "resolved"
        assert [note.content for note in self.mei.notes] == ["fixed", "disk replaced"]

    def test_nor_does_it_however_it_is_spelt(self) -> None:
        for text in SPELLINGS:
            self.say(text)
            assert self.untouched() == ("triggered", 0), text
        assert self.mei.status == "resolved"

    def test_a_target_that_was_not_said_is_asked_about_by_name(self) -> None:
        for text, more in (
            ("resolve", ""),
            ("resolve all good now", " all good now"),
            ("ack", ""),
            ("note POSTGRES is slow", " POSTGRES is slow"),
            ("note PRIMARY is slow", " PRIMARY is slow"),
            ("priority P1", " P1"),
            ("snooze 2 hours", ""),
            ("escalate", ""),
            ("reassign @mei", " @mei"),
            ("mitigate", ""),
            ("run Major incident", " Major incident"),
        ):
            self.say(text)
            (asked,) = self.told()[-1]["attachments"]
            shown = asked["text"].replace("@\u200b", "@")
            assert f"[#{self.ada.number} Of Ada](" in shown, text
            assert more.strip() in shown, text
            assert "the only one that is open and assigned to you" in asked["text"]
            assert self.untouched() == ("triggered", 0), text
        self.say("unack")
        assert "attachments" not in self.told()[-1], "it is not acknowledged"
        self.say("resolve all good now")
        (asked,) = self.told()[-1]["attachments"]
        self.click(asked["actions"][0]["integration"]["context"]["token"])
        assert self.handle()[0] is True
        assert self.ada.status == "resolved"
        assert [note.content for note in self.ada.notes] == ["all good now"]
        assert self.mei.status == "triggered"

    def test_in_a_cards_thread_the_cards_incident_is_meant_and_a_word_in_capitals_is_none(
        self,
    ) -> None:
        root = self.card(self.mei)
        self.say("note PRIMARY is slow")
        order = {**self.orders()[-1], "root_id": root}
        assert self.handle(order)[0] is True
        assert [note.content for note in self.mei.notes] == ["PRIMARY is slow"]
        assert self.untouched() == ("triggered", 0)

    def card(self, incident: Any) -> str:
        from chat_handle import ChatHandle

        action = ChatHandle(config=self.config, action_service=self.sensor_service)
        channel = action.context.channels.using("incidents", lambda ref: ref)
        props = {"pagerduty": {"incident": incident.id}}
        return str(action.context.mattermost.create_post(channel.id, "card", props=props)["id"])

    def test_an_unread_command_is_answered_at_once_and_dispatches_nothing(self) -> None:
        before = len(self.orders())
        assert "there is no command" in self.say("xyzzy")
        assert "at most 4000 characters" in self.say("note " + "x" * 4000)
        assert "'12a' is no incident" in self.say("ack 12a")
        assert len(self.orders()) == before

    def test_what_was_read_is_carried_and_not_read_again(self) -> None:
        self.say(f"note {self.ada.number} a")
        order = {**self.orders()[-1], "text": "resolve", "id": "another"}
        self.handle(order)
        assert self.ada.status == "triggered"
        assert [note.content for note in self.ada.notes] == ["a", "a"]

    def test_what_lasts_more_than_a_week_is_confirmed_with_both_ends(self) -> None:
        for text in (
            "maintenance Database for 8d",
            "override Platform rotation from tomorrow 9:00 for 8 days",
        ):
            self.say(text)
            (asked,) = self.told()[-1]["attachments"]
            assert " until " in asked["text"]
            assert "UTC (8 d)" in asked["text"]
        database = self.account.find("services", "Database")["id"]
        assert not self.account.in_maintenance(database)
        self.click(
            self.told()[-2]["attachments"][0]["actions"][0]["integration"]["context"]["token"]
        )
        assert self.handle()[0] is True
        assert self.account.in_maintenance(database)
        assert "30 days at most" in self.say("override Platform rotation for 40d")
        assert "a week at most" in self.say(f"snooze {self.ada.number} for 9d")

    def test_a_time_with_two_readings_does_nothing(self) -> None:
        before = len(self.account.log)
        for text in MISREAD["commands"]:
            for service in ("Kubernetes", "Database"):
                told = self.say(text.replace("Kubernetes", service))
                assert " may be " in told, told
                assert "write 20" in told
        assert "more than a year ahead" in self.say("maintenance Database until 2112-01-29")
        assert "which is past" in self.say("maintenance Database until yesterday 9:00")
        assert len(self.account.log) == before


LOOKED_UP = (
    "assign_task",
    "check",
    "mark",
    "remind",
    "stage",
    "start",
    "task_add",
    "task_due",
    "task_edit",
    "task_move",
    "task_remove",
    "task_run",
)
SENTENCES = (
    "1: fixed",
    "1, fixed",
    "1. fixed",
    '"1" fixed',
    "“1” fixed",
    "(1) fixed",
    "#1 fixed",
    "incident 1 fixed",
    "pt4khlk fixed",
)


@pytest.mark.parametrize("verb", TABLE.verbs, ids=lambda verb: verb.name)
def test_no_verb_takes_an_incident_for_text(verb: Any) -> None:
    """Every verb, in each way to type it: what is said is the target, or the line is not read. But
    for those of a playbook whose first words are a task, a stage, a playbook, a post or a time:
    they are looked up, and what is none changes nothing."""
    if verb.incidents not in (ONE, MANY) or verb.name in LOOKED_UP:
        return
    for form in verb.forms:
        for begin in form.begins:
            for words in (
                *SENTENCES,
                "12a fixed",
                "1/3 fixed",
                "#x",
                "all",
                "1 or 3",
                "all incidents",
            ):
                read = parse(f"{begin} {words}")
                if not read.problem:
                    assert read.command.incidents in ("1", "PT4KHLK"), (begin, words, read)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("start Disk full", "type `/pd start [playbook] [id]`"),
        ("close 12", "resolve means that: `/pd resolve 12`"),
        ("raise Disk full", "declare means that: `/pd declare Disk full`"),
        ("view 12", "show means that: `/pd show 12`"),
        ("unresolve 12", "reopen means that: `/pd reopen 12`"),
        ("describe 12", "show means that: `/pd show 12`"),
        ("acl 12", "did you mean ack? `/pd help ack` explains it"),
        ("ntoe 12 it is the disk", "did you mean note? `/pd help note` explains it"),
        ("pgae @mei", "did you mean page? `/pd help page` explains it"),
        ("shwo 12", "did you mean `/pd show 12`?"),
        ("lsit", "did you mean `/pd list`?"),
    ],
)
def test_a_suggestion_leads_to_no_change_unless_it_means_the_same(typed: str, told: str) -> None:
    assert told in parse(typed).problem
