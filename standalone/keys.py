"""`standalone key`: the datastore from the command line, as `st2 key`."""

# flake8: noqa: W503

from __future__ import annotations

import argparse
import getpass
import json
import sys
import time
from pathlib import Path
from typing import Any, Callable, List, Optional

from standalone.errors import UserError
from standalone.own_line import pasteable

HEAD = ("name", "expires", "value")
STATE = "pagerduty."
"""How all names begin under which the pack keeps what it remembers."""
MAX_SHOWN_CHARACTERS = 80
"""Characters of a value in the list."""


def add(commands: Any, common: argparse.ArgumentParser, data_dir: Callable[[Any], Path]) -> None:
    """`data_dir`: options to the folder of the database."""
    key = commands.add_parser(
        "key", help="the datastore", description="The datastore, as `st2 key`."
    )
    verbs = key.add_subparsers(metavar="VERB", required=True)

    def verb(name: str, function: Callable[[Any, Any], int], text: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = verbs.add_parser(name, parents=[common], help=text)
        parser.set_defaults(command=lambda options: function(_store(data_dir(options)), options))
        return parser

    get = verb("get", _get, "print a value")
    get.add_argument("--decrypt", action="store_true", help="print a secret as plain text")
    set_ = verb("set", _set, "store a value")
    set_.add_argument("--encrypt", action="store_true", help="mark it as a secret")
    set_.add_argument("--ttl", type=float, metavar="SECONDS", help="delete it after this long")
    list_ = verb("list", _list, "list the values that people set")
    list_.add_argument("-j", "--json", action="store_true", help="print JSON, values whole")
    list_.add_argument("--prefix", default="", help="only names with this beginning")
    list_.add_argument("--all", action="store_true", help="also the pack's own state")
    delete = verb("delete", _delete, "delete a value")
    for one in (get, set_, delete):
        one.add_argument("name", metavar="NAME")
    set_.add_argument(
        "value", nargs="?", metavar="VALUE", help="if left out, it is asked for or read from stdin"
    )


def _get(store: Any, options: Any) -> int:
    from standalone.datastore import MASK

    pair = store.get(options.name)
    if pair is None:
        raise UserError(f"There is no key {options.name}; `key list` shows them")
    print(MASK if pair.secret and not options.decrypt else pair.value)
    return 0


def _set(store: Any, options: Any) -> int:
    value = options.value
    if value is None:
        value = (
            getpass.getpass(f"{options.name}: ")
            if sys.stdin.isatty()
            else sys.stdin.read().rstrip("\r\n")
        )
        if not value.strip():
            raise UserError(
                f"{options.name}: no value came, so nothing is stored; an empty one is given as ''"
            )
    try:
        store.set(options.name, value, options.ttl, options.encrypt)
    except ValueError as error:
        raise UserError(str(error)) from None
    print(f"stored {options.name}")
    return 0


def _list(store: Any, options: Any) -> int:
    from standalone.datastore import MASK, MAX_LIST_VALUES
    from standalone.tables import table, terminal_width

    rows: List[Any] = []
    while True:
        page = store.list(options.prefix, MAX_LIST_VALUES, len(rows))
        rows.extend(
            (pair.name, pair.expires_at, MASK if pair.secret else pair.value) for pair in page
        )
        if len(page) < MAX_LIST_VALUES:
            break
    own = [row for row in rows if not row[0].startswith(STATE)]
    state = [row for row in rows if row[0].startswith(STATE)]
    is_asked_for = options.all or options.prefix.startswith(STATE)
    rows = [
        (name, _seconds_left(expires_at) if options.json else _left(expires_at), value)
        for name, expires_at, value in (*own, *(state if is_asked_for else ()))
    ]
    if options.json:
        print(json.dumps([dict(zip(HEAD, row)) for row in rows], indent=4, ensure_ascii=False))
    elif not rows:
        print(
            "There is no key"
            + (f" that begins with {options.prefix}" if options.prefix else "")
            + "; `key set NAME` stores one."
        )
    else:
        shown = [(name, left, _cut(value)) for name, left, value in rows]
        print(table([tuple(name.upper() for name in HEAD), *shown], terminal_width()))
    if state and not (is_asked_for or options.json):
        what = "1 key more is" if len(state) == 1 else f"{len(state)} keys more are"
        print(f"\n{what} the pack's own state: {pasteable('`key list --all`')} shows all")
    return 0


def _cut(value: str) -> str:
    """A value of the pack's own state may be a page of JSON: `key get` prints it."""
    line = " ".join(value.split())
    return line if len(line) <= MAX_SHOWN_CHARACTERS else line[: MAX_SHOWN_CHARACTERS - 1] + "…"


def _delete(store: Any, options: Any) -> int:
    if not store.delete(options.name):
        raise UserError(f"There is no key {options.name}; `key list` shows them")
    return 0


def _seconds_left(expires_at: Optional[float]) -> str:
    return "" if expires_at is None else f"{max(0, int(expires_at - time.time()))} s left"


def _left(expires_at: Optional[float]) -> str:
    """In the largest unit of which it is two or more, such as `90 days left`."""
    if expires_at is None:
        return ""
    seconds = max(0, round(expires_at - time.time()))
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{round(seconds / length)} {unit} left"
    return f"{seconds} seconds left" if seconds != 1 else "1 second left"


def _store(folder: Path) -> Any:
    from standalone.data_folder import DATABASE
    from standalone.database import Database
    from standalone.datastore import KeyValueStore

    return KeyValueStore(Database(folder / DATABASE))
