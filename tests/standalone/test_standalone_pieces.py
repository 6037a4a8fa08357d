"""The embedded default's pure parts: schemas, templates, parameters, configuration, datastore,
alias formats."""

# flake8: noqa: W503

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standalone.alias_format import (
    ActionAlias,
    AmbiguousCommand,
    ParseError,
    extract_parameters,
    match,
)
from standalone.config_file import resolve as resolve_config
from standalone.database import Database
from standalone.datastore import DatastoreService, KeyValuePair, KeyValueStore
from standalone.metadata import load_pack
from standalone.pack_model import ActionRetryPolicy
from standalone.parameters import BadParameters, from_chat, resolve
from standalone.runner import outcome_of
from standalone.schemas import Misfit, check_schema, validate
from standalone.templates import NONE_MAGIC, RenderError, datastore_context, render

# Schemas


def test_defaults_are_put_in_at_every_depth_and_the_original_stays():
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "object", "properties": {"b": {"type": "integer", "default": 3}}}
        },
    }
    original = {"a": {}}
    assert validate(original, schema, "x") == {"a": {"b": 3}}
    assert original == {"a": {}}


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "array", "item": {}}, "unknown key 'item'"),
        ({"type": ["string", "null"]}, "one type"),
        ({"type": "text"}, "unknown type 'text'"),
        ({"type": "string", "format": "email"}, "unknown key 'format'"),
        (
            {"type": "object", "properties": {"a": {"type": "string", "const": 1}}},
            "unknown key 'const'",
        ),
        ({"type": "object", "required": ["a"]}, "'required' is true or false"),
    ],
)
def test_parameter_schemas_that_stackstorm_refuses_are_refused(schema, why):
    with pytest.raises(Misfit, match=why):
        check_schema(schema, "parameters.x")


def test_long_values_are_not_repeated_in_errors():
    with pytest.raises(Misfit) as raised:
        validate({"a": "x" * 5000}, {"type": "object", "properties": {"a": {"maxLength": 3}}}, "x")
    assert len(str(raised.value)) < 300


# Templates and parameters

payloads = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(string.printable, max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(string.printable, max_size=6), payloads, max_size=4))
def test_an_object_of_a_trigger_arrives_exact(payload):
    found = resolve({"data": {"type": "object"}}, {"data": "{{ trigger }}"}, {"trigger": payload})
    assert found["data"] == payload


@given(st.text(st.characters(blacklist_categories=("Cs",))))
def test_text_of_a_trigger_arrives_exact_and_is_rendered_once(text):
    if text == NONE_MAGIC:
        return
    found = resolve(
        {"text": {"type": "string"}}, {"text": "{{ trigger.text }}"}, {"trigger": {"text": text}}
    )
    assert found["text"] == text


def test_templates_see_parameters_config_context_and_user():
    schemas = {
        "name": {"type": "string"},
        "line": {"type": "string", "default": "{{ name }} {{ config_context.greeting }}"},
        "who": {
            "type": "string",
            "default": "{{ action_context.api_user | default('') }}",
            "immutable": True,
        },
        "deep": {"type": "object", "default": {"n": "{{number}}", "t": "{{ name }}"}},
        "number": {"type": "integer", "default": 4},
    }
    context = {"config_context": {"greeting": "hi"}, "action_context": {}}
    found = resolve(schemas, {"name": "ada"}, context)
    assert found["line"] == "ada hi"
    assert found["who"] == ""
    assert found["deep"] == {"n": 4, "t": "ada"}


def test_text_cannot_break_out_of_an_object():
    text = '", "admin": "yes'
    found = resolve(
        {"o": {"type": "object"}},
        {"o": {"x": ["{{ trigger.text }}"]}},
        {"trigger": {"text": text}},
    )
    assert found["o"] == {"x": [text]}


def test_null_becomes_none_only_with_use_none():
    schemas = {"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "integer"}}
    given_ = {
        "a": "{{ trigger.x }}",
        "b": "{{ trigger.x | use_none }}",
        "c": "{{ trigger.x | use_none }}",
    }
    found = resolve(schemas, given_, {"trigger": {"x": None}})
    assert (found["a"], found["b"], found["c"]) == ("None", None, None)


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({"a": "{{ b }}", "b": "{{ a }}"}, "refer to each other"),
        ({"a": "{{ trigger.nothing.at.all }}"}, "a: .*undefined|has no attribute"),
        ({"n": "many"}, r"n: must be a whole number"),
        ({"a": 5}, "must be text"),
    ],
)
def test_parameters_that_cannot_be_made_are_one_line(given_, why):
    schemas = {
        "a": {"type": "string"},
        "b": {"type": "string"},
        "o": {"type": "object"},
        "n": {"type": "integer"},
    }
    with pytest.raises(BadParameters, match=why) as raised:
        resolve(schemas, given_, {"trigger": {"text": '", "y": "'}})
    assert "\n" not in str(raised.value)


