"""What a question says beside the act: what is left out since it is so already, and what of the
same kind there is in that time."""

from __future__ import annotations

from typing import Any

from typed_case import TypedCase


class LeftOutTestCase(TypedCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.one, self.two, self.three = (
            self.account.trigger("Checkout API", title) for title in ("One", "Two", "Three")
        )

    def numbers(self, *incidents: Any) -> str:
        return ", ".join(str(one.number) for one in incidents)

    def test_of_several_those_that_are_so_already_are_named_and_left_out(self) -> None:
        self.account.resolve(self.one, "olu@example.com")
        asked = self.asked(f"ack {self.numbers(self.one, self.two, self.three)}")
        assert "Acknowledge these 2 incidents?" in asked
        assert f"- left out: [#{self.one.number} One]" in asked
        assert "is resolved already by Olu Adeyemi." in asked
        assert [asked.count(title) for title in ("Two", "Three")] == [1, 1]
        told = self.confirm()
        assert "Acknowledged" in told
        assert [one.status for one in (self.one, self.two, self.three)] == [
            "resolved",
            "acknowledged",
            "acknowledged",
        ]

    def test_what_was_left_out_of_the_question_is_not_done_after_it(self) -> None:
        self.account.acknowledge(self.one, "olu@example.com")
        self.asked(f"ack {self.numbers(self.one, self.two, self.three)}")
        self.account.unacknowledge(self.one, "olu@example.com")
        self.confirm()
        assert self.one.status == "triggered"
        assert self.two.status == "acknowledged"

    def test_where_one_is_left_nobody_is_asked(self) -> None:
        self.account.resolve(self.one, "olu@example.com")
        told = self.say(f"resolve {self.numbers(self.one, self.two)} rolled back")
        assert f"Resolved [#{self.two.number} Two]" in told
        assert f"[#{self.one.number} One]" in told
        assert "is resolved already by Olu Adeyemi." in told
        assert self.two.status == "resolved"

    def test_where_none_is_left_it_is_said_how_they_are(self) -> None:
        for one in (self.one, self.two):
            self.account.acknowledge(one, "olu@example.com")
        before = self.written()
        told = self.say(f"ack {self.numbers(self.one, self.two)}")
        assert told.count("is acknowledged already by Olu Adeyemi.") == 2
        assert self.written() == before

    def test_the_same_incident_twice_is_one(self) -> None:
        assert "Acknowledged" in self.say(f"ack {self.one.number}, {self.one.id}")

    def test_a_dry_run_says_what_is_left_out(self) -> None:
        self.account.resolve(self.one, "olu@example.com")
        told = self.say(f"dry-run resolve {self.numbers(self.one, self.two, self.three)} bye")
        assert "Resolve these 2 incidents, with the note" in told
        assert "- left out: " in told
        told = self.say(f"dry-run resolve {self.one.number} bye")
        assert "which is resolved" in told

    def test_a_note_to_what_is_resolved_already_is_told(self) -> None:
        self.account.resolve(self.one, "olu@example.com")
        told = self.say(f"resolve {self.one.number} it was the cable")
        assert "is resolved already by Olu Adeyemi" in told
        assert "by Olu Adeyemi. Your note is on it." in told.split("\n")[0]
        assert [note.content for note in self.one.notes] == ["it was the cable"]

    def test_that_the_note_is_there_stands_in_the_same_line(self) -> None:
        told = self.say(f'resolve {self.one.number} "provider back"')
        assert told.split("\n")[0].endswith("`ada@example.com`. Your note is on it."), told
        told = self.say(f'resolve {self.two.number} "provider back" --dry-run')
        assert "Your note is on" not in told
        assert [note.content for note in self.one.notes] == ["provider back"]
        told = self.say(f"mitigate {self.two.number} rolled back")
        assert told.split("\n")[0].endswith(". A note and a status update say so."), told
        told = self.say(f"cancel {self.three.number} a test")
        assert told.split("\n")[0].endswith(". A note says so."), told

    def test_of_several_the_note_is_on_each(self) -> None:
        self.asked(f'resolve {self.numbers(self.one, self.two)} "provider back"')
        told = self.confirm()
        assert "Your note is on each of them." in str(told).split("\n")[0]

    def test_a_merge_that_is_done_already_is_told_and_asked_no_second_time(self) -> None:
        line = f"merge {self.one.number}, {self.two.number} into {self.three.number}"
        asked = self.asked(line)
        assert f"#{self.one.number}, #{self.two.number} are resolved by it" in asked
        self.confirm()
        assert self.say(line).count("already.") == 2
        fourth = self.account.trigger("Checkout API", "Four")
        asked = self.asked(f"merge {self.one.number} {fourth.number} into {self.three.number}")
        assert f"#{fourth.number} is resolved by it" in asked


class OnTopTestCase(TypedCase):
    __test__ = True

    def windows(self) -> int:
        return len(self.account.catalog["maintenance_windows"])

    def overrides(self) -> int:
        return len(self.account.find("schedules", "Platform rotation").get("overrides", []))

    def test_a_second_maintenance_window_is_asked_about_with_the_first(self) -> None:
        assert "Database is in maintenance until" in self.say("maintenance Database for 1h")
        asked = self.asked("maintenance Database for 2h")
        assert "Put Database in maintenance from" in asked
        assert "Database has a maintenance window in that time already." in asked
        assert self.windows() == 1
        told = self.confirm()
        assert "Database is in maintenance until" in told
        assert "has a maintenance window in that time already" in told
        assert self.windows() == 2

    def test_a_window_at_another_time_or_of_another_service_is_none(self) -> None:
        self.say("maintenance Database for 1h")
        assert "from" in self.say("maintenance Database from tomorrow 9:00 for 1h")
        assert "is in maintenance" in self.say("maintenance Kubernetes for 1h")
        assert self.windows() == 3

    def test_an_override_over_another_ones_is_asked_about_with_it(self) -> None:
        self.asked("override Platform rotation from tomorrow 9:00 for 2h by @mei")
        self.confirm()
        asked = self.asked("override Platform rotation from tomorrow 10:00 for 2h")
        assert "Put yourself on call for Platform rotation" in asked
        assert "Platform rotation is overridden in that time already:" in asked
        assert "- Mei Tanaka from" in asked
        assert self.overrides() == 1
        assert "Ada Lovelace takes Platform rotation" in self.confirm()
        assert self.overrides() == 2

    def test_a_take_over_another_ones_override_is_asked_about_too(self) -> None:
        self.asked("override Platform rotation for 4h by @mei")
        self.confirm()
        asked = self.asked("take Platform rotation for 1h")
        assert "Put you on call for Platform rotation" in asked
        assert "- Mei Tanaka from" in asked

    def test_ones_own_override_is_no_other(self) -> None:
        self.say("take Platform rotation for 2h")
        told = self.say("take Platform rotation for 2h")
        assert "has Platform rotation by an override until" in told


class EndedWindowsTestCase(TypedCase):
    __test__ = True

    def test_a_window_ends_by_its_id_or_by_its_service(self) -> None:
        self.say("maintenance Database for 1h")
        (window,) = self.account.catalog["maintenance_windows"].values()
        told = self.say(f"maintenance end `{window['id'].lower()}`:")
        assert "The maintenance of Database is over" in told
        assert "is over already" in self.say(f"maintenance end {window['id']}")
        self.say("maintenance Kubernetes for 1h")
        assert "The maintenance of Kubernetes is over" in self.say("end maintenance on kubernetes")
        self.say("maintenance Kubernetes from tomorrow 9:00 for 1h")
        assert "will not take place" in self.say("cancel maintenance Kubernetes")

    def test_an_unknown_one_is_told_with_those_that_there_are(self) -> None:
        for typed in ("PABCDEF", "all", "Databse", "foo bar"):
            told = self.say(f"maintenance end {typed}")
            assert f"there is no maintenance window '{typed}'" in told
            assert "404" not in told
            assert "/maintenance_windows" not in told
        self.say("maintenance Database for 1h")
        assert "there are P" in self.say("maintenance end all")
        assert "Database until" in self.say("maintenance end all")

    def test_of_two_windows_of_a_service_one_is_chosen_by_its_id(self) -> None:
        self.say("maintenance Database for 1h")
        self.say("maintenance Database from tomorrow 9:00 for 1h")
        told = self.say("maintenance end Database")
        assert "'Database' has 2 maintenance windows" in told
        assert "Say the id of one" in told

    def test_a_dry_run_names_the_window_and_knows_whether_there_is_one(self) -> None:
        self.say("maintenance Database for 1h")
        assert "End the maintenance of Database" in self.say("dry-run maintenance end Database")
        assert "there is no maintenance window" in self.say("dry-run maintenance end PABCDEF")

    def test_an_observer_is_told_of_an_unknown_window_in_the_same_words(self) -> None:
        told = self.say("maintenance end PABCDEF", who="radia")
        assert "there is no maintenance window 'PABCDEF'" in told
