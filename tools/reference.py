"""Writes docs/reference.md from the pack's metadata; `--check` only says whether it is current
(exit code 1 if not).

    python tools/reference.py [--check]

The metadata is the one place where an action, a trigger or a setting is described; this page is
made from it, so the two can't differ. Run by `make docs` and, with `--check`, by `make docs-check`
and a test.
"""

# flake8: noqa: W503

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference.md"

Row = Tuple[str, ...]


def render(root: Path = ROOT) -> str:
    """The whole page as Markdown, from the metadata under `root`."""
    pack = _load(root / "pack.yaml")
    sensors = _load_all(root / "sensors")
    parts = [
        f"# Reference of the pack `{pack['ref']}` {pack['version']}",
        "Made from the metadata by `make docs`: change the metadata, not this page.",
        "[Configuration](#configuration) · [Actions](#actions) · [Triggers](#triggers) · "
        "[Sensors](#sensors) · "
        "[Rules](#rules) · [Policies](#policies) · [Aliases](#aliases)",
        *_configuration(_load(root / "config.schema.yaml")),
        *_actions(pack["ref"], _load_all(root / "actions"), _examples(root)),
        *_triggers(pack["ref"], sensors),
        *_sensors(sensors),
        *_rules(pack["ref"], _load_all(root / "rules")),
        *_policies(_load_all(root / "policies")),
        *_aliases(_load_all(root / "aliases")),
    ]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _load(path: Path) -> Dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        data: Dict[str, Any] = yaml.safe_load(file) or {}
    return data


def _load_all(folder: Path) -> List[Dict[str, Any]]:
    return [_load(path) for path in sorted(folder.glob("*.yaml"))]


