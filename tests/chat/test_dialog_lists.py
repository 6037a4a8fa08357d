"""What dialogs offer: what one list is refused costs no other, what is typed is found, and nobody
is asked more than needed."""

# flake8: noqa: W503

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Iterator, List, Tuple
from unittest import mock

import pytest

from pagerduty_mattermost.chat import dialog_lists
from pagerduty_mattermost.chat.dialog_abilities import DialogAbilities
from pagerduty_mattermost.chat.dialog_lists import (
    DialogLists,
    ListReads,
    NameList,
    read_names,
    read_people,
)
from pagerduty_mattermost.chat.dialog_search import (
    ASSIGNEE,
    LEVEL,
    PERSON,
    SCHEDULE,
    SERVICE,
    WORKFLOW,
    Choice,
    search,
)
from pagerduty_mattermost.core.config.settings import load
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from sandbox import Sandbox
from sandbox.pagerduty import API_KEY
from sandbox.waiting import until


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def client(sandbox: Sandbox) -> PagerDuty:
    config = load({"api_key": API_KEY, "api_url": sandbox.pagerduty.url})
    return PagerDuty(config.pagerduty)


@pytest.mark.parametrize("status", [402, 403, 404])
def test_a_refused_list_takes_no_other_with_it(sandbox: Sandbox, status: int) -> None:
    log = mock.Mock()
    sandbox.pagerduty.faults.add("status", status=status, path=r"^/incident_workflows")
    found = read_names(client(sandbox), log)
    assert "Checkout API" in found["service"].names
    assert "P1" in found["priority"].names
    assert "workflow" not in found
    assert "workflow" in str(log.info.call_args)


def test_where_none_can_be_read_it_is_tried_again(sandbox: Sandbox) -> None:
    sandbox.pagerduty.faults.add("status", status=403)
    log = mock.Mock()
    with pytest.raises(PackError):
        read_names(client(sandbox), log)
    assert log.info.call_args_list == [], "whoever asked says it once, not once a list"


def test_the_likely_services_stand_first(sandbox: Sandbox) -> None:
    for service in ("Kubernetes", "Storefront"):
        sandbox.pagerduty.account.trigger(service, "Slow")
        sandbox.clock.advance(60)
    found = read_names(client(sandbox), mock.Mock())["service"]
    assert found.names[:2] == ("Storefront", "Kubernetes")
    assert (
        len(set(found.names))
        == len(found.names)
        == len(sandbox.pagerduty.account.catalog["services"])
    )
    assert found.is_whole


def texts(sandbox: Sandbox, kind: str, query: str, incident: str = "") -> List[str]:
    return [one.text for one in search(client(sandbox), kind, query, incident=incident)]


def test_what_is_typed_is_found_whatever_its_case(sandbox: Sandbox) -> None:
    assert texts(sandbox, SERVICE, "CHECK") == ["Checkout API"]
    assert texts(sandbox, WORKFLOW, "major") == ["Major incident"]
    assert "Platform rotation" in texts(sandbox, SCHEDULE, "rot")
    assert texts(sandbox, SERVICE, "no such") == []


def test_levels_say_who_stands_there_and_other_policies_follow(sandbox: Sandbox) -> None:
    one = sandbox.pagerduty.account.trigger("Checkout API", "Slow")
    found = search(client(sandbox), LEVEL, "", incident=one.id)
    assert [choice for choice in found if choice.text.startswith("Level")] == [
        ("Level 1: Ada Lovelace", "1"),
        ("Level 2: Grace Hopper", "2"),
        ("Level 3: Radia Perlman", "3"),
    ]
    others = [choice.text for choice in found[3:]]
    assert others
    assert all(text.endswith("(policy)") for text in others)
    assert "Payments escalation (policy)" not in others, "its own"
    assert texts(sandbox, LEVEL, "grace", one.id)[0] == "Level 2: Grace Hopper"


def test_who_is_on_call_for_the_incident_stands_first(sandbox: Sandbox) -> None:
    one = sandbox.pagerduty.account.trigger("Checkout API", "Slow")
    found = search(client(sandbox), PERSON, "", incident=one.id)
    assert found[0].text == "Ada Lovelace · on call, level 1"
    assert found[0].value == sandbox.pagerduty.account.find("users", "Ada Lovelace")["id"]
    assert "Mei Tanaka (mei@example.com)" in [choice.text for choice in found[3:]]
    assert len({choice.value for choice in found}) == len(found), "each once"
    assert any(text.endswith("(policy)") for text in texts(sandbox, ASSIGNEE, "plat", one.id))
    assert not any(text.endswith("(policy)") for text in texts(sandbox, PERSON, "plat", one.id))


