"""`standalone actions | rules | triggers | executions`: lists for people, and as JSON."""

# flake8: noqa: E203

from __future__ import annotations

import argparse
import json
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from standalone.errors import UserError
from standalone.own_line import line
from standalone.pack_model import ActionMeta, Pack, Rule
from standalone.schemas import near, nearest

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples.json"
"""Of this pack's actions, as the reference shows them."""
OUR_PREFIX = "pagerduty."
NEEDS_STACKSTORM = "needs StackStorm"


def add(
    commands: Any,
    common: argparse.ArgumentParser,
    read_pack: Callable[[Any], Any],
    data_dir: Callable[[Any], Path],
    zone: Callable[[Any], Optional[tzinfo]],
) -> None:
    """`read_pack`: options to the pack; `data_dir`: options to the folder of the database; `zone`:
    options to the time zone in which people read, None for this machine's."""

    def lists(name: str, function: Callable[[Any, Any], int], text: str) -> Any:
        command = commands.add_parser(name, parents=[common], help=text, description=text)
        command.add_argument("-j", "--json", action="store_true", help="print JSON")
        command.set_defaults(command=lambda options: function(read_pack(options), options))
        return command

    actions = lists("actions", _actions, "list the actions, or show one with its parameters")
    actions.add_argument(
        "part", nargs="?", default="", metavar="NAME", help="a whole name, or part of one"
    )
    rules = lists("rules", _rules, "list the rules, or show one whole")
    rules.add_argument(
        "part", nargs="?", default="", metavar="NAME", help="a whole name, or part of one"
    )
    lists("triggers", _triggers, "list the triggers")
    text = "list the newest executions, or show one"
    executions = commands.add_parser("executions", parents=[common], help=text, description=text)
    executions.add_argument(
        "id", nargs="?", metavar="ID", help="or enough of its beginning to be unique"
    )
    executions.add_argument("-j", "--json", action="store_true", help="print JSON")
    executions.set_defaults(
        command=lambda options: _executions(
            data_dir(options), options.id, options.json, zone(options)
        )
    )


def find_action(pack: Pack, name: str) -> str:
    """The whole name of the action meant. Raises UserError with the names most like it."""
    for ref in (name, f"{pack.ref}.{name}"):
        if ref in pack.workflows:
            raise UserError(f"{name} is a workflow: workflows need StackStorm")
        if ref in pack.actions:
            return ref
    inside = sorted(ref for ref in pack.actions if name and name in ref)
    meant = near(name, pack.actions)
    if not meant and inside:
        meant = f"; did you mean {' or '.join(inside[:3])}?"
    raise UserError(f"There is no action {name}{meant or '; `actions` lists them'}")


def _actions(pack: Pack, options: Any) -> int:
    part = options.part
    exact = [ref for ref in (part, f"{pack.ref}.{part}") if ref in pack.actions]
    if exact:
        return _action(pack.actions[exact[0]], options.json)
    found: Dict[str, Any] = {
        action.ref: (_state(action.enabled), _line(action.description))
        for action in pack.actions.values()
    }
    found.update((ref, (NEEDS_STACKSTORM, _line(text))) for ref, text in pack.workflows.items())
    rows = [(ref, *found[ref]) for ref in sorted(found) if part.lower() in ref.lower()]
    if part and not rows:
        kind = nearest(part, {ref.split(".")[1] for ref in found if ref.count(".") > 1})
        if kind and "." not in part:
            raise UserError(f"There is no action {part}; did you mean `actions {kind}`?")
        find_action(pack, part)
    if options.json:
        return _print(("ACTION", "STATE", "WHAT IT DOES"), rows, options.json)
    # Nearly all are enabled: a column would say nothing and cut the last one.
    shown = [
        (ref, does if state == _state(True) else f"({state}) {does}") for ref, state, does in rows
    ]
    return _print(("ACTION", "WHAT IT DOES"), shown, options.json)


