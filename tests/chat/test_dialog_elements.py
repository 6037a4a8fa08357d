"""Dialogs as the server can show them: of each ability the same fields, nothing that the version
does not know, and what is sent in them understood."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.cards.buttons import DIALOGS
from pagerduty_mattermost.chat import dialogs, orders
from pagerduty_mattermost.chat.dialog_abilities import PLAIN, DialogAbilities, abilities_of
from pagerduty_mattermost.chat.dialog_elements import DECLARED, FORMS, LOOKUP, asked_kind
from pagerduty_mattermost.chat.dialog_lists import PEOPLE, PLAYBOOK, KnownLists, NameList
from pagerduty_mattermost.chat.dialog_search import LISTS
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from sandbox.mattermost.dialogs import wrong

URL, KEY, NOW, ADA = "https://st2.example.com/pd", "k" * 32, 1_790_000_000.0, "a" * 26
KINDS = (*DIALOGS, *FORMS)
ALL = DialogAbilities(pickers=True, lookups=True)
PICKERS = DialogAbilities(pickers=True)
SHORT = {kind: NameList(("Checkout API", "Storefront"), True) for kind in LISTS}
LONG = {kind: NameList(tuple(f"Name {n:03}" for n in range(300))) for kind in LISTS}


def made(kind: str, known: KnownLists, **given: str) -> Dict[str, Any]:
    found = dialogs.dialog(
        kind, "P1", URL, KEY, NOW, known, asker=ADA, order=DECLARED, given=given
    )
    return dict(found["dialog"])


def elements(kind: str, known: KnownLists, **given: str) -> Dict[str, Dict[str, Any]]:
    return {one["name"]: one for one in made(kind, known, **given)["elements"]}


@pytest.mark.parametrize("can", [PLAIN, PICKERS, ALL])
@pytest.mark.parametrize("lists", [{}, SHORT, LONG], ids=["unknown", "short", "long"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_server_of_its_abilities_finds_nothing_wrong_with_it(
    kind: str, lists: Any, can: DialogAbilities
) -> None:
    assert wrong(made(kind, KnownLists(lists, can)), is_new=can.pickers) == ""


@pytest.mark.parametrize(
    ("version", "switch", "url", "can"),
    [
        ("5.37.0", None, URL, PLAIN),
        ("7.8.15", None, URL, PLAIN),
        ("10.11.0", "true", URL, PLAIN),
        ("11.5.3", "true", URL, PLAIN),
        ("11.6.0", "true", URL, ALL),
        ("11.6.0", "false", URL, PLAIN),
        ("12.1.0", None, URL, ALL),
        ("11.6.0", "true", "http://st2.internal:8090", PICKERS),
        ("11.6.0", "true", "http://127.0.0.1:8090", ALL),
        ("11.6.0", "true", "http://localhost:8090/pd", ALL),
        ("11.6.0", "true", "", PICKERS),
        ("", None, URL, PLAIN),
        ("dev", "true", URL, PLAIN),
    ],
)
def test_what_a_server_can_is_what_it_says(
    version: str, switch: Any, url: str, can: DialogAbilities
) -> None:
    told = {"Version": version, "FeatureFlagInteractiveDialogAppsForm": switch}
    assert abilities_of({k: v for k, v in told.items() if v is not None}, url) == can


@given(
    st.dictionaries(
        st.sampled_from(["Version", "FeatureFlagInteractiveDialogAppsForm"]),
        st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text())),
    ),
    st.text(),
)
def test_no_answer_of_a_server_stops_a_dialog(told: Dict[str, Any], url: str) -> None:
    try:
        found = abilities_of(told, url)
    except ValueError:  # an address that is none; the configuration takes no such
        return
    assert found == PLAIN or found.pickers


def test_a_short_list_is_given_whole_so_that_every_client_searches_it() -> None:
    for can in (PLAIN, ALL):
        service = elements("declare", KnownLists(SHORT, can))["service"]
        assert [one["value"] for one in service["options"]] == ["Checkout API", "Storefront"]
        assert (service["optional"], "data_source" in service) == (False, False)


def test_a_long_one_is_asked_for_as_people_type_else_the_likely_ones_are_offered() -> None:
    asked = elements("declare", KnownLists(LONG, ALL))["service"]
    assert (asked["data_source"], asked["data_source_url"]) == ("dynamic", URL + LOOKUP)
    assert asked["optional"] is False
    for can in (PLAIN, PICKERS):
        found = elements("declare", KnownLists(LONG, can))
        assert len(found["service"]["options"]) == 100
        assert found["service"]["optional"] is True
        assert found["serviceother"]["type"] == "text"
        for kind, name in (
            ("declare", "service"),
            ("override", "schedule"),
            ("maintenance", "service"),
        ):
            other = elements(kind, KnownLists(LONG, can))[f"{name}other"]
            assert other["help_text"] == (
                "Only where it is not in the list above. One of the two is needed."
            )
        priority = found["priorityother"]["help_text"]
        assert priority == "Only where it is not in the list above.", "neither is needed"
        given, problems = dialogs.fields("declare", {"title": "Slow", "serviceother": "Name 222"})
        assert (given["service"], problems) == ("Name 222", {})


def test_playbooks_are_never_asked_for_since_it_is_known_who_may_start_which() -> None:
    names = tuple(f"playbook-{number:03}" for number in range(120))
    found = elements("declare", KnownLists({PLAYBOOK: NameList(names, True)}, ALL))
    assert "data_source_url" not in found["playbook"]
    assert len(found["playbook"]["options"]) == 100
    assert found["playbookother"]["type"] == "text"


def test_what_may_not_be_read_is_typed_and_takes_no_other_list_with_it() -> None:
    lists = {kind: names for kind, names in SHORT.items() if kind != "priority"}
    for can in (PLAIN, ALL):
        found = elements("declare", KnownLists(lists, can))
        assert found["priority"]["type"] == "text"
        assert found["service"]["type"] == "select"


def test_people_are_several_and_to_whom_something_is_given_may_be_a_policy() -> None:
    for kind in ("reassign", "responders"):
        user = elements(kind, KnownLists({}, ALL))["user"]
        assert (user["data_source"], user["multiselect"]) == ("dynamic", True)
        plain = elements(kind, KnownLists())
        assert plain["user"]["data_source"] == "users"
        assert plain["userother"]["optional"] is True
        assert plain["userother"]["help_text"].endswith(" One of the two is needed.")
        chosen = {"user": ["PADA", "b" * 26], "userother": "@mei, Linus Example"}
        given, problems = dialogs.fields(kind, chosen)
        assert problems == {}
        order = {"kind": "dialog", "verb": kind, "text": given["user"], "user_id": ADA}
        said, _ = orders.command_of(order)
        assert said.text == f"PADA, @{marked_id('b' * 26)}, @mei, Linus Example"
        assert dialogs.fields(kind, {}) == ({}, {"user": "Choose somebody"})


@pytest.mark.parametrize("can", [PLAIN, PICKERS])
@pytest.mark.parametrize("kind", ["reassign", "responders", "override", "declare"])
def test_where_nobody_asks_as_people_type_pagerdutys_people_are_offered_and_no_bots(
    kind: str, can: DialogAbilities
) -> None:
    name = {"override": "person", "declare": "assign"}.get(kind, "user")
    people = NameList(("PADA", "PMEI"), True, ("Ada (ada@x)", "Mei (mei@x)"))
    found = elements(kind, KnownLists({PEOPLE: people}, can))
    assert found[name]["options"] == [
        {"text": "Ada (ada@x)", "value": "PADA"},
        {"text": "Mei (mei@x)", "value": "PMEI"},
    ]
    assert "data_source" not in found[name]
    assert ("assignother" in found, "personother" in found) == (False, False)
    many = tuple(f"P{number}" for number in range(200))
    for of_many in (NameList(many, True, many), NameList(many[:50], False, many[:50])):
        found = elements(kind, KnownLists({PEOPLE: of_many}, can))
        assert len(found[name]["options"]) == min(100, len(of_many.names))
        typed = found[f"{name}other"]
        assert typed["type"] == "text"
        assert ("One of the two is needed." in typed["help_text"]) is (name == "user")
        given, _ = dialogs.fields(kind, {f"{name}other": "Linus Example"})
        assert given[name] == "Linus Example"


def test_the_present_priority_is_preset() -> None:
    lists = {"priority": NameList(("P1", "P2"), True)}
    assert elements("priority", KnownLists(lists), text="P2")["text"]["default"] == "P2"
    assert "default" not in elements("priority", KnownLists(lists), text="P9")["text"]


@pytest.mark.parametrize("kind", ["override", "maintenance", "snoozeuntil"])
def test_times_are_picked_in_the_readers_zone_or_typed(kind: str) -> None:
    picked, typed = (elements(kind, KnownLists({}, can))["until"] for can in (PICKERS, PLAIN))
    assert (picked["type"], typed["type"]) == ("datetime", "text")
    later = "2026-09-21T15:15:00Z" if kind == "snoozeuntil" else "2026-09-21T18:15:00Z"
    assert picked["default"] == later
    assert picked["min_date"] == "today"
    assert ("max_date" in picked) is (kind == "snoozeuntil")


@pytest.mark.parametrize(
    ("verb", "values", "expected"),
    [
        (
            "override",
            {
                "schedule": "Platform",
                "person": "PADA",
                "from": "2026-12-01T08:00:00Z",
                "until": "2026-12-01T10:00:00Z",
            },
            (
                "override",
                "Platform",
                "from 2026-12-01T08:00:00Z until 2026-12-01T10:00:00Z",
                "PADA",
            ),
        ),
        (
            "override",
            {"schedule": "Platform", "until": "2h"},
            ("override", "Platform", "for 2h", ""),
        ),
        (
            "override",
            {"schedule": "Platform", "from": "now", "until": "until 18:00", "person": "@mei"},
            ("override", "Platform", "until 18:00", "@mei"),
        ),
        (
            "maintenance",
            {"service": "Checkout API", "from": "18:00", "until": "20:00"},
            ("maintenance", "Checkout API", "from 18:00 until 20:00", ""),
        ),
        (
            "snoozeuntil",
            {"until": "2026-12-01T10:00:00Z"},
            ("snooze", "", "until 2026-12-01T10:00:00Z", ""),
        ),
        ("snoozeuntil", {"until": "2h"}, ("snooze", "", "for 2h", "")),
        ("snoozeuntil", {"until": "tomorrow 9:00"}, ("snooze", "", "until tomorrow 9:00", "")),
    ],
)
def test_a_form_says_what_would_have_been_typed(verb: str, values: Any, expected: Any) -> None:
    import json

    order = {"kind": "dialog", "verb": verb, "values": json.dumps(values), "user_id": ADA}
    said, dry = orders.command_of(order)
    assert (said.verb, said.service, said.duration, said.text, dry) == (*expected, False)


def test_each_list_that_is_asked_for_is_of_a_kind_that_can_be_found() -> None:
    for kind in KINDS:
        for one in made(kind, KnownLists(LONG, ALL))["elements"]:
            if one.get("data_source") == "dynamic":
                assert asked_kind(kind, one["name"]), (kind, one["name"])


@given(
    st.sampled_from(KINDS),
    st.dictionaries(
        st.sampled_from(
            [*DECLARED, "text", "user", "userother", "schedule", "until", "other", ""]
        ),
        st.one_of(
            st.none(),
            st.booleans(),
            st.text(),
            st.integers(),
            st.lists(st.one_of(st.text(), st.none(), st.integers()), max_size=40),
        ),
    ),
)
def test_whatever_a_client_sends_makes_fields_or_errors(kind: str, sent: Dict[str, Any]) -> None:
    given, problems = dialogs.fields(kind, sent)
    assert all(isinstance(one, str) and one for one in given.values())
    assert not set(given) & set(problems)
    limits: List[int] = [len(one) for one in given.values()]
    assert all(one <= 2 * dialogs.MAX_TEXT_CHARACTERS + 2 for one in limits)
