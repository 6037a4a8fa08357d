"""Mistakes in the configuration: each is answered in one line that names the place and the remedy,
and by an exit code. One row each, on the sandbox; the numbers are those of the list they were
collected in (test_mistakes_are_complete.py)."""

# flake8: noqa: E501

from __future__ import annotations

import socket
import time
from typing import Any, Dict, NamedTuple

import pytest

from sandbox.pagerduty.seed import READ_ONLY_KEY


class Setting(NamedTuple):
    """A row of the settings: what is changed, and what the one line says."""

    number: str
    changed: Dict[str, Any]
    line: str


SETTINGS = [
    Setting("1", {"api_key": "u+wrong"}, "PagerDuty does not accept the key (401): check api_key, auth_type and region"),
    Setting("2", {"mattermost": {"token": "x" * 26}}, "Mattermost refuses the token (mattermost.token: revoked, mistyped"),
    Setting("3", {"mattermost": {"team": "opps"}}, "mattermost.team: there is no team 'opps', or @pagerduty is not in it; @pagerduty is in: ops. Correct the team"),
    Setting("4", {"mattermost": {"default_channel": "~incidnets"}}, "mattermost.default_channel: Mattermost shows the bot no channel ~incidnets in the team ops: it is misspelt"),
    Setting("4b", {"mattermost": {"default_channel": "#incidents"}}, "'#incidents' is no name of a Mattermost channel; write it as in its address, such as incidents"),
    Setting("4c", {"mattermost": {"default_channel": "Incidents P1"}}, "write it as in its address, such as incidents-p1"),
    Setting("5", {"mattermost": {"default_chanel": "x"}}, "mattermost.default_chanel is not a setting, did you mean mattermost.default_channel?"),
    Setting("6", {"timezone": "UTC"}, "timezone is not a setting; did you mean time_zone?"),
    Setting("8", {"watch": {"poll_interval": "4s"}}, "watch.poll_interval: is text, must be a whole number"),
    Setting("8b", {"watch": {"poll_interval": 1}}, "watch.poll_interval: must be 4 or more"),
    Setting("8c", {"watch": {"urgencies": "high"}}, "watch.urgencies: is text, must be a list; write [high]"),
    Setting("8d", {"debug": "no way"}, "debug: is text, must be true or false"),
    Setting("9", {"time_zone": "Berlin"}, "this machine knows no time zone 'Berlin'; write an IANA name like Europe/Berlin"),
    Setting("10", {"watch": {"services": ["Chekout API"]}}, "watch.services: there is no service 'Chekout API'; did you mean Checkout API"),
    Setting("11", {"watch": {"urgencies": ["High"]}}, "watch.urgencies[0] must be one of high, low"),
    Setting("14", {"api_url": "api.pagerduty.com"}, "api_url must be a URL that begins with https://"),
    Setting("14b", {"region": "europe"}, "region must be one of us, eu"),
    Setting("16", {"quiet_hours": {"hours": "22-7"}}, "'22-7' is no day, no hours and no time zone; write days and hours such as"),
    Setting("17", {"api_key": "{{ st2kv.system.gone }}"}, "api_key: '{{ st2kv.system.gone }}': the datastore has no key 'gone' (`key set gone` stores one)"),
    Setting("18", {"api_key": READ_ONLY_KEY, "from_email": "ada@example.com"}, "api_key: may only read, but from_email is set to change incidents: make a key without 'Read-only API Key'"),
    Setting("20", {"oncall": {"channels": {"Chekout rotation": "incidents"}}}, "oncall.channels.Chekout rotation: there is no schedule or escalation policy 'Chekout rotation'"),
    Setting("20b", {"oncall": {"headers": {"nochan": "Platform rotation"}}}, "oncall.headers.nochan: Mattermost shows the bot no channel ~nochan"),
]  # fmt: skip


@pytest.mark.parametrize("row", SETTINGS, ids=[row.number for row in SETTINGS])
def test_a_mistake_in_the_settings(shell, row):
    shell.write(**row.changed)
    code, lines = shell("check")
    assert code == 1
    assert len(lines) == 1, lines
    assert lines[0].startswith("WRONG")
    assert row.line in lines[0]


def test_7_the_yaml_does_not_read(shell):
    shell.config.write_text("mattermost:\n  url: x\n   token: y\n")
    assert shell("check") == (
        2,
        [
            f"standalone: {shell.config} line 3: this is no YAML: a line is indented more or less than its neighbours, or a value with a colon in it needs quotes"
        ],
    )
    shell.config.write_text("watch:\n\tservices: []\n")
    assert "line 2: this is no YAML: it contains a tab; indent with spaces" in shell("check")[1][0]


