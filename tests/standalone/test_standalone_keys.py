"""`key`: set, listed, hidden and deleted."""

# flake8: noqa: W503

from __future__ import annotations

import io
import json

import pytest


def test_keys_are_set_listed_hidden_and_deleted(cli, monkeypatch):
    assert cli("key", "set", "plain", "1")[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("from stdin\n"))
    assert cli("key", "set", "hidden", "--encrypt")[0] == 0
    assert cli("key", "set", "brief", "2", "--ttl", "100")[0] == 0
    code, out, _ = cli("key", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["NAME", "brief", "hidden", "plain"]
    assert "from stdin" not in out
    assert cli("key", "get", "hidden")[1] == "********\n"
    assert cli("key", "get", "hidden", "--decrypt")[1] == "from stdin\n"
    assert cli("key", "delete", "plain")[0] == 0
    assert cli("key", "list", "--prefix", "pl")[1].startswith(
        "There is no key that begins with pl; "
    )


def test_keys_of_people_are_listed_and_the_packs_own_state_where_it_is_asked_for(cli):
    assert cli("key", "list")[1] == "There is no key; `key set NAME` stores one.\n"
    cli("key", "set", "pagerduty.sensor.head", "{}")
    assert "1 key more is the pack's own state: `" in cli("key", "list")[1]
    cli("key", "set", "pagerduty.quarantine.x", "{}", "--ttl", str(90 * 86400))
    cli("key", "set", "zebra", "1", "--ttl", str(26 * 3600))
    cli("key", "set", "pagerduty_api_key", "1", "--ttl", "7200")

    def rows(*words):
        lines = cli("key", "list", *words)[1].splitlines()
        return [line.split("  ") for line in lines[1:] if line], lines[-1]

    own, last = rows()
    assert [row[0].strip() for row in own[:-1]] == ["pagerduty_api_key", "zebra"]
    assert last == "2 keys more are the pack's own state: `key list --all` shows all"
    names, _ = rows("--all")
    assert [row[0].strip() for row in names] == [
        "pagerduty_api_key",
        "zebra",
        "pagerduty.quarantine.x",
        "pagerduty.sensor.head",
    ]
    shown = cli("key", "list", "--all")[1]
    for left in ("90 days left", "26 hours left", "2 hours left"):
        assert left in shown
    assert len(rows("--prefix", "pagerduty.")[0]) == 2
    listed = json.loads(cli("key", "list", "-j")[1])
    assert [one["name"] for one in listed] == ["pagerduty_api_key", "zebra"]
    assert len(json.loads(cli("key", "list", "-j", "--all")[1])) == 4


@pytest.mark.parametrize("given", ["", "\n", " \r\n"])
def test_a_key_is_never_set_to_nothing_by_accident(cli, monkeypatch, given):
    assert cli("key", "set", "token", "old")[1] == "stored token\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    code, out, err = cli("key", "set", "token", "--encrypt")
    assert (code, out) == (2, "")
    assert (
        err
        == "standalone: token: no value came, so nothing is stored; an empty one is given as ''\n"
    )
    assert cli("key", "get", "token")[1] == "old\n"
    assert cli("key", "set", "token", "")[0] == 0
    assert cli("key", "get", "token")[1] == "\n"
