"""What a newcomer finds in the furnished sandbox: nothing to be warned of."""

from __future__ import annotations

from command_line import Shell

from sandbox import Sandbox
from sandbox.chat_setup import set_up_chat
from sandbox.scene import furnish, write_scene


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
