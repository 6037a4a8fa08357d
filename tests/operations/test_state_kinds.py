"""Datastore keys: `state_kinds` knows all of them, and each is written out by its owner alone."""

# flake8: noqa: E203,W503

from __future__ import annotations

import ast
import inspect
import re
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from datastore_double import Service
from pack_files import ROOT

from pagerduty_mattermost.cards import held_cards
from pagerduty_mattermost.chat import audit, begun_orders, dialog_outcomes, dropped_orders
from pagerduty_mattermost.chatops import inquiry_records
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.mattermost import operations_notices
from pagerduty_mattermost.gateways.stackstorm import kept_phrases as phrases
from pagerduty_mattermost.gateways.stackstorm.datastore import PREFIX, Store
from pagerduty_mattermost.oncall import kept_pages, swaps, sync
from pagerduty_mattermost.operations import dead_letters, reconcile_run, state_kinds
from pagerduty_mattermost.operations.state_kinds import KINDS
from pagerduty_mattermost.sensor import upkeep_due

LIBRARY = ROOT / "actions" / "lib" / "pagerduty_mattermost"
SCRIPTS = ROOT / "actions" / "scripts"
KEYS = tuple(key for kind in KINDS for key in kind.keys if key != state_kinds.OLD_QUARANTINE_KEYS)
HOLE = "\0"
"""Stands for what an f-string fills in."""

ALLOWED = {
    "gateways/stackstorm/migrations.py": "it stands below the owners, and says how a value of an "
    "older version is read",
    "operations/state_kinds.py": "chat's keys, which are above it: held to chat by a test",
    "core/config/noise.py": "the section `noise` of the configuration",
    "core/config/settings.py": "names of the configuration's sections",
    "core/config/upkeep.py": "names of jobs",
    "sensor/upkeep_due.py": "it stands below some of the owners: held to them by a test",
}
EVENT_TYPES = {("cards/route.py", "incident."), ("cards/subscriptions.py", "incident.")}
"""Event types of PagerDuty begin with the same word as the keys of an incident."""


def test_the_keys_of_chat_are_those_that_chat_writes() -> None:
    assert state_kinds.AUDIT_KEYS.startswith(audit.KEY_PREFIX + "<")
    assert state_kinds.REFUSED_KEYS.startswith(audit.REFUSED_PREFIX + "<")
    assert state_kinds.DROPPED_KEYS.startswith(dropped_orders.KEY_PREFIX + "<")
    assert state_kinds.BEGUN_KEYS.startswith(begun_orders.KEY_PREFIX + "<")
    assert state_kinds.OUTCOME_KEYS.startswith(dialog_outcomes.KEY_PREFIX + "<")
    assert state_kinds.PHRASE_KEYS.startswith(phrases.KEY_PREFIX + "<")
    assert state_kinds.PHRASE_KEPT_SECONDS == phrases.KEPT_SECONDS
    assert state_kinds.INQUIRY_KEYS.startswith(inquiry_records.KEY_PREFIX + "<")
    assert state_kinds.INQUIRY_KEPT_SECONDS == inquiry_records.KEPT_SECONDS


def test_what_the_sensor_looks_for_is_what_its_owners_write() -> None:
    assert upkeep_due.LETTERS == dead_letters.KEY_PREFIX
    assert upkeep_due.HELD == held_cards.KEY_PREFIX
    assert upkeep_due.MEMBERS == sync.KEY_PREFIX
    assert upkeep_due.PAGES == kept_pages.KEY_PREFIX
    assert upkeep_due.SWAPS == swaps.KEY_PREFIX
    assert upkeep_due.RECONCILE_KEY == reconcile_run.KEY


def test_what_versions_before_called_otherwise_is_still_read() -> None:
    assert state_kinds.chosen(["aside", "complaints"]) == ("quarantine", "notices")
    store = Store(Service())
    key = operations_notices.OLD_KEY_PREFIX + post_key("complaint", "channel:~ops")
    store.write(key, {"about": "channel:~ops", "at": 1}, 60.0)
    ours: Any = SimpleNamespace(settings=SimpleNamespace(operations_channel="ops"))
    assert not operations_notices.notify_operators(ours, store, "channel:~ops", "x", log=None)
    with pytest.raises(AttributeError):  # it would post
        operations_notices.notify_operators(ours, store, "channel:~other", "x", log=None)
    assert state_kinds.kind_of(key).name == "notices"
    assert state_kinds.kind_of("aside.sensor.head.0123").name == "quarantine"


