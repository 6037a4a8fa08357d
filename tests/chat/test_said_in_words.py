"""What went wrong is said in words that people know, with what to do: no request, no path, no
field of an API; and what can be seen beforehand is not tried."""

from __future__ import annotations

from typing import Any, Dict

from typed_case import TypedCase

from pagerduty_mattermost.chat import failed_commands
from pagerduty_mattermost.chat.permissions import READ_ONLY
from pagerduty_mattermost.chat.verb import ALL_STATES, ONE, PAGERDUTY
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import RejectedInput, reworded

WORDS: Dict[str, str] = {
    "mitigate": "mitigate {}",
    "unacknowledge": "unack {}",
    "reopen": "reopen {}",
    "escalate": "escalate {}",
    "reassign": "reassign {} @mei",
    "snooze": "snooze {} 2h",
    "priority": "priority {} P1",
    "urgency": "urgency {} low",
}
"""How each command is said that wants its one incident in a certain state."""


class WrongStateTestCase(TypedCase):
    __test__ = True

    def incident(self, status: str) -> Any:
        made = self.account.trigger("Checkout API", "Slow disk")
        if status == "acknowledged":
            self.account.acknowledge(made, "olu@example.com")
        elif status == "resolved":
            self.account.resolve(made, "olu@example.com")
        return made

    def test_the_table_here_has_all_of_them(self) -> None:
        wanted = {
            verb.name
            for verb in TABLE.verbs
            if verb.changes == PAGERDUTY and verb.incidents == ONE and verb.states != ALL_STATES
        }
        assert wanted - {"cancel"} == set(WORDS), "cancel says who was first, as resolve does"

    def test_a_snooze_of_what_is_snoozed_says_until_when_it_was(self) -> None:
        one = self.account.trigger("Database", "Slow")
        assert "It was snoozed" not in self.say(f"snooze {one.number} 2h")
        again = self.say(f"snooze {one.number} 2h")
        assert "Slow](" in again
        assert ") is snoozed until " in again
        assert again.endswith(" already."), again
        snoozes = [path for path in self.written() if path.endswith("/snooze")]
        assert len(snoozes) == 1, "no second reply comes in the thread"
        until = again.split("until ")[1][: -len(" already.")]
        for longer in ("3h", "1h"):
            told = self.say(f"snooze {one.number} {longer}")
            assert "Snoozed " in told
            if longer == "3h":
                assert told.endswith(f" It was snoozed until {until}."), told

    def test_an_acknowledgement_that_ends_is_no_snooze(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.account.acknowledge(one, "ada@example.com")
        assert "It was snoozed" not in self.say(f"snooze {one.number} 2h")

    def test_a_snooze_says_that_it_acknowledges(self) -> None:
        one = self.incident("triggered")
        told = self.say(f"dry-run snooze {one.number} 2h")
        assert "which acknowledges it as well (it is triggered)" in told
        told = self.say(f"snooze {one.number} 2h")
        assert "It was triggered: PagerDuty acknowledges what is snoozed." in told
        assert one.status == "acknowledged"
        for line in (f"dry-run snooze {one.number} 3h", f"snooze {one.number} 3h"):
            assert "acknowledges" not in self.say(line)

    def test_an_incident_in_another_state_is_named_and_nothing_is_sent(self) -> None:
        for name, words in WORDS.items():
            verb = TABLE.get(name)
            assert verb is not None
            for status in ALL_STATES:
                one = self.incident(status)
                before = self.written()
                for line in (words.format(one.number), f"dry-run {words.format(one.number)}"):
                    told = self.say(line)
                    refused = f"#{one.number} Slow disk is {status}, and this needs " in told
                    assert refused == (status not in verb.states), (line, status, told)
                    if refused:
                        assert "nothing is changed" in told
                        assert "PagerDuty" not in told
                        assert self.written() == before, (line, status)

    def test_one_that_was_merged_is_told_as_that(self) -> None:
        one, two = (self.account.trigger("Checkout API", title) for title in ("One", "Two"))
        self.account.merge(two, [one], "olu@example.com")
        assert f"#{one.number} One is merged, and this needs" in self.say(
            f"snooze {one.number} 2h"
        )


class RefusedTestCase(TypedCase):
    __test__ = True

    def test_a_service_in_maintenance_is_said_to_be_with_what_ends_it(self) -> None:
        self.say("maintenance Database for 1h")
        (window,) = self.account.catalog["maintenance_windows"]
        told = self.say('trigger "Slow" on Database')
        assert "nothing is triggered: Database is in maintenance until" in told
        assert f"`/pd maintenance end {window}` ends that" in told
        self.asked('page @mei "Slow" --service Database')
        told = self.confirm()
        assert "nothing is triggered: Database is in maintenance until" in told

    def test_a_disabled_service_is_said_to_be(self) -> None:
        service = self.account.find("services", "Database")
        self.account.change("services", service, {"status": "disabled"})
        told = self.say('trigger "Slow" on Database')
        assert "nothing is triggered: Database is disabled at PagerDuty" in told

    def test_what_pagerduty_refuses_is_told_in_its_words_alone_and_not_kept(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.sandbox.pagerduty.faults.add("status", status=400, path="/snooze$")
        told = self.say(f"snooze {one.number} 2h")
        shown = self.told()[-1]["text"]
        assert shown.startswith(":warning: PagerDuty refuses: ")
        assert "POST" not in shown
        assert "POST /incidents" in told, "the execution's own line says what was sent"
        assert "No failed posts or commands." in self.say("deadletters")

    def test_the_words_are_left_where_the_line_says_it_better(self) -> None:
        error = RejectedInput("PagerDuty POST /x: PagerDuty refuses (400): No", status=400)
        error.said = "No"
        assert error.in_chat == "PagerDuty refuses: No"
        assert failed_commands.is_mistake(error)
        better = reworded(error, "say it so")
        assert (better.in_chat, str(better), better.status) == ("say it so", "say it so", 400)

    def test_a_wrong_name_is_answered_with_those_that_there_are(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        for line, told in (
            (f"priority {one.number} P9", "there is no priority 'P9'; there are P1, P2"),
            (f"run {one.number} foo", "there is no incident workflow 'foo'; there are Major inci"),
            ("override zzzz for 2h", "there is no schedule 'zzzz'; there are Platform rotation"),
            ("services zzzz", "there is no service 'zzzz'; there are Billing Jobs, "),
            (f"reassign {one.number} mei", "did you mean Mei Tanaka?"),
            (
                f"escalate {one.number} nobody",
                "no level and no escalation policy 'nobody': say le",
            ),
            (
                'page zzzz "Slow"',
                "no schedule, escalation policy or service 'zzzz'; people are na",
            ),
            ("oncall tomorrow", "`/pd oncall week <schedule>` the days ahead"),
            ("oncall week", "`/pd oncall week <schedule>`"),
            ("override cancel all", "'all' is no id of an override: `/pd overrides <schedule>`"),
            (f"urgency {one.number} urgent", "urgency is high or low, not 'urgent'"),
        ):
            assert told in self.say(line), line
        assert self.say(f"reassign {one.number} mei").count("Mei Tanaka") == 1

    def test_who_speaks_of_themselves_is_known(self) -> None:
        one = self.account.trigger("Database", "Slow")
        assert "assigned to Ada Lovelace" in self.say(f"reassign {one.number} me")
        assert "Page Ada Lovelace: “Slow”" in self.asked("page me: Slow --service Database")
        told = self.say('trigger "Slow" on Database --assign me')
        assert "Ada Lovelace" in told
        told = self.say("override Platform rotation for 2h by me")
        assert "Ada Lovelace takes Platform rotation" in told, "nobody is asked about oneself"

    def test_the_words_of_a_name_lead_to_it_where_only_one_has_them(self) -> None:
        assert "On call for Platform rotation" in self.say("oncall plat rot")

    def test_a_question_names_the_service(self) -> None:
        asked = self.asked('page @mei "Slow" --service Database')
        assert "Page Mei Tanaka: “Slow”, a high-urgency incident on Database?" in asked
        asked = self.asked('page Database "Slow" --urgency low')
        assert "Page Database: “Slow”, a low-urgency incident?" in asked
        asked = self.asked(f"run {self.account.trigger('Database', 'Slow').number} major incident")
        assert "Run the workflow “Major incident” on" in asked


class NoDialogTestCase(TypedCase):
    __test__ = True

    def declare(self) -> str:
        from chat_sensor_case import TOKEN

        told = {
            "token": TOKEN,
            "command": "/pd",
            "text": "declare Slow",
            "user_id": self.user_id(),
            "user_name": "ada",
            "trigger_id": "t" * 26,
        }
        answer = self.post("/command", data=told, headers={"Authorization": "Token " + TOKEN})
        assert answer.status_code == 200
        return str(answer.json()["text"])

    def test_no_form_is_filled_in_for_nothing(self) -> None:
        self.config["chat"]["read_only"] = True
        self.start()
        assert self.declare() == f":warning: {READ_ONLY}"
