"""The records of the verbs: what is derived from them, and what stands elsewhere and must agree
with them; and the example of CONTRIBUTING.md, a new verb."""

from __future__ import annotations

import importlib
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, Set, Tuple

import pytest
from command_rows import ROWS
from datastore_double import Service
from pack_files import actions, files, load

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.chat import dialogs, failed_commands, orders
from pagerduty_mattermost.chat.bot_commands import AS_TYPED
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.command_table import CommandTable
from pagerduty_mattermost.chat.dialog_lists import KnownLists
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.perform import allow, perform
from pagerduty_mattermost.chat.verb import (
    ALL_STATES,
    ALWAYS,
    CHAT,
    IF_SEVERAL,
    MANY,
    NONE,
    NOTHING,
    ONE,
    PAGERDUTY,
    Verb,
)
from pagerduty_mattermost.chat.verbs import registry
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.config import chat_verbs
from pagerduty_mattermost.core.config.chat import ChatConfig
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.incidents.incident import Incident
from sandbox import Sandbox
from sandbox.connection import connection

ROOT = Path(__file__).resolve().parent.parent.parent
VERBS = pytest.mark.parametrize("verb", TABLE.verbs, ids=lambda verb: verb.name)


def test_each_that_changes_pagerduty_says_in_words_what_it_would_do() -> None:
    for verb in TABLE.verbs:
        acts_on_one = verb.is_act and verb.incidents in (ONE, MANY)
        asks = verb.confirmed == ALWAYS
        assert bool(verb.says) == (verb.changes == PAGERDUTY or acts_on_one or asks), verb.name
        assert len(verb.act) <= dialogs.MAX_TITLE_CHARACTERS, verb.name


def context_of(sandbox: Sandbox, **chat: Any) -> Context:
    config = {**connection(sandbox), "chat": chat}
    return Context(config, Service(), logging.getLogger("verbs"), sleep=lambda _: None)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


# Each record in itself


@VERBS
def test_a_record_agrees_with_itself(verb: Verb) -> None:
    assert set(verb.fields) <= set(Command._fields)
    assert all(form.begins for form in verb.forms)
    assert all(begin == " ".join(begin.lower().split()) for f in verb.forms for begin in f.begins)
    others = set(TABLE.names) - {verb.name}
    assert set(verb.includes) | set(verb.includes_with_text) <= others
    everything = Command(verb.name, text="policy x", options={"assign": "@mei"})
    assert set(verb.includes_if(everything)) <= others
    assert set(verb.states) <= set(ALL_STATES)
    assert verb.incidents == NONE or "incidents" in verb.fields or verb.name == "acknowledge_mine"
    assert verb.confirmed != IF_SEVERAL or verb.incidents != NONE
    assert not verb.repaints or (verb.changes, verb.incidents != NONE) == (PAGERDUTY, True)
    assert not verb.for_everybody or verb.changes != NOTHING
    other = verb.changes not in (NOTHING, PAGERDUTY)
    assert bool(verb.dry_run or verb.says) == (verb.changes != NOTHING)
    assert bool(verb.dry_run) == (other and not verb.says), "what it says is told in a dry run"


def test_two_verbs_of_one_name_and_an_unknown_group_are_refused() -> None:
    one = TABLE.verbs[0]
    with pytest.raises(ValueError, match="same name"):
        CommandTable((one, one))
    with pytest.raises(ValueError, match="group"):
        CommandTable((one._replace(group="Other"),))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.phrase)
def test_a_row_of_the_tests_agrees_with_its_verb(row: Any) -> None:
    verb = next(verb for verb in TABLE.verbs if verb.usage == row.usage)
    typed = row.phrase.format(
        one=1,
        two=2,
        id="PT4KHLK",
        window="PW",
        override="PEW7H5N:Q1",
        post="https://chat.example.com/ops/pl/" + "x" * 26,
    )
    said = parse(typed).command
    assert said.verb == verb.name
    assert row.confirms == orders.needs_confirmation(said, ChatConfig().confirm)
    assert verb.repaints or not row.card


