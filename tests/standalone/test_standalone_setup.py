"""`python -m standalone setup` against the sandbox: the test call is answered also where nothing
is served yet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import Sandbox
from sandbox.demo import write_config
from sandbox.mattermost import ADMIN_TOKEN
from sandbox.ports import free_port
from standalone.cli import main


@pytest.fixture
def place(tmp_path: Path, capsys: Any) -> Any:
    with Sandbox() as sandbox:
        port = free_port()
        path = write_config(sandbox, tmp_path)
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        config["chat"] = {
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "signing_keys": ["k" * 32],
        }
        path.write_text(yaml.safe_dump(config), encoding="utf-8")

        def call(*words: str) -> Any:
            code = main([*words, "--config", str(path), "--data", str(tmp_path / "data")])
            said = capsys.readouterr()
            return code, said.out, said.err

        yield sandbox, call


def test_setup_makes_and_tries_the_commands(place: Any) -> None:
    sandbox, call = place
    sandbox.mattermost.account.grant(
        "team_user", "manage_slash_commands", "manage_outgoing_webhooks"
    )
    code, out, _ = call("setup", "--trigger", "pd", "--trigger", "incident")
    assert code == 0, out
    assert "- made: /incident leads to" in out
    assert "was tried: Mattermost reaches the chat sensor" in out
    code, out, _ = call("setup", "--no-notes")
    assert (code, "made" in out) == (0, False)
    code, out, _ = call("key", "list", "--all")
    assert "chat.tokens" in out
    assert not any(
        one.token in out for one in sandbox.mattermost.account.state.integrations.commands.values()
    )


def test_what_is_in_the_way_is_a_line_each_and_exit_code_1(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox, call = place
    code, out, err = call("setup")
    assert code == 1
    assert all(line.startswith("- problem: ") for line in out.strip().split("\n"))
    assert "Traceback" not in out + err
    monkeypatch.setattr("sys.stdin", io.StringIO(ADMIN_TOKEN + "\n"))
    code, out, err = call("setup", "--ask-admin-token")
    assert code == 0, out
    assert ADMIN_TOKEN not in out + err
