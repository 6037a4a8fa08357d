"""config.schema.yaml under StackStorm's rules: what `st2 pack config` writes, templates, the
Exchange pack's file."""

from __future__ import annotations

import copy
import importlib.util
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Mapping, Tuple

import pytest

from pagerduty_mattermost.core.config.settings import (
    Config,
    load,
    mattermost_missing,
    require_pagerduty,
)
from pagerduty_mattermost.core.yaml_text import loaded
from standalone import config_file, schemas

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: Dict[str, Any] = loaded((ROOT / "config.schema.yaml").read_text())
WHOLE = {"title": "config", "type": "object", "properties": SCHEMA, "additionalProperties": True}

Validate = Callable[[Mapping[str, Any]], Dict[str, Any]]


def _ours(values: Mapping[str, Any]) -> Dict[str, Any]:
    return schemas.validate(values, WHOLE, "configuration")


def _st2(values: Mapping[str, Any]) -> Dict[str, Any]:
    from st2common.util.pack import validate_config_against_schema

    return validate_config_against_schema(
        SCHEMA, copy.deepcopy(dict(values)), "pagerduty.yaml", "pagerduty"
    )


def _real_stackstorm() -> bool:
    try:
        return importlib.util.find_spec("st2common.util.pack") is not None
    except ModuleNotFoundError:
        return False


@pytest.fixture(params=["ours", "st2"])
def validate(request: pytest.FixtureRequest) -> Validate:
    """StackStorm's rules as the embedded default has them, and StackStorm's own where it can be
    imported."""
    if request.param == "st2":
        if not _real_stackstorm():
            pytest.skip("StackStorm's own modules are not installed")
        return _st2
    return _ours


def dialog(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> Dict[str, Any]:
    """What `st2 pack config` saves: an open question gives its default or null (st2client
    utils/interactive.py)."""
    return {
        name: dialog(spec.get("properties", {}), answers.get(name, {}))
        if spec.get("type") == "object"
        else answers.get(name, spec.get("default"))
        for name, spec in schema.items()
    }


def registered(values: Mapping[str, Any]) -> Dict[str, Any]:
    """What actions and sensors get of a saved configuration."""
    return config_file.complete(values, SCHEMA, lambda *_: None)


def texts(schema: Mapping[str, Any], path: Tuple[str, ...] = ()) -> Iterator[Tuple[str, ...]]:
    for name, spec in schema.items():
        if spec["type"] == "string":
            yield (*path, name)
        yield from texts(spec.get("properties", {}), (*path, name))


def test_stackstorm_registers_the_schema() -> None:
    for name, spec in SCHEMA.items():
        schemas.check_schema(spec, name)


def test_only_the_required_question_answered_gives_a_valid_configuration(
    validate: Validate,
) -> None:
    saved = dialog(SCHEMA, {"api_key": "key"})
    assert saved["mattermost"]["url"] is None
    cleaned = validate(saved)
    for raw in (saved, cleaned, registered(cleaned)):
        config = load(raw)
        assert require_pagerduty(config).api_key.reveal() == "key"
        assert config._replace(pagerduty=Config().pagerduty) == Config()
        assert mattermost_missing(config) == ("mattermost.url", "mattermost.token")


def test_every_question_can_be_left_open_in_the_dialog() -> None:
    """StackStorm holds the empty answer against the question's schema (draft 3): no text may
    insist on more."""
    from jsonschema import Draft3Validator

    def asked(schema: Mapping[str, Any]) -> Iterator[Tuple[str, Mapping[str, Any]]]:
        for name, spec in schema.items():
            if spec["type"] == "object":
                yield from asked(spec.get("properties", {}))
            else:
                yield name, spec

    for name, spec in asked(SCHEMA):
        if spec["type"] == "string" and not spec.get("required"):
            assert Draft3Validator(spec).is_valid(""), name
        assert spec["type"] != "array" or spec["items"]["type"] == "string", name
        assert "enum" not in spec, f"{name}: an enum refuses a template"


def test_the_exchange_packs_configuration_stays_valid(validate: Validate) -> None:
    raw = {"api_key": "key", "service_key": "service", "debug": True}
    config = load(registered(validate(raw)))
    assert config.debug is True
    assert config.pagerduty.service_key.reveal() == "service"


def test_an_empty_section_is_as_good_as_none(validate: Validate) -> None:
    raw = {
        "api_key": "key",
        "watch": None,
        "tls": {},
        "mattermost": {"service_channels": None},
        "timeouts": {"read": None},
    }
    assert load(registered(validate(raw)))._replace(pagerduty=Config().pagerduty) == Config()


def test_an_old_name_of_a_setting_is_registered_and_wins_over_the_new_ones_default(
    validate: Validate,
) -> None:
    raw = {"api_key": "key", "watch": {"poll_interval_with_bell": 45}}
    assert load(registered(validate(raw))).watch.poll_interval_with_webhook == 45


def test_every_text_takes_a_template_and_a_missing_key_is_no_value(validate: Validate) -> None:
    found = list(texts(SCHEMA))
    assert ("mattermost", "token") in found
    raw: Dict[str, Any] = {}
    for path in found:
        node = raw
        for name in path[:-1]:
            node = node.setdefault(name, {})
        node[path[-1]] = "{{ st2kv.system.missing }}"
    raw["watch"] = {"services": ["{{ st2kv.system.service }}"]}
    raw["mattermost"]["service_channels"] = {"Checkout": "{{ st2kv.system.channel }}"}
    validate(raw)


def test_secrets_are_marked() -> None:
    assert [name for name, spec in SCHEMA.items() if spec.get("secret")] == [
        "api_key",
        "service_key",
    ]
    assert SCHEMA["mattermost"]["properties"]["token"]["secret"] is True
    chat = SCHEMA["chat"]["properties"]
    assert chat["command_tokens"]["items"]["secret"] is True
    assert chat["signing_keys"]["items"]["secret"] is True
    assert chat["webhook_tokens"]["items"]["secret"] is True
    assert SCHEMA["webhook"]["properties"]["secrets"]["items"]["secret"] is True
    events = SCHEMA["events"]["properties"]
    assert events["routing_key"]["secret"] is True
    assert events["routing_keys"]["additionalProperties"]["secret"] is True


def test_the_example_is_valid(validate: Validate) -> None:
    validate(loaded((ROOT / "pagerduty.yaml.example").read_text()))
