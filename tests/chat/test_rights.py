"""Who may do what from chat: what PagerDuty lets people do and no more, whatever words they use,
and what the owner limits."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from chat_case import ChatCase

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.orders import needs_confirmation
from pagerduty_mattermost.chat.permissions import rights
from pagerduty_mattermost.chat.verb import NONE, PAGERDUTY
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.config.chat import ChatConfig
from pagerduty_mattermost.core.config.settings import load
from pagerduty_mattermost.core.errors import ConfigError, NotFound, RejectedInput

LOOKING = {
    "observer": "Observer",
    "restricted_access": "Restricted Access",
    "read_only_user": "Full Stakeholder",
    "read_only_limited_user": "Limited Stakeholder",
}
ACTING = ("owner", "admin", "user", "limited_user")


def said(verb: str, **words: Any) -> Command:
    return Command(verb, **words)


class PagerDutyRolesTestCase(ChatCase):
    __test__ = True

    def role(self, role: str, **teams: str) -> None:
        """Ada's role, and those in her teams."""
        ada = self.account.find("users", "Ada Lovelace")
        ids = {self.account.find("teams", name)["id"]: its for name, its in teams.items()}
        self.account.change("users", ada, {"role": role, "team_roles": ids, "team_ids": [*ids]})
        self.run_class("identity_link", "IdentityLink", user="ada", pagerduty_user=ada["id"])
        self.service.delete_value(
            f"pagerduty.identity.{self.sandbox.mattermost.world.users['ada'].id}.person",
            local=False,
        )

    def acts(self) -> Dict[str, Command]:
        """One command of each kind, for a fresh incident."""
        one = self.account.trigger("Checkout API", "Slow")
        number = str(one.number)
        return {
            "acknowledge": said("acknowledge", incidents=number),
            "resolve": said("resolve", incidents=number),
            "note": said("note", incidents=number, text="Looking"),
            "escalate": said("escalate", incidents=number, text="2"),
            "create": said("create", text="Down", service="Checkout API"),
            "page": said("page", text="Down", service="@mei", options={"service": "Database"}),
            "take": said("take", service="Platform rotation", duration="2h"),
            "maintenance": said("maintenance", service="Checkout API", duration="1h"),
        }

    def test_who_only_looks_at_pagerduty_only_looks_from_chat(self) -> None:
        for role, name in LOOKING.items():
            self.role(role)
            for verb, command in self.acts().items():
                before = self.written()
                what = TABLE.get(verb).infinitive  # type: ignore[union-attr]
                with pytest.raises(RejectedInput, match=f"does not let you {what}:") as refused:
                    self.perform(command)
                assert f"your role is {name}, which may only read" in str(refused.value)
                assert "\n" not in str(refused.value)
                assert self.written() == before, (role, verb)
            assert self.perform(said("list")).message
            assert self.perform(said("oncall", text="Platform rotation")).message

    def test_who_acts_there_acts_here(self) -> None:
        for role in ACTING:
            self.role(role)
            one = self.account.trigger("Checkout API", "Slow")
            self.perform(said("acknowledge", incidents=one.id))
            assert one.status == "acknowledged"

    def acts_on(self, service: str, schedule: str = "Platform rotation") -> Dict[str, Command]:
        """One command of each kind about the service and the schedule, things to end included."""
        ada = self.account.find("users", "Ada Lovelace")["id"]
        mine = self.account.trigger(service, "Slow", assignees=[ada])
        number = str(mine.number)
        window, override = self.window(service), self.override(schedule)
        return {
            "acknowledge_mine": said("acknowledge_mine"),
            "resolve": said("resolve", incidents=number),
            "note": said("note", incidents=number, text="Looking"),
            "reopen": said("reopen", incidents=number),
            "create": said("create", text="Down", service=service),
            "page": said("page", text="Down", service="@mei", options={"service": service}),
            "page its service": said("page", text="Down", service=f"service {service}"),
            "override_cancel": said("override_cancel", text=override),
            "take": said("take", service=schedule, duration="1h"),
            "override": said("override", service=schedule, duration="from tomorrow 9:00 for 2h"),
            "maintenance_end": said("maintenance_end", text=window),
            "maintenance": said("maintenance", service=service, duration="1h"),
        }

    def window(self, *services: str) -> str:
        ids = [self.account.find("services", name)["id"] for name in services]
        tomorrow, ada = (
            self.account.now() + 86400,
            self.account.find("users", "Ada Lovelace")["id"],
        )
        window = {"start": tomorrow, "end": tomorrow + 60, "service_ids": ids}
        return str(self.account.open_window(window, ada)["id"])

    def override(self, schedule: str) -> str:
        found = self.account.find("schedules", schedule)
        mei, now = self.account.find("users", "Mei Tanaka")["id"], self.account.now()
        one = {"id": "PVRRIDE", "start": now + 90000, "end": now + 90060, "user_id": mei}
        self.account.change("schedules", found, {"overrides": [one]})
        return f"{found['id']}:PVRRIDE"

    def only_refused(self, verb: str, command: Command, role: str) -> None:
        before = self.written()
        with pytest.raises(RejectedInput) as refused:
            self.perform(command)
        told = str(refused.value)
        what = TABLE.get(command.verb).infinitive  # type: ignore[union-attr]
        assert f"does not let you {what}: your role is" in told, verb
        assert LOOKING[role] in told
        assert self.written() == before, (role, verb)

    def test_a_team_role_lets_an_observer_act_on_the_teams_things(self) -> None:
        for role in ("observer", "restricted_access"):
            for in_team in ("responder", "manager"):
                self.role(role, Platform=in_team)
                for verb, command in self.acts_on("Database").items():
                    before = self.written()
                    self.perform(command)
                    assert self.written() != before, (role, in_team, verb)
                self.account.catalog["maintenance_windows"].clear()
            self.role(role, Platform="observer")
            for verb, command in self.acts_on("Database").items():
                self.only_refused(verb, command, role)
            self.account.catalog["maintenance_windows"].clear()
        self.role("read_only_user", Platform="manager")
        with pytest.raises(RejectedInput, match="Full Stakeholder"):
            self.perform(said("take", service="Platform rotation", duration="1h"))

    def test_and_on_nothing_of_other_teams(self) -> None:
        rota = self.account.find("schedules", "Platform rotation")
        self.account.change("schedules", rota, {"team_ids": []})
        for role in ("observer", "restricted_access"):
            self.role(role, Platform="manager")
            for verb, command in self.acts_on("Checkout API").items():
                self.only_refused(verb, command, role)

    def test_all_that_a_command_changes_has_to_be_the_teams(self) -> None:
        ada = self.account.find("users", "Ada Lovelace")["id"]
        self.role("observer", Platform="manager")
        for service in ("Database", "Checkout API"):
            self.account.trigger(service, "Slow", assignees=[ada])
        on = {"service": "Database"}
        refused = (
            said("acknowledge_mine"),
            said("acknowledge", incidents="1,2"),
            said("merge", incidents="1", text="2"),
            said("maintenance_end", text=self.window("Database", "Checkout API")),
            said("page", text="Down", service="policy Payments escalation", options=on),
        )
        for command in refused:
            self.only_refused(command.verb, command, "observer")
        self.account.catalog["maintenance_windows"].clear()
        self.perform(said("page", text="Down", service="policy Platform escalation", options=on))
        assert self.account.incidents[max(self.account.incidents)].status == "triggered"

    def test_where_nothing_would_be_changed_that_is_said(self) -> None:
        self.role("observer", Platform="responder")
        assert "Nothing is triggered" in self.perform(said("acknowledge_mine")).message
        with pytest.raises(NotFound):
            self.perform(said("maintenance_end", text="PNONE"))
        with pytest.raises(RejectedInput, match="on which service"):
            self.perform(said("create", text="Down"))
        self.settings["service_key"] = "0" * 32
        with pytest.raises(NotFound, match="service_key"):
            self.perform(said("create", text="Down"))
        assert self.written() == []

    def test_an_event_to_the_service_of_service_key_needs_its_team(self) -> None:
        for service, may in (("Database", True), ("Checkout API", False)):
            id = self.account.find("services", service)["id"]
            keys = [
                one["key"]
                for one in self.account.catalog["integrations"].values()
                if one["service_id"] == id
            ]
            self.settings["service_key"] = keys[0]
            self.role("observer", Platform="responder")
            if may:
                assert "Triggered" in self.perform(said("create", text="Down")).message
            else:
                self.only_refused("create", said("create", text="Down"), "observer")

    def test_the_role_of_whose_name_is_said_counts(self) -> None:
        mei = self.account.find("users", "Mei Tanaka")
        self.account.change("users", mei, {"role": "observer"})
        one = self.account.trigger("Checkout API", "Slow")
        refused = self.refused("acknowledge", incidents=one.id, from_email=mei["email"])
        assert "your role is Observer" in refused

    def test_a_refusal_asks_for_the_role_afresh_and_for_nothing_else_of_the_person(self) -> None:
        self.role("observer")
        for _ in range(2):
            began = len(self.sandbox.pagerduty.journal.entries)
            with pytest.raises(RejectedInput, match="Observer"):
                self.perform(said("maintenance", service="Database", duration="1h"))
        paths = [e.path for e in self.sandbox.pagerduty.journal.entries[began:]]
        assert len([path for path in paths if path.startswith("/users")]) == 1, paths

    def test_a_new_role_that_nobody_knows_only_looks(self) -> None:
        self.role("auditor")
        with pytest.raises(RejectedInput, match="your role is auditor"):
            self.perform(self.acts()["acknowledge"])


