"""Who is reached by an act is as PagerDuty has it when it is done: what was remembered of people,
shifts and policies counts for a minute at most."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from kept_page_case import HOUR, REST, KeptPageCase
from oncall_case import moment

from pagerduty_mattermost.chat.verb import PAGERDUTY
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import RejectedInput, RetryLater
from pagerduty_mattermost.oncall import handover_notes
from pagerduty_mattermost.people.identity import FRESH_SECONDS

REACHES = {
    "create",
    "escalate",
    "note",
    "override",
    "override_all",
    "page",
    "reassign",
    "responders",
    "status_update",
    "swap",
    "take",
}


class FactsCase(KeptPageCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.settings["chat"]["page_service"] = "Storefront"
        self.said("whoami", "mei")
        self.said("whoami", "ada")
        self.mei = self.account.find("users", "Mei Tanaka")

    def moved(self, seconds: float = FRESH_SECONDS + 1) -> str:
        """Mei's address belongs to another user of PagerDuty's now; their id."""
        self.mei["email"] = "mei.tanaka@elsewhere.example"
        made = self.account.add(
            "users", "Mei Two", email="mei@example.com", role="user", team_ids=[]
        )
        self.at(self.now + seconds)
        return str(made["id"])

    def newest(self) -> Any:
        return max(self.account.incidents.values(), key=lambda one: one.number)

    def reached(self) -> List[str]:
        return [id for id, _ in self.newest().assignees]

    def overrides(self) -> List[Dict[str, Any]]:
        return list(self.rota["overrides"])

    def test_a_page_of_a_person(self) -> None:
        two = self.moved()
        self.said("page", service="@mei", text="Disk full")
        assert self.reached() == [two]

    def test_within_a_minute_what_was_looked_up_is_believed(self) -> None:
        before = self.requests()
        self.moved(FRESH_SECONDS - 1)
        self.said("page", service="@mei", text="Disk full")
        assert self.reached() == [self.mei["id"]]
        asked = [one.path for one in self.server.journal.entries[before:]]
        assert not [path for path in asked if path.startswith("/users")]

    def test_a_page_of_a_schedule_a_policy_and_a_service(self) -> None:
        self.said("page", service="Mornings", text="Disk full")
        assert self.reached() == [self.mei["id"]]
        self.account.cover("Mornings", "Olu Adeyemi", 2 * HOUR)
        policy = self.account.find("escalation_policies", "Morning escalation")
        for whom in ("schedule Mornings", "policy Morning escalation", "Database"):
            self.said("page", service=whom, text="Disk full")
            assert self.reached() == [self.user("Olu Adeyemi")], whom
        policy["rules"][0]["targets"] = [("user", self.user("Grace Hopper"))]
        for whom in ("policy Morning escalation", "Database"):
            self.said("page", service=whom, text="Disk full")
            assert self.reached() == [self.user("Grace Hopper")], whom

    def test_a_trigger_for_somebody(self) -> None:
        two = self.moved()
        self.said("create", service="Database", text="Disk full", options={"assign": "@mei"})
        assert self.reached() == [two]

    def test_overrides_and_taking_a_shift(self) -> None:
        two = self.moved()
        self.said("override", service="Mornings", duration="2h", text="@mei")
        self.said("take", "mei", service="Mornings", duration="4h")
        assert {one["user_id"] for one in self.overrides()} == {two}

    def test_all_shifts_of_the_asker_go_to_who_is_meant_now(self) -> None:
        two = self.moved()
        self.rota["layers"][0]["user_ids"] = [self.user("Ada Lovelace")]
        self.said("override_all", text="@mei", duration="from now until tomorrow 9:00")
        assert {one["user_id"] for one in self.overrides()} == {two}

    def test_a_swap_is_of_who_asks_and_takes_now(self) -> None:
        two = self.moved()
        self.rota["layers"][0]["user_ids"] = [two, self.user("Olu Adeyemi")]
        self.said("swap", "mei", service="Mornings", duration="in 1m")
        post = self.chat.service.posts("incidents")[-1]
        assert "Mei Two asks who takes" in post.message
        self.press(post, "ada")
        assert {one["user_id"] for one in self.overrides()} == {self.user("Ada Lovelace")}

    def test_reassigning_and_asking_for_help(self) -> None:
        one = self.account.trigger("Database", "Disk full")
        two = self.moved()
        self.said("reassign", incidents=str(one.number), text="@mei")
        assert self.reached() == [two]
        self.said("responders", incidents=str(one.number), text="@mei")
        (sent,) = [e for e in self.server.journal.entries if e.path.endswith("responder_requests")]
        assert two.encode() in sent.body
        assert self.mei["id"].encode() not in sent.body

    def test_escalating_goes_by_the_policy_as_it_is(self) -> None:
        one = self.account.trigger("Database", "Disk full")
        self.said("escalate", incidents=str(one.number), text="level 2")
        policy = self.account.find("escalation_policies", "Morning escalation")
        policy["rules"][1]["targets"] = [("user", self.user("Grace Hopper"))]
        other = self.account.trigger("Database", "Slow")
        self.said("escalate", incidents=str(other.number), text="level 2")
        assert self.reached() == [self.user("Grace Hopper")]

    def test_notes_and_status_updates_are_in_the_name_of_who_it_is_now(self) -> None:
        one = self.account.trigger("Database", "Disk full")
        self.done("identity.link", user="mei", pagerduty_user="grace@example.com")
        self.said("whoami", "mei")
        self.account.find("users", "Grace Hopper")["email"] = "hopper@example.com"
        self.at(self.now + FRESH_SECONDS + 1)
        self.said("note", "mei", incidents=str(one.number), text="Looking")
        self.said("status_update", "mei", incidents=str(one.number), text="Better")
        sent = [e for e in self.server.journal.entries if e.method == "POST"]
        assert {e.headers.get("from") for e in sent if "/incidents/" in e.path} == {
            "hopper@example.com"
        }

    def test_hand_over_notes_are_kept_for_the_shift_of_who_it_is_now(self) -> None:
        two = self.moved()
        self.said("handover", "mei", text="Replica lags")
        assert handover_notes.read(self.store(), two) == "Replica lags"
        assert handover_notes.read(self.store(), self.mei["id"]) == ""
        handover_notes.add(self.store(), self.mei["id"], "Of who had the address", self.now)
        assert "Of who had" not in self.said("handover_notes", "mei").message
        self.said("handover_clear", "mei")
        assert handover_notes.read(self.store(), two) == ""
        assert handover_notes.read(self.store(), self.mei["id"]) == "Of who had the address"

    def test_while_pagerduty_can_not_say_who_it_is_no_notes_are_kept(self) -> None:
        self.moved()
        self.away(REST)
        with pytest.raises(RetryLater):
            self.said("handover", "mei", text="Replica lags")
        assert handover_notes.read(self.store(), self.mei["id"]) == ""

    def test_a_shift_is_taken_by_who_it_is_now(self) -> None:
        self.at(moment(2026, 11, 24, 9, 1))
        self.said("whoami", "olu")
        self.done("oncall.watch")
        olu = self.account.find("users", "Olu Adeyemi")
        olu["email"] = "olu.adeyemi@elsewhere.example"
        self.account.add("users", "Olu Two", email="olu@example.com", role="user", team_ids=[])
        self.at(self.now + FRESH_SECONDS + 1)
        assert "no hand-off to you" in self.said("handover_accept", "olu").message

    def test_a_shift_can_be_taken_while_pagerduty_does_not_answer(self) -> None:
        self.at(moment(2026, 11, 24, 9, 1))
        self.said("whoami", "olu")
        self.done("oncall.watch")
        self.at(self.now + 10 * FRESH_SECONDS)
        self.away(REST)
        assert "Olu Adeyemi has it" in self.said("handover_accept", "olu").message

    def test_a_note_goes_to_the_incident_that_has_the_number_now(self) -> None:
        one = self.account.trigger("Database", "Disk full")
        self.said("note", incidents=str(one.number), text="Looking")
        before = self.requests()
        self.said("note", incidents=str(one.number), text="Still")
        asked = [e.path for e in self.server.journal.entries[before:] if e.method == "GET"]
        assert any("incidents" in path for path in asked)
        assert [note.content for note in one.notes] == ["Looking", "Still"]

    def test_a_role_that_was_taken_away_counts_after_a_minute(self) -> None:
        self.mei["role"] = "read_only_user"
        self.at(self.now + FRESH_SECONDS + 1)
        with pytest.raises(RejectedInput, match="your role is Full Stakeholder"):
            self.said("take", "mei", service="Mornings")
        assert self.overrides() == []


def test_each_act_that_reaches_people_looks_them_up_anew() -> None:
    assert {verb.name for verb in TABLE.verbs if verb.reaches_people} == REACHES
    assert all(verb.changes == PAGERDUTY for verb in TABLE.verbs if verb.reaches_people)
