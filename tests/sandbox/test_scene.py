"""What a newcomer finds in the furnished sandbox: nothing to be warned of."""

from __future__ import annotations

from typing import Any

from command_line import Shell

from sandbox import Sandbox
from sandbox.chat_setup import PHRASES, TRIGGERS, set_up_chat
from sandbox.demo import start_pack, stop
from sandbox.mattermost import ChatPerson
from sandbox.scene import furnish, write_scene
from sandbox.waiting import until


def test_a_first_start_warns_of_nothing(tmp_path, capsys) -> None:
    with Sandbox() as sandbox:
        furnish(sandbox)
        shell = Shell(sandbox, tmp_path, capsys)
        write_scene(shell.config, sandbox, set_up_chat(sandbox))
        before = len(sandbox.mattermost.account.posts("checkout"))
        assert shell("check") == (0, [])
        assert shell("run", "oncall.watch")[0] == 0
        said = sandbox.mattermost.account.posts("checkout")[before:]
        assert [post.message for post in said if not post.type] == []
        assert sandbox.mattermost.service.direct_posts("ada", "pagerduty") == []
        code, lines = shell("run", "oncall.check")
        assert code == 0, lines
        assert "no phone" not in "\n".join(lines)


def test_each_open_incident_can_be_escalated_and_cancelled_as_the_help_says(
    tmp_path, capsys
) -> None:
    with Sandbox() as sandbox:
        furnish(sandbox)
        shell = Shell(sandbox, tmp_path, capsys)
        write_scene(shell.config, sandbox, set_up_chat(sandbox))
        for number in (1, 2, 3):
            code, lines = shell("chat", f"/pd escalate {number}", "--as", "ada")
            assert (code, lines[0].split("#")[0]) == (0, "Escalated "), lines
        code, lines = shell("chat", "/pd cancel 3 a false alarm", "--as", "ada")
        assert lines[0].startswith("Cancelled and resolved #3 Replica lags"), lines


def test_the_packs_own_phrases_run_there_and_are_answered_where_they_were_typed(tmp_path) -> None:
    with Sandbox() as sandbox:
        furnish(sandbox)
        path = tmp_path / "pagerduty.yaml"
        write_scene(path, sandbox, set_up_chat(sandbox, (*TRIGGERS, PHRASES)))
        with (tmp_path / "pack.log").open("wb") as sink:
            pack = start_pack(path, tmp_path, sink)
            try:
                ada = ChatPerson(sandbox.mattermost, "ada")
                until(lambda: ada.command("ops", "/st2 list incidents").ok)  # it listens
                said = until(lambda: shown(sandbox, "`/st2 list incidents`"))
            finally:
                stop(pack)
        assert "3 incidents" in said[0].message


def shown(sandbox: Sandbox, words: str) -> Any:
    return [
        post
        for post in sandbox.mattermost.account.posts("ops")
        if words in post.message and "incidents" in post.message.partition("\n")[2]
    ]