def test_each_verb_that_changes_pagerduty_says_what_it_changes() -> None:
    """`declare` opens a dialog, whose order is a `create`."""
    silent = [
        verb.name
        for verb in TABLE.verbs
        if verb.changes == PAGERDUTY and verb.incidents == NONE and verb.touches is None
    ]
    assert silent == ["declare"]


class LimitedTestCase(ChatCase):
    """chat.allowed and chat.read_only."""

    __test__ = True

    def limit(self, **chat: Any) -> None:
        self.settings["chat"] = chat

    def test_reading_can_be_limited_too(self) -> None:
        self.limit(allowed={"list": ["@grace"], "oncall": ["@grace"]})
        assert "you may not list incidents here: it is for @grace" in self.refused("list")
        assert "you may not ask who is on call here" in self.refused(
            "oncall", text="Platform rotation"
        )
        assert self.told("mine")
        rows = self.service.list_values(local=False, prefix="pagerduty.audit.")
        assert rows == [], "looking is no act"

    def test_words_as_they_are_typed_count(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.limit(allowed={"ack": ["@grace"], "status": [], "list mine": []})
        assert "it is for @grace" in self.refused("acknowledge", incidents=one.id)
        assert "it is for @grace" in self.refused("acknowledge_mine")
        assert "it is for nobody" in self.refused("status_update", incidents=one.id, text="x")
        assert "it is for nobody" in self.refused("mine")

    def test_read_only_stops_whatever_posts_or_changes(self) -> None:
        self.limit(read_only=True)
        for verb in TABLE.verbs:
            if verb.changes != "nothing":
                line = self.refused(verb.name, incidents="1", text="on", service="Database")
                assert "nothing is changed from chat here" in line, verb.name
        assert self.told("whoami")

    def test_a_channel_of_that_name_in_another_team_is_another_channel(self) -> None:
        world, mattermost = self.sandbox.mattermost.world, self.sandbox.mattermost.service
        one = self.account.trigger("Checkout API", "Slow")
        other = mattermost.add_team("elsewhere", "Elsewhere")
        namesake = mattermost.add_channel(other.id, "incidents")
        self.limit(allowed={"acknowledge": ["~incidents"]})
        for channel, may in (
            (namesake.id, False),
            ("", False),
            (world.channels["incidents"].id, True),
        ):
            command = said("acknowledge", incidents=one.id, channel=channel)
            if may:
                self.perform(command)
            else:
                with pytest.raises(RejectedInput, match="it is for ~incidents"):
                    self.perform(command)

    def test_a_channel_is_looked_up_once(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        id = self.sandbox.mattermost.world.channels["incidents"].id
        self.limit(allowed={"acknowledge": ["~incidents"]})
        for _ in range(2):
            began = len(self.sandbox.mattermost.journal.entries)
            self.perform(said("acknowledge", incidents=one.id, channel=id))
        paths = [e.path for e in self.sandbox.mattermost.journal.entries[began:]]
        assert not any("/channels" in path for path in paths), paths

    def test_a_channel_that_is_not_there_fits_nobody(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        id = self.sandbox.mattermost.world.channels["incidents"].id
        self.limit(allowed={"acknowledge": ["~nowhere", "@ada"]})
        self.perform(said("acknowledge", incidents=one.id, channel=id))
        self.limit(allowed={"acknowledge": ["~nowhere"]})
        with pytest.raises(RejectedInput, match="it is for ~nowhere"):
            self.perform(said("acknowledge", incidents=one.id, channel=id))


@pytest.mark.parametrize(
    ("command", "covered"),
    [
        (said("page", service="@mei", text="x"), {"page", "create", "declare"}),
        (said("take", service="x"), {"take", "override"}),
        (said("override_cancel", text="x"), {"override_cancel", "override"}),
        (said("maintenance_end", text="x"), {"maintenance_end", "maintenance"}),
        (said("merge", incidents="1", text="2"), {"merge", "resolve"}),
        (said("escalate", incidents="1", text="policy Web"), {"escalate", "reassign"}),
        (said("escalate", incidents="1", text="level 2"), {"escalate"}),
        (said("escalate", incidents="1"), {"escalate"}),
        (said("create", text="x", options={"assign": "@mei"}), {"create", "declare", "page"}),
        (said("create", text="x"), {"create", "declare"}),
        (said("resolve", incidents="1", text="x"), {"resolve", "note"}),
        (said("update", incidents="1", text="x"), {"update", "status_update"}),
    ],
)
def test_a_right_covers_the_act_in_whatever_words(command: Command, covered: Any) -> None:
    verb = TABLE.get(command.verb)
    assert verb is not None
    assert set(rights(command, verb)) == covered


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        (said("page", service="@mei", text="x"), True),
        (said("create", text="x"), False),
        (said("override", service="x", duration="2h", text="@mei"), True),
        (said("override", service="x", duration="2h", text="@ada"), False),
        (said("override", service="x", duration="2h", text="me"), False),
        (said("override", service="x", duration="2h"), False),
        (said("take", service="x", duration="2h"), False),
        (said("merge", incidents="1", text="2"), True),
        (said("resolve", incidents="1,2"), True),
        (said("resolve", incidents="1"), False),
    ],
)
def test_paging_and_overrides_for_others_are_confirmed(command: Command, asked: bool) -> None:
    assert needs_confirmation(command, ChatConfig().confirm, "ada") is asked


@pytest.mark.parametrize(
    ("chat", "told"),
    [
        ({"allowed": {"acknowlege": []}}, "'acknowlege', which is no command; did you mean ack"),
        ({"allowed": {"statsu_update": []}}, "did you mean status_update?"),
        ({"allowed": {"xyzzy": []}}, "docs/chat.md list them"),
        ({"allowed": {"close": []}}, "'close', which is no command; `/pd help`"),
        ({"confirm": ["merge", "bluk"]}, "chat.confirm names 'bluk'"),
        ({"confirm": ["bluk"]}, "did you mean bulk?"),
    ],
)
def test_an_unknown_word_is_a_mistake_in_the_configuration(chat: Any, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        load({"chat": chat})
    assert told in str(error.value)


def test_words_as_they_are_typed_are_read_as_the_names() -> None:
    typed = {"/pd ack": ["@a"], "Acknowledge": ["@b"], "run": [], "add-responder": [], "Page:": []}
    chat = load({"chat": {"allowed": typed, "confirm": ["ack mine", "bulk"]}}).chat
    assert chat.allowed == {
        "acknowledge": ("@a", "@b"),
        "workflow": (),
        "responders": (),
        "page": (),
    }
    assert chat.confirm == ("acknowledge_mine", "bulk")
