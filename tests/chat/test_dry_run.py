"""`/pd dry-run …` of every command that there is: nothing is written anywhere, and what would be
is told. A new verb is tried here as soon as it has its row in `command_rows`."""

# flake8: noqa: E203

from __future__ import annotations

import logging
from functools import cached_property
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Dict, Iterator, Tuple

import pytest
from command_rows import ROWS
from datastore_double import Service
from typed_effects import TEST_SERVICE, Row, overridden_id, playbook_post

from pagerduty_mattermost.chat.command import CommandResult
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.chat.verb import NOTHING
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import PackError, RejectedInput, WriteRefused
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.driver import READ_BY_POST
from pagerduty_mattermost.gateways.reading_context import ReadingContext, ReadingStore
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from sandbox import Sandbox
from sandbox.connection import connection

FIRST = {
    "connect": "disconnect",
    "handover_clear": "handover Database is slow",
    "handover_notes": "handover Database is slow",
    "subscribe": "unsubscribe all",
    "subscriptions": "subscribe --service Database",
    "unsubscribe": "subscribe --service Database",
}
"""What is really said first, so that the command has something to change."""

RULES = SimpleNamespace(get_all=lambda limit, offset: [], delete=lambda rule: True)
EXECUTIONS = SimpleNamespace(query=lambda **_: [], create=lambda wanted: wanted)
NO_RULES = SimpleNamespace(rules=RULES, executions=EXECUTIONS, managers={"Rule": RULES})
"""StackStorm's API, where nobody has made a rule."""

NOTHING_TO_DO = ("handover_accept", "kept_drop", "page_accept", "swap_cancel", "task_run")
"""What would have to be there is made by the watch, and with buttons."""


