"""`/st2 <phrase>`: StackStorm's aliases of every pack, by HTTP as Mattermost and StackStorm speak
it."""

from __future__ import annotations

import threading
from typing import Any, Dict, List

from chatops_case import ChatopsCase

from pagerduty_mattermost.chatops.rendering import MAX_SHOWN_CHARACTERS


class PhraseTestCase(ChatopsCase):
    __test__ = True

    def test_the_acknowledgement_becomes_the_result(self) -> None:
        answer = self.say("wait the train")
        assert (answer.status_code, answer.json()) == (200, {})
        post = self.told("Waiting for the train")
        assert "`/st2 wait the train`" in post["message"]
        assert self.shown_actions(post) == ["Cancel"]
        (execution,) = self.executions()
        assert execution["web_url"] in post["message"]
        assert execution["context"]["api_user"] == "ada"
        self.stackstorm.account.end(execution["id"], "succeeded", {"result": "at nine"})
        ended = self.told("It came: at nine (succeeded)")
        assert ended["id"] == post["id"]
        assert self.shown_actions(ended) == ["Run again"]
        assert len(self.posts()) == 1
        self.nothing_left()

    def test_it_is_told_in_the_thread_it_was_asked_in(self) -> None:
        root = self.posted("What about the pack?")
        self.say("pack get core", root_id=root)
        assert self.told("the pack core")["root_id"] == root

    def test_a_thread_whose_first_post_was_deleted_gets_it_in_the_channel(self) -> None:
        self.say("pack get core", root_id="z" * 26)
        assert not self.told("the pack core")["root_id"]

    def test_no_phrase_is_told_to_its_giver_with_the_nearest(self) -> None:
        self.say("pack gat core")
        told = self.told_alone("`pack gat core` was not run")
        assert "did you mean `pack get {{pack}}`" in told
        assert not self.posts()
        assert self.asked_to_run() == 0

    def test_two_aliases_that_take_it_are_named(self) -> None:
        self.stackstorm.account.add_alias("mine.pack", ["pack get {{that}}"], "mine.act")
        self.say("pack get core")
        told = self.told_alone("several aliases take it")
        assert "mine.pack" in told
        assert "packs.pack_get" in told
        assert not self.executions()

    def test_a_failure_is_one_line_with_the_executions_link(self) -> None:
        self.stackstorm.account.acts["packs.get"] = lambda _: (
            "failed",
            {"result": "None", "stderr": "Traceback\n  File\nValueError: no such @pack", "x": 1},
        )
        self.say("pack get core")
        post = self.told(":x: `packs.get` failed: `ValueError: no such @pack`")
        assert self.executions()[0]["web_url"] in post["message"]
        assert len(post["message"].splitlines()) == 2

    def test_a_format_that_does_not_render_is_said_and_the_result_shown(self) -> None:
        self.alias("bad.format", "bad", {"format": "{{ execution.result.nothing.at.all }}"})
        self.say("bad")
        assert "fine" in self.told("The alias's format can't be rendered")["message"]

    def test_what_is_long_comes_as_a_file(self) -> None:
        lines = "\n".join(f"line {number}" for number in range(2000))
        self.alias("long.one", "long", {"format": "{{ execution.result.result }}"}, lines)
        self.say("long")
        post = self.told("as a file below")
        assert len(post["message"]) < MAX_SHOWN_CHARACTERS
        reply = self.waited(lambda: next((p for p in self.posts() if p.get("file_ids")), None))
        assert reply["root_id"] == post["id"]
        stored = self.sandbox.mattermost.account.state.files[reply["file_ids"][0]]
        assert stored.content.decode().endswith("line 1999")
        self.nothing_left()

    def test_extra_is_shown_without_its_buttons(self) -> None:
        extra = {
            "slack": {
                "color": "#00ff00",
                "fields": [{"title": "Host", "value": "{{ execution.result.result }}"}],
                "actions": [{"name": "x", "integration": {"url": "http://evil.example"}}],
            }
        }
        self.alias("extra.one", "extra", {"format": "Done.", "extra": extra})
        self.say("extra")
        (row, own) = self.told("Done.")["props"]["attachments"]
        assert row["fields"] == [{"title": "Host", "value": "fine", "short": False}]
        assert "actions" not in row
        assert [one["name"] for one in own["actions"]] == ["Run again"]

    def test_nobody_is_called_by_what_comes_out(self) -> None:
        out = "@all @channel `@here` mail a@b.example"
        self.alias("loud.one", "loud", {"format": "{{ execution.result.result }}"}, out)
        self.say("loud @all")
        self.say("loud")
        message = self.told("mail a@b.example")["message"]
        assert "@\u200ball @\u200bchannel `@here`" in message

    def test_without_an_acknowledgement_the_result_alone_is_posted(self) -> None:
        row = self.alias("quiet.one", "quiet", {"format": "There."})
        row["ack"] = {"enabled": False, "format": "never"}
        self.say("quiet")
        self.told("There.")
        assert not self.sandbox.journal.find(method="PUT", path="/patch$")

    def test_an_alias_without_a_result_tells_only_what_failed(self) -> None:
        row = self.alias("silent.one", "silent", {"enabled": False})
        row["ack"] = {"enabled": False}
        self.say("silent")
        self.waited(self.executions)
        self.nothing_left()
        assert not self.posts()
        self.stackstorm.account.acts["silent.one"] = lambda _: ("failed", {"error": "no way"})
        self.say("silent")
        self.told("failed: `no way`")

    def test_one_alias_that_does_not_compile_stops_no_other_and_is_named(self) -> None:
        self.config["mattermost"]["operations_channel"] = "town-square"
        self.start()
        self.stackstorm.account.add_alias("poor.one", ["poor ( {{x}}"], "core.noop")
        self.say("pack get core")
        self.told("the pack core")
        named = self.told("does not compile")
        assert "`poor.one`" in named["message"]
        self.say("pack get other")
        self.told("the pack other")
        assert len([one for one in self.posts() if "does not compile" in one["message"]]) == 1

    def alias(
        self, ref: str, phrase: str, result: Dict[str, Any], out: str = "fine"
    ) -> Dict[str, Any]:
        row = self.stackstorm.account.add_alias(ref, [phrase], ref, result=result)
        self.stackstorm.account.acts[ref] = lambda _: ("succeeded", {"result": out})
        return row

    def posted(self, text: str) -> str:
        """Id of somebody's post in the channel."""
        account = self.sandbox.mattermost.account
        return str(account.say("ada", self.channel.id, text).id)