def test_chat_splits_arrays_on_commas_and_reads_objects_and_booleans():
    schemas = {
        "l": {"type": "array"},
        "o": {"type": "object"},
        "b": {"type": "boolean"},
        "n": {"type": "integer"},
    }
    found = from_chat(
        schemas, {"l": "[a, b]", "o": '{"x": 1}', "b": "true", "n": "7", "unknown": "x"}
    )
    assert found == {"l": ["[a", "b]"], "o": {"x": 1}, "b": True, "n": 7, "unknown": "x"}


def test_sandbox_keeps_templates_away_from_python():
    with pytest.raises(RenderError):
        render("{{ x.__class__.__mro__ }}", {"x": ""})


def _lookup(**pairs):
    return lambda name: pairs.get(name.replace(".", "_"))


def test_datastore_values_in_templates():
    lookup = _lookup(
        a_b=KeyValuePair("a.b", "found"),
        a=KeyValuePair("a", "short"),
        s=KeyValuePair("s", "hush", secret=True),
    )
    context = {"st2kv": datastore_context(lookup)}
    text = "{{ st2kv.system.a }} {{ st2kv.system.a.b }} {{ st2kv.system['a.b'] }}"
    assert render(text, context) == "short found found"

    assert (
        render("{{ st2kv.system.s }} {{ st2kv.system.s | decrypt_kv }}", context)
        == "******** hush"
    )
    assert render("{{ st2kv.system.no.such | default('other') }}", context) == "other"
    with pytest.raises(RenderError, match="no key 'no.such'"):
        render("{{ st2kv.system.no.such }}", context)


# Configuration

SCHEMA = {
    "key": {"type": "string", "secret": True, "required": True},
    "mode": {"type": "string", "enum": ["a", "b"], "default": "a"},
    "deep": {
        "type": "object",
        "properties": {"n": {"type": "integer", "default": 3}, "t": {"type": "string"}},
    },
    "list": {"type": "array", "items": {"type": "string"}},
    "map": {"type": "object", "additionalProperties": {"type": "string"}},
}


def test_configuration_gets_defaults_values_and_empty_containers():
    raw = {"key": "{{ st2kv.system.s }}", "list": ["{{st2kv.system.a}}", "x"], "deep": {"t": None}}
    lookup = _lookup(a=KeyValuePair("a", "v"), s=KeyValuePair("s", "hush", secret=True))
    config, problems = resolve_config(raw, SCHEMA, lookup)
    assert problems == []
    assert config == {
        "key": "hush",
        "mode": "a",
        "deep": {"n": 3, "t": None},
        "list": ["v", "x"],
        "map": {},
    }


def test_configuration_names_every_setting_that_is_wrong():
    raw = {
        "key": "{{ st2kv.system.lost }}",
        "mode": "c",
        "deep": {"n": "x"},
        "list": ["{{ st2kv.system.gone }}"],
    }
    _, problems = resolve_config(raw, SCHEMA, _lookup())
    assert [problem.split(":")[0] for problem in problems] == ["key", "list[0]", "mode", "deep.n"]
    assert "no key 'lost'" in problems[0]


# Datastore


@pytest.fixture
def store(tmp_path):
    database = Database(tmp_path / "d" / "x.sqlite")
    now = [1000.0]
    store = KeyValueStore(database, lambda: now[0])
    store.now = now
    yield store
    database.close()


def test_values_are_text_expire_and_are_listed_by_prefix_a_hundred_at_most(store):
    service = DatastoreService(store, "toy", "Class", "me", lambda: None)
    service.set_value("p.x", {"a": 1}, local=False)
    assert service.get_value("p.x", local=False) == "{'a': 1}"
    service.set_value("p.y", 5, ttl=10, local=False)
    service.set_value("p.y2", "mine")
    assert [pair.name for pair in service.list_values(local=False, prefix="p.")] == ["p.x", "p.y"]
    assert [pair.name for pair in service.list_values()] == ["toy.Class:p.y2"]
    store.now[0] += 10
    assert service.get_value("p.y", local=False) is None
    assert service.delete_value("p.y", local=False) is False
    for n in range(130):
        store.set(f"many.{n:03}", n)
    assert len(service.list_values(local=False, prefix="many.")) == 100
    assert len(service.list_values(local=False, prefix="many.", limit=500, offset=100)) == 30
    service.set_value("p.z", "hush", encrypt=True, local=False)
    assert service.get_value("p.z", local=False) == "********"
    assert service.get_value("p.z", local=False, decrypt=True) == "hush"