def test_12_https_where_http_is_spoken(shell):
    shell.write(mattermost={"url": shell.url.replace("http:", "https:")})
    code, lines = shell("check")
    # Below Python 3.9 the sandbox's server itself logs what it could not read.
    lines = [line for line in lines if line.startswith("WRONG")]
    assert (code, len(lines)) == (1, 1)
    assert (
        f"127.0.0.1:{shell.sandbox.mattermost.port}: this port speaks http, not https: write http://"
        in lines[0]
    )


def test_13_the_apis_path_and_a_slash_in_the_url_are_taken(shell):
    shell.write(mattermost={"url": shell.url + "/api/v4/"})
    assert shell("check") == (0, [])


def test_15_a_dead_proxy_is_named(shell):
    shell.write(proxy="http://me:secret@127.0.0.1:9", mattermost={"proxy": "http://127.0.0.1:9"})
    code, lines = shell("check")
    assert code == 1
    assert len(lines) == 2  # each side is asked by itself
    assert all("through the proxy 127.0.0.1:9: no connection" in line for line in lines)
    assert "secret" not in str(lines)


def test_15b_a_wrong_host_is_named(shell):
    shell.write(mattermost={"url": "http://chat.invalid:8065"})
    code, lines = shell("check")
    assert (code, len(lines)) == (1, 1)
    assert "chat.invalid:8065: no connection" in lines[0]
    assert lines[0].endswith("; check the address, the network and the proxy")


def test_15c_a_host_that_hangs_shows_life(shell, monkeypatch):
    from standalone import connections

    monkeypatch.setattr(connections, "LIFE_SECONDS", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        shell.write(
            api_url=f"http://127.0.0.1:{port}", timeouts={"connect": 1, "read": 2, "whole": 2}
        )
        began = time.monotonic()
        code, lines = shell("check")
        assert time.monotonic() - began < 30
    assert code == 1
    assert any("waiting for PagerDuty's answer (1 s)" in line for line in lines)
    wrong = [line for line in lines if line.startswith("WRONG")]
    assert len(wrong) == 1
    assert f"127.0.0.1:{port}: no answer in time" in wrong[0]


def test_28_no_configuration_or_none_that_reads(shell):
    shell.config.unlink()
    assert "There is no configuration" in shell("serve")[1][0]
    assert "copy pagerduty.yaml.example there" in shell("serve")[1][0]
    shell.config.write_text("just words")
    code, lines = shell("serve")
    assert (code, len(lines)) == (2, 1)
    assert "must be a mapping of settings" in lines[0]


def test_all_mistakes_are_said_at_once_and_both_sides_are_asked_all_the_same(shell):
    shell.write(
        {"default_channel": "incidnets", "default_chanel": "x"},
        time_zone="Berlin",
        timezone="UTC",
        watch={"poll_interval": "4s", "services": ["Chekout API"], "urgencies": ["High"]},
        quiet_hours={"hours": "22-7"},
    )
    code, lines = shell("check")
    assert code == 1
    said = "\n".join(lines)
    for part in (
        "timezone is not a setting",
        "mattermost.default_chanel is not a setting",
        "no time zone 'Berlin'",
        "watch.poll_interval: is text",
        "watch.urgencies[0] must be one of",
        "quiet_hours.hours does not read",
        "watch.services: there is no service 'Chekout API'",
        "mattermost.default_channel: Mattermost shows the bot no channel ~incidnets",
    ):
        assert said.count(part) == 1, part
    assert len(lines) == 8, said
    code, served = shell("serve")
    assert code == 2
    assert [line for line in served if line.startswith("standalone: The configuration: ")] == [
        line.replace("WRONG  ", "standalone: ")
        for line in lines
        if "The configuration" in line and "timezone is" not in line
    ]


@pytest.mark.parametrize("gone", ["api_key", "mattermost.token"])
def test_a_side_is_not_asked_without_its_secret(shell, gone):
    template = "{{ st2kv.system.gone }}"
    shell.write(
        **({"api_key": template} if gone == "api_key" else {"mattermost": {"token": template}})
    )
    code, lines = shell("check")
    assert (code, len(lines)) == (1, 1), lines
    assert f"{gone}: '{template}': the datastore has no key 'gone'" in lines[0]