def _action(action: ActionMeta, as_json: bool) -> int:
    own = {
        name: schema for name, schema in action.parameters.items() if not schema.get("immutable")
    }
    if as_json:
        shown = {"ref": action.ref, "description": _line(action.description), "parameters": own}
        print(json.dumps(shown, indent=4, ensure_ascii=False))
        return 0
    from standalone.tables import table, terminal_width

    print(f"{action.ref}\n\n{_filled(action.description)}\n")
    if own:
        rows = [("PARAMETER", "TYPE", "DEFAULT", "MEANING")]
        order = sorted(own, key=lambda name: (not own[name].get("required"), _place(own[name])))
        rows += [
            (
                name,
                _type(own[name]),
                _default(own[name]),
                _line(own[name].get("description") or ""),
            )
            for name in order
        ]
        print(table(rows, terminal_width()))
    else:
        print("It has no parameters.")
    print(f"\nExample:\n    {line(typed_example(action))}")
    return 0


def typed_example(action: ActionMeta) -> str:
    """A line that runs the action: the reference's example, else with what must be given."""
    own = {n: schema for n, schema in action.parameters.items() if not schema.get("immutable")}
    return f"run {action.ref}{_documented(action.ref) or example(own)}"


def _documented(ref: str) -> str:
    """The parameters of the reference's example, as one types them; empty where there is none, as
    of another pack."""
    import shlex

    if not EXAMPLES.is_file() or not ref.startswith(OUR_PREFIX):
        return ""
    kept = json.loads(EXAMPLES.read_text(encoding="utf-8")).get(ref[len(OUR_PREFIX) :], {})
    given = kept.get("parameters", {})
    return "".join(f" {name}={shlex.quote(_typed(value))}" for name, value in given.items())


