"""StackStorm's own models and registrars' checks load every file; needs StackStorm's modules, no
server.

Without them the same files are held against the rules by test_metadata.py.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Dict

import pytest
from pack_files import PACK, REAL_ST2, ROOT, each, load, trigger_types

if not REAL_ST2:
    pytest.skip("StackStorm's own modules are not installed", allow_module_level=True)

from st2common.models.api.action import ActionAliasAPI, ActionAPI
from st2common.models.api.pack import ConfigSchemaAPI, PackAPI
from st2common.models.api.policy import PolicyAPI, PolicyTypeAPI
from st2common.models.api.rule import RuleAPI
from st2common.models.api.sensor import SensorTypeAPI
from st2common.models.api.trigger import TriggerTypeAPI
from st2common.util import schema as util_schema
from st2common.util.pack import validate_config_against_schema
from st2common.validators.api import action as action_validator
from st2common.validators.api import reactor as reactor_validator

NASTY_CONFIG = {
    "api_key": "{{ st2kv.system.k }}",
    "mattermost": {"token": "{{ st2kv.system.m | decrypt_kv }}"},
}


def registered(api: Any, path: Path, **extra: Any) -> Any:
    """The file's content through an API model as its registrar makes it."""
    content = load(path)
    content.setdefault("pack", PACK)
    content["metadata_file"] = f"{path.parent.name}/{path.name}"
    content.update(extra)
    return api(**content).validate()


def python_runner() -> Dict[str, Any]:
    import python_runner

    (runner,) = (load(Path(python_runner.__file__).parent / "runner.yaml"),)
    found = runner if isinstance(runner, list) else [runner]
    return next(r["runner_parameters"] for r in found if r["name"] == "python-script")


def test_pack_yaml() -> None:
    pack = PackAPI(**load(ROOT / "pack.yaml"))
    pack.validate()
    assert PackAPI.to_model(pack).ref == PACK


@pytest.mark.parametrize(
    ("version", "fits"), [("3.8.1", False), ("3.9.0", True), ("3.10.0", True), ("3.11.0", False)]
)
def test_the_versions_of_stackstorm_it_installs_on(version: str, fits: bool) -> None:
    from st2common.util.versioning import complex_semver_match

    assert complex_semver_match(version, load(ROOT / "pack.yaml")["stackstorm_version"]) is fits


@each("actions")
def test_an_action_loads(path: Path) -> None:
    action = registered(ActionAPI, path)
    action_validator._validate_parameters(
        f"{PACK}.{action.name}", action.parameters, python_runner()
    )
    assert ActionAPI.to_model(action).ref == f"{PACK}.{action.name}"


@each("sensors")
def test_a_sensor_and_its_triggers_load(path: Path) -> None:
    sensor = registered(SensorTypeAPI, path, artifact_uri=f"file:///opt/{PACK}/sensors/x.py")
    assert getattr(sensor, "poll_interval", 4) >= 4  # one that listens has none
    for trigger in sensor.trigger_types:
        TriggerTypeAPI.to_model(TriggerTypeAPI(pack=PACK, **trigger).validate())


@pytest.mark.parametrize("ref", sorted(trigger_types()))
def test_a_payload_schema_refuses_what_does_not_belong(ref: str) -> None:
    import jsonschema

    schema = trigger_types()[ref]["payload_schema"]
    with pytest.raises(jsonschema.ValidationError):
        util_schema.validate(
            {"surely_unknown": 1},
            schema,
            util_schema.CustomValidator,
            use_default=True,
            allow_default_none=True,
        )


@each("rules")
def test_a_rule_loads(path: Path) -> None:
    rule = registered(RuleAPI, path)
    reactor_validator.validate_criteria(rule.criteria)


@each("aliases")
def test_an_alias_loads(path: Path) -> None:
    from st2common.util.actionalias_matching import normalise_alias_format_string

    alias = registered(ActionAliasAPI, path)
    for one in alias.formats:
        normalise_alias_format_string(one)
    assert ActionAliasAPI.to_model(alias).ref == f"{PACK}.{alias.name}"


@each("policies")
def test_a_policy_loads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import st2common
    from st2common.models.api import policy as policy_module

    kinds = {}
    for file in (Path(st2common.__file__).parent / "policies" / "meta").glob("*.yaml"):
        kind = PolicyTypeAPI(**load(file)).validate()
        kinds[f"action.{kind.name}"] = kind
    monkeypatch.setattr(policy_module.PolicyType, "get_by_ref", kinds.get)
    policy = registered(PolicyAPI, path)
    assert PolicyAPI.to_model(policy).ref == f"{PACK}.{policy.name}"


def test_the_configuration_schema_loads() -> None:
    schema = ConfigSchemaAPI(pack=PACK, attributes=load(ROOT / "config.schema.yaml")).validate()
    ConfigSchemaAPI.to_model(schema)


def nulls(properties: Dict[str, Any]) -> Dict[str, Any]:
    """What `st2 pack config` leaves for questions nobody answered, one level down as well."""
    return {
        k: nulls(s["properties"]) if s.get("properties") else None for k, s in properties.items()
    }


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"api_key": "k"}, id="only what is required"),
        pytest.param(
            {"api_key": "k", "service_key": "s", "debug": True}, id="the Exchange pack's"
        ),
        pytest.param(NASTY_CONFIG, id="templates"),
        pytest.param(load(ROOT / "pagerduty.yaml.example"), id="the example"),
        pytest.param(
            {**dict.fromkeys(load(ROOT / "config.schema.yaml")), "api_key": "k"}, id="nulls"
        ),
        pytest.param(
            {**nulls(load(ROOT / "config.schema.yaml")), "api_key": "k"}, id="nested nulls"
        ),
    ],
)
def test_a_configuration_registers_and_our_reader_takes_it(config: Dict[str, Any]) -> None:
    from pagerduty_mattermost.core.config.settings import load as read

    schema = load(ROOT / "config.schema.yaml")
    cleaned = validate_config_against_schema(schema, copy.deepcopy(config), "pagerduty.yaml", PACK)
    if "{{" not in str(config):
        assert read(cleaned).pagerduty is not None


def test_a_configuration_without_the_key_does_not_register() -> None:
    import jsonschema

    with pytest.raises(jsonschema.ValidationError, match="api_key"):
        validate_config_against_schema(
            load(ROOT / "config.schema.yaml"), {}, "pagerduty.yaml", PACK
        )
