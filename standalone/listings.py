"""`standalone actions | rules | triggers | executions`: lists for people."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Callable, Sequence

from standalone.errors import UserError


def add(
    commands: Any,
    common: argparse.ArgumentParser,
    read_pack: Callable[[Any], Any],
    data_dir: Callable[[Any], Path],
) -> None:
    """`read_pack`: options to the pack; `data_dir`: options to the folder of the database."""

    def lists(name: str, function: Callable[[Any], int], text: str) -> None:
        command = commands.add_parser(name, parents=[common], help=text, description=text)
        command.set_defaults(command=lambda options: function(read_pack(options)))

    lists("actions", _actions, "list the actions")
    lists("rules", _rules, "list the rules")
    lists("triggers", _triggers, "list the triggers")
    text = "list the newest executions, or show one"
    executions = commands.add_parser("executions", parents=[common], help=text, description=text)
    executions.add_argument(
        "id", nargs="?", metavar="ID", help="or as much of its beginning as no other has"
    )
    executions.set_defaults(command=lambda options: _executions(data_dir(options), options.id))


def _actions(pack: Any) -> int:
    rows = [
        (action.ref, _state(action.enabled), _line(action.description))
        for action in pack.actions.values()
    ]
    rows += [
        (ref, "needs StackStorm", _line(description))
        for ref, description in pack.workflows.items()
    ]
    return _print_rows(sorted(rows))


def _rules(pack: Any) -> int:
    return _print_rows(
        [
            (
                rule.ref,
                _state(rule.enabled),
                rule.trigger["type"],
                rule.action["ref"],
                _line(rule.description),
            )
            for rule in sorted(pack.rules.values())
        ]
    )


def _triggers(pack: Any) -> int:
    return _print_rows(
        [(ref, _line(trigger.description)) for ref, trigger in sorted(pack.triggers.items())]
    )


def _executions(data_dir: Path, id_: str) -> int:
    from standalone.chat import as_api
    from standalone.data_folder import DATABASE
    from standalone.database import Database
    from standalone.journal import ExecutionJournal
    from standalone.output import execution_rows

    journal = ExecutionJournal(Database(data_dir / DATABASE))
    if not id_:
        return _print_rows(execution_rows(journal.executions(), journal.id_length()))
    found = journal.find(id_)
    if len(found) != 1:
        what = "Several executions begin with" if found else "There is no execution"
        raise UserError(f"{what} {id_}")
    shown = {**as_api(found[0], found[0].parameters), "rule": found[0].rule_ref}
    print(json.dumps(shown, indent=4, ensure_ascii=False))
    return 0


def _state(enabled: bool) -> str:
    return "enabled" if enabled else "disabled"


def _line(text: str) -> str:
    return " ".join(text.split())


def _print_rows(rows: Sequence[Any]) -> int:
    """Returns the exit code."""
    from standalone.chat import columns

    if rows:
        print(columns(rows))
    return 0