def _typed(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, (str, int)) for one in value):
        return ",".join(str(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def example(parameters: Mapping[str, Mapping[str, Any]]) -> str:
    """What must be given, else the first of what may be, as one types it."""
    needed = [
        name for name, schema in parameters.items() if schema.get("required") and _unset(schema)
    ]
    if not needed:
        needed = sorted(
            (name for name in parameters if "position" in parameters[name]),
            key=lambda name: _place(parameters[name]),
        )[:1]
    return "".join(f" {name}={_sample(name, parameters[name])}" for name in needed)


def _unset(schema: Mapping[str, Any]) -> bool:
    return schema.get("default") is None


def _place(schema: Mapping[str, Any]) -> int:
    return int(schema.get("position", 1000))


def _sample(name: str, schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if schema.get("enum"):
        return str(schema["enum"][0])
    if kind == "boolean":
        return "true"
    if kind in ("integer", "number"):
        return "1"
    if kind == "object":
        return '\'{"name": "value"}\''
    for word, sample in (
        ("email", "ada@example.com"),
        ("channel", "incidents"),
        ("message", "'Deploy done'"),
        ("since", "24h"),
        ("until", "now"),
        ("start", "'tomorrow 9:00'"),
        ("end", "'tomorrow 17:00'"),
        ("id", "PT4KHLK"),
        ("name", "'Checkout API'"),
        ("summary", "'Disk full'"),
    ):
        if word in name:
            return sample
    return f"'{name.replace('_', ' ')}'"


def _type(schema: Mapping[str, Any]) -> str:
    kinds = {"array": "list", "string": "text", "integer": "number", "object": "mapping"}
    if schema.get("enum"):
        return " | ".join(str(item) for item in schema["enum"] if item is not None)
    kind = str(schema.get("type", "text"))
    return kinds.get(kind, kind)


def _default(schema: Mapping[str, Any]) -> str:
    default = schema.get("default")
    if default is None:
        return "must be given" if schema.get("required") else ""
    return default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)


def _rules(pack: Pack, options: Any) -> int:
    part = options.part
    for ref in (part, f"{pack.ref}.{part}"):
        if ref in pack.rules and not options.json:
            return _rule(pack.rules[ref])
    rows = [
        (
            rule.ref,
            _state(rule.enabled),
            rule.trigger["type"],
            rule.action["ref"],
            _line(rule.description),
        )
        for rule in sorted(pack.rules.values())
        if part.lower() in rule.ref.lower()
    ]
    if part and not rows:
        meant = near(part, pack.rules) or "; `rules` lists them"
        raise UserError(f"There is no rule {part}{meant}")
    if options.json:
        return _print(("RULE", "STATE", "TRIGGER", "ACTION", "WHAT IT DOES"), rows, True)
    shown = [(ref, state, does) for ref, state, _, _, does in rows]
    return _print(("RULE", "STATE", "WHAT IT DOES"), shown, False)


def _rule(rule: Rule) -> int:
    """As its file says it, and how it is switched on or off."""
    import yaml

    whole = {
        "trigger": {name: value for name, value in rule.trigger.items() if value},
        "criteria": dict(rule.criteria),
        "action": {"ref": rule.action["ref"], "parameters": dict(rule.action["parameters"])},
    }
    said = yaml.safe_dump(
        {name: value for name, value in whole.items() if value},
        sort_keys=False,
        allow_unicode=True,
    )
    pack, _, name = rule.ref.partition(".")
    print(f"{rule.ref} ({_state(rule.enabled)})\n\n{_filled(rule.description)}\n\n{said}")
    print(f"To {'disable' if rule.enabled else 'enable'} it, a file in a folder of --rules:")
    enabled = str(not rule.enabled).lower()
    print(f"    name: {name}\n    pack: {pack}\n    enabled: {enabled}")
    return 0


def _triggers(pack: Pack, options: Any) -> int:
    rows = [(ref, _line(trigger.description)) for ref, trigger in sorted(pack.triggers.items())]
    return _print(("TRIGGER", "WHEN"), rows, options.json)


def _executions(data_dir: Path, id_: str, as_json: bool, zone: Optional[tzinfo]) -> int:
    from standalone.chat import as_api
    from standalone.data_folder import DATABASE
    from standalone.database import Database
    from standalone.journal import ExecutionJournal
    from standalone.output import execution_rows, execution_text, short_executions
    from standalone.tables import terminal_width

    journal = ExecutionJournal(Database(data_dir / DATABASE))
    if not id_:
        found_rows = execution_rows(journal.executions(), journal.id_length(), zone)
        if not as_json and terminal_width() is not None:
            today = datetime.now(zone).date().isoformat()
            found_rows = short_executions(found_rows, OUR_PREFIX, today)
        head, *rows = found_rows
        return _print(head, rows, as_json)
    found = journal.find(id_)
    if len(found) != 1:
        what = "Several executions begin with" if found else "There is no execution"
        raise UserError(f"{what} {id_}; `executions` lists the newest")
    if as_json:
        shown = {**as_api(found[0], found[0].parameters), "rule": found[0].rule_ref}
        print(json.dumps(shown, indent=4, ensure_ascii=False))
    else:
        print(execution_text(found[0], zone, terminal_width()))
    return 0


def _state(enabled: bool) -> str:
    return "enabled" if enabled else "disabled"


def _line(text: str) -> str:
    return " ".join(text.split())


def _filled(text: str) -> str:
    """In lines that fit the terminal."""
    import textwrap

    from standalone.tables import terminal_width

    width = terminal_width()
    return _line(text) if width is None else textwrap.fill(_line(text), width)


def _print(head: Sequence[str], rows: List[Any], as_json: bool) -> int:
    """As a table that fits the terminal, or as JSON. Returns the exit code."""
    from standalone.tables import table, terminal_width

    if as_json:
        names = [name.lower().replace(" ", "_") for name in head]
        print(json.dumps([dict(zip(names, row)) for row in rows], indent=4, ensure_ascii=False))
    else:
        print(table([head, *rows], terminal_width()) if rows else "There is none yet.")
    return 0