def _configuration(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "## Configuration"
    yield (
        "Keys of `/opt/stackstorm/configs/pagerduty.yaml` (on StackStorm) or of the file "
        "given as `--config` "
        "(embedded default). A dot stands for nesting. An unset key may be absent or null."
    )
    yield _table(("key", "type", "default", "meaning"), _settings(schema))


def _settings(schema: Mapping[str, Any], prefix: str = "") -> Iterator[Row]:
    for name, inner in schema.items():
        path = prefix + name
        marks = [word for word in ("required", "secret") if inner.get(word)]
        yield (
            f"`{path}`",
            ", ".join([_type(inner), *marks]),
            _default(inner),
            _text(inner.get("description")),
        )
        yield from _settings(inner.get("properties") or {}, path + ".")


def _examples(root: Path) -> Dict[str, Any]:
    """What tools/examples.py ran."""
    file = root / "docs" / "examples.json"
    found: Dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def _actions(
    pack: str, actions: Sequence[Mapping[str, Any]], examples: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    yield "## Actions"
    yield (
        "Run one with `st2 run <ref> name=value …` on StackStorm, or `python -m standalone "
        "run <ref> name=value …`. "
        "Each example was run on the sandbox; long results are cut (…)."
    )
    yield from _index(pack, actions)
    for action in actions:
        yield f"### `{pack}.{action['name']}`"
        yield _text(action.get("description")) + (
            "" if action.get("enabled", True) else " Disabled by default."
        )
        parameters: Mapping[str, Any] = action.get("parameters") or {}
        free = {name: schema for name, schema in parameters.items() if not schema.get("immutable")}
        if free:
            ordered = sorted(
                free.items(),
                key=lambda item: (not item[1].get("required"), item[1].get("position", 999)),
            )
            yield _table(
                ("parameter", "type", "default", "meaning"),
                (
                    (
                        f"`{name}`",
                        _type(schema) + (", required" if schema.get("required") else ""),
                        _default(schema),
                        _text(schema.get("description")),
                    )
                    for name, schema in ordered
                ),
            )
        else:
            yield "No parameters."
        if action["name"] in examples:
            example = examples[action["name"]]
            words = "".join(
                f" {name}={_typed(value)}" for name, value in example["parameters"].items()
            )
            yield f"```sh\nst2 run {pack}.{action['name']}{words}\n```"
            yield "```json\n" + json.dumps(example["result"], ensure_ascii=False) + "\n```"


GROUPS = {
    "Incidents": "incident timeline report incident_type incident_workflow note log_entry "
    "notification retrospective follow_up",
    "Mattermost": "mattermost room post posts",
    "Playbooks": "exercise playbook run",
    "Events": "event event_orchestration kept_page",
    "On call": "oncall on_call schedule override escalation_policy shift_schedule shift_override "
    "custom_shift rotation rotation_event",
    "Services": "service business_service integration maintenance_window extension "
    "extension_schema vendor",
    "People and teams": "user team identity tag",
    "Status pages and analytics": "status_page analytics",
    "Chat": "chat audit inquiry",
    "Keeping it running": "health setup upgrade uninstall deadletter state route webhook "
    "webhook_subscription ability priority workflow",
}
"""Groups of the index, with what the names of their actions begin with."""


def _index(pack: str, actions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every action in one line, by group."""
    group_of = {word: group for group, words in GROUPS.items() for word in words.split()}
    for group in (*GROUPS, "More"):
        mine = [
            action
            for action in actions
            if group_of.get(action["name"].partition(".")[0], "More") == group
        ]
        if mine:
            yield f"**{group}**"
            yield "\n".join(
                f"- [`{action['name']}`](#{_anchor(pack, action['name'])}): "
                f"{_first_sentence(action.get('description'))}"
                for action in mine
            )


def _anchor(pack: str, name: str) -> str:
    """Of the heading, as GitHub makes it."""
    return f"{pack}{name}".replace(".", "").lower()


def _first_sentence(description: Any) -> str:
    text = _text(description)
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def _typed(value: Any) -> str:
    """A parameter as it is typed in a shell."""
    if isinstance(value, list) and all(
        isinstance(item, str) and "," not in item for item in value
    ):
        return shlex.quote(",".join(value))
    return shlex.quote(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _triggers(pack: str, sensors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Triggers"
    yield "A dot stands for nesting, `[]` for each item of a list."
    for sensor in sensors:
        for trigger in sensor.get("trigger_types") or ():
            yield f"### `{pack}.{trigger['name']}`"
            yield f"{_text(trigger.get('description'))} Dispatched by `{sensor['class_name']}`."
            yield _table(
                ("payload", "type", "meaning"), _payload(trigger.get("payload_schema") or {})
            )


def _payload(schema: Mapping[str, Any], prefix: str = "") -> Iterator[Row]:
    for name, inner in (schema.get("properties") or {}).items():
        path = prefix + name
        yield f"`{path}`", _type(inner), _text(inner.get("description"))
        yield from _payload(inner, path + ".")
        items = inner.get("items")
        if isinstance(items, dict):
            yield from _payload(items, path + "[].")


def _sensors(sensors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Sensors"
    yield _table(
        ("sensor", "polls every", "meaning"),
        (
            (
                f"`{sensor['class_name']}`",
                f"{sensor['poll_interval']} s" if sensor.get("poll_interval") else "",
                _text(sensor.get("description")),
            )
            for sensor in sensors
        ),
    )


def _rules(pack: str, rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Rules"
    for rule in sorted(rules, key=lambda rule: (not rule.get("enabled"), rule["name"])):
        yield f"### `{pack}.{rule['name']}`" + (
            "" if rule.get("enabled") else " (disabled: an example to copy)"
        )
        yield _text(rule.get("description"))
        shown = {key: rule[key] for key in ("trigger", "criteria", "action") if rule.get(key)}
        yield (
            "```yaml\n"
            + yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=110)
            + "```"
        )


def _policies(policies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Policies"
    if not policies:
        yield "None."
        return
    yield _table(
        ("policy", "of", "type", "parameters", "meaning"),
        (
            (
                f"`{policy['name']}`" + ("" if policy.get("enabled", True) else " (disabled)"),
                f"`{policy['resource_ref']}`",
                f"`{policy['policy_type']}`",
                ", ".join(
                    f"{key} {_value(value)}"
                    for key, value in (policy.get("parameters") or {}).items()
                ),
                _text(policy.get("description")),
            )
            for policy in policies
        ),
    )


def _aliases(aliases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Aliases"
    if not aliases:
        yield "None."
        return
    yield _table(
        ("alias", "phrases", "action", "meaning"),
        (
            (
                f"`{alias['name']}`",
                " ".join(f"`{display}`" for display in _displays(alias)),
                f"`{alias['action_ref']}`",
                _text(alias.get("description")),
            )
            for alias in aliases
        ),
    )


def _displays(alias: Mapping[str, Any]) -> Iterator[str]:
    for one in alias.get("formats") or ():
        if isinstance(one, dict):
            yield from one.get("display", "").splitlines() or one.get("representation") or ()
        else:
            yield one


def _table(head: Row, rows: Iterator[Row]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def _type(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "any")
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    text = " or ".join(str(name) for name in names)
    items = schema.get("items")
    if "array" in names and isinstance(items, dict) and (items.get("type") or items.get("enum")):
        text = text.replace("array", f"array of {_type(items)}")
    if "object" in names and isinstance(schema.get("additionalProperties"), dict):
        text = text.replace("object", f"object of {_type(schema['additionalProperties'])}")
    if schema.get("enum"):
        text += ": " + ", ".join(_value(value) for value in schema["enum"])
    limits = [
        f"{sign} {schema[key]}"
        for key, sign in (
            ("minimum", "≥"),
            ("maximum", "≤"),
            ("minLength", "length ≥"),
            ("maxLength", "length ≤"),
            ("minItems", "items ≥"),
            ("maxItems", "items ≤"),
        )
        if key in schema
    ]
    return text + (f" ({', '.join(limits)})" if limits else "")


def _default(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    return "" if value is None else _value(value)


def _value(value: Any) -> str:
    if value == "":
        return "empty"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text}`"


def _text(value: Any) -> str:
    """A description on one line; a sentence always ends in a full stop. `<` would start HTML."""
    text = " ".join(str(value or "").split()).replace("<", "&lt;")
    return text if not text or text[-1] in ".!?:" else text + "."


def main(arguments: Sequence[str]) -> int:
    from pages import keep_current

    return keep_current(__doc__, PAGE, render(), "metadata", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