class CallTestCase(ChatopsCase):
    """Forged, double, late and concurrent calls."""

    __test__ = True

    def test_a_forged_call_runs_nothing(self) -> None:
        assert self.say("pack get core", token="n" * 26).status_code == 401
        assert self.asked_to_run() == 0

    def test_the_same_call_again_is_refused(self) -> None:
        assert self.say("pack get core", trigger_id="same").status_code == 200
        assert self.say("pack get core", trigger_id="same").status_code == 409
        self.told("the pack core")
        assert self.asked_to_run() == 1

    def test_a_dozen_at_once_each_run_once(self) -> None:
        self.sensor.endpoint._people._burst = 100.0
        answers: List[int] = []

        def one(number: int) -> None:
            answers.append(self.say(f"pack get p{number}x").status_code)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [200] * 12
        for number in range(12):
            self.told(f"the pack p{number}x")
        assert len(self.executions()) == len(self.posts()) == 12
        self.nothing_left()

    def test_a_phrase_that_is_too_long_reaches_no_pattern(self) -> None:
        self.say("pack get " + "a" * 2000)
        self.told_alone("at most 2000 characters")
        assert not self.sandbox.journal.find(path="^/v1/actionalias/match")

    def test_stackstorm_that_is_down_is_said_and_nothing_runs_later(self) -> None:
        self.stackstorm.stop()
        self.say("pack get core")
        self.told_alone("was not run: StackStorm POST /actionalias/match")
        self.stackstorm.start()
        self.bridge.tend()
        assert self.asked_to_run() == 0
        assert not self.records()

    def test_an_answer_that_is_lost_is_found_by_its_mark_and_run_once(self) -> None:
        self.stackstorm.faults.add("lost", path="^/v1/aliasexecution$", times=1)
        self.say("pack get core")
        self.told("the pack core")
        assert len(self.executions()) == self.asked_to_run() == 1
        self.nothing_left()

    def test_what_stackstorm_answers_with_trouble_ran_or_is_told_as_not_run(self) -> None:
        self.stackstorm.faults.add("status", status=500, path="^/v1/aliasexecution$", times=1)
        self.say("pack get core")
        self.told_alone("does not say whether it runs")
        assert len(self.records()) == 1
        for kept in self.bridge._watch._records.all():
            self.bridge._watch._go_on(kept._replace(at=kept.at - 100))
        self.told("It was not run")
        self.nothing_left()

    def test_mattermost_that_is_down_is_told_when_it_is_back(self) -> None:
        self.say("wait long")
        self.told("Waiting for long")
        self.sandbox.mattermost.stop()
        self.stackstorm.account.end(self.executions()[0]["id"], "succeeded", {"result": "now"})
        self.waited(lambda: any(w.failures for w in self.bridge._watch._watched.values()))
        self.sandbox.mattermost.start()
        self.told("It came: now")
        assert len(self.posts()) == 1


