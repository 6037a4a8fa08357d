"""`/st2 <phrase>`: StackStorm's aliases of every pack in chat: the acknowledgement, the result,
its buttons, what only its giver sees, help."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple

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


class AuditTestCase(ChatopsCase):
    """Who ran what stands in the pack's own audit."""

    __test__ = True

    def test_who_ran_which_phrase_as_which_execution(self) -> None:
        self.say("wait the train")
        self.press(self.told("Waiting for the train"), "Cancel", "grace")
        self.told("canceled")
        (execution,) = self.executions()
        words = {"phrase": "wait the train", "alias": "ops.wait", "execution": execution["id"]}
        assert self.entry("st2") == ("ada", "done", words)
        words.pop("phrase")
        assert self.entry("st2 cancel") == ("grace", "done", words)

    def test_what_may_not_be_run(self) -> None:
        self.chatops = {"allow": {"ops": ["*"]}}
        self.start()
        self.say("pack get core")
        self.told_alone("was not run")
        rows = self.kept("pagerduty.refused.")
        (told,) = [one for row in rows for one in row["entries"]]
        assert told["words"] == {"alias": "packs.pack_get"}
        assert told["reason"]

    def test_a_phrase_with_a_secret_in_it_is_not_kept(self) -> None:
        account = self.stackstorm.account
        account.add_alias("ops.login", ["login {{password}}"], "ops.login")
        account.secret.add("password")
        self.say("login hunter2")
        self.waited(self.executions)
        _, _, words = self.entry("st2")
        assert "phrase" not in words
        assert words["alias"] == "ops.login"

    def test_one_whose_sensor_was_killed_before_it_knew_the_execution(self) -> None:
        self.say("wait the train")
        self.told("Waiting for the train")
        (execution,) = self.executions()
        records = self.bridge._orders._records
        (kept,) = records.all()
        for name in self.names("pagerduty.audit."):
            self.sensor_service.delete_value(name, local=False)
        records.write(kept._replace(execution="", at=kept.at - 61))
        self.start()
        self.bridge.tend()
        assert self.entry("st2")[2]["execution"] == execution["id"]

    def entry(self, verb: str) -> Tuple[str, str, Dict[str, str]]:
        rows = self.waited(
            lambda: [row for row in self.kept("pagerduty.audit.") if row["verb"] == verb]
        )
        (row,) = rows
        return row["chat_user"], row["result"], row["words"]

    def kept(self, prefix: str) -> List[Dict[str, Any]]:
        values = self.sensor_service.list_values(local=False, prefix=prefix)
        return [json.loads(one.value)["data"] for one in values]

    def names(self, prefix: str) -> List[str]:
        return [
            str(one.name) for one in self.sensor_service.list_values(local=False, prefix=prefix)
        ]
