"""All that the pack remembers as one document and back: whole, without secrets, checked before
anything is written."""

# flake8: noqa: W503

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any, Dict, List

import pytest
from datastore_double import Service
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.state_store import StateStore
from pagerduty_mattermost.operations import state_export, state_kinds, state_reset
from pagerduty_mattermost.operations.state_kinds import KINDS, NAMES, OTHER, kind_of
from standalone.database import Database
from standalone.datastore import DatastoreService, KeyValueStore

NOW = 1_800_000_000.0
HOUR_ON = "2027-01-15T09:00:00Z"


def filled() -> Service:
    service = Service()
    store = Store(service)
    StateStore(store).compact(SensorState(NOW, NOW))
    store.write("message.abc", {"at": 1, "post_id": "p"}, 60)
    store.write("audit.20270115.1", {"verb": "resolve"}, 60)
    store.write("webhook.secret", [{"secret": "s3cret"}], encrypt=True)
    service.ends["pagerduty.message.abc"] = HOUR_ON
    return service


def exported(service: Service, kinds: Any = ()) -> Dict[str, Any]:
    made = state_export.document(Store(service).rows(), NOW, kinds)
    return json.loads(json.dumps(made))  # type: ignore[no-any-return]


def test_what_is_exported_is_imported_as_it_was() -> None:
    service, other = filled(), Service()
    plan = state_export.plan(exported(service), Store(other).rows(), NOW)
    for one in plan.writes:
        Store(other).write(one.name, one.data, one.ttl)
    del service.items["pagerduty.webhook.secret"]
    assert other.items == service.items
    assert other.ttls["pagerduty.message.abc"] == 3600
    assert other.ttls["pagerduty.audit.20270115.1"] == 90 * 86400, (
        "where the datastore did not tell, its kind's"
    )
    assert other.ttls["pagerduty.sensor.head"] is None
    assert plan.writes[-1].name == "sensor.head"
    again = state_export.plan(exported(service), Store(other).rows(), NOW)
    assert (again.writes, len(again.same)) == ((), len(other.items))


def test_where_an_answer_goes_is_not_exported() -> None:
    """Whoever has a command's response_url posts in the name of who typed."""
    service, path = Service(), "/hooks/commands/secret-of-the-answer"
    Store(service).write("alias.o1", {"id": "o1", "phrase": "get", "hook": path}, 60)
    page = {"given": {"command": {"verb": "create", "hook": path}}, "lanes": [{"hook": path}]}
    Store(service).write("page.p1", page, 60)
    made = exported(service)
    assert "secret-of-the-answer" not in json.dumps(made)
    assert made["keys"]["alias.o1"]["data"] == {"id": "o1", "phrase": "get", "hook": ""}


def test_secrets_and_what_does_not_read_are_left_out_and_named() -> None:
    service = filled()
    service.items["pagerduty.audit.bad"] = "{"
    service.items["pagerduty.audit.new"] = '{"v": 9, "data": 1}'
    service.items["pagerduty.chat.tokens"] = '{"v": 1, "data": "in the clear"}'
    made = exported(service)
    assert made["left_out"] == {
        "webhook.secret": "a secret",
        "chat.tokens": "a secret",
        "audit.bad": "does not read: no JSON, JSONDecodeError",
        "audit.new": "does not read: version 9 instead of 1",
    }
    assert "s3cret" not in json.dumps(made)
    assert "in the clear" not in json.dumps(made)


def test_only_the_kinds_asked_for_are_exported() -> None:
    assert list(exported(filled(), ("messages",))["keys"]) == ["message.abc"]
    with pytest.raises(RejectedInput, match="no kind 'cards'; there are sensor, "):
        state_kinds.chosen(["cards"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "other"}, "its format is not pagerduty.state"),
        ({"version": 2}, "The document has version 2, this version of the pack reads 1"),
        ({"version": True}, "has version True"),
        ({"keys": []}, "has no keys"),
        ({"keys": {"sensor.head": {"v": 9, "data": {}}}}, "sensor.head: version 9 instead of 4"),
        (
            {"keys": {"sensor.head": {"v": 3, "data": {"cursor": "x"}}}},
            "sensor.head: nothing that",
        ),
        (
            {"keys": {"sensor.shard.03": {"v": 2, "data": {"P1": [1]}}}},
            "sensor.shard.03: nothing that",
        ),
        ({"keys": {"sensor.head": 1}}, "sensor.head: no entry"),
        ({"keys": {"deadletter.x": {"v": 1, "data": {}}}}, "deadletter.x: nothing that"),
        ({"keys": {"subscription.c.d": {"v": 1, "data": {}}}}, "subscription.c.d: nothing that"),
        (
            {"keys": {"incident.P1.state.v": {"v": 2, "data": {}}}},
            "incident.P1.state.v: nothing that",
        ),
        (
            {"keys": {"incident.P1.card.c": {"v": 2, "data": []}}},
            "incident.P1.card.c: nothing that",
        ),
        ({"keys": {"webhook.secret": {"v": 1, "data": []}}}, "a secret is not imported"),
        ({"keys": {"other.thing": {"v": 1, "data": []}}}, "no key of this version"),
        ({"keys": {"audit./etc": {"v": 1, "data": {}}}}, "No name for a datastore key"),
        (
            {"keys": {"audit.x": {"v": 1, "data": {"n": float("nan")}}}},
            "a number that JSON does not have",
        ),
        (
            {"keys": {"audit.x": {"v": 1, "data": {}, "expires_at": "soon"}}},
            "expires_at is no ISO 8601 time",
        ),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(
    change: Dict[str, Any], told: str
) -> None:
    document = {**exported(filled()), **change}
    with pytest.raises(RejectedInput) as refused:
        state_export.plan(document, [], NOW)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_many_problems_are_told_as_a_few() -> None:
    document = exported(filled())
    document["keys"] = {f"deadletter.{n}": {"v": 1, "data": 1} for n in range(9)}
    with pytest.raises(RejectedInput, match=r"\(and 4 more\)$"):
        state_export.plan(document, [], NOW)


