"""`check` looks at both sides with cheap reads, posts nothing, and says in one line what to fix."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sandbox import Sandbox
from sandbox.pagerduty.seed import API_KEY
from sandbox.story import before
from standalone.cli import main

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        before(sandbox)
        yield sandbox


@pytest.fixture
def check(sandbox, tmp_path, capsys):
    def run(*words, **changed):
        world = sandbox.mattermost.world
        mattermost = {
            "url": sandbox.mattermost.url,
            "token": world.bot_token,
            "team": world.team.name,
            "default_channel": "incidents",
            "operations_channel": "ops",
            **changed.pop("mattermost", {}),
        }
        config = {"api_key": API_KEY, "api_url": sandbox.pagerduty.url, "mattermost": mattermost, **changed}
        path = tmp_path / "pagerduty.yaml"
        path.write_text(yaml.safe_dump(config))
        code = main(["check", "--config", str(path), *words])
        return code, capsys.readouterr().out

    return run


def test_all_is_well(check, sandbox):
    code, out = check(from_email="ada@example.com")
    assert code == 0, out
    assert "ok     PagerDuty: connected; changes are made as Ada" in out
    assert "ok     Mattermost: connected as @" in out
    assert "ok     mattermost.default_channel: ~incidents" in out
    assert {entry.method for entry in sandbox.journal.entries} == {"GET"}


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"api_key": "wrong-key"}, "PagerDuty"),
        ({"from_email": "nobody@example.com"}, "nobody@example.com"),
        ({"mattermost": {"token": "wrongwrongwrongwrongwrong1"}}, "Mattermost"),
        ({"mattermost": {"default_channel": "nowhere"}}, "mattermost.default_channel: "),
        ({"mattermost": {"url": "http://127.0.0.1:9"}}, "Mattermost"),
        ({"mattermost": {"url": "", "token": ""}}, "Mattermost: mattermost.url, mattermost.token not set"),
        ({"watch": {"poll_interval": 1}}, "watch.poll_interval"),
        ({"region": "mars"}, "region must be one of us, eu"),
        ({"form_email": "ada@example.com"}, "form_email is not a setting; did you mean from_email?"),
        ({"time_zone": "Mars/Base"}, "Mars/Base"),
        ({"watch": {"servises": []}}, "watch.servises is not a setting"),
    ],
)
def test_each_trouble_is_one_line(check, changed, line):
    code, out = check(**changed)
    assert code == 1
    wrong = [one for one in out.splitlines() if one.startswith("WRONG")]
    assert any(line in one for one in wrong), out
    if set(changed) & {"form_email", "time_zone", "watch", "region"}:
        assert check("--offline", **changed)[0] == 1
    assert "wrongwrong" not in out
    assert "wrong-key" not in out


def test_offline_connects_nowhere(check, sandbox):
    before_it = len(sandbox.journal.entries)
    code, _ = check("--offline", api_key="wrong-key")
    assert code == 0
    assert len(sandbox.journal.entries) == before_it


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"watch": {"servises": []}}, "watch.servises is not a setting"),
        ({"time_zone": "Mars/Base"}, "Mars/Base"),
        ({"api_key": "{{ st2kv.system.lost }}"}, "no key 'lost'"),
    ],
)
def test_serve_does_not_start_with_settings_the_sensor_could_do_nothing_with(check, tmp_path, capsys, changed, line):
    check("--offline", **changed)
    code = main(["serve", "--config", str(tmp_path / "pagerduty.yaml"), "--data", str(tmp_path / "data")])
    said = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    assert len(said) == 1
    assert line in said[0]