class KilledTestCase(ChatopsCase):
    """The sensor dies between the execution and its result."""

    __test__ = True

    def test_what_was_under_way_is_told_by_the_next_process_once(self) -> None:
        self.say("wait long")
        post = self.told("Waiting for long")
        self.waited(lambda: next(iter(self.records().values()))["data"]["post_id"])
        self.start()
        self.stackstorm.account.end(self.executions()[0]["id"], "succeeded", {"result": "now"})
        self.bridge.tend()
        assert self.told("It came: now")["id"] == post["id"]
        assert len(self.posts()) == 1
        self.nothing_left()

    def test_an_execution_that_was_not_remembered_is_found_and_its_post_too(self) -> None:
        self.say("wait long")
        post = self.told("Waiting for long")
        (kept,) = self.waited(self.bridge._watch._records.all)
        self.start()
        watch = self.bridge._watch
        watch._records.write(kept._replace(execution="", post_id="", at=kept.at - 100))
        self.stackstorm.account.end(self.executions()[0]["id"], "succeeded", {"result": "now"})
        watch.pick_up()
        assert self.told("It came: now")["id"] == post["id"]
        assert len(self.posts()) == len(self.executions()) == 1

    def test_what_was_never_taken_is_not_run_late(self) -> None:
        self.say("wait long")
        self.told("Waiting for long")
        (kept,) = self.waited(self.bridge._watch._records.all)
        self.start()
        watch = self.bridge._watch
        self.stackstorm.account.executions.clear()
        watch._records.write(kept._replace(execution="", post_id="", at=kept.at - 100))
        watch.pick_up()
        self.told("It was not run")
        assert self.asked_to_run() == 1
        self.nothing_left()


class ButtonTestCase(ChatopsCase):
    __test__ = True

    def test_cancel_ends_the_execution_and_says_so(self) -> None:
        self.say("wait long")
        post = self.told("Waiting for long")
        self.press(post, "Cancel")
        assert self.told("was canceled")["id"] == post["id"]
        assert self.executions()[0]["status"] == "canceled"

    def test_what_has_ended_is_not_canceled(self) -> None:
        self.say("wait long")
        post = self.told("Waiting for long")
        stored = self.sandbox.mattermost.account.state.posts[post["id"]].props
        self.stackstorm.account.end(self.executions()[0]["id"], "succeeded", {"result": "x"})
        self.told("It came: x")
        self.sandbox.mattermost.account.state.posts[post["id"]].props = stored
        self.press(post, "Cancel")
        self.told_alone("Not canceled: Action cannot be canceled")

    def test_run_again_runs_the_phrase_anew_for_who_clicked_once(self) -> None:
        self.say("pack get core")
        post = self.told("the pack core")
        for _ in range(5):
            self.press(post, "Run again", "grace")
        self.waited(lambda: len(self.posts()) == 2)
        self.nothing_left()
        assert len(self.executions()) == 2
        assert self.executions()[1]["context"]["api_user"] == "grace"
        assert "grace" in self.posts()[1]["message"]


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


class AloneTestCase(ChatopsCase):
    """What only its giver sees."""

    __test__ = True

    def test_where_the_channel_is_set_so(self) -> None:
        self.chatops = {"allow": {"*": ["*"]}, "private_in": ["town-square"]}
        self.start()
        self.say("pack get core")
        self.told_alone("the pack core")
        assert not self.posts()
        self.nothing_left()

    def test_as_the_alias_says(self) -> None:
        self.stackstorm.account.aliases[0]["result"] = {
            "extra": {"mattermost": {"ephemeral": True}}
        }
        self.say("pack get core")
        self.told_alone("the pack core")
        assert not self.posts()

    def test_a_long_one_comes_as_a_file_in_a_direct_message(self) -> None:
        self.chatops = {"allow": {"*": ["*"]}, "private_in": ["*"]}
        self.start()
        self.stackstorm.account.acts["packs.get"] = lambda _: (
            "succeeded",
            {"result": "x\n" * 3000},
        )
        self.say("pack get core")
        self.told_alone("as a file below")
        self.nothing_left()
        assert len(self.sandbox.mattermost.account.state.files) == 1

    def test_in_a_channel_without_the_bot_it_joins_or_answers_alone(self) -> None:
        account = self.sandbox.mattermost.account
        public = account.add_channel("elsewhere", members=["ada"])
        private = account.add_channel("hidden", private=True, members=["ada"])
        self.say("pack get core", channel_id=public.id)
        self.waited(lambda: [one for one in self.posts(public.id) if "core" in one["message"]])
        self.say("pack get other", channel_id=private.id)
        self.told_alone("the pack other")
        self.nothing_left()


class HelpTestCase(ChatopsCase):
    """`/st2 help`: what this person may run here."""

    __test__ = True

    def test_what_may_be_run_is_listed_and_narrowed_by_words(self) -> None:
        self.say("help")
        told = self.told_alone("What you may run here:")
        assert "`/st2 pack get {{pack}}`" in told
        assert "`/st2 wait <for>`" in told
        self.say("help ops")
        self.waited(lambda: len(self.direct_messages()) == 2)
        assert self.direct_messages()[1] == "What you may run here:\n- `/st2 wait <for>`"
        self.say("help nothing like it")
        self.told_alone("There is nothing with `nothing like it` in it")
        assert not self.executions()

    def test_what_may_not_be_run_here_is_not(self) -> None:
        self.chatops = {"allow": {"*": ["*"]}, "deny": {"packs": ["@ada"]}}
        self.start()
        self.say("help")
        assert "pack get" not in self.told_alone("What you may run here:")

    def test_many_are_told_by_pack(self) -> None:
        for number in range(60):
            self.stackstorm.account.add_alias(f"big.a{number}", [f"big {number}"], "big.act")
        self.say("help")
        told = self.told_alone("You may run 62 phrases here")
        assert "`/st2 help big` 60 phrases" in told