def test_what_stands_there_otherwise_is_left_alone_unless_it_is_to_be_replaced() -> None:
    service = filled()
    document = exported(service)
    Store(service).write("message.abc", {"at": 2, "post_id": "newer"})
    service.items["pagerduty.audit.20270115.1"] = "{"
    rows = Store(service).rows()
    plan = state_export.plan(document, rows, NOW)
    assert (plan.writes, set(plan.kept)) == ((), {"message.abc", "audit.20270115.1"})
    plan = state_export.plan(document, rows, NOW, replace=True)
    assert [one.name for one in plan.writes] == ["audit.20270115.1", "message.abc"]


def test_what_has_expired_meanwhile_stays_away() -> None:
    plan = state_export.plan(exported(filled()), [], NOW + 3600)
    assert plan.expired == ("message.abc",)


def test_an_older_value_is_imported_as_todays() -> None:
    document = exported(filled())
    head = document["keys"]["sensor.head"]
    old = copy.deepcopy(head)
    old["v"] = 1
    old["data"]["journal"] = {"P1": ["triggered", 1, "u", "high", "", "t", "", "p", "", 1, 1]}
    document["keys"] = {"sensor.head": old}
    (one,) = state_export.plan(document, [], NOW).writes
    assert one.data["journal"]["P1"][-1] == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [re.sub("<[^>]+>", "PX", key) for kind in KINDS for key in kind.keys]
) | st.sampled_from(
    [
        "sensor.head",
        "sensor.shard.01",
        "incident.P.state.v",
        "incident.P.card.c",
        "incident.P.mark",
        "x",
        "a/b",
    ]
)
ENTRIES = (
    st.fixed_dictionaries({"v": st.integers(0, 3), "data": JSON}, optional={"expires_at": JSON})
    | JSON
)


@given(st.fixed_dictionaries({"keys": st.dictionaries(KEYS, ENTRIES, max_size=4) | JSON}) | JSON)
def test_no_document_whatever_does_more_than_be_refused(given_document: Any) -> None:
    if isinstance(given_document, dict):
        given_document = {"format": "pagerduty.state", "version": 1, **given_document}
    line, plan = "", None
    try:
        plan = state_export.plan(given_document, [], NOW)
    except RejectedInput as refused:
        line = str(refused)
    assert "\n" not in line
    service = Service()
    for one in plan.writes if plan else ():
        Store(service).write(one.name, one.data, one.ttl)
    assert plan is None or len(service.items) == len(plan.writes), (
        "what was planned can be written"
    )


@given(
    st.lists(st.text("ab", min_size=1, max_size=3), unique=True), st.randoms(use_true_random=False)
)
def test_a_token_fits_exactly_one_set_of_keys(names: List[str], chance: Any) -> None:
    shuffled = list(names)
    chance.shuffle(shuffled)
    token = state_reset.token(names)
    assert state_reset.token(shuffled) == token
    assert state_reset.token([*names, "c"]) != token


def test_every_name_has_one_kind() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for kind in KINDS:
        for key in kind.keys:
            assert kind_of(re.sub("<[^>]+>", "x", key)) == kind
            fitting = [one for one in KINDS if one.fits(re.sub("<[^>]+>", "x", key))]
            # Which accounts people have is listed in one with their links, and so are channels.
            both = key.startswith(("identity.accounts.", "identity.channels."))
            beside = [kind_of("identity.x")] if both else []
            assert fitting == [*beside, kind]
    assert kind_of("something.else") is OTHER
    assert kind_of("identity.accountsx") is kind_of("identity.x")
    assert kind_of("sensor.headx") is OTHER
    assert state_kinds.counts(["sensor.head", "sensor.shard.01", "x.y"]) == {
        "sensor": 2,
        "other": 1,
    }


def test_on_the_embedded_datastore_each_key_keeps_its_end(tmp_path: Path) -> None:
    now = [NOW]
    stores = []
    for name in ("one.db", "two.db"):
        database = Database(tmp_path / name)
        values = KeyValueStore(database, clock=lambda: now[0])
        stores.append(Store(DatastoreService(values, "pagerduty", "X", "admin", lambda: None)))
    one, two = stores
    one.write("message.abc", {"at": 1}, 7200)
    one.write("audit.x", {"verb": "resolve"}, 3600)
    one.write("identity.u", {"how": "link"})
    one.write("chat.tokens", [{"token": "s3cret"}], encrypt=True)
    now[0] += 1800
    made = state_export.document(one.rows(), now[0])
    assert made["left_out"] == {"chat.tokens": "a secret"}
    assert {name: key["expires_at"] for name, key in made["keys"].items()} == {
        "audit.x": HOUR_ON,
        "identity.u": "",
        "message.abc": "2027-01-15T10:00:00Z",
    }
    for write in state_export.plan(made, two.rows(), now[0]).writes:
        two.write(write.name, write.data, write.ttl)
    now[0] += 1800
    assert [row.name for row in two.rows()] == ["identity.u", "message.abc"]


def test_an_export_that_may_lack_keys_says_so() -> None:
    service = filled()
    made = state_export.document(Store(service).rows(), NOW, hidden="StackStorm shows part")
    assert made["incomplete"] == "StackStorm shows part"
    assert "keys may be missing: StackStorm shows part" in state_export.export_message(made)
    assert "missing" not in state_export.export_message(exported(service))