def test_the_records_of_every_module_are_in_the_registry() -> None:
    named = {verb.name for verb in TABLE.verbs}
    folder = Path(registry.__file__).resolve().parent
    for path in sorted(folder.glob("*.py")):
        module = importlib.import_module(f"{registry.__package__}.{path.stem}")
        left_out = [one.name for one in getattr(module, "VERBS", ()) if one.name not in named]
        assert left_out == [], f"chat/verbs/registry.py lacks those of {path.name}"


# What stands elsewhere


def test_chat_run_takes_the_verbs_that_there_are() -> None:
    parameters = actions()["pagerduty.chat.run"]["parameters"]
    assert sorted(parameters["verb"]["enum"]) == sorted([*TABLE.names, AS_TYPED])
    explained = {
        name.strip()
        for words in re.findall(r"\(([^)]*)\)", parameters["text"]["description"])
        for name in words.split(",")
    }
    assert explained <= set(TABLE.names)


def test_what_asks_first_by_default_is_what_the_records_say() -> None:
    always = [verb.name for verb in TABLE.verbs if verb.confirmed == ALWAYS]
    assert list(ChatConfig().confirm) == [*always, orders.BULK, orders.OVERRIDE_OTHERS]


@pytest.mark.parametrize("path", files("aliases"), ids=lambda path: path.stem)
def test_an_alias_says_a_verb_that_there_is(path: Path) -> None:
    alias = load(path)
    fixed = alias["immutable_parameters"]
    verb = TABLE.get(fixed["verb"])
    assert verb is not None
    texts = [text for entry in alias["formats"] for text in entry["representation"]]
    free = set(re.findall(r"{{\s*(\w+)", " ".join(texts)))
    assert free <= set(verb.fields)


def choices(status: str) -> Set[str]:
    """All that can be clicked or chosen on the card of an incident in that state."""
    incident = Incident("PT4KHLK", status=status)
    found = set()
    for action in buttons.actions(incident, "http://x.example", "k" * 32, 0.0):
        found |= {
            option["value"] for option in action.get("options") or ({"value": action["id"]},)
        }
    return found


@pytest.mark.parametrize("status", ALL_STATES)
def test_what_a_card_offers_can_be_done_in_its_state(status: str) -> None:
    assert choices(status)
    for choice in choices(status):
        if choice == buttons.DETAILS:
            continue  # it only reads
        order = {"kind": "click", "verb": choice, "incident": "PT4KHLK", "user_id": "u" * 26}
        said, _ = orders.command_of(order)
        verb = TABLE.get(said.verb)
        assert verb is not None, choice
        assert verb.changes in (PAGERDUTY, CHAT), choice
        assert status in verb.states, choice


def test_a_dialog_asks_for_people_where_the_verb_wants_them() -> None:
    for kind in buttons.DIALOGS:
        said, _ = orders.command_of(
            {"kind": "dialog", "verb": kind, "text": "u" * 26, "user_id": "u" * 26}
        )
        verb = TABLE.get(said.verb)
        made = dialogs.dialog(
            kind, "P", "http://x.example", "k" * 32, 0.0, KnownLists(), asker="u" * 26
        )
        element = made["dialog"]["elements"][0]
        asks_for_people = element.get("data_source") == "users"
        assert verb is not None
        assert verb.names_people == asks_for_people == said.text.startswith("@"), kind


# What is derived


@VERBS
def test_who_may_not_act_may_look(sandbox: Sandbox, verb: Verb) -> None:
    said = Command(verb.name, user="ada")
    if verb.changes == NOTHING:
        allow(context_of(sandbox, read_only=True), said)
    else:
        with pytest.raises(RejectedInput, match="nothing is changed"):
            allow(context_of(sandbox, read_only=True), said)
    with pytest.raises(RejectedInput, match="you may not"):
        allow(context_of(sandbox, allowed={verb.name: ["role:nobody"]}), said)


def test_the_configuration_knows_the_names_of_all_verbs_and_how_they_are_typed() -> None:
    assert set(chat_verbs.TYPED) == set(TABLE.names)
    for verb in TABLE.verbs:
        known = {chat_verbs.verb_name(verb.word), chat_verbs.verb_name(verb.name)}
        assert verb.name in known or verb.word == chat_verbs.verb_name(verb.word), verb.name


