"""Mistakes that `serve` meets at its start and while it runs; the numbers are those of the list
they were collected in."""

# flake8: noqa: E501

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sandbox.ports import free_port
from sandbox.waiting import until
from standalone.cli import main
from standalone.data_folder import DataLock, make_place


def test_1b_a_wrong_key_is_said_once(shell):
    shell.write(api_key="u+wrong", watch={"poll_interval": 4})
    with shell.serving() as log:
        until(lambda: "does not accept the key" in log())
        said = log().count("does not accept the key")
        polls = len(refused(shell))
        until(lambda: len(refused(shell)) > polls + 1)
        assert said <= log().count("does not accept the key") <= 2  # the sensor, and its notice


def test_1b_what_dialogs_offer_is_no_news_while_the_key_is_refused(shell):
    port = free_port()
    chat = {"port": port, "public_url": f"http://127.0.0.1:{port}", "signing_keys": ["s" * 32]}
    shell.write(api_key="u+wrong", watch={"poll_interval": 4}, chat=chat)
    with shell.serving() as log:
        until(lambda: "posted in ~ops" in log())
        until(lambda: any(one.path.endswith("/users") for one in refused(shell)))
        lines = [line for line in log().splitlines() if "IncidentSensor" in line or "key" in line]
    assert "Nothing is read or reported now" in lines[0]
    assert "does not accept the key (401): check api_key" in lines[0]
    assert sum("does not accept the key" in line for line in lines) == 1, lines
    assert "Dialogs" not in log()
    assert (
        "pagerduty.sensor_health: posted in ~ops: PagerDuty refuses the incident sensor" in log()
    )


def refused(shell):
    return [one for one in shell.sandbox.pagerduty.journal.entries if one.status == 401]


def test_2b_a_wrong_token_ends_it_in_one_line(shell):
    shell.write(mattermost={"token": "x" * 26})
    code, lines = shell("serve")
    assert (code, len(lines)) == (2, 1), lines
    assert lines[0].startswith(
        "standalone: The configuration: Mattermost refuses the token (mattermost.token: revoked, "
        "mistyped, or its bot is disabled): make a new one under Integrations > Bot Accounts and "
        "set it there"
    )
    assert "api.context" not in lines[0]


@pytest.mark.parametrize("trouble", ["away", "limiting"])
def test_2c_a_server_that_is_away_is_waited_for(shell, trouble):
    if trouble == "away":
        shell.write(mattermost={"url": f"http://127.0.0.1:{free_port()}"})
    else:
        shell.sandbox.mattermost.faults.add("status", status=503, path="/users/me")
    try:
        with shell.serving() as log:
            assert "Running pagerduty" in log()
    finally:
        shell.sandbox.mattermost.faults.clear()


def test_2d_a_token_that_is_refused_later_is_one_line_of_health(shell):
    shell.write(mattermost={"token": "x" * 26})
    code, lines = shell("run", "health.check")
    said = [line for line in lines if "refuses the token" in line]
    assert len(said) == 1, lines
    assert said[0].startswith("❌ Mattermost")
    assert any(line.startswith("➖ channels") and "see Mattermost" in line for line in lines)


def test_21_to_24_a_rule_that_can_not_fire_is_said_at_the_start(shell):
    criteria = {"trigger.incident.service": {"type": "equals", "pattern": "Checkout"}}
    action = {"parameters": {"change": "{{ trigger }}", "channel": "incidnets"}}
    folder = shell.rule(criteria=criteria, action=action)
    with shell.serving("--rules", folder) as log:
        until(lambda: "never fires" in log() and "can't post" in log())
        said = [line for line in log().splitlines() if "me.mine" in line]
    assert len(said) == 2, said
    assert "The rule me.mine never fires: trigger.incident.service: there is no service" in said[0]
    assert "did you mean Checkout API" in said[0]
    assert "The rule me.mine can't post in its channel: Mattermost shows the bot no" in said[1]


def test_24_a_rule_that_means_nothing_is_said_at_the_start(shell):
    action = {"parameters": {"change": "{{ trigger }}", "mention": "on-call"}}
    with shell.serving("--rules", shell.rule(action=action)) as log:
        said = [line for line in log().splitlines() if "me.mine" in line]
    assert len(said) == 1, said
    assert "The rule me.mine does not do what it says: mention: must be one of" in said[0]


def test_names_are_not_complained_of_where_nobody_answers(shell):
    away = f"http://127.0.0.1:{free_port()}"
    shell.write(api_url=away, mattermost={"url": away})
    criteria = {"trigger.incident.service": {"type": "equals", "pattern": "Checkout"}}
    with shell.serving("--rules", shell.rule(criteria=criteria)) as log:
        until(lambda: "is read or reported now" in log())
        assert "never fires" not in log()


