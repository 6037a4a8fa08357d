"""upgrade.plan and upgrade.apply: what the Exchange's pack or an older version leaves behind in
StackStorm, at PagerDuty and in the datastore, named and put right."""

# flake8: noqa: E203

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Dict, List
from unittest.mock import patch

from example_case import ExampleCase
from pack_files import files, load

from pagerduty_mattermost.gateways.stackstorm import migrations, overrides_file
from pagerduty_mattermost.operations import uses_of_actions

OLD_RULE = "heartbeat_every_minute"


def row(name: str, file: str = "", pack: str = "pagerduty", **more: Any) -> Any:
    ref = f"{pack}.{name}"
    given = {"name": name, "ref": ref, "pack": pack, "enabled": True, "metadata_file": file}
    return SimpleNamespace(**{**given, "action": {"ref": "core.noop"}, **more})


class Manager:
    def __init__(self, rows: List[Any]) -> None:
        self.rows = rows

    def get_all(self, limit: int, offset: int, pack: str = "") -> List[Any]:
        found = [one for one in self.rows if not pack or one.pack == pack]
        return found[offset : offset + limit]

    def delete(self, one: Any) -> None:
        self.rows.remove(one)

    def register(self, packs: List[str], types: List[str]) -> None:
        """As StackStorm does; nothing of these tests needs it."""


class UpgradeTestCase(ExampleCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.done("state.show")
        shipped = [
            row(rule["name"], f"rules/{rule['name']}.yaml", enabled=rule["enabled"])
            for rule in map(load, files("rules"))
        ]
        self.rules = Manager([*shipped, row(OLD_RULE, "rules/heartbeat_every_minute.yaml")])
        self.rules.rows.append(row("mine_in_its_name"))
        self.aliases = Manager([row("pagerduty_help", "aliases/pagerduty_help.yaml")])
        managers: Dict[str, Any] = {
            "Rule": self.rules,
            "Sensor": Manager([row("IncidentSensor", "sensors/incident_sensor.yaml")]),
            "ActionAlias": self.aliases,
            "Action": Manager([row("old.action", "actions/old.action.yaml")]),
            "Pack": Manager([]),
        }
        for one in (*self.aliases.rows, *managers["Sensor"].rows):
            one.action_ref = "core.noop"
        client = SimpleNamespace(managers=managers, rules=self.rules)
        self.service.datastore_service.get_api_client = lambda: client
        made = TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name) / "overrides"
        patched = patch.object(overrides_file, "folder", return_value=self.folder)
        patched.start()
        self.addCleanup(patched.stop)

    def told(self, action: str = "upgrade.plan") -> Dict[str, List[str]]:
        found: Dict[str, List[str]] = {}
        for one in self.done(action)["findings"]:
            found.setdefault(one["about"], []).append(f"{one['done_by']}: {one['text']}")
        return found

    def test_what_an_older_version_left_is_named_and_goes(self) -> None:
        told = self.told()["leftovers"]
        assert told == [
            f"upgrade.apply: rules {OLD_RULE}: of an older version, which StackStorm still runs",
            "upgrade.apply: actions old.action: of an older version, which StackStorm still runs",
        ]
        assert OLD_RULE in {one.name for one in self.rules.rows}
        done = self.told("upgrade.apply")["leftovers"]
        assert done[0] == f"upgrade.apply: rules {OLD_RULE}: deleted"
        names = {one.name for one in self.rules.rows}
        assert OLD_RULE not in names
        assert {"mine_in_its_name", "post_incidents"} <= names
        assert "leftovers" not in self.told()

    def test_what_is_enabled_by_hand_is_made_to_last(self) -> None:
        (rule,) = [one for one in self.rules.rows if one.name == "post_incidents"]
        rule.enabled = False
        assert self.told()["enabled by hand"] == [
            "upgrade.apply: the next install undoes: post_incidents disabled"
        ]
        assert not self.folder.exists()
        self.told("upgrade.apply")
        assert "post_incidents" in (self.folder / "pagerduty.yaml").read_text()
        assert "enabled by hand" not in self.told()

    def test_rules_and_aliases_of_people_that_would_be_refused_are_named(self) -> None:
        create = {"ref": "pagerduty.incident.create.events_v1", "parameters": {"titel": "x"}}
        self.rules.rows += [
            row("page", pack="ops", action=create),
            row("gone", pack="ops", action={"ref": "pagerduty.no.such"}),
            row("well", pack="ops", action={"ref": "pagerduty.incident.find", "parameters": {}}),
        ]
        self.aliases.rows.append(row("old", pack="ops", action_ref="pagerduty.gone"))
        told = self.told()["rules and aliases of yours"]
        create_v1 = "pagerduty.incident.create.events_v1"
        assert told == [
            f"by hand: the rule ops.page: {create_v1} has no parameter titel",
            f"by hand: the rule ops.page: {create_v1} needs the parameter description",
            "by hand: the rule ops.gone: there is no action pagerduty.no.such",
            "by hand: the alias ops.old: there is no action pagerduty.gone",
        ]

    def test_a_webhook_of_an_older_version_gets_the_new_event_types(self) -> None:
        assert "webhook" not in self.told(), "nothing is subscribed"
        self.done("webhook.setup")
        assert "webhook" not in self.told()
        (subscription,) = self.account.catalog["webhook_subscriptions"].values()
        subscription["events"] = ["incident.triggered"]
        assert "event types of this version are not subscribed to" in self.told()["webhook"][0]
        assert subscription["events"] == ["incident.triggered"]
        assert "is changed" in self.told("upgrade.apply")["webhook"][0]
        assert len(self.account.catalog["webhook_subscriptions"]) == 1
        assert "webhook" not in self.told()

    def test_without_mattermost_it_is_told_that_nothing_is_lost(self) -> None:
        assert "Mattermost" not in self.told()
        del self.settings["mattermost"]
        assert "Nothing is lost by that" in self.told()["Mattermost"][0]

    def test_values_of_older_versions_are_counted(self) -> None:
        assert "datastore" not in self.told()
        old = json.dumps({"v": 1, "data": {}})
        self.service.set_value("pagerduty.incident.P1.state.x", old, local=False)
        self.service.set_value("pagerduty.audit.x", old, local=False)
        assert self.told()["datastore"][0].startswith("nobody: 1 values of an older version")

    def test_what_can_not_be_read_is_a_finding_and_the_others_are_told(self) -> None:
        def refuse(**_: Any) -> None:
            raise ConnectionError("no answer")

        self.rules.get_all = refuse  # type: ignore[method-assign,assignment]
        told = self.told()
        assert "can't be read" in told["leftovers"][0]
        assert told["sensors"][0].startswith("by hand: restart st2sensorcontainer")

    def test_without_stackstorm_the_rest_is_told(self) -> None:
        self.service.datastore_service.get_api_client = lambda: SimpleNamespace(rules=self.rules)
        assert set(self.told()) == {"sensors"}


def test_what_the_exchanges_pack_took_is_taken() -> None:
    given = {"incident_key": "k", "description": "d", "log_level": "INFO"}
    assert uses_of_actions.refused("pagerduty.incident.create.events_v1", given) == []
    assert uses_of_actions.refused("core.local", {"x": 1}) == []


def test_a_value_that_is_none_of_ours_is_no_older_one() -> None:
    for raw in ("", "5", "[]", '{"v": "1"}', '{"v": 99}', "{half"):
        assert not migrations.is_older("incident.P1.mark", raw)
    assert migrations.is_older("incident.P1.mark", '{"v": 1, "data": {}}')
