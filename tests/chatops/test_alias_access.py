"""Who may run which of StackStorm's aliases after `/st2`: what is allowed and denied, and in
whose name it runs."""

from __future__ import annotations

from typing import Any, Dict

from chatops_case import ChatopsCase


class AccessTestCase(ChatopsCase):
    """chatops.allow and chatops.deny."""

    __test__ = True

    def test_without_any_nobody_runs_anything_as_one_account(self) -> None:
        self.allow({})
        self.say("pack get core")
        self.told_alone("chatops.allow names none")
        assert self.asked_to_run() == 0

    def test_the_most_exact_name_decides(self) -> None:
        self.allow({"*": ["*"], "packs": ["@grace"], "packs.pack_get": ["@ada"]})
        self.say("pack get core")
        self.told("the pack core")
        self.allow({"*": ["*"], "packs": ["@grace"]})
        self.say("pack get other")
        self.told_alone("packs.pack_get is for @grace (chatops.allow, packs)")
        self.say("pack get other", user_id=self.user_id("grace"), user_name="ada")
        self.told("the pack other")

    def test_by_channel_and_by_group(self) -> None:
        self.allow({"packs": ["~town-square"], "ops": ["group:night"]})
        self.say("pack get core")
        self.told("the pack core")
        self.say("pack get core", channel_id=self.channel_named("incidents").id)
        self.told_alone("is for ~town-square")
        self.say("wait long")
        self.told_alone("ops.wait is for group:night")
        self.sandbox.mattermost.service.license = "professional"
        self.sandbox.mattermost.account.add_group("night", ["ada"])
        self.say("wait long")
        self.told("Waiting for long")

    def test_what_is_denied_is_refused_although_it_is_allowed(self) -> None:
        self.allow({"*": ["*"]}, {"*": ["~incidents"], "ops": ["@ada"]})
        self.say("wait long")
        self.told_alone("ops.wait may not be run by you here (chatops.deny, ops)")
        self.say("pack get core", channel_id=self.channel_named("incidents").id)
        self.told_alone("(chatops.deny, *)")
        self.say("pack get core")
        self.told("the pack core")

    def test_who_may_not_run_it_may_not_cancel_it_either(self) -> None:
        self.allow({"*": ["@ada"]})
        self.say("wait long")
        self.press(self.told("Waiting for long"), "Cancel", "grace")
        self.told_alone("Not canceled: ops.wait is for @ada")
        assert self.executions()[0]["status"] == "requested"

    def allow(self, allow: Dict[str, Any], deny: Dict[str, Any] = {}) -> None:  # noqa: B006
        self.chatops = {"allow": allow, "deny": deny}
        self.start()


class PersonTestCase(ChatopsCase):
    """In everybody's own name, by a service account that impersonates."""

    __test__ = True
    chatops = {"service_user": "bridge", "service_password": "secret"}

    def furnish(self) -> None:
        super().furnish()
        account = self.stackstorm.account
        account.auth = True
        account.add_user("bridge", password="secret", is_service=True)
        account.add_user("ada.l", nickname="ada")
        account.add_user("grace.h", nickname="grace", may=("ops.wait",))
        account.add_user("sensor_service")
        account.add_token("sensor_service")

    def test_it_runs_as_who_typed_it_by_one_token(self) -> None:
        for pack in ("core", "other"):
            self.say(f"pack get {pack}")
            self.told(f"the pack {pack}")
        assert [one["context"]["user"] for one in self.executions()] == ["ada.l", "ada.l"]
        assert len(self.sandbox.journal.find(path="^/auth/tokens")) == 1

    def test_what_they_may_not_run_stackstorm_refuses(self) -> None:
        grace = {"user_id": self.user_id("grace"), "user_name": "grace"}
        self.say("pack get core", **grace)
        self.told_alone('User "grace.h" doesn\'t have required permission "action_execute"')
        self.say("wait long", **grace)
        self.told("Waiting for long")
        self.nothing_of_packs_ran()

    def test_whom_stackstorm_does_not_know_runs_nothing(self) -> None:
        self.say("pack get core", user_id=self.user_id("linus"), user_name="linus")
        self.told_alone("StackStorm has no user with the nickname linus for Mattermost")
        self.nothing_of_packs_ran()

    def test_a_token_that_is_taken_back_is_asked_for_anew(self) -> None:
        self.say("pack get core")
        self.told("the pack core")
        tokens = self.stackstorm.account.tokens
        for token in [one for one, user in tokens.items() if user == "ada.l"]:
            del tokens[token]
        self.say("pack get other")
        self.told("the pack other")

    def test_a_wrong_password_is_told(self) -> None:
        self.chatops = {**self.chatops, "service_password": "wrong"}
        self.start()
        self.say("pack get core")
        self.told_alone("auth service refuses chatops.service_user")

    def test_by_id_where_nicknames_are_ids(self) -> None:
        self.chatops = {**self.chatops, "nickname": "id"}
        self.stackstorm.account.add_user("ada.id", nickname=self.user_id())
        self.start()
        self.say("pack get core")
        self.told("the pack core")
        assert self.executions()[0]["context"]["user"] == "ada.id"

    def test_cancel_happens_with_the_rights_of_who_clicks(self) -> None:
        self.say("wait long")
        self.press(self.told("Waiting for long"), "Cancel", "linus")
        self.told_alone("Not canceled: StackStorm has no user with the nickname linus")
        assert self.executions()[0]["status"] == "requested"

    def nothing_of_packs_ran(self) -> None:
        assert not [one for one in self.executions() if one["action"]["ref"] == "packs.get"]
