"""Every metadata file holds what StackStorm 3.9 and 3.10 take, and speaks of things that exist.

What StackStorm refuses at registration, the embedded default's loader refuses as well; here come
the rules that neither checks. StackStorm's own models load each file in
test_st2_models.py, where they can be imported.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from pack_files import KINDS, PACK, ROOT, actions, each, files, load, trigger_types, walk

from standalone.metadata import load_pack
from standalone.parameters import RUNNER_PARAMETERS
from standalone.schemas import check_schema

PAYLOAD_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}


def test_the_pack_ships_each_kind_of_content() -> None:
    assert {"pagerduty.incident", "pagerduty.open_summary", "pagerduty.sensor_health"} <= set(
        trigger_types()
    )
    assert {
        "pagerduty.incident.get",
        "pagerduty.oncall.who",
        "pagerduty.route.explain",
        "pagerduty.mattermost.post_incident",
        "pagerduty.mattermost.repaint_incident",
        "pagerduty.mattermost.post_message",
        "pagerduty.mattermost.update_message",
        "pagerduty.mattermost.reply",
        "pagerduty.mattermost.direct_message",
        "pagerduty.mattermost.get_channel",
        "pagerduty.mattermost.add_reaction",
        "pagerduty.mattermost.upload_file",
        "pagerduty.mattermost.test_card",
    } <= set(actions())
    enabled = {rule["name"] for rule in map(load, files("rules")) if rule["enabled"]}
    assert {"post_incidents", "repaint_cards"} <= enabled


def test_pack_yaml_names_the_pack_and_the_versions_it_runs_on() -> None:
    pack = load(ROOT / "pack.yaml")
    assert (pack["ref"], pack["name"]) == (PACK, PACK)
    assert pack["python_versions"] == ["3"]
    assert re.match(r"^\d+\.\d+\.\d+$", pack["version"])
    # st2common.constants.pack.ST2_VERSION_REGEX
    assert re.match(
        r"^((>?>|>=|=|<=|<?<)\s*[0-9]+\.[0-9]+\.[0-9]+?(\s*,)?\s*)+$", pack["stackstorm_version"]
    )
    assert all(len(person) <= 100 for person in pack["contributors"])
    assert f"## {pack['version']}" in (ROOT / "CHANGES.md").read_text(encoding="utf-8")


def test_the_icon_is_a_png() -> None:
    assert (ROOT / "icon.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_stackstorm_would_register_it_all_and_the_embedded_default_runs_all_but_workflows() -> (
    None
):
    pack = load_pack(ROOT)
    assert not pack.problems
    assert not pack.refused
    assert set(pack.workflows) == {
        f"pagerduty.workflow.{name}"
        for name in ("close", "declare", "triage", "restart", "escalate")
    }


@each(*KINDS)
def test_everything_says_what_it_is(path: Path) -> None:
    assert len(load(path).get("description", "")) > 10


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_unique(kind: str) -> None:
    names = [load(path).get("name") or load(path)["class_name"] for path in files(kind)]
    assert len(names) == len(set(names))


def test_no_yaml_with_another_ending() -> None:
    """StackStorm would load it, and these tests, the reference and the embedded default would
    not."""
    assert not [
        str(path)
        for kind in KINDS
        for path in (ROOT / kind).glob("*.y*ml")
        if path.suffix != ".yaml"
    ]


@each("actions")
def test_an_action_has_its_own_file_and_an_entry_point(path: Path) -> None:
    action = load(path)
    assert path.name == action["name"] + ".yaml"
    if action["runner_type"] == "orquesta":
        assert (ROOT / "actions" / action["entry_point"]).is_file()  # test_workflows.py says more
        return
    assert action["runner_type"] == "python-script"
    tree = ast.parse((ROOT / "actions" / action["entry_point"]).read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert len(classes) == 1, "one Action class a file: StackStorm takes whichever it finds"


@each("actions")
def test_parameters_are_schemas_that_register(path: Path) -> None:
    parameters = load(path).get("parameters") or {}
    positions = sorted(
        schema["position"] for schema in parameters.values() if "position" in schema
    )
    assert positions == list(range(len(positions)))
    for name, schema in parameters.items():
        assert isinstance(schema.get("type"), str), f"{name}: without one type `st2 run` dies"
        assert name not in RUNNER_PARAMETERS, f"{name} belongs to the runner"
        assert len(schema.get("description", "")) > 3, name
        if schema.get("immutable"):
            assert "default" in schema, name
            assert not schema.get("required"), name
        for at, inner in walk(schema, name):
            assert not (inner.get("type") == "object" and "items" in inner), (
                f"{at}: items of an object check nothing"
            )


def test_configuration_is_a_schema_that_registers_and_holds_templates() -> None:
    schema = load(ROOT / "config.schema.yaml")
    for name, top in schema.items():
        assert re.match(r"^\w+$", name)
        for at, inner in walk(top, name):
            assert inner.get("description") or at.endswith("[]"), at
            if inner.get("type") == "string":
                assert not {"enum", "pattern", "minLength", "maxLength"} & set(inner), (
                    f"{at} must take {{{{st2kv}}}}"
                )
    required = [
        at
        for name, top in schema.items()
        for at, inner in walk(top, name)
        if inner.get("required")
    ]
    assert required == ["api_key"]
    assert {"api_key", "service_key", "debug"} <= set(schema)
    secrets = {
        at for name, top in schema.items() for at, inner in walk(top, name) if inner.get("secret")
    }
    events = {
        "canary.routing_key",
        "events.routing_key",
        "events.routing_keys[]",
        "chat.command_tokens[]",
        "chat.signing_keys[]",
        "chatops.service_password",
        "chatops.api_key",
    }
    events |= {"chat.webhook_tokens[]", "webhook.secrets[]"}
    assert secrets == {"api_key", "service_key", "mattermost.token", *events}


def test_the_example_configuration_explains_each_key() -> None:
    schema = load(ROOT / "config.schema.yaml")
    example = (ROOT / "pagerduty.yaml.example").read_text(encoding="utf-8")
    for name, top in schema.items():
        for at, _inner in walk(top, name):
            if not at.endswith("[]"):
                assert re.search(
                    rf"^[# ]*{re.escape(at.split('.')[-1])}:", example, flags=re.MULTILINE
                ), at


@each("sensors")
def test_a_sensor_exists_and_polls_no_faster_than_allowed(path: Path) -> None:
    sensor = load(path)
    tree = ast.parse((ROOT / "sensors" / sensor["entry_point"]).read_text(encoding="utf-8"))
    assert sensor["class_name"] in [
        node.name for node in tree.body if isinstance(node, ast.ClassDef)
    ]
    assert sensor.get("poll_interval", 4) >= 4
    assert all(len(trigger["description"]) > 10 for trigger in sensor["trigger_types"])


@pytest.mark.parametrize("ref", sorted(trigger_types()))
def test_a_payload_schema_is_one_and_exact(ref: str) -> None:
    """StackStorm does not check it at registration, and drops every event when it is broken."""
    schema = trigger_types()[ref]["payload_schema"]
    check_schema(schema, ref, top=False)
    for at, inner in walk(schema, ref):
        kinds = inner.get("type")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        assert kinds, at
        assert set(kinds) <= PAYLOAD_TYPES, at
        if "null" in kinds and "enum" in inner:
            assert None in inner["enum"], at
        if "object" in kinds:
            assert "additionalProperties" in inner, (
                f"{at}: an exact schema says what else may be there"
            )
        if "array" in kinds:
            assert isinstance(inner.get("items"), dict), at


@each("rules")
def test_a_rule_gives_its_action_what_it_requires_and_nothing_fixed(path: Path) -> None:
    rule = load(path)
    assert isinstance(rule["enabled"], bool)
    assert path.stem == rule["name"]
    schemas = actions()[rule["action"]["ref"]].get("parameters") or {}
    given = rule["action"].get("parameters") or {}
    # The runner's own are taken beside the action's.
    known = {"timeout": {}, "log_level": {}, **schemas}
    assert not [name for name in given if known[name].get("immutable")]
    assert not [
        name
        for name, s in schemas.items()
        if s.get("required") and "default" not in s and name not in given
    ]


@each("rules")
def test_criteria_are_on_fields_of_the_payload(path: Path) -> None:
    rule = load(path)
    payload = trigger_types().get(rule["trigger"]["type"], {}).get("payload_schema")
    for key, criterion in (rule.get("criteria") or {}).items():
        assert criterion.get("pattern") is not None, (
            f"{key}: StackStorm refuses a criterion without a pattern"
        )
        assert key.startswith("trigger."), key
        schema = payload
        for part in key.split("#")[0].split(".")[1:]:
            if schema is not None:
                assert part in schema["properties"], key
                schema = schema["properties"][part]


@each("rules")
def test_outside_text_goes_into_top_level_parameters_only(path: Path) -> None:
    """Inside a list or an object it could break the JSON and add keys."""
    for name, value in (load(path)["action"].get("parameters") or {}).items():
        assert isinstance(value, str) or "{{" not in str(value), name
        if isinstance(value, str) and "{{" in value:
            assert re.fullmatch(r"\{\{\s*trigger(\.\w+)*\s*\}\}", value), name


@each("policies")
def test_a_policy_is_a_retry(path: Path) -> None:
    """The only kind the facts show to be safe, and only alone on its action."""
    policy = load(path)
    assert policy["name"].startswith(PACK), "names are global across packs"
    assert policy["policy_type"] == "action.retry"


def test_no_action_has_two_policies_on_the_same_occasion() -> None:
    occasions = [
        (p["resource_ref"], p["parameters"]["retry_on"]) for p in map(load, files("policies"))
    ]
    assert len(occasions) == len(set(occasions))


def test_an_alias_fixes_the_runner_parameters() -> None:
    """A trailing `k=v` in a command would set any parameter, `env` of the runner included."""
    for alias in map(load, files("aliases")):
        fixed = set(alias["immutable_parameters"])
        assert {"env", "timeout", "log_level", "debug", "content_version"} <= fixed, alias["name"]