@pytest.mark.parametrize("prefix", ["", "a", "a%", "a_", "A", "aé", "a*", "["])
def test_a_prefix_is_taken_literally(store, prefix):
    names = {"a", "ab", "a%b", "a_b", "A", "Ab", "aé", "aéé", "a*b", "[b", "b"}
    for name in names:
        store.set(name, "v")
    assert {pair.name for pair in store.list(prefix)} == {
        name for name in names if name.startswith(prefix)
    }


# Results


class _Thing:
    def __str__(self):
        return "thing"


@pytest.mark.parametrize(
    ("output", "status", "result"),
    [
        ({"a": 1}, "succeeded", {"a": 1}),
        ((True, [1]), "succeeded", [1]),
        ((False, "no"), "failed", "no"),
        (("x", "y"), "failed", None),
        ((True, _Thing()), "succeeded", "thing"),
        ({1: 2}, "succeeded", "{1: 2}"),
        (2**70, "succeeded", str(2**70)),
        ("a %%%%%~=~=~=************=~=~=~%%%% b", "failed", None),
    ],
)
def test_results_are_what_stackstorm_makes_of_them(output, status, result):
    outcome = outcome_of(output)
    assert (outcome.status, outcome.result["result"]) == (status, result)


# Alias formats: the examples follow StackStorm's own documentation of its parser


@pytest.mark.parametrize(
    ("format_string", "command", "expected"),
    [
        (
            "skip {{a}} more skip {{b}} and skip more.",
            "skip a1 more skip b1 and skip more.",
            {"a": "a1", "b": "b1"},
        ),
        ("skip {{a}}", 'skip "quoted words"', {"a": "quoted words"}),
        ("skip {{a=test}}", "skip", {"a": "test"}),
        ("skip {{a=test}}", "skip other", {"a": "other"}),
        ("skip {{a}} more", 'skip {"k": "v w"} more', {"a": '{"k": "v w"}'}),
        ("go {{a}}", "go x k=v other='two words'", {"a": "x", "k": "v", "other": "two words"}),
        ("(?i:ack)(nowledge)? {{id}}", "ACKnowledge P1", {"id": "P1"}),
        (r"take (?P<n>\d+)( now)?", "take 12", {"n": "12"}),
        ("{{a='x y'}}", "", {"a": "x y"}),
    ],
)
def test_formats_take_phrases_apart(format_string, command, expected):
    assert extract_parameters(format_string, command) == expected


@pytest.mark.parametrize(
    ("format_string", "command"),
    [("go {{a}}", "come x"), ("go {{a}}", "please go x"), ("go", "go now"), ("go {{a}}", "go")],
)
def test_phrases_must_fit_whole(format_string, command):
    with pytest.raises(ParseError):
        extract_parameters(format_string, command)


def test_one_alias_takes_a_phrase_or_it_is_an_error():
    one = ActionAlias("one", "toy.one", ("show {{id}}",))
    two = ActionAlias(
        "two",
        "toy.two",
        ("show {{id}} {{more=x}}", {"display": "d", "representation": ["hide {{id}}"]}),
    )
    off = ActionAlias("off", "toy.off", ("hide {{id}}",), enabled=False)
    alias, found = match([one, two, off], "hide 5")
    assert (alias.name, found) == ("two", [{"id": "5"}])
    with pytest.raises(AmbiguousCommand, match=r"more than one.*one .*two"):
        match([one, two], "show 5")
    with pytest.raises(AmbiguousCommand, match="is no phrase"):
        match([one], "sing")


# This pack's own metadata


def test_this_packs_metadata_loads():
    from pathlib import Path

    pack = load_pack(Path(__file__).resolve().parents[2])
    assert pack.ref == "pagerduty"
    assert pack.problems == ()
    assert pack.actions
    assert all(isinstance(policy, ActionRetryPolicy) for policy in pack.policies)


def test_a_sensors_log_bears_its_name_once():
    from standalone.services import ProcessWrapper, SensorService

    service = SensorService(None, ProcessWrapper("toy", "Ticker", "debug"), lambda *given: None)
    assert service.get_logger(name="Ticker").name == "sensor.Ticker"
    assert service.get_logger(name="part").name == "sensor.Ticker.part"
