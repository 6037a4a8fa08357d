"""setup.overrides and the line of health.check about what a reload would undo: the file, as
StackStorm's own loader reads it, and what is written by whom."""

# flake8: noqa: E203

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, List, Mapping

import pytest
import yaml
from pack_files import files, load

from pagerduty_mattermost.core.errors import RejectedInput, StoreUnreachable, WrongParameter
from pagerduty_mattermost.gateways.stackstorm import overrides_file, registered
from pagerduty_mattermost.operations import lasting, overrides_setup
from pagerduty_mattermost.operations.overrides_setup import set_up

SHIPPED = {rule["name"]: bool(rule["enabled"]) for rule in map(load, files("rules"))}
MANAGERS = {"rules": "Rule", "sensors": "Sensor", "aliases": "ActionAlias", "actions": "Action"}


class Manager:
    def __init__(self, states: Mapping[str, bool], page: int = 100) -> None:
        self.states = dict(states)
        self.page = page
        self.asked: List[int] = []

    def get_all(self, pack: str, limit: int, offset: int) -> List[Any]:
        assert (pack, limit) == ("pagerduty", 100)
        self.asked.append(offset)
        rows = [SimpleNamespace(name=name, enabled=on) for name, on in self.states.items()]
        return rows[offset : offset + self.page]


class StackStorm:
    """Its client; `register` does what StackStorm's registrar does with the overrides files."""

    def __init__(self, folder: Path, **by_hand: bool) -> None:
        self.folder = folder
        self.rules = Manager({**SHIPPED, **by_hand})
        self.sensors = Manager({"IncidentSensor": True, "ChatSensor": True})
        self.managers: Dict[str, Any] = {
            "Rule": self.rules,
            "Sensor": self.sensors,
            "ActionAlias": Manager({"pagerduty_help": True}),
            "Action": Manager({f"a{n}": True for n in range(235)}),
            "Pack": self,
        }
        self.registered: List[str] = []
        self.sees_the_file = True

    def register(self, packs: List[str], types: List[str]) -> None:
        assert packs == ["pagerduty"]
        self.registered += types
        for kind in types if self.sees_the_file else []:
            self.reload(kind)

    def reload(self, kind: str) -> None:
        manager = self.managers[MANAGERS[kind]]
        shipped = SHIPPED if kind == "rules" else dict.fromkeys(manager.states, True)
        manager.states = {**manager.states, **_as_stackstorm(self.folder, kind, shipped)}


def _as_stackstorm(folder: Path, kind: str, shipped: Mapping[str, bool]) -> Dict[str, bool]:
    """`OverrideLoader._apply_override_file` of StackStorm (st2common.content.loader), step by
    step; its own class is asked where it is there."""
    found = dict(shipped)
    for name in found:
        for file in ("_global.yaml", "pagerduty.yaml"):
            path = folder / file
            if not path.exists():
                continue
            said = yaml.safe_load(path.read_text())
            if kind not in said:
                continue
            found[name] = said[kind].get("defaults", {}).get("enabled", found[name])
            if file != "_global.yaml":
                single = said[kind].get("exceptions", {}).get(name, {})
                found[name] = single.get("enabled", found[name])
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "overrides"


def test_what_was_done_by_hand_is_shown_and_nothing_is_written(folder: Path) -> None:
    st2 = StackStorm(folder, post_incidents=False, p4_to_service=True)
    told = set_up(st2, folder)
    assert told["states"] == {"p4_to_service": True, "post_incidents": False}
    assert told["written"] is False
    assert "Would keep p4_to_service enabled, post_incidents disabled" in told["message"]
    assert not folder.exists()
    assert yaml.safe_load(told["text"]) == {
        "rules": {
            "exceptions": {
                "p4_to_service": {"enabled": True},
                "post_incidents": {"enabled": False},
            }
        }
    }
    assert st2.managers["Action"].asked == [0, 100, 200], "page by page"


def test_what_is_written_lasts_over_a_reload(folder: Path) -> None:
    st2 = StackStorm(folder, post_incidents=False)
    told = set_up(st2, folder, enable=["pagerduty.p4_to_service"], disable=["storms"], write=True)
    assert told["written"] is True
    assert st2.registered == ["rules"]
    for kind in MANAGERS:
        st2.reload(kind)
    wanted = {"post_incidents": False, "p4_to_service": True, "storms": False}
    assert st2.rules.states == {**SHIPPED, **wanted}
    again = set_up(st2, folder, write=True)
    assert again["written"] is False
    assert again["message"].startswith("Nothing to do: p4_to_service enabled")
    assert overrides_setup.verdict({"rules": st2.rules.states}, _files(folder), "x")[0] == "ok"


def test_a_way_back_takes_the_word_away_and_leaves_no_empty_file(folder: Path) -> None:
    st2 = StackStorm(folder)
    set_up(st2, folder, disable=["storms"], write=True)
    set_up(st2, folder, enable=["storms"], write=True)
    assert st2.rules.states == SHIPPED
    text = (folder / "pagerduty.yaml").read_text()
    assert yaml.safe_load(text) == {"rules": {"exceptions": {}}}, (
        "StackStorm fails at an empty one"
    )
    assert "storms" in (folder / "pagerduty.yaml.before").read_text()
    told = set_up(st2, folder)
    assert told["message"] == "Nothing to do: everything as it is shipped, and that lasts."


