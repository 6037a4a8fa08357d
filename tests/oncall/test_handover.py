"""What a hand-off carries: what is inherited, and the notes of who goes."""

from __future__ import annotations

import json
from typing import Any, Dict, List
from unittest.mock import patch

import pytest
from chat_run import ChatRun
from oncall_case import moment
from oncall_watch_case import WatchCase

from pagerduty_mattermost.chat import requests
from pagerduty_mattermost.chat.calls import CallSecrets, ChatCall
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput, StoreUnreachable
from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE as ZW
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.noise import storm_gate
from pagerduty_mattermost.oncall import handover_notes, inherited
from pagerduty_mattermost.oncall.inherited import MAX_LINES, Inherited

BEFORE, AFTER = moment(2026, 11, 24, 8, 59), moment(2026, 11, 24, 9, 1)


class HandOverTestCase(WatchCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        policy = self.account.find("escalation_policies", "Morning escalation")["id"]
        self.account.find("services", "Database")["escalation_policy_id"] = policy

    def noted(self, text: str) -> None:
        handover_notes.add(self.store(), self.user("Mei Tanaka"), text, self.now)

    def asked(self, before: int) -> List[str]:
        return [entry.path for entry in self.server.journal.entries[before:]]

    def test_what_is_open_is_told_to_the_channel_and_to_who_comes_with_links(self) -> None:
        self.look(BEFORE)
        one = self.account.trigger("Database", "Disk full")
        other = self.account.trigger("Storefront", "Elsewhere")
        before = len(self.server.journal.entries)
        self.look(AFTER)
        asked = self.asked(before)
        (text,), (private,) = self.messages(), self.told("olu")
        for said in (text, private):
            assert "\nHanded over:\n- " in said
            assert f"#{one.number} Disk full](http" in said
            assert f"#{other.number}" not in said
        assert "Handed over" not in "".join(self.told("mei"))
        kinds = [path.split("/")[1] for path in asked]
        more = [kind for kind in kinds if kind not in ("v3", "schedules", "oncalls", "users")]
        assert sorted(more) == ["escalation_policies", "incidents", "maintenance_windows"]
        before = len(self.server.journal.entries)
        self.look(AFTER + 60)
        assert "/incidents" not in self.asked(before), "nothing was handed off"

    def test_one_that_is_snoozed_into_the_shift_and_maintenance_are_told(self) -> None:
        self.look(BEFORE)
        one = self.account.trigger("Database", "Disk full")
        self.account.acknowledge(one)
        self.account.snooze(one, 2 * 3600)
        self.account.maintain("Database", 4 * 3600)
        self.look(AFTER)
        (text,) = self.messages()
        assert "#1 Disk full" in text
        assert text.splitlines()[2].endswith(" · snoozed until 10:59")
        assert "In maintenance until 12:59: [Database](http" in text

    def test_a_snooze_is_told_from_an_acknowledgement_that_ends(self) -> None:
        service = self.account.find("services", "Database")
        service["acknowledgement_timeout"] = 1800
        self.look(BEFORE)
        titles = ("Acknowledged", "Snoozed", "Timeout changed", "Acknowledged after a snooze")
        plain, snoozed, changed, after = (
            self.account.trigger("Database", title) for title in titles
        )
        service["acknowledgement_timeout"] = 900
        self.account.acknowledge(changed)
        service["acknowledgement_timeout"] = 1800
        self.account.acknowledge(plain)
        self.account.snooze(snoozed, 5400)
        self.account.snooze(after, 5400)
        self.account.acknowledge(after, self.user("Ada Lovelace"))
        before = len(self.server.journal.entries)
        self.look(AFTER)
        asked = [path for path in self.asked(before) if path.endswith("/log_entries")]
        (text,) = self.messages()
        said = {
            title: line.rpartition(" · ")[2]
            for line in text.splitlines()
            for title in titles
            if f" {title}]" in line
        }
        assert said == {
            "Acknowledged": "its acknowledgement ends 09:29",
            "Snoozed": "snoozed until 10:29",
            "Timeout changed": "its acknowledgement ends 09:14",
            "Acknowledged after a snooze": "its acknowledgement ends 09:29",
        }
        assert len(asked) == 2, "only where the two times do not say it"

    def test_where_the_log_does_not_tell_it_is_said_when_and_not_why(self) -> None:
        self.look(BEFORE)
        one = self.account.trigger("Database", "Disk full")
        self.account.snooze(one, 2 * 3600)
        self.server.faults.add("status", status=500, path="log_entries")
        self.look(AFTER)
        (text,) = self.messages()
        assert "#1 Disk full" in text
        assert text.endswith(" · triggered again 10:59")

    def test_what_storms_and_flaps_is_told(self) -> None:
        service = self.account.find("services", "Database")["id"]
        rows = [
            {"kind": "storm", "service_id": service, "service": "Database", "total": 45},
            {
                "kind": "flapping",
                "service_id": service,
                "service": "Database",
                "title": "Lag",
                "total": 5,
            },
            {"kind": "storm", "service_id": "PELSE", "service": "Other", "total": 9},
        ]
        self.look(BEFORE)
        with patch.object(storm_gate, "ongoing", lambda store, now: rows):
            self.look(AFTER)
        (text,) = self.messages()
        assert "A storm of 45 incidents on Database" in text
        assert "Lag of Database flaps, 5 times so far" in text
        assert "Other" not in text

    def test_while_pagerduty_can_not_tell_the_hand_off_comes_without(self) -> None:
        self.look(BEFORE)
        self.account.trigger("Database", "Disk full")
        self.server.faults.add("status", status=500, path="/incidents")
        self.look(AFTER)
        (text,) = self.messages()
        assert "on call since 09:00" in text
        assert "Handed over" not in text

    def test_notes_are_told_once_in_the_channel_and_to_who_comes(self) -> None:
        self.look(BEFORE)
        self.noted("Replica lags\n@all: see the [wiki](http://x.example)")
        self.noted("Replica lags")
        self.look(AFTER)
        (text,), (private,) = self.messages(), self.told("olu")
        for said in (text, private):
            assert f"Notes of @{ZW}mei:\n> Replica lags\n> " in said
            assert "@all" not in said
            assert "](http" not in said
        assert handover_notes.read(self.store(), self.user("Mei Tanaka")) == ""
        self.look(moment(2026, 11, 25, 9, 1))
        self.look(moment(2026, 11, 26, 9, 1))
        assert [("Notes of" in said) for said in self.messages()] == [True, False, False]

    def test_a_look_that_died_tells_the_notes_once_all_the_same(self) -> None:
        self.look(BEFORE)
        self.noted("Replica lags")
        self.at(AFTER)
        with patch.object(handover_notes, "delete", side_effect=StoreUnreachable("down")):
            self.refused("oncall.watch")
        self.look(AFTER)
        assert len([said for said in self.messages() if "Replica lags" in said]) == 1


class AcceptTestCase(WatchCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.settings["chat"] = {
            "public_url": "http://st2.example.com",
            "signing_keys": ["k" * 32],
        }
        self.terms(accept_within=15)
        self.look(BEFORE)
        self.look(AFTER)

    def press(self, user: str, key: str) -> CommandResult:
        self.action_cls = ChatRun
        action = self.get_action_instance(config=dict(self.settings))
        action.clock = self.chat.clock
        return perform(action.context, Command("handover_accept", text=key, user=user))

    def key(self, post: Any) -> str:
        """What the button of the post bears, signed."""
        (action,) = post.attachments[0]["actions"]
        token = action["integration"]["context"]["token"]
        call = {"user_id": "u" * 26, "trigger_id": "t", "context": {"token": token}}
        secrets = CallSecrets((), ("k" * 32,))
        order = requests.read(ChatCall("/click", {}, json.dumps(call).encode()), secrets, self.now)
        assert isinstance(order, requests.ChatOrder)
        assert order.verb == "handover_accept"
        return order.text

    def post(self) -> Any:
        return self.chat.service.posts("incidents")[-1]

    def test_who_came_presses_once_and_both_messages_say_so(self) -> None:
        key = self.key(self.post())
        (private,) = self.chat.service.direct_posts("olu", "pagerduty")
        assert self.key(private) == key
        with pytest.raises(RejectedInput, match="only who came on call"):
            self.press("mei", key)
        assert not self.press("olu", key).already
        for post in (self.post(), self.chat.service.direct_posts("olu", "pagerduty")[0]):
            assert post.message.endswith(":white_check_mark: Olu Adeyemi has it since 09:01.")
            assert post.attachments == []
        again = self.press("olu", key)
        assert again.already
        assert "already taken" in again.message
        self.look(AFTER + 20 * 60)
        assert [one for one in self.messages() if "did not say" in one] == []

    def test_an_admin_may_for_others_and_a_typed_command_takes_what_waits(self) -> None:
        key = self.key(self.post())
        self.account.find("users", "Grace Hopper")["role"] = "admin"
        assert not self.press("grace", key).already
        assert "no hand-off to you" in self.press("olu", "").message
        self.look(moment(2026, 11, 25, 9, 1))
        assert "Mei Tanaka has it" in self.press("mei", "").message

    def test_not_taken_in_time_both_and_the_channel_hear_once(self) -> None:
        for minutes in (10, 16, 17, 40):
            self.look(AFTER + minutes * 60)
        late = [one for one in self.messages() if "did not say" in one]
        assert len(late) == 1
        assert "**Mornings**" in late[0]
        assert len([one for one in self.told("olu") if "/pd handover accept" in one]) == 1
        assert len([one for one in self.told("mei") if "You handed it over" in one]) == 1

    def test_without_the_setting_nobody_waits_and_without_buttons_none_is_shown(self) -> None:
        self.terms(accept_within=0)
        self.look(AFTER + 3600)
        assert "did not say" not in "".join(self.messages())
        del self.settings["chat"]
        self.look(moment(2026, 11, 25, 9, 1))
        assert not self.post().attachments

    def test_a_signature_of_somebody_else_is_no_click(self) -> None:
        call = {"user_id": "u" * 26, "trigger_id": "t", "context": {"token": "1.2.3"}}
        with pytest.raises(requests.CallRefused):
            requests.read(
                ChatCall("/click", {}, json.dumps(call).encode()),
                CallSecrets((), ("k" * 32,)),
                self.now,
            )


class LateButtonTestCase(WatchCase):
    """The messages of a hand-off that Mattermost did not take at once."""

    __test__ = True
    key, post, press = AcceptTestCase.key, AcceptTestCase.post, AcceptTestCase.press

    def setUp(self) -> None:
        super().setUp()
        self.settings["chat"] = {
            "public_url": "http://st2.example.com",
            "signing_keys": ["k" * 32],
        }
        self.look(BEFORE)
        self.chat.server.faults.add("status", method="POST", path="/posts$", status=503)
        self.look(AFTER)
        self.chat.server.faults.clear()
        assert self.chat.service.posts("incidents") == []

    def caught_up(self, seconds: float) -> None:
        self.at(AFTER + seconds)
        assert self.done("mattermost.catch_up")["waiting"] == 0

    def both(self) -> List[Any]:
        return [self.post(), *self.chat.service.direct_posts("olu", "pagerduty")]

    def test_they_have_their_button_when_they_come_and_it_can_be_pressed(self) -> None:
        letters = self.done("deadletter.list", parameters=True)["letters"]
        kept = [one["parameters"] for one in letters if one["parameters"].get("button")]
        assert sorted(sorted(one) for one in kept) == [
            ["about", "button", "channel", "key", "message"],
            ["about", "button", "email", "key", "message", "name", "user"],
        ]
        self.caught_up(700)
        keys = {self.key(post) for post in self.both()}
        assert len(keys) == 1
        assert not self.press("olu", keys.pop()).already
        for post in self.both():
            assert post.message.endswith(":white_check_mark: Olu Adeyemi has it since 09:12.")
            assert post.attachments == []

    def test_taken_meanwhile_they_say_so_and_have_none(self) -> None:
        self.at(AFTER + 60)
        self.press("olu", "")
        self.caught_up(700)
        for post in self.both():
            assert post.message.endswith(":white_check_mark: Olu Adeyemi has it since 09:02.")
            assert not post.attachments

    def test_too_late_to_be_taken_they_say_that(self) -> None:
        for name in self.store().read_prefix("turn."):
            self.store().delete(name)  # as it ends after two days
        self.caught_up(3 * 86400)
        for post in self.both():
            assert post.message.endswith("It is too long ago to be taken.")
            assert not post.attachments


def rows(count: int) -> Inherited:
    return Inherited(tuple(Incident(f"P{n}", number=n, title="x") for n in range(count)))


@pytest.mark.parametrize(("count", "more"), [(0, 0), (1, 0), (10, 0), (11, 0), (25, 30)])
def test_at_most_so_many_lines_and_the_rest_counted(count: int, more: int) -> None:
    made = inherited.lines(rows(count)._replace(more=more), times.zone("UTC"), 0.0)
    hidden = max(0, count - MAX_LINES) + more
    assert len(made) == (1 + min(count, MAX_LINES) + bool(hidden) if count else 0)
    assert not hidden or made[-1].startswith(f"- … and {hidden} more")


def test_notes_have_an_end() -> None:
    class Kept(Dict[str, Any]):
        def read(self, name: str) -> Any:
            return self.get(name)

        def write(self, name: str, value: Any, ttl: float) -> None:
            self[name] = value

    store: Any = Kept()
    handover_notes.add(store, "P1", "x" * 1990, 0.0)
    with pytest.raises(RejectedInput, match="2000 characters at most"):
        handover_notes.add(store, "P1", "y" * 20, 0.0)
