"""`event.trigger` while PagerDuty takes no events: kept, told, and sent once."""

from __future__ import annotations

from typing import Any, Dict
from unittest.mock import patch

from kept_page_case import EVENTS, HOUR, REST, KeptPageCase, moment

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.oncall import kept_pages


class KeptEventTestCase(KeptPageCase):
    __test__ = True

    def triggered(self, **more: Any) -> Dict[str, Any]:
        given = {"summary": "Disk full", "dedup_key": "db-1-disk", **more}
        result: Dict[str, Any] = self.done("event.trigger", **given)
        return result

    def test_while_pagerduty_takes_events_nothing_is_kept_or_told(self) -> None:
        assert self.triggered()["status"] == "success"
        assert (self.kept(), self.channel(), self.pages()) == ([], [], ["Disk full"])

    def test_it_is_kept_told_and_sent_once(self) -> None:
        self.away()
        self.at(self.now + 23 * 60)
        result = self.triggered()
        assert (result["done"], result["status"], result["notified"]) == (
            "kept",
            "kept",
            ["Mei Tanaka"],
        )
        assert result["dedup_key"] == "db-1-disk"
        (kept,) = self.channel()
        assert kept.startswith(
            ":rotating_light: “Disk full” of 10:23 by StackStorm is not at PagerDuty yet"
        )
        assert "It is kept, and sent once when it does." in kept
        assert kept.endswith(
            "On call for Morning escalation when PagerDuty last said so, 23 min ago: @mei, "
            "notified by direct message."
        )
        (direct,) = self.texts("mei")
        assert direct.startswith(":rotating_light: **StackStorm pages you past PagerDuty**")
        assert "“Disk full”, of 10:23." in direct
        assert "You were on call for Morning escalation when PagerDuty last said so" in direct
        assert self.texts("olu") == self.texts("ada") == []
        self.later(60)
        assert (self.pages(), len(self.kept()), len(self.channel())) == ([], 1, 1)
        self.back()
        assert self.later(120)["sent"] == 1
        assert (self.pages(), self.kept()) == (["Disk full"], [])
        (_, sent) = self.channel()
        assert sent.startswith(
            ":white_check_mark: “Disk full” is at PagerDuty now, 3 min after it was given."
        )
        assert "[#1 Disk full](http" in sent
        for post in (self.chat.service.posts("incidents")[0], self.direct("mei")[0]):
            assert post.attachments == []
            assert post.message.endswith(":white_check_mark: At PagerDuty since 10:26.")
        for _ in range(3):
            assert self.later(120)["sent"] == 0
        assert (self.pages(), len(self.channel()), len(self.texts("mei"))) == (
            ["Disk full"],
            2,
            1,
        )

    def test_where_its_api_answers_who_is_on_call_is_as_it_says_now(self) -> None:
        self.account.cover("Mornings", "Olu Adeyemi", 2 * HOUR)
        self.away(EVENTS)
        assert self.triggered()["notified"] == ["Olu Adeyemi"]
        assert self.channel()[0].endswith(
            "On call for Database: @olu, notified by direct message."
        )
        assert "You are on call for Database." in self.texts("olu")[0]

    def test_a_turn_that_came_meanwhile_counts(self) -> None:
        self.away()
        self.at(moment(2026, 11, 24, 9, 30))
        assert self.triggered()["notified"] == ["Olu Adeyemi"]
        assert "when PagerDuty last said so, 23 h ago: @olu" in self.channel()[0]

    def test_what_is_older_than_a_day_is_not_believed(self) -> None:
        self.away()
        self.at(self.now + 25 * HOUR)
        assert self.triggered()["notified"] == []
        (kept,) = self.channel("ops")
        assert kept.endswith(
            "Who is on call for it is not known, so **nobody was notified**: call somebody by "
            "other means."
        )

    def test_in_a_gap_nobody_is_notified_and_that_is_said(self) -> None:
        self.only(self.rota, "09:00:00", 8)
        for rule in self.account.find("escalation_policies", "Morning escalation")["rules"]:
            rule["targets"] = [("schedule", self.rota["id"])]
        self.at(self.now + HOUR)
        self.done("kept_page.send")
        self.away()
        self.at(moment(2026, 11, 23, 18))
        self.triggered()
        assert "so **nobody was notified**" in self.channel()[0]

    def test_who_has_no_account_here_is_to_be_called(self) -> None:
        self.account.find("users", "Mei Tanaka")["email"] = "mei@elsewhere.example"
        self.at(self.now + 2 * HOUR)
        self.done("kept_page.send")
        self.done("oncall.watch")
        self.away()
        self.triggered()
        assert self.channel()[0].endswith("Mei Tanaka, who has no account here: **call them**.")

    def test_who_wants_no_messages_about_shifts_is_paged_all_the_same(self) -> None:
        self.said("notify", "mei", text="off")
        self.away()
        self.triggered()
        assert len(self.texts("mei")) == 1

    def test_the_button_says_who_has_it_once(self) -> None:
        self.away()
        self.triggered()
        (post,) = self.chat.service.posts("incidents")
        assert self.pressed(post).text == self.pressed(self.direct("mei")[0]).text
        said = self.press(self.direct("mei")[0], "mei").message
        assert said.startswith("You have “Disk full”. It is still sent")
        assert self.channel()[-1] == ":white_check_mark: @mei has “Disk full” since 10:00."
        for one in (self.chat.service.posts("incidents")[0], self.direct("mei")[0]):
            assert one.attachments == []
        assert (
            "has “Disk full” already"
            in self.said("page_accept", "olu", text=self.kept()[0].id).message
        )
        self.back()
        self.later(120)
        assert "@mei said to have it." in self.channel()[-1]
        assert self.pages() == ["Disk full"]

    def test_withdrawn_it_is_never_sent(self) -> None:
        self.away()
        self.triggered()
        (page,) = self.kept()
        assert page.id in self.said("kept_pages").message
        assert "is withdrawn." in self.said("kept_drop", "mei", text=page.id).message
        self.back()
        assert self.later(120)["waiting"] == 0
        assert self.pages() == []
        assert "“Disk full” is withdrawn by @mei." in self.channel()[-1]
        assert ":no_entry_sign: Withdrawn by @mei" in self.texts("mei")[0]
        again = self.said("kept_drop", "mei", text=page.id).message
        assert ":no_entry_sign: Withdrawn by @" in again

    def test_the_key_that_was_typed_is_kept_encrypted_and_deleted(self) -> None:
        keys = {row["name"]: row["key"] for row in self.account.catalog["integrations"].values()}
        own = keys["Storefront Events API v2"]
        self.away()
        with patch.object(Store, "write", autospec=True, side_effect=Store.write) as write:
            self.triggered(routing_key=own)
        (written,) = [call for call in write.call_args_list if own in str(call)]
        assert written[0][1] == kept_pages.ROUTING_PREFIX + self.kept()[0].id
        assert written[1] == {"encrypt": True}
        assert own not in str(self.kept())
        self.back()
        self.later(120)
        assert self.tried()[-1]["routing_key"] == own
        assert self.store().read_prefix(kept_pages.ROUTING_PREFIX) == {}

    def test_what_pagerduty_refuses_when_it_is_back_is_told(self) -> None:
        self.away()
        self.triggered()
        self.back()
        self.settings["events"] = {"routing_keys": {"a": "x" * 32, "b": "y" * 32}}
        assert self.later(120)["refused"] == 1
        assert (
            "“Disk full” is **not sent**, 2 min after it was given: routing_key: is missing"
            in (self.channel()[-1])
        )
        assert self.kept() == []

    def test_a_page_that_pagerduty_never_takes_ends_after_a_week(self) -> None:
        self.away()
        self.triggered()
        self.later(6 * 24 * HOUR)
        assert len(self.kept()) == 1
        assert self.later(25 * HOUR)["refused"] == 1
        assert "PagerDuty did not take it for 7 days" in self.channel()[-1]

    def test_without_keep_it_fails_as_ever(self) -> None:
        self.away()
        assert "503" in self.refused("event.trigger", summary="Disk full", keep=False)
        assert (self.kept(), self.channel()) == ([], [])

    def test_without_mattermost_nothing_is_kept(self) -> None:
        del self.settings["mattermost"]
        self.away()
        assert "503" in self.refused("event.trigger", summary="Disk full")

    def test_a_refusal_is_no_outage(self) -> None:
        self.away(EVENTS, status=400)
        assert "check the integration key" in self.refused("event.trigger", summary="Disk full")
        assert (self.kept(), self.channel()) == ([], [])


