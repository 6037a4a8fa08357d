"""`/pd trigger` while PagerDuty does not answer: kept, and sent once by itself."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Dict
from unittest.mock import patch

from chat_handle import ChatHandle
from chat_run import ChatRun
from kept_page_case import EVENTS, HOUR, REST, KeptPageCase

from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.oncall import kept_pages


class KeptTriggerTestCase(KeptPageCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        users = self.chat.service.state.users.values()
        self.ids = {one.username: one.id for one in users}
        self.numbers = 0

    def order(self, text: str, user: str = "ada", **more: Any) -> Dict[str, Any]:
        self.numbers += 1
        return {
            "id": f"order{self.numbers}",
            "kind": "command",
            "text": text,
            "user_id": self.ids[user],
            "user_name": user,
            "channel_id": self.chat.service.channel("incidents").id,
            "valid_until": self.now + 60,
            **more,
        }

    def handled(self, order: Dict[str, Any]) -> Any:
        return self.action_of(ChatHandle).run(order=order)

    def type(self, text: str, user: str = "ada", **more: Any) -> Any:
        done, result = self.handled(self.order(text, user, **more))
        assert done is True, result
        return result

    def letters(self) -> Any:
        return self.done("deadletter.list")["letters"]

    def test_it_is_kept_said_and_sent_once_in_the_name_of_who_gave_it(self) -> None:
        self.away()
        self.type('trigger "Disk full" on Database --urgency low')
        (answer,) = self.texts("ada")
        assert answer.startswith(
            ":rotating_light: **Not at PagerDuty yet**: “Disk full” on **Database**. It takes "
            "nothing now ("
        )
        assert "On call for Morning escalation: @mei, notified by direct message." in answer
        (page,) = self.kept()
        assert answer.endswith(f"`/pd kept drop {page.id}` withdraws it.")
        assert "of 10:00 by @ada is not at PagerDuty yet" in self.channel()[0]
        assert "**@ada pages you past PagerDuty**" in self.texts("mei")[0]
        assert self.letters() == []
        self.later(60)
        self.back()
        self.later(60)
        (one,) = self.account.incidents.values()
        assert (one.title, one.urgency, one.key) == ("Disk full", "low", "order1")
        sent = [
            e for e in self.server.journal.entries if (e.method, e.path) == ("POST", "/incidents")
        ]
        assert {entry.headers.get("from") for entry in sent} == {"ada@example.com"}
        assert "is at PagerDuty now, 2 min after it was given." in self.channel()[-1]
        assert "in the name of `ada@example.com`" in self.channel()[-1]
        assert (self.kept(), self.letters()) == ([], [])

    def test_where_its_answer_goes_is_kept_by_nobody(self) -> None:
        """Whoever has that path can post in the name of who typed."""
        self.away()
        self.type('trigger "Disk full" on Database', hook="/hooks/commands/secret-of-the-answer")
        (page,) = self.kept()
        assert page.given["command"]["text"] == "Disk full"
        rows = self.store().rows()
        assert rows
        assert [one.name for one in rows if "secret-of-the-answer" in one.raw] == []

    def test_in_the_audit_it_is_kept_and_then_done(self) -> None:
        self.away()
        self.type('trigger "Disk full" on Database')
        self.back()
        self.later(120)
        rows = self.done("audit.list", since="1d")["entries"]
        told = [(one["result"], one["reason"]) for one in rows if one["verb"] == "create"]
        assert sorted(result for result, _ in told) == ["done", "failed"]
        assert any("503" in reason for _, reason in told)

    def test_where_its_api_alone_is_away_it_goes_by_the_events_api(self) -> None:
        self.said("whoami", "ada")
        self.at(self.now + 5 * HOUR)
        self.away(REST)
        self.type('trigger "Disk full" on database --urgency low')
        assert (self.pages(), self.kept(), self.texts("mei")) == (["Disk full"], [], [])
        (answer,) = self.texts("ada")
        assert answer == (
            ":white_check_mark: “Disk full” on **database** went to PagerDuty as an event, since "
            "its other API takes nothing (has trouble, 503). It pages whoever is on call for the "
            "service."
        )
        (sent,) = self.tried()
        assert (sent["dedup_key"], sent["payload"]["severity"]) == ("order1", "warning")
        assert sent["payload"]["custom_details"]["asked for by"] == "@ada"

    def test_what_an_event_can_not_carry_and_of_whom_nothing_is_known_is_kept(self) -> None:
        self.away(REST)
        self.type('trigger "Disk full" on Database')  # who Ada is was never read
        self.back()
        self.said("whoami", "ada")
        self.said("whoami", "grace")
        self.account.find("users", "Radia Perlman")["role"] = "read_only_user"
        self.said("whoami", "radia")
        self.at(self.now + 120)
        self.away(REST)
        self.type('trigger "CPU" on Database --assign @mei')
        self.at(self.now + 1)
        self.type('trigger "Memory" on Storefront')  # no key of it is configured
        self.settings["chat"]["allowed"] = {"create": ["@ada", "@radia"]}
        assert self.handled(self.order('trigger "No" on Database', "grace"))[0] is False
        self.at(self.now + 1)
        self.type('trigger "Looks only" on Database', "radia")
        assert [one.title for one in self.kept()] == ["Disk full", "CPU", "Memory", "Looks only"]
        assert self.pages() == []
        self.at(self.now + 25 * HOUR)
        self.type('trigger "Too long ago" on Database')
        assert (len(self.kept()), self.pages()) == (5, [])

    def test_one_that_was_kept_goes_by_the_events_api_once_that_takes_it(self) -> None:
        self.said("whoami", "ada")
        self.away()
        self.type('trigger "Disk full" on Database')
        assert len(self.kept()) == 1
        self.back()
        self.away(REST)
        assert self.later(120)["sent"] == 1
        assert self.pages() == ["Disk full"]
        assert "went to PagerDuty as an event" in self.channel()[-1]

    def test_where_the_other_api_may_have_taken_it_no_event_is_sent(self) -> None:
        self.said("whoami", "ada")
        self.server.faults.add("lost", method="POST", path="^/incidents$", times=1)
        self.server.faults.add("status", status=503, path=r"^/incidents")
        self.type('trigger "Disk full" on Database')
        self.later(120)
        self.later(120)
        assert (self.pages(), self.tried()) == (["Disk full"], [])
        self.back()
        self.later(120)
        assert (self.pages(), self.kept()) == (["Disk full"], [])

    def test_where_events_alone_are_away_one_without_a_service_is_kept(self) -> None:
        self.settings["chat"]["anonymous_create"] = True
        self.away(EVENTS)
        assert "Not at PagerDuty yet" in self.said("create", text="Disk full", key="k1").message
        assert self.texts("mei")[0].count("You are on call for Database.") == 1
        self.back()
        self.later(120)
        assert self.pages() == ["Disk full"]

    def test_its_answer_lost_it_is_kept_and_made_once(self) -> None:
        self.server.faults.add("lost", method="POST", path="^/incidents$")
        self.server.faults.add("status", status=503, path=r"^/incidents\?")
        self.type('trigger "Disk full" on Database')
        assert self.kept()[0].maybe_taken
        assert self.pages() == ["Disk full"]
        self.later(120)
        self.back()
        for one in list(self.account.incidents.values()):
            self.account.resolve(one)
        self.later(120)
        assert (self.pages(), self.kept()) == (["Disk full"], [])
        assert "#1 Disk full" in self.channel()[-1]

    def test_who_may_not_is_told_when_pagerduty_can_say_so(self) -> None:
        self.account.find("users", "Grace Hopper")["role"] = "observer"
        self.away()
        self.type('trigger "Disk full" on Database', "grace")
        self.back()
        assert self.later(120)["refused"] == 1
        assert self.pages() == []
        assert (
            "**not sent**, 2 min after it was given: PagerDuty does not let you"
            in (self.channel()[-1])
        )

    def test_a_service_that_there_is_not_is_told_when_pagerduty_can_say_so(self) -> None:
        self.away()
        self.type('trigger "Disk full" on Databas')
        told = self.channel()
        assert "Who is on call for it is not known, so **nobody was notified**" in told[0]
        self.back()
        self.later(120)
        assert "**not sent**" in self.channel()[-1]
        assert "there is no service 'Databas'" in self.channel()[-1]

    def test_what_is_a_mistake_or_not_allowed_is_not_kept(self) -> None:
        self.settings["chat"]["allowed"] = {"create": ["@grace"]}
        self.away()
        done, line = self.handled(self.order('trigger "Disk full" on Database'))
        assert (done, "you may not trigger incidents here" in line) == (False, True)
        self.settings["chat"] = {**self.settings["chat"], "allowed": {}, "read_only": True}
        assert self.handled(self.order('trigger "Disk full" on Database'))[0] is False
        assert self.handled(self.order("trigger", valid_until=self.now - 1))[0] is True
        assert self.kept() == []

    def test_a_dry_run_keeps_nothing(self) -> None:
        self.away()
        self.handled(self.order('trigger "Disk full" on Database --dry-run'))
        assert (self.kept(), self.channel()) == ([], [])

    def test_where_nothing_can_be_kept_it_fails_as_ever(self) -> None:
        self.away()
        write = Store.write

        def down(store: Store, name: str, *args: Any, **more: Any) -> Any:
            if name.startswith(kept_pages.KEY_PREFIX):
                raise StoreUnreachable("the datastore is down")
            return write(store, name, *args, **more)

        with patch.object(Store, "write", down):
            done, line = self.handled(self.order('trigger "Disk full" on Database'))
        assert (done, "503" in line) == (False, True)
        assert [one["kind"] for one in self.letters()] == ["act"]
        assert "Not at PagerDuty yet" not in "".join(self.texts("ada"))

    def test_an_order_that_comes_again_after_a_kill_goes_on_and_makes_no_second(self) -> None:
        order = self.order('trigger "Disk full" on Database')
        killed = patch.object(kept_pages, "forget", side_effect=KeyboardInterrupt)
        with killed, suppress(KeyboardInterrupt):
            self.handled(order)
        assert (self.pages(), len(self.kept())) == (["Disk full"], 1)
        for one in list(self.account.incidents.values()):
            self.account.resolve(one)
        assert self.handled(order)[0] is True
        assert "Triggered already: [#1 Disk full](http" in self.texts("ada")[-1]
        assert (self.pages(), self.kept()) == (["Disk full"], [])

    def test_one_that_comes_again_too_late_is_no_failed_command(self) -> None:
        self.away()
        order = self.order('trigger "Disk full" on Database')
        killed = patch.object(kept_pages, "forgotten", side_effect=KeyboardInterrupt)
        self.back()
        with killed, suppress(KeyboardInterrupt):
            self.handled(order)
        self.at(self.now + 120)
        assert self.handled(order)[0] is True
        assert "**Not at PagerDuty yet**: “Disk full”" in self.texts("ada")[-1]
        self.later(300)
        assert (self.pages(), self.letters(), self.kept()) == (["Disk full"], [], [])
        assert self.handled(order)[0] is True
        assert "At PagerDuty since" in self.texts("ada")[-1]

    def test_outside_words_do_nothing(self) -> None:
        self.away()
        self.type('trigger "@here {{ x }} [a](http://b.example) **b**" on "@all"')
        for text in (*self.messages("incidents"), *self.messages("ops")):
            assert "@here" not in text
            assert "@all" not in text
            assert "](http://b" not in text

    def test_a_page_of_somebody_is_not_kept_and_says_what_is(self) -> None:
        self.settings["chat"]["page_service"] = "Storefront"
        self.said("whoami", "ada")
        self.away()
        done, line = self.handled(self.order('page Mornings "Disk full"'))
        assert done is False
        assert line.startswith(
            'Nobody was paged and nothing is kept to be sent. Type `/pd trigger "Disk full" on '
            "Storefront`: that is kept and sent when PagerDuty answers. PagerDuty has trouble ("
        ), line
        line = self.handled(self.order('page @mei "Disk full" --service Database'))[1]
        assert 'Type `/pd trigger "Disk full" on Database`: that is kept' in line
        assert [one["kind"] for one in self.letters()] == ["act", "act"], "by hand alone"
        assert self.kept() == []

    def typed(self, text: str) -> Any:
        """As in a terminal: `python -m standalone chat "/pd …" --as ada`."""
        return self.action_of(ChatRun).run(verb="typed", text=text, user="ada")

    def test_a_command_typed_in_a_terminal_is_a_failed_command_and_is_replayed_by_hand(
        self,
    ) -> None:
        one = self.account.trigger("Database", "Slow")
        self.said("whoami", "ada")
        self.away()
        for text in (f"ack {one.id}", f"show {one.id}", f"dry-run ack {one.id}", "ack nothing"):
            done, _ = self.typed(text)
            assert done is False
        (letter,) = self.letters()
        assert (letter["kind"], letter["what"]) == ("act", f"/pd ack {one.id} by @ada")
        self.back()
        self.done("deadletter.replay", ids=[letter["id"]])
        assert (one.status, self.letters()) == ("acknowledged", [])

    def test_a_trigger_typed_in_a_terminal_is_kept(self) -> None:
        self.away()
        done, result = self.typed('trigger "CPU" on Database')
        assert (done, "Not at PagerDuty yet" in result["message"]) == (True, True)
        self.back()
        self.later(120)
        assert (self.pages(), self.letters()) == (["CPU"], [])

    def test_from_a_dialog_and_from_a_chat_bot_it_is_the_same(self) -> None:
        self.away()
        values = '{"service": "Database", "details": "sda1"}'
        dialog = {"kind": "dialog", "verb": "declare", "text": "Disk full", "values": values}
        assert self.handled({**self.order(""), **dialog})[0] is True
        words = {"text": "CPU", "service": "Database", "user": "ada"}
        done, result = self.action_of(ChatRun).run(verb="create", **words)
        assert (done, "Not at PagerDuty yet" in result["message"]) == (True, True)
        self.back()
        self.later(120)
        assert sorted(self.pages()) == ["CPU", "Disk full"]
