"""`check` looks at both sides with cheap reads, posts nothing, and says in one line what to
fix."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sandbox import Sandbox
from sandbox.connection import connection
from sandbox.story import before
from standalone.cli import main

ROOT = Path(__file__).resolve().parents[2]
SERVICE = "Checkout API"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        before(sandbox)
        yield sandbox


@pytest.fixture
def check(sandbox, tmp_path, capsys):
    def run(*words, **changed):
        mattermost = {
            "default_channel": "incidents",
            "operations_channel": "ops",
            **changed.pop("mattermost", {}),
        }
        config = {**connection(sandbox, **mattermost), **changed}
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
    assert "ok     api_key: may read and write" in out
    writes = [entry for entry in sandbox.journal.entries if entry.method != "GET"]
    assert [(entry.path, entry.status) for entry in writes] == [("/incidents/PHEALTHCHECK00", 404)]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"api_key": "wrong-key"}, "PagerDuty"),
        ({"from_email": "nobody@example.com"}, "nobody@example.com"),
        ({"mattermost": {"token": "wrongwrongwrongwrongwrong1"}}, "Mattermost"),
        ({"mattermost": {"default_channel": "nowhere"}}, "mattermost.default_channel: "),
        ({"mattermost": {"url": "http://127.0.0.1:9"}}, "Mattermost"),
        (
            {"mattermost": {"url": "", "token": ""}},
            "Mattermost: mattermost.url, mattermost.token not set",
        ),
        ({"watch": {"poll_interval": 1}}, "watch.poll_interval"),
        ({"region": "mars"}, "region must be one of us, eu"),
        (
            {"form_email": "ada@example.com"},
            "form_email is not a setting; did you mean from_email?",
        ),
        ({"time_zone": "Mars/Base"}, "Mars/Base"),
        ({"watch": {"servises": []}}, "watch.servises is not a setting"),
        (
            {"webhook": {"secrets": ["short"]}},
            "webhook.secrets must have at least 20 characters each",
        ),
        (
            {"from_email": "nobody@example.com"},
            "from_email: there is no user 'nobody@example.com'",
        ),
        ({"matermost": {}}, "matermost is not a setting; did you mean mattermost?"),
        (
            {"mattermost": {"service_channels": {"Chekout": "incidents"}}},
            "service_channels.Chekout: there is no service",
        ),
        (
            {"mattermost": {"service_channels": {SERVICE: "nowhere"}}},
            f"service_channels.{SERVICE}: Mattermost shows",
        ),
        (
            {"mattermost": {"default_channel": None}},
            "mattermost.default_channel: not set, but posted to by the rule",
        ),
        (
            {"mattermost": {"default_channel": None, "operations_channel": None}},
            "posted to by the rule pagerduty.sensor_health: set it",
        ),
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


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        (
            {"watch": {"teams": ["Nobody"]}},
            ["watch.teams: there is no team 'Nobody'; there are Payments, "],
        ),
        (
            {"watch": {"services": ["Chekout", SERVICE, "Nobody's"]}},
            [
                "watch.services: there is no service 'Chekout'",
                'watch.services: there is no service "Nobody\'s"',
            ],
        ),
        (
            {
                "api_key": "{{ st2kv.system.lost }}",
                "watch": {"teams": ["{{ st2kv.system.gone }}"]},
                "time_zone": "Mars/Base",
            },
            [
                "api_key: '{{ st2kv.system.lost }}': the datastore has no key 'lost'",
                "watch.teams[0]: '{{ st2kv.system.gone }}': the datastore has no key 'gone'",
                "time_zone: this machine knows no time zone 'Mars/Base'",
            ],
        ),
        (
            {
                "time_zone": "Mars/Base",
                "watch": {"teams": ["Nobody"]},
                "mattermost": {"default_channel": "nowhere"},
            },
            [
                "time_zone: this machine",
                "watch.teams: there is no team",
                "mattermost.default_channel: Mattermost shows",
            ],
        ),
        (
            {"region": "mars", "apikey": "x", "watch": {"poll_interval": 1, "servises": []}},
            [
                "apikey is not a setting; did you mean api_key?",
                "watch.poll_interval",
                "watch.servises",
                "region must be",
            ],
        ),
    ],
)
def test_each_of_several_troubles_has_a_line_of_its_own(check, changed, lines):
    code, out = check(**changed)
    assert code == 1
    wrong = [one for one in out.splitlines() if one.startswith("WRONG")]
    assert len(wrong) == len(lines), out
    for line in lines:
        assert sum(line in one for one in wrong) == 1, out


def test_channels_that_enabled_rules_name_are_looked_for(check, tmp_path):
    shipped = (ROOT / "rules" / "p1_to_incidents_p1.yaml").read_text()
    (tmp_path / "mine").mkdir()
    for name, enabled, channel in (
        ("lost", "true", "nowhere"),
        ("word", "true", ":defualt"),
        ("idle", "false", "nowhere-else"),
        ("filled", "true", "{{ trigger.incident.service }}"),
        ("there", "true", "~incidents"),
    ):
        text = shipped.replace("name: p1_to_incidents_p1", f"name: {name}").replace(
            "enabled: false", f"enabled: {enabled}"
        )
        (tmp_path / "mine" / f"{name}.yaml").write_text(
            text.replace('"incidents-p1"', f'"{channel}"')
        )
    code, out = check("--rules", str(tmp_path / "mine"))
    assert code == 1
    wrong = [one for one in out.splitlines() if one.startswith("WRONG")]
    assert [one.split(":")[0] for one in wrong] == [
        "WRONG  the rule pagerduty.lost",
        "WRONG  the rule pagerduty.word",
    ]
    assert "no channel ~nowhere" in wrong[0]
    assert "':defualt' is none of the channel words" in wrong[1]
    assert "ok     the rule pagerduty.there: ~incidents" in out


def test_a_sender_is_asked_for_only_where_something_needs_one(check, tmp_path):
    code, out = check()
    assert code == 0
    assert "from_email" not in out
    pack = tmp_path / "pack"
    for folder in ("actions", "rules", "sensors"):
        (pack / folder).mkdir(parents=True)
    (pack / "pack.yaml").write_text("ref: pagerduty\nname: pagerduty\nversion: 0.0.1\n")
    (pack / "config.schema.yaml").write_text((ROOT / "config.schema.yaml").read_text())
    (pack / "actions" / "change.py").write_text(
        "from st2common.runners.base_action import Action\n\nclass Change(Action):\n    def "
        "run(self): pass\n"
    )
    parameters = {
        "needs_from": {"type": "boolean", "default": True},
        "from_email": {"type": "string"},
    }
    action = {
        "name": "change",
        "runner_type": "python-script",
        "entry_point": "change.py",
        "parameters": parameters,
    }
    (pack / "actions" / "change.yaml").write_text(yaml.safe_dump(action))
    timer = {"type": "core.st2.IntervalTimer", "parameters": {"unit": "minutes", "delta": 5}}
    for name, given in (("with", {"from_email": "ada@example.com"}), ("without", {})):
        rule = {"name": name, "enabled": True, "trigger": timer, "criteria": {}}
        rule["action"] = {"ref": "pagerduty.change", "parameters": given}
        (pack / "rules" / f"{name}.yaml").write_text(yaml.safe_dump(rule))
    code, out = check("--pack", str(pack))
    assert code == 1
    assert [one for one in out.splitlines() if one.startswith("WRONG")] == [
        (
            "WRONG  from_email: not set, but the rule pagerduty.without needs it: set it, there "
            "or here"
        )
    ]
    assert check("--pack", str(pack), from_email="ada@example.com")[0] == 0


def test_offline_connects_nowhere(check, sandbox):
    before_it = len(sandbox.journal.entries)
    code, _ = check("--offline", api_key="wrong-key")
    assert code == 0
    assert len(sandbox.journal.entries) == before_it


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"watch": {"servises": []}}, "watch.servises is not a setting"),
        (
            {"webhook": {"secrets": ["short"]}},
            "webhook.secrets must have at least 20 characters each",
        ),
        ({"time_zone": "Mars/Base"}, "Mars/Base"),
        ({"api_key": "{{ st2kv.system.lost }}"}, "no key 'lost'"),
    ],
)
def test_serve_does_not_start_with_settings_the_sensor_could_do_nothing_with(
    check, tmp_path, capsys, changed, line
):
    check("--offline", **changed)
    code = main(
        ["serve", "--config", str(tmp_path / "pagerduty.yaml"), "--data", str(tmp_path / "data")]
    )
    said = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    assert len(said) == 1
    assert line in said[0]


def test_serve_warns_of_a_setting_that_nobody_reads(check, tmp_path, capsys):
    check("--offline", matermost={"url": "x"}, api_key="{{ st2kv.system.lost }}")
    main(["serve", "--config", str(tmp_path / "pagerduty.yaml"), "--data", str(tmp_path / "data")])
    said = capsys.readouterr().err.splitlines()
    assert "WARNING" in said[0]
    assert "matermost is not a setting; did you mean mattermost?" in said[0]


def test_what_is_not_protected_on_the_way_is_said_and_stops_nothing(check):
    code, out = check("--offline", tls={"verify": False}, events_url="http://events.example.com")
    assert code == 0, out
    assert "advice not protected: tls.verify: false" in out
    assert "not protected: events_url: integration keys go over http://" in out