class OrderTestCase(KeptPageCase):
    """What follows a page that is kept, and in which order pages are sent."""

    __test__ = True

    def trigger(self, key: str, **more: Any) -> Any:
        return self.done("event.trigger", summary=f"About {key}", dedup_key=key, **more)

    def test_a_resolution_goes_behind_its_trigger(self) -> None:
        self.away()
        self.trigger("a")
        assert self.done("event.resolve", dedup_key="a")["done"] == "kept"
        assert len(self.channel()) == 1, "only what pages is told"
        self.back()
        self.later(120)
        assert [one["event_action"] for one in self.tried()[-2:]] == ["trigger", "resolve"]
        (one,) = self.account.incidents.values()
        assert one.status == "resolved"

    def test_what_comes_first_after_the_outage_sends_what_waits_before_it(self) -> None:
        self.away()
        self.trigger("a")
        self.back()
        assert self.done("event.resolve", dedup_key="a")["status"] == "success"
        assert [one["event_action"] for one in self.tried()[-2:]] == ["trigger", "resolve"]
        assert self.kept() == []

    def test_triggered_anew_after_a_resolution_it_ends_triggered(self) -> None:
        self.away()
        self.trigger("a")
        self.done("event.resolve", dedup_key="a")
        self.trigger("a")
        self.trigger("a")
        assert len(self.kept()) == 3
        self.back()
        self.later(120)
        sent = [one["event_action"] for one in self.tried()[-3:]]
        assert sent == ["trigger", "resolve", "trigger"]
        states = sorted(one.status for one in self.account.incidents.values())
        assert states == ["resolved", "triggered"]

    def test_an_acknowledgement_of_what_is_not_kept_goes_at_once_and_fails_as_ever(self) -> None:
        self.trigger("a")
        self.away()
        assert "503" in self.refused("event.resolve", dedup_key="a")

    def test_pages_are_sent_in_the_order_in_which_they_were_given(self) -> None:
        self.away()
        keys = [f"k{number}" for number in (3, 1, 2, 5, 4)]
        for key in keys:
            self.at(self.now + 1)
            self.trigger(key)
        self.back()
        self.later(120)
        assert [one["dedup_key"] for one in self.tried()[-5:]] == keys

    def test_one_that_waits_holds_up_its_own_key_alone(self) -> None:
        keys = {row["name"]: row["key"] for row in self.account.catalog["integrations"].values()}
        self.settings["events"]["routing_keys"] = {"shop": keys["Storefront Events API v2"]}
        self.away(EVENTS)
        self.trigger("a")
        self.trigger("b", routing_key_name="shop")
        self.back()
        self.server.faults.add("status", status=429, retry_after=90, path=EVENTS, times=1)
        assert self.later(120) is not None
        assert [one.key for one in self.kept()] == ["a"]

    def test_how_long_pagerduty_asks_for_is_waited(self) -> None:
        self.away(EVENTS, status=429, retry_after=400)
        self.trigger("a")
        before = len(self.tried())
        self.later(120)
        self.later(120)
        assert len(self.tried()) == before, "400 s are not over"
        self.back()
        self.later(300)
        assert self.pages() == ["About a"]

    def test_a_server_that_answers_nothing_is_asked_once_a_run(self) -> None:
        keys = {row["name"]: row["key"] for row in self.account.catalog["integrations"].values()}
        self.settings["events"]["routing_keys"] = {"shop": keys["Storefront Events API v2"]}
        self.away(EVENTS)
        self.trigger("a")
        self.trigger("b", routing_key_name="shop")
        before = len(self.tried())
        self.later(120)
        assert len(self.tried()) - before == 2, "two tries of the first alone"

    def test_of_many_only_the_first_have_messages_of_their_own(self) -> None:
        self.away()
        for number in range(14):
            self.trigger(f"k{number:02d}")
        assert len(self.texts("mei")) == 10
        told = self.channel()
        assert len([one for one in told if "is not at PagerDuty yet" in one]) == 10
        assert len([one for one in told if "Further ones are kept as well" in one]) == 1
        self.back()
        self.later(120)
        assert len(self.pages()) == 14
        told = self.channel()
        assert len([one for one in told if "is at PagerDuty now," in one]) == 10
        assert told[-1] == ":white_check_mark: 4 more pages that were kept are at PagerDuty now."

    def test_where_its_api_is_away_alone_events_go_as_ever(self) -> None:
        self.away(REST)
        assert self.trigger("a")["status"] == "success"
        assert self.kept() == []