def test_every_key_constant_of_the_library_is_of_a_kind() -> None:
    """What a module calls KEY, KEY_PREFIX or …_KEY is a key of the datastore."""
    missing = []
    for path in sorted(LIBRARY.rglob("*.py")):
        for name, value in _constants(path):
            if re.search(r"(^|_)KEY(_PREFIX)?$", name) and _is_key(value):
                begins = [key for key in KEYS if key.startswith(value)]
                if not begins:
                    missing.append(f"{path.relative_to(LIBRARY)}: {name} = {value!r}")
    assert missing == []


def _constants(path: Path) -> Iterator[Tuple[str, str]]:
    """Names of a module and the texts that they stand for, or are made with."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            given = value.args[:1] if isinstance(value, ast.Call) else [value]
            for one in given:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield node.targets[0].id, one.value


def _is_key(text: str) -> bool:
    return text.endswith(".") or "." in text or text in KEYS


def places() -> List[str]:
    """Where a string spells a key, or the beginning of keys, that another module owns."""
    found = []
    for path in sorted([*LIBRARY.rglob("*.py"), *SCRIPTS.glob("*.py")]):
        name = str(path.relative_to(LIBRARY if LIBRARY in path.parents else SCRIPTS))
        if name in ALLOWED:
            continue
        for line, text in strings(ast.parse(path.read_text(encoding="utf-8"))):
            owner = spelt(text)
            if owner and owner != name and (name, text) not in EVENT_TYPES:
                found.append(f"{name}:{line}: {text.replace(HOLE, '{}')!r} belongs to {owner}")
    return found + whole_names()


def whole_names() -> List[str]:
    """The same by whole names, where the library's own datastore is not used."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {text!r} belongs to {spelt(text[len(PREFIX) :])}"
        for folder in ("sensors", "standalone")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, text in strings(ast.parse(path.read_text(encoding="utf-8")))
        if text.startswith(PREFIX) and spelt(text[len(PREFIX) :])
    ]


def strings(tree: ast.AST) -> Iterator[Tuple[int, str]]:
    """Every text of a module with its line, but for docstrings; `HOLE` where one is filled in."""
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    documents = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(
                    str(part.value) if isinstance(part, ast.Constant) else HOLE
                    for part in node.values
                ),
            )
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in parts | documents
        ):
            yield node.lineno, node.value


def spelt(text: str) -> str:
    """The owner of the key that the text spells, whole or up to one of its dots; else empty."""
    return spellings().get(text, "") if text.strip(HOLE + ".").strip() else ""


@lru_cache(maxsize=None)
def spellings() -> Dict[str, str]:
    found: Dict[str, str] = {}
    for key, owner in owners().items():
        steps = key.replace("<>", HOLE).split(".")
        found.setdefault(".".join(steps), owner)
        if "<>" in key:
            for count in range(1, len(steps)):
                found.setdefault(".".join(steps[:count]) + ".", owner)
    return found


@lru_cache(maxsize=None)
def owners() -> Dict[str, str]:
    """Key with `<>` for what differs → the module in which it, up to there, is a constant, else
    its first word."""
    whole: Dict[str, str] = {}
    by_first_word: Dict[str, str] = {}
    for path in sorted(LIBRARY.rglob("*.py")):
        name = str(path.relative_to(LIBRARY))
        if name in ALLOWED:
            continue
        values = [value for _, value in _constants(path)]
        for key in KEYS:
            beginning = key.partition("<")[0]
            spelt_out = re.sub("<[^>]+>", "<>", key)
            if beginning in values:
                whole.setdefault(spelt_out, name)
            if beginning.split(".")[0] + "." in values:
                by_first_word.setdefault(spelt_out, name)
    return {**by_first_word, **whole}


def test_every_key_has_an_owner() -> None:
    assert {re.sub("<[^>]+>", "<>", key) for key in KEYS} == set(owners())


def test_a_key_is_written_out_by_its_owner_alone() -> None:
    assert places() == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('store.read(f"incident.{id}.card.{channel}")', f"incident.{HOLE}.card.{HOLE}"),
        ('store.read_prefix("storm.")', "storm."),
        ('x = "message." + key', "message."),
        ('store.read("oncall.watch")', "oncall.watch"),
    ],
)
def test_what_spells_a_key_is_found(source: str, text: str) -> None:
    assert [found for _, found in strings(ast.parse(source))] == [text]
    assert spelt(text)


@pytest.mark.parametrize(
    "source",
    [
        '"incident.triggered"',
        'f"incident.{word}"',
        'f"oncall.channels:{text}"',
        'f"webhook.{name}"',
        '"""store.read("sensor.head")"""',
    ],
)
def test_what_only_looks_like_a_key_is_not(source: str) -> None:
    assert not [text for _, text in strings(ast.parse(inspect.cleandoc(source))) if spelt(text)]
