"""chat.run: commands from chat, in the name of who typed them, against both sandboxes."""

# flake8: noqa: E501,W503

from __future__ import annotations

import logging
from typing import Any
from unittest.mock import patch

from chat_case import ChatCase

from pagerduty_mattermost.gateways.pagerduty import incident_updates


class ChatRunTestCase(ChatCase):
    __test__ = True

    def test_an_incident_is_acknowledged_by_number_in_ones_own_name(self) -> None:
        first = self.account.trigger("Checkout API", "Disk | full @here")
        self.account.trigger("Database", "Slow")
        text = self.told("acknowledge", incidents=str(first.number))
        assert self.written() == [("ada@example.com", "PUT", "/incidents")]
        assert "Acknowledged [#" in text
        assert "in the name of `ada" in text
        assert "2 still open: `get open incidents`" in text
        assert "@here" not in text
        assert "Disk \\| full" in text

    def test_ids_and_numbers_go_together_in_one_request_and_what_is_done_is_left_alone(
        self,
    ) -> None:
        first, second = (self.account.trigger("Database", title) for title in ("a", "b"))
        done = self.account.trigger("Database", "c")
        self.told("resolve", incidents=done.id)
        before = len(self.written())
        text = self.told("acknowledge", incidents=f"{first.id},#{second.number}, {done.id}")
        assert len(self.written()) == before + 1
        assert "resolved already" in text
        assert self.account.incidents[done.id].status == "resolved"
        assert "acknowledged already" in self.told("acknowledge", incidents=first.id)
        assert len(self.written()) == before + 1

    def test_an_old_number_is_found_among_many_resolved_ones(self) -> None:
        made = [self.account.trigger("Database", str(number)) for number in range(350)]
        for one in made:
            self.account.resolve(one)
        for wanted in (made[0], made[120], made[349]):
            before = len(self.sandbox.pagerduty.journal.entries)
            assert f"#{wanted.number} " in self.told("show", incidents=str(wanted.number))
            assert len(self.sandbox.pagerduty.journal.entries) - before <= 5
        assert "no incident with the number 99999" in self.refused("show", incidents="99999")

    def test_without_a_link_the_way_out_is_told(self) -> None:
        one = self.account.trigger("Database", "Slow")
        line = self.refused("acknowledge", incidents=one.id, user="nobody")
        assert 'say whose name it is with "from <e-mail>"' in line
        assert self.written() == []
        self.told("acknowledge", incidents=one.id, user="nobody", from_email="grace@example.com")
        assert self.written()[-1][0] == "grace@example.com"
        self.settings["chat"] = {"allow_from": False}
        assert "switched off" in self.refused(
            "resolve", incidents=one.id, from_email="grace@example.com"
        )
        self.settings["chat"] = {"allow_from": False, "default_sender": True}
        self.told("resolve", incidents=one.id, user="nobody")
        assert self.written()[-1][0] == "radia@example.com"

    def test_create_goes_to_the_service_of_the_key_or_to_the_one_named(self) -> None:
        assert "on which service?" in self.refused("create", text="Slow")
        self.settings["service_key"] = next(iter(self.account.catalog["integrations"].values()))[
            "key"
        ]
        assert "Triggered Slow (incident key " in self.told("create", text="Slow")
        assert "Triggered [#2 Slower]" in self.told("create", text="Slower", service="storefront")
        assert sorted(one.title for one in self.account.incidents.values()) == ["Slow", "Slower"]
        assert "there is no service" in self.refused("create", text="x", service="Nowhere")

    def test_mine_is_what_is_assigned_to_me(self) -> None:
        self.account.trigger("Checkout API", "For Ada")
        self.account.trigger("Storefront", "For Mei")
        text = self.told("mine")
        assert "For Ada" in text
        assert "For Mei" not in text
        self.told("acknowledge_mine")
        states = {one.title: one.status for one in self.account.incidents.values()}
        assert states == {"For Ada": "acknowledged", "For Mei": "triggered"}
        assert "Nothing is triggered and assigned to Ada" in self.told("acknowledge_mine")

    def test_a_half_done_bulk_names_what_is_done_and_what_is_not(self) -> None:
        made = [self.account.trigger("Checkout API", str(number)) for number in range(3)]
        faults, numbers = self.sandbox.pagerduty.faults, [one.number for one in made]
        with patch.object(incident_updates, "MAX_BULK", 2):
            faults.add("status", status=403, method="PUT", skip=1)
            line = self.refused("resolve", incidents=",".join(one.id for one in made))
            assert f"Resolved: #{numbers[0]}, #{numbers[1]}. Not resolved: #{numbers[2]}" in line
            assert [one.status for one in made] == ["resolved", "resolved", "triggered"]
            faults.clear()
            for number in range(2):
                self.account.trigger("Checkout API", f"More {number}")
            faults.add("lost", method="PUT", skip=1)
            assert "Acknowledged [#" in self.told("acknowledge_mine"), "it is read what is so"
            assert {one.status for one in self.account.incidents.values() if one.is_open} == {
                "acknowledged"
            }
            faults.clear()
            for one in list(self.account.incidents.values())[-3:]:
                self.account.unacknowledge(one)
            faults.add("drop", method="PUT", skip=1)
            faults.add("status", status=500, method="GET", path=r"^/incidents/")
            line = self.refused("acknowledge_mine")
            assert "Acknowledged: #" in line
            assert "Perhaps not acknowledged: #" in line

    def test_notes_snooze_on_call_and_services(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        assert "has no notes" in self.told("notes", incidents=one.id)
        self.told("note", incidents=one.id, text="Looking = at it")
        assert "| Looking = at it |" in self.told("notes", incidents=str(one.number))
        assert "needs words" in self.refused("note", incidents=one.id)
        self.told("acknowledge", incidents=one.id)
        assert "Snoozed [#" in self.told("snooze", incidents=one.id, duration="2h")
        assert "'soon' is no time" in self.refused("snooze", incidents=one.id, duration="soon")
        assert "| 1 | Ada Lovelace (@\u200bada) |" in self.told("oncall", text="checkout api")
        assert "| on call | until | next |" in self.told("oncall", text="Platform rotation")
        assert "no service, escalation policy, schedule or user" in self.refused(
            "oncall", text="x"
        )
        assert "| Storefront |" in self.told("services", text="store")

    def test_lists_narrow_by_state_and_service(self) -> None:
        assert self.told("list") == "No incident."
        one = self.account.trigger("Checkout API", "Slow")
        assert "1 incident:" in self.told("list", text="[triggered,acknowledged]")
        assert self.told("list", text="acknowledged") == "No incident."
        assert "1 incident on Checkout API:" in self.told("list", service="Checkout API")
        assert "states are" in self.refused("list", text="open")
        assert "Escalation policy" in self.told("show", incidents=one.id)
        assert "there is no incident 'PNONE00'" in self.refused("show", incidents="PNONE00")
        assert "which incident?" in self.refused("show")

    def test_a_note_whose_answer_was_lost_stands_once(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.sandbox.pagerduty.faults.add("lost", method="POST", times=1)
        self.told("note", incidents=one.id, text="Looking")
        assert self.told("notes", incidents=one.id).count("Looking") == 1

    def test_what_is_open_may_fail_to_be_told_after_the_act(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.sandbox.pagerduty.faults.add(
            "status", status=500, method="GET", path=r"^/incidents\?"
        )
        text = self.told("acknowledge", incidents=one.id)
        assert "is not known" in text
        assert self.account.incidents[one.id].status == "acknowledged"

    def test_an_admins_link_goes_before_the_address(self) -> None:
        world = self.sandbox.mattermost.world
        assert "You are Ada Lovelace at PagerDuty, role Account Owner: your e-mail" in self.told(
            "whoami", user="@ADA"
        )
        self.link("ada", "grace@example.com")
        assert "You are Grace Hopper at PagerDuty, role Manager: an admin" in self.told("whoami")
        one = self.account.trigger("Database", "Slow")
        self.told("acknowledge", incidents=one.id)
        assert self.written()[-1][0] == "grace@example.com"
        self.run_class("identity_unlink", "IdentityUnlink", user="ada")
        assert "You are Ada" in self.told("whoami")
        assert world.bot_token not in str(self.say("whoami"))
        assert self.run_class("identity_who", "IdentityWho", user="ada")["how"] == "email"
        with self.assertRaisesRegex(AssertionError, "not linked by an admin"):
            self.run_class("identity_unlink", "IdentityUnlink", user="ada")

    def test_what_an_address_told_is_remembered_and_a_link_to_nobody_is_told(self) -> None:
        self.told("whoami")
        entries = self.sandbox.pagerduty.journal.entries
        asked = [entry for entry in entries if entry.server == "pagerduty"]
        assert asked
        self.told("whoami")
        assert [entry for entry in entries if entry.server == "pagerduty"] == asked
        self.link("ada", "radia@example.com")
        gone = self.account.find("users", "Radia Perlman")["id"]
        del self.account.catalog["users"][gone]
        assert "who is gone: identity.link again" in self.refused("whoami")

    def audit(self, **words: Any) -> Any:
        unset = {
            "schema": "audit.list",
            "since": "24h",
            "until": "now",
            "user": None,
            "maximum": 100,
            "csv": False,
        }
        return self.run_class("audit_list", "AuditList", **{**unset, **words})

    def test_every_act_is_audited_and_nothing_else(self) -> None:
        one = self.account.trigger("Database", "Slow")
        self.told("list")
        self.told("acknowledge", incidents=str(one.number))
        self.refused("note", incidents=one.id, text="=cmd|x", user="nobody")
        first, second = self.audit()["entries"]
        assert (first["chat_user"], first["person"], first["verb"]) == (
            "ada",
            "ada@example.com",
            "acknowledge",
        )
        assert (first["result"], first["incidents"], first["words"]) == (
            "done",
            [one.id],
            {"incidents": "1"},
        )
        assert (second["chat_user"], second["result"]) == ("nobody", "failed")
        assert "would not know who you are" in second["reason"]
        assert len(self.audit(user="@Ada")["entries"]) == 1
        told = self.audit(maximum=1, csv=True)
        assert told["truncated"] is True
        assert "text==cmd|x" in told["csv"]
        assert self.audit(until="1h")["entries"] == []

    def test_an_act_killed_on_its_way_stands_there_as_begun(self) -> None:
        from pagerduty_mattermost.chat import audit, audit_list
        from pagerduty_mattermost.gateways.stackstorm.datastore import Store

        store = Store(self.service)
        begun = audit.recorded(
            store, None, lambda: 1795000000.0, chat_user="ada", verb="resolve", words={"text": ""}
        )
        begun.__enter__()
        (entry,) = audit_list.newest_first(
            store, None, "2026-11-18T00:00:00Z", "2026-11-20T00:00:00Z"
        )
        assert (entry.result, entry.at) == ("begun", "2026-11-18T11:06:40Z")

    def test_without_a_datastore_people_can_still_act(self) -> None:
        from pagerduty_mattermost.chat import audit
        from pagerduty_mattermost.core.errors import StoreUnreachable

        class Down:
            def write(self, *_: Any, **__: Any) -> None:
                raise StoreUnreachable("The datastore does not answer")

        with self.assertLogs("audit", "WARNING") as logs:
            log = logging.getLogger("audit")
            with audit.recorded(Down(), log, lambda: 0.0, chat_user="a", verb="resolve", words={}):  # type: ignore
                pass
        assert len(logs.records) == 2

    def link(self, user: str, person: str) -> None:
        self.run_class("identity_link", "IdentityLink", user=user, pagerduty_user=person)

    def typed_refused(self, text: str) -> str:
        return self.refused("typed", text=text)

    def test_escalate_reassign_priority_and_unacknowledge(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        assert "to Grace Hopper." in self.told("escalate", incidents=str(one.number))
        assert "to Radia Perlman." in self.told("escalate", incidents=one.id, text="level 3")
        assert (
            "#1 is at the last level (3 of 3) already, with Radia Perlman: "
            "`/pd escalate 1 to level 1`, or `/pd reassign 1 @user`"
        ) in self.typed_refused("escalate 1")
        refused = self.refused("escalate", incidents=one.id, text="up")
        assert "there is no level and no escalation policy 'up': say level 2" in refused
        assert "no escalation policy 'level 0'" in self.refused(
            "escalate", incidents=one.id, text="level 0"
        )
        assert "assigned to Ada Lovelace" in self.told("reassign", incidents=one.id, text="@ada")
        assert "there is no user or escalation policy" in self.refused(
            "reassign", incidents=one.id, text="Nobody Else"
        )
        assert "to whom?" in self.refused("reassign", incidents=one.id)
        assert "has the priority P2" in self.told("priority", incidents=one.id, text="p2")
        assert "there is no priority" in self.refused("priority", incidents=one.id, text="P77")
        refused = self.refused("unacknowledge", incidents=one.id)
        assert refused == (
            f"#{one.number} Slow is triggered, and this needs one that is acknowledged: nothing "
            "is changed"
        )
        self.told("acknowledge", incidents=one.id)
        assert "is triggered again" in self.told("unacknowledge", incidents=one.id)
        assert {sender for sender, _, path in self.written() if path.startswith("/incidents")} == {
            "ada@example.com"
        }

    def test_merge_goes_into_an_open_one_and_never_twice(self) -> None:
        first, second, third = (self.account.trigger("Database", title) for title in "abc")
        text = self.told("merge", incidents=f"{first.number},{second.number}", text=third.id)
        assert text.startswith("Merged [#1 a]")
        assert "itself" in self.refused("merge", incidents=third.id, text=str(third.number))
        assert "only into an open one" in self.refused("merge", incidents=third.id, text=first.id)
        fourth = self.account.trigger("Database", "d")
        before = len(self.written())
        self.sandbox.pagerduty.faults.add("lost", method="PUT", times=1)
        assert "Merged" in self.told("merge", incidents=fourth.id, text=third.id)
        assert len(self.written()) == before + 1

    def test_status_updates_responders_and_workflows_are_sent_once(self) -> None:
        one = self.account.trigger("Database", "Slow")
        assert "published" in self.told("status_update", incidents=one.id, text="Half of it works")
        assert "Asked Mei Tanaka to help" in self.told(
            "responders", incidents=one.id, text="mei@example.com"
        )
        assert "Started Major incident on" in self.told(
            "workflow", incidents=one.id, text="major incident"
        )
        assert "there are Major incident" in self.refused(
            "workflow", incidents=one.id, text="major"
        )
        for verb, text in (
            ("status_update", "x"),
            ("responders", "Mei Tanaka"),
            ("workflow", "Major incident"),
        ):
            before = len(self.written())
            self.sandbox.pagerduty.faults.add("lost", method="POST", path="^/inc", times=1)
            told = self.refused if verb == "workflow" else self.told
            line = told(verb, incidents=one.id, text=text)
            assert verb != "workflow" or "check before you repeat it: https://" in line
            assert (
                sum(
                    method == "POST" and path.startswith("/inc")
                    for _, method, path in self.written()[before:]
                )
                == 1
            )