def test_30_and_31_two_that_serve(shell):
    with shell.serving():
        code, lines = shell("serve")
        assert code == 2
        assert "Another process already serves" in lines[-1]
        code, lines = shell("serve", "--data", str(shell.folder / "other"))
        assert code == 2
        assert (
            "already serves this PagerDuty account and Mattermost bot, with its data in"
            in lines[-1]
        )
        assert str(shell.folder / ".pagerduty-data") in lines[-1]
        assert "end one of them" in lines[-1]


@pytest.mark.parametrize("section", ["chat", "webhook"])
def test_32_and_33_a_port_that_is_taken(shell, section):
    more = {"signing_keys": ["s" * 32]} if section == "chat" else {"secrets": ["s" * 32]}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        shell.write(**{section: {"port": port, "public_url": "http://127.0.0.1:1", **more}})
        code, lines = shell("check")
    assert (code, len(lines)) == (1, 1)
    assert (
        f"{section}.port: 127.0.0.1:{port} can't be listened on (Address already in use): choose another port"
        in lines[0]
    )


def test_a_port_that_serve_itself_has_is_said(shell, capsys):
    port = free_port()
    chat = {"port": port, "public_url": "http://127.0.0.1:1", "signing_keys": ["s" * 32]}
    shell.write(chat=chat)
    check = ["check", "--offline", "--config", str(shell.config)]
    with shell.serving() as log:
        until(lambda: "Listening for Mattermost" in log())
        assert main(check) == 0
        assert f"ok     chat.port: 127.0.0.1:{port} is listened on: `" in capsys.readouterr().out
        shell.write(chat={**chat, "port": free_port()})
        assert main(check) == 0
        said = capsys.readouterr().out
        assert "it began with other settings; start it anew" in said
    assert main(check) == 0
    assert "is free" in capsys.readouterr().out


def test_a_port_that_the_serve_of_another_folder_has_is_said(shell, capsys, monkeypatch):
    port = free_port()
    chat = {"port": port, "public_url": "http://127.0.0.1:1", "signing_keys": ["s" * 32]}
    shell.write(chat=chat)
    mine = shell.folder / "mine"
    check = ["check", "--offline", "--config", str(shell.config), "--data", str(mine)]
    with shell.serving() as log:
        until(lambda: "Listening for Mattermost" in log())
        other = shell.folder / ".pagerduty-data"
        line = f"chat.port: 127.0.0.1:{port} is taken by another `serve` (data folder {{}})"
        assert main(check) == 1
        assert f"WRONG  {line.format(other)}: choose another port" in capsys.readouterr().out
        lock = DataLock(mine)
        lock.take()
        make_place(mine)
        try:
            monkeypatch.chdir(shell.folder)
            assert main(check) == 1, "also while this folder is served"
        finally:
            lock.release()
        assert f"WRONG  {line.format('.pagerduty-data')}" in capsys.readouterr().out
    assert main(check) == 0
    assert "is free" in capsys.readouterr().out


def test_rules_that_the_last_run_had_are_not_left_out_in_silence(shell):
    folder = shell.rule()
    with shell.serving("--rules", folder) as log:
        (line,) = [line for line in log().splitlines() if "Running pagerduty" in line]
        assert f"rules, those in {folder} among them; Ctrl-C stops" in line
    with shell.serving() as log:
        warning = f"The last run had the rules in {folder} too, this one has not"
        assert f"{warning}: start it with --rules {folder}" in log()
    with shell.serving() as log:
        assert "The last run had" not in log()


@pytest.mark.parametrize("section", ["chat", "webhook"])
def test_a_port_that_something_else_has_while_serve_runs_is_wrong(shell, capsys, section):
    more = {"signing_keys": ["s" * 32]} if section == "chat" else {"secrets": ["s" * 32]}
    check = ["check", "--offline", "--config", str(shell.config)]
    with shell.serving() as log, HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as alien:
        until(lambda: "First start" in log())
        answering = threading.Thread(target=alien.serve_forever)
        answering.start()
        try:
            port = alien.server_address[1]
            given = {"port": port, "public_url": "http://127.0.0.1:1", **more}
            shell.write(**{section: given})
            assert main(check) == 1
        finally:
            alien.shutdown()
            answering.join()
    said = capsys.readouterr().out
    assert (
        f"WRONG  {section}.port: 127.0.0.1:{port} is taken by something else than `serve`" in said
    ), said