def test_what_else_stands_in_the_file_stays(folder: Path) -> None:
    folder.mkdir()
    (folder / "_global.yaml").write_text("rules: {defaults: {enabled: false}}\n")
    own = {
        "rules": {"defaults": {"enabled": True}, "exceptions": {"mine": {"enabled": False}}},
        "aliases": {"exceptions": {"pagerduty_help": {"enabled": False}}},
    }
    (folder / "pagerduty.yaml").write_text(yaml.safe_dump(own))
    st2 = StackStorm(folder)
    for kind in MANAGERS:
        st2.reload(kind)
    assert set(st2.rules.states.values()) == {True}
    told = set_up(st2, folder, disable=["canary", "ChatSensor"], write=True)
    assert told["written"] is True
    made = yaml.safe_load((folder / "pagerduty.yaml").read_text())
    assert made["rules"]["defaults"] == {"enabled": True}
    assert made["rules"]["exceptions"] == {
        "mine": {"enabled": False},
        "canary": {"enabled": False},
    }
    assert made["aliases"] == own["aliases"]
    assert made["sensors"] == {"exceptions": {"ChatSensor": {"enabled": False}}}
    assert st2.rules.states["canary"] is False


def test_a_name_that_is_none_or_wanted_both_ways_is_named(folder: Path) -> None:
    st2 = StackStorm(folder)
    with pytest.raises(WrongParameter, match="disable: the pack has no rule.*'post_incident'"):
        set_up(st2, folder, disable=["post_incident"], write=True)
    with pytest.raises(WrongParameter, match="storms is also to be enabled"):
        set_up(st2, folder, disable=["storms"], enable=["pagerduty.storms"], write=True)
    assert not folder.exists()


def test_an_api_that_does_not_see_the_file_is_told(folder: Path) -> None:
    st2 = StackStorm(folder)
    st2.sees_the_file = False
    with pytest.raises(RejectedInput, match="did not follow it .storms enabled.: copy it"):
        set_up(st2, folder, disable=["storms"], write=True)

    def refuse(**_: Any) -> None:
        raise ConnectionError

    st2.managers["Pack"] = SimpleNamespace(register=refuse)
    with pytest.raises(StoreUnreachable, match="st2ctl reload --register-rules"):
        set_up(st2, folder, disable=["canary", "checklist", "open_summary"], write=True)


def test_a_file_that_stackstorm_fails_at_is_named(folder: Path) -> None:
    folder.mkdir()
    st2 = StackStorm(folder)
    for text in ("", "- x\n", "rules: [\n"):
        (folder / "pagerduty.yaml").write_text(text)
        with pytest.raises(RejectedInput, match=r"pagerduty\.yaml"):
            set_up(st2, folder)


def test_where_it_may_not_be_written_the_way_by_hand_is_told(folder: Path) -> None:
    folder.parent.joinpath("overrides").write_text("a file where the folder should be")
    with pytest.raises(RejectedInput):
        set_up(StackStorm(folder), folder, disable=["storms"], write=True)
    with pytest.raises(RejectedInput, match="write it by hand"):
        overrides_file.write(folder, "rules: {}\n")


def test_without_stackstorm_the_way_of_the_embedded_default_is_told(folder: Path) -> None:
    for client, place in ((None, folder), (SimpleNamespace(rules=None), folder)):
        with pytest.raises(RejectedInput, match="--rules"):
            set_up(client, place)
    context: Any = SimpleNamespace(stackstorm=lambda: None)
    assert overrides_setup.check(context)[0] == "off"


def test_health_names_what_a_reload_would_undo(folder: Path) -> None:
    now = {
        "rules": {**SHIPPED, "post_incidents": False, "mine": False},
        "sensors": {"IncidentSensor": False, "ChatSensor": True},
    }
    state, text = overrides_setup.verdict(now, ({}, {}), "/opt/stackstorm/overrides")
    assert state == "warn"
    assert text.startswith("post_incidents disabled, IncidentSensor disabled by hand: the next")
    assert "`st2 run pagerduty.setup.overrides write=true`" in text
    assert "/opt/stackstorm/overrides/pagerduty.yaml" in text
    kept = {"rules": {"exceptions": {"post_incidents": {"enabled": False}}}}
    assert overrides_setup.verdict({"rules": now["rules"]}, ({}, kept), "x")[0] == "ok"


def test_everything_but_rules_is_shipped_enabled() -> None:
    for kind in ("actions", "aliases", "sensors"):
        assert [path for path in files(kind) if load(path).get("enabled") is not True] == []
    assert registered.shipped_rules() == SHIPPED


def test_the_rules_of_files_are_stackstorms_own(folder: Path) -> None:
    loader = pytest.importorskip("st2common.content.loader", reason="without StackStorm's modules")
    if not hasattr(loader, "OverrideLoader"):
        pytest.skip("StackStorm's modules are stand-ins here")
    from oslo_config import cfg

    folder.mkdir()
    own = {"rules": {"defaults": {"enabled": False}, "exceptions": {"storms": {"enabled": True}}}}
    (folder / "pagerduty.yaml").write_text(yaml.safe_dump(own))
    (folder / "_global.yaml").write_text("rules: {defaults: {enabled: true}}\n")
    cfg.CONF.set_override("base_path", str(folder.parent), group="system")
    try:
        for name, enabled in SHIPPED.items():
            content = {"name": name, "enabled": enabled}
            loader.OverrideLoader().override("pagerduty", "rules", content)
            assert content["enabled"] is lasting.registered("rules", SHIPPED, _files(folder))[name]
    finally:
        cfg.CONF.clear_override("base_path", group="system")


def _files(folder: Path) -> Any:
    return overrides_file.read(folder, "_global"), overrides_file.read(folder, "pagerduty")