class World:
    """Both sandboxes with something to look at and to end, and one datastore."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.pagerduty, self.mattermost = sandbox.pagerduty.account, sandbox.mattermost.account
        self.service: Any = Service()
        self.service.get_api_client = lambda: NO_RULES
        self.config: Dict[str, Any] = {
            **connection(sandbox, default_channel="incidents"),
            "rooms": {"test_service": TEST_SERVICE},
            "chat": {"allowed": {"test": ["@ada"], "simulate": ["@ada"]}},
            "service_key": next(iter(self.pagerduty.catalog["integrations"].values()))["key"],
        }
        for text in (
            "override Platform rotation from tomorrow 15:00 for 1h by @mei",
            "maintenance Kubernetes for 1h",
        ):
            self.say(text)

    def context(self) -> Context:
        return Context(self.config, self.service, logging.getLogger("dry"), sleep=lambda _: None)

    def say(self, text: str, who: str = "ada", *, dry: bool = False) -> CommandResult:
        parsed = parse(("dry-run " if dry else "") + text)
        assert (parsed.problem, parsed.dry_run) == ("", dry)
        channel = self.mattermost.channel("incidents").id
        return perform(
            self.context(), parsed.command._replace(user=who, channel=channel), dry=parsed.dry_run
        )

    def written(self) -> Tuple[Any, ...]:
        """Each write that reached a side, and all of the datastore."""
        sent = [
            (entry.server, entry.method, entry.path)
            for entry in self.sandbox.journal.entries
            if entry.method != "GET" and entry.path.replace("/api/v4", "") not in READ_BY_POST
        ]
        return sent, dict(self.service.items)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Sandbox() as sandbox:
        yield World(sandbox)


def test_every_form_is_tried() -> None:
    assert sorted(row.usage for row in ROWS) == sorted(verb.usage for verb in TABLE.verbs)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.phrase)
def test_a_dry_run_writes_nothing_anywhere(world: World, row: Row) -> None:
    verb = next(verb for verb in TABLE.verbs if verb.usage == row.usage)
    one, *others = [
        world.pagerduty.trigger("Checkout API", f"Slow {number}") for number in range(row.needs)
    ]
    if row.status != "triggered":
        world.pagerduty.acknowledge(one, "olu@example.com")
    if row.status == "resolved":
        world.pagerduty.resolve(one, "olu@example.com")
    row.prepare(world, one)
    if verb.name in FIRST:
        world.say(FIRST[verb.name], row.who)
    phrase = row.phrase.format(
        one=one.number,
        id=one.id,
        two=others[0].number if others else "",
        window="".join(world.pagerduty.catalog["maintenance_windows"]),
        override=overridden_id(world),
        post=playbook_post(world) if "{post}" in row.phrase else "",
    )
    before = world.written()
    try:
        answer = world.say(phrase, row.who, dry=True).message
    except PackError as error:
        answer = str(error)
    assert world.written() == before, "a dry run wrote something"
    if row.dialog:
        assert "declare opens a form, and none opens here" in answer
    elif verb.name == "mark" or (verb.name == "oncall_picture" and not find_spec("matplotlib")):
        assert row.answer in answer, "a post that is none, or no library for pictures"
    elif verb.name in NOTHING_TO_DO:
        assert answer.startswith("Dry run: nothing would be changed. "), answer
    elif verb.changes != NOTHING:
        assert answer.startswith("Dry run, nothing is changed. It would "), answer
    else:
        assert "Dry run" not in answer
        assert row.answer in answer


def test_an_event_is_not_sent_either(world: World) -> None:
    before = world.written()
    said = parse("trigger x on y").command._replace(service="", user="ada")
    answer = perform(world.context(), said, dry=True).message
    assert answer == "Dry run, nothing is changed. It would do this: Trigger “x”."
    assert world.written() == before


def test_what_is_remembered_to_save_a_request_is_left_out(world: World) -> None:
    world.service.items.clear()
    assert "You are Mei Tanaka" in world.say("whoami", "mei", dry=True).message
    assert world.service.items == {}
    world.say("whoami", "mei")
    assert len(world.service.items) == 1


def test_whatever_is_no_read_is_refused(world: World) -> None:
    reading = ReadingContext.of(world.context())
    channel, user = world.mattermost.channel("incidents").id, "u" * 26
    before = world.written()
    writes: Tuple[Any, ...] = (
        lambda: reading.pagerduty.post("/incidents", {}),
        lambda: reading.pagerduty.put("/incidents", {}),
        lambda: reading.pagerduty.delete("/schedules/PX/overrides/QX"),
        lambda: reading.pagerduty.create_incident({"incident_key": "k"}),
        lambda: reading.pagerduty_soon.post("/incidents", {}),
        lambda: reading.events_soon.send_v2({"dedup_key": "k"}),
        lambda: reading.mattermost_soon.create_post(channel, "x"),
        lambda: reading.events.send_v1({"service_key": "k"}),
        lambda: reading.events.send_v2({"dedup_key": "k"}),
        lambda: reading.events.send_change({}),
        lambda: reading.mattermost.create_post(channel, "x"),
        lambda: reading.mattermost.patch_post("p" * 26, message="x"),
        lambda: reading.mattermost.join(channel),
        lambda: reading.mattermost.remove_member(channel, user),
        lambda: reading.mattermost.patch_channel(channel, header="x"),
        lambda: reading.mattermost.direct_channel(user),
        lambda: reading.mattermost.add_reaction("p" * 26, "eyes"),
        lambda: reading.mattermost.upload_file(channel, "x.png", b"x"),
        lambda: reading.mattermost.open_dialog("t", {}),
        lambda: reading.mattermost.answer_command("/hooks/commands/x", "x"),
        lambda: reading.stackstorm().executions.create({}),
        lambda: reading.stackstorm().rules.delete(None),
        lambda: reading.stackstorm().managers["Rule"].delete(None),
        lambda: reading.store.write("x", 1),
        lambda: reading.store.delete("x"),
    )
    for write in writes:
        with pytest.raises(WriteRefused):
            write()
    assert reading.notify_operators("x", "x") is False
    assert world.written() == before
    assert reading.mattermost.living(["p" * 26]) == []
    assert reading.stackstorm().rules.get_all(limit=1, offset=0) == []
    assert reading.stackstorm().executions.query(status="running") == []
    with pytest.raises(AttributeError):
        reading.clock = lambda: 0.0


def test_each_gateway_and_each_way_to_write_is_known_to_who_only_reads(world: World) -> None:
    """A new gateway of the Context, or a new method of the Store, is made for reading as well."""
    reading = ReadingContext.of(world.context())
    lazy = {name for name, value in vars(Context).items() if isinstance(value, cached_property)}
    stand_on_others = {"settings", "channels"}
    for name in lazy - stand_on_others - {"store", "store_soon"}:
        gateway = getattr(reading, name)
        client = gateway._driver.client if isinstance(gateway, Mattermost) else gateway
        assert client.before_write is not None, name
    assert isinstance(reading.store, ReadingStore)
    assert isinstance(reading.store_soon, ReadingStore)
    makers = {name for name in vars(Context) if name.startswith("_make_")}
    assert makers == {name for name in vars(ReadingContext) if name.startswith("_make_")}
    methods = {name for name in vars(Store) if not name.startswith("_")}
    reads = {"read", "read_secret", "read_prefix", "rows", "holds", "has_any", "hidden"}
    by_remember = {"quarantine"}
    assert methods - reads - by_remember == {
        name for name in vars(ReadingStore) if not name.startswith("_")
    }


def test_a_command_that_would_fail_fails_in_a_dry_run_too(world: World) -> None:
    with pytest.raises(RejectedInput, match="--urgency is high or low"):
        world.say("subscribe --urgency red", dry=True)


def test_on_the_whole_way_of_an_order_only_its_answer_is_written(world: World) -> None:
    """Also where it has to be found out who asks, and which incident is meant."""
    from pagerduty_mattermost.chat.handle import handle

    chat = world.sandbox.mattermost.world
    mei = next(user for user in chat.users.values() if user.username == "mei")
    for one in world.pagerduty.incidents.values():
        if one.is_open:
            world.pagerduty.resolve(one, "olu@example.com")
    world.pagerduty.trigger("Storefront", "Slow")
    world.service.items.clear()
    context = world.context()
    sent, _ = world.written()
    order = {
        "id": "o" * 32,
        "kind": "command",
        "text": "dry-run ack",
        "user_id": mei.id,
        "channel_id": world.mattermost.channel("incidents").id,
        "hook": "/hooks/commands/" + "x" * 26,
        "valid_until": context.clock() + 60,
    }
    assert handle(context, order)["done"] == "done"
    after, kept = world.written()
    assert kept == {}
    answers = [path for server, _, path in after[len(sent) :] if server == "mattermost"]
    assert len(answers) == len(after) - len(sent)
    assert all("/hooks/" in path or path.endswith(("/direct", "/posts")) for path in answers)
    told = [str(entry.body) for entry in world.sandbox.journal.entries[-3:]]
    assert any("It would do this in the name of `mei" in one for one in told)