@VERBS
def test_what_fails_is_kept_when_it_was_to_change_something(verb: Verb) -> None:
    assert (failed_commands.params_of_command({"verb": verb.name}) is not None) == verb.is_act


def test_what_changes_something_is_audited_but_for_a_picture_and_ones_own_settings() -> None:
    left_out = {verb.name for verb in TABLE.verbs if verb.changes != NOTHING and not verb.is_act}
    assert left_out == {
        "connect",
        "disconnect",
        "follow",
        "notify",
        "oncall_picture",
        "playbook_new",
        "room_export",
        "report_picture",
        "timeline_file",
        "unfollow",
    }
    assert {verb.name for verb in TABLE.verbs if verb.changes == CHAT} == {
        "handover",
        "handover_accept",
        "handover_clear",
        "kept_drop",
        "page_accept",
        "oncall_picture",
        "announce",
        "invite",
        "room",
        "room_adopt",
        "room_archive",
        "room_export",
        "report_picture",
        "retrospective",
        "retrospective_publish",
        "retrospective_cancel",
        "followup_add",
        "followup_done",
        "followup_drop",
        "room_private",
        "room_rename",
        "room_restore",
        "playbook_delete",
        "playbook_new",
        "timeline_file",
        "playbook_restore",
        "playbook_save",
        "assign_task",
        "commander",
        "end",
        "remind",
        "restart",
        "triage_end",
        "role",
        "update",
        "update_request",
        "call_commander",
        "check",
        "mark",
        "stage",
        "start",
        "subscribe",
        "swap_cancel",
        "task_add",
        "task_due",
        "task_edit",
        "task_move",
        "task_remove",
        "task_run",
        "unsubscribe",
    }


def test_forms_and_help_are_read_without_the_libraries_of_http() -> None:
    code = """
import sys
from pagerduty_mattermost.chat import requests as calls
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.verbs.registry import TABLE
assert parse("ack 1").command.verb == "acknowledge" and TABLE.help_text("ack")
print([name for name in ("requests", "urllib3", "mattermostdriver", "pdpyras", "yaml",
                         "jsonschema", "dateutil") if name in sys.modules])
"""
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "actions" / "lib",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert found.stdout.strip() == "[]"


# A new verb, as CONTRIBUTING.md shows it


def example() -> Tuple[Verb, ...]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: Dict[str, Any] = {}
    exec(code, names)
    return tuple(names["VERBS"])


def test_the_example_of_contributing_is_understood_explained_allowed_and_run(
    sandbox: Sandbox,
) -> None:
    table = CommandTable((*TABLE.verbs[:-1], *example()))
    assert parse("count").problem, "no verb of this pack"
    said = parse("How many?", table=table).command._replace(user="ada")
    assert said.verb == "count"
    assert "did you mean `/pd count`?" in parse("cuont", table=table).problem
    assert "- `/pd count`: how many incidents are open" in table.help_text("incidents")
    assert parse(example()[0].example, table=table).command.verb == "count", "as all must have"
    context = context_of(sandbox, read_only=True)
    before = len(sandbox.pagerduty.account.incidents)
    sandbox.pagerduty.account.trigger("Database", "Slow")
    allow(context, said, table)
    for dry in (False, True):
        answer = perform(context, said, dry=dry, table=table)
        assert answer.message == f"{before + 1} incidents are open."
    assert "there is no command 'count'" in str(
        pytest.raises(RejectedInput, perform, context, said).value
    )


def test_a_verb_that_says_it_changes_nothing_and_does_is_refused_in_a_dry_run(
    sandbox: Sandbox,
) -> None:
    def run(context: Context, said: Command) -> CommandResult:
        context.pagerduty.post("/incidents", {"incident": {}}, from_email="ada@example.com")
        return CommandResult("Done.")

    table = CommandTable((example()[0]._replace(run=run),))
    before = len(sandbox.journal.entries)
    said = parse("count", table=table).command
    answer = perform(context_of(sandbox), said, dry=True, table=table)
    assert answer.message.startswith("Dry run, nothing is changed. It would send POST /incidents")
    assert len(sandbox.journal.entries) == before