def test_people_are_pagerdutys_with_who_is_on_call_first(sandbox: Sandbox) -> None:
    account = sandbox.pagerduty.account
    found = read_people(client(sandbox), mock.Mock())
    assert found.is_whole
    assert set(found.names) == set(account.catalog["users"])
    on_call = {row["user"]["id"] for row in client(sandbox).page("/oncalls", "oncalls", {}).items}
    first = found.names[: len(on_call)]
    assert on_call
    assert set(first) == on_call
    ada = account.find("users", "Ada Lovelace")
    assert found.shown[found.names.index(ada["id"])] == "Ada Lovelace (ada@example.com)"
    sandbox.pagerduty.faults.add("status", status=403, path="^/oncalls")
    assert set(read_people(client(sandbox), mock.Mock()).names) == set(found.names)


@pytest.mark.parametrize("lookups", [False, True])
def test_people_are_read_only_where_they_can_not_be_asked_for(lookups: bool) -> None:
    reads, asked = Reads(), []

    def people() -> NameList:
        asked.append(1)
        return NameList(("PADA",))

    lists = DialogLists(
        ListReads(reads.names, lambda: DialogAbilities(True, lookups), people=people), mock.Mock()
    )
    lists.refresh()
    until(lambda: lists.known().lists)
    assert ("people" in lists.known().lists, len(asked)) == (not lookups, int(not lookups))


class Reads:
    """What PagerDuty would find, and how often it was asked."""

    def __init__(self, whole: bool = False) -> None:
        self.whole, self.clock = whole, 0.0
        self.asked: List[Tuple[str, str, str]] = []
        self.failing = False

    def names(self) -> Dict[str, NameList]:
        return {SERVICE: NameList(("Checkout API", "Storefront"), self.whole)}

    def search(self, kind: str, query: str, incident: str) -> List[Choice]:
        self.asked.append((kind, query, incident))
        if self.failing:
            raise RetryLater("PagerDuty does not answer")
        return [Choice(f"{query} found", query)]

    def lists(self) -> DialogLists:
        made = DialogLists(
            ListReads(self.names, search=self.search), mock.Mock(), lambda: self.clock
        )
        made.refresh()
        until(lambda: made.known().lists)
        return made


def test_a_list_that_is_known_whole_asks_nobody() -> None:
    reads = Reads(whole=True)
    assert [one.text for one in reads.lists().offered(SERVICE, "STORE")] == ["Storefront"]
    assert reads.asked == []


def test_each_user_is_offered_the_playbooks_that_they_may_start() -> None:
    lists = Reads().lists()
    lists._reads = lists._reads._replace(playbooks=lambda user_id: (f"of-{user_id}", "none"))
    found = lists.known(playbooks_of="ada").lists
    assert found["playbook"] == NameList(("of-ada", "none"), is_whole=True)
    assert SERVICE in found
    assert "playbook" not in lists.known().lists


def test_the_same_letters_are_asked_for_once_in_half_a_minute() -> None:
    reads = Reads()
    lists = reads.lists()
    for query in ("che", "CHE ", "chec", "che"):
        assert lists.offered(SERVICE, query)
    assert [query for _, query, _ in reads.asked] == ["che", "chec"]
    reads.clock = 31.0
    lists.offered(SERVICE, "che")
    assert len(reads.asked) == 3


def test_while_pagerduty_does_not_answer_a_list_stays_empty_and_is_asked_again() -> None:
    reads = Reads()
    lists = reads.lists()
    reads.failing = True
    assert lists.offered(PERSON, "ada") == []
    reads.failing = False
    assert [one.value for one in lists.offered(PERSON, "ada")] == ["ada"]


def test_few_search_at_once_and_none_waits_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialog_lists, "SEARCH_WAIT_SECONDS", 0.05)
    reads, gate = Reads(), threading.Event()
    lists = reads.lists()

    def slow(kind: str, query: str, incident: str) -> List[Choice]:
        reads.asked.append((kind, query, incident))
        gate.wait(60)
        return [Choice("x", "x")]

    lists._reads = lists._reads._replace(search=slow)
    with ThreadPoolExecutor(12) as pool:
        found = [pool.submit(lists.offered, PERSON, f"a{number}") for number in range(12)]
        until(lambda: sum(one.done() for one in found) == 12 - dialog_lists.MAX_SEARCHES)
        gate.set()
    assert sorted(len(one.result()) for one in found) == [0] * 8 + [1] * 4
    assert len(reads.asked) == dialog_lists.MAX_SEARCHES
