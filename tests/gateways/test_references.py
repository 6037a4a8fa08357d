"""Things of PagerDuty's by id, name or e-mail, against the sandbox's account."""

from __future__ import annotations

from typing import Any, Iterator, List

import pytest

from pagerduty_mattermost.core.config.connections import Http, PagerDutyConfig, Timeouts
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.errors import Ambiguous, NotFound, RejectedInput, RetryLater
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.references import (
    KINDS,
    Reference,
    resolve,
    resolve_all,
)
from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer


class Setup:
    def __init__(self, server: PagerDutyServer) -> None:
        self.server = server
        self.account = server.account
        config = PagerDutyConfig(
            api_key=Secret(API_KEY), api_url=server.url, http=Http(Timeouts(2.0, 2.0))
        )
        self.pagerduty = PagerDuty(config, sleep=lambda _: None)

    def id(self, kind: str, name: str) -> str:
        return str(self.account.find(KINDS[kind].key, name)["id"])

    def paths(self) -> List[str]:
        return [f"{entry.method} {entry.path}" for entry in self.server.journal.entries]


@pytest.fixture
def setup() -> Iterator[Setup]:
    clock = Clock()
    with PagerDutyServer(SandboxJournal(clock), clock) as server:
        yield Setup(server)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("service", "Checkout API"),
        ("team", "Payments"),
        ("user", "Ada Lovelace"),
        ("priority", "P1"),
        ("escalation_policy", "Platform escalation"),
        ("schedule", "Platform rotation"),
    ],
)
def test_a_name_or_an_id_finds_it_with_one_request(setup: Setup, kind: str, name: str) -> None:
    wanted = setup.id(kind, name)
    for text in (name, name.swapcase(), f"  {name.lower()} ", name.replace(" ", "  "), wanted):
        before = len(setup.paths())
        found = resolve(setup.pagerduty, kind, text)
        assert (found.kind, found.id, found.name) == (kind, wanted, name)
        assert len(setup.paths()) == before + 1


def test_a_user_is_found_by_e_mail_whatever_its_case(setup: Setup) -> None:
    found = resolve(setup.pagerduty, "user", "GRACE@example.com")
    assert found == Reference(
        "user", setup.id("user", "Grace Hopper"), "Grace Hopper", "grace@example.com"
    )


def test_an_e_mail_that_the_query_does_not_find_is_looked_for_in_the_whole_list(
    setup: Setup,
) -> None:
    """`query` is documented for names only."""
    server, answer = setup.server, setup.server.service.handle

    def names_only(request: Any) -> Any:
        query = tuple((k, "nobody" if k == "query" and "@" in v else v) for k, v in request.query)
        return answer(request._replace(query=query))

    server.service.handle = names_only  # type: ignore[method-assign]
    assert resolve(setup.pagerduty, "user", "mei@example.com").name == "Mei Tanaka"


@pytest.mark.parametrize(("takes_email", "requests"), [(True, 1), (False, 3)])
def test_an_e_mail_costs_one_request_however_large_the_account(
    setup: Setup, takes_email: bool, requests: int
) -> None:
    for number in range(150):
        setup.account.add("users", f"A {number}", email=f"a{number}@example.com")
    zoe = setup.account.add("users", "Zoe Last", email="zoe@example.com")
    server, answer = setup.server, setup.server.service.handle

    def by_name_alone(request: Any) -> Any:
        query = tuple((k, "no such name" if k == "query" else v) for k, v in request.query)
        return answer(request._replace(query=query))

    if not takes_email:
        server.service.handle = by_name_alone  # type: ignore[method-assign]
    assert resolve(setup.pagerduty, "user", "Zoe@example.com").id == zoe["id"]
    assert setup.paths() == ["GET /users"] * requests
    with pytest.raises(NotFound):
        resolve(setup.pagerduty, "user", "nobody@example.com")


def test_a_service_tells_its_escalation_policy(setup: Setup) -> None:
    found = resolve(setup.pagerduty, "service", "Database")
    assert found.escalation_policy_id == setup.id("escalation_policy", "Platform escalation")


def test_a_part_of_a_name_is_no_match(setup: Setup) -> None:
    with pytest.raises(NotFound):
        resolve(setup.pagerduty, "service", "Checkout")


def test_two_matches_are_an_error_that_lists_both(setup: Setup) -> None:
    twin = setup.account.add(
        "users",
        "ada lovelace",
        email="ada@other.example",
        role="user",
        time_zone="UTC",
        team_ids=[],
    )
    with pytest.raises(Ambiguous) as caught:
        resolve(setup.pagerduty, "user", "Ada Lovelace")
    line = str(caught.value)
    for part in (
        twin["id"],
        setup.id("user", "Ada Lovelace"),
        "ada@other.example",
        "ada@example.com",
    ):
        assert part in line
    assert resolve(setup.pagerduty, "user", twin["id"]).email == "ada@other.example"


def test_none_is_an_error_that_suggests_near_spellings(setup: Setup) -> None:
    with pytest.raises(NotFound) as caught:
        resolve(setup.pagerduty, "service", "Chekout API")
    assert str(caught.value).endswith("did you mean Checkout API?")
    with pytest.raises(NotFound) as caught:
        resolve(setup.pagerduty, "team", "zzzzzz")
    assert str(caught.value).startswith("there is no team 'zzzzzz'; there are Payments, ")
    with pytest.raises(NotFound) as caught:
        resolve(setup.pagerduty, "user", "zzzzzz")
    assert str(caught.value) == "there is no user 'zzzzzz'", "people are not listed"
    with pytest.raises(NotFound) as caught:
        resolve(setup.pagerduty, "user", "mei")
    assert str(caught.value) == "there is no user 'mei'; did you mean Mei Tanaka?", "once"


def test_of_two_with_one_name_the_ids_are_suggested(setup: Setup) -> None:
    twin = setup.account.add("teams", "payments", description="")
    with pytest.raises(NotFound) as caught:
        resolve(setup.pagerduty, "team", "Paymets")
    first = setup.id("team", "Payments")
    assert str(caught.value).endswith(f"did you mean Payments ({first}), payments ({twin['id']})?")


def test_an_unknown_id_is_looked_for_as_a_name(setup: Setup) -> None:
    setup.account.add("teams", "PAYMENTS2", description="")
    assert resolve(setup.pagerduty, "team", "PAYMENTS2").name == "PAYMENTS2"
    with pytest.raises(NotFound):
        resolve(setup.pagerduty, "team", "PNOSUCH1")


@pytest.mark.parametrize("text", ["", "   ", "\x00"])
def test_an_empty_text_is_refused_and_nothing_asked(setup: Setup, text: str) -> None:
    with pytest.raises(RejectedInput, match="an id or a name is needed"):
        resolve(setup.pagerduty, "service", text)
    assert setup.paths() == []


@pytest.mark.parametrize(
    "text", ["../users/me", "a&statuses[]=x", "x" * 5000, "{{ st2kv.system.k }}", "@here\n#"]
)
def test_what_is_typed_stays_a_query(setup: Setup, text: str) -> None:
    with pytest.raises(NotFound):
        resolve(setup.pagerduty, "team", text)
    assert set(setup.paths()) == {"GET /teams"}


def test_many_names_cost_one_list(setup: Setup) -> None:
    texts = ["Checkout API", setup.id("service", "Database"), "storefront", "STOREFRONT"]
    found = resolve_all(setup.pagerduty, "service", texts)
    assert [one.name for one in found] == ["Checkout API", "Database", "Storefront"]
    assert setup.paths() == ["GET /services"]


def test_two_names_in_a_large_account_are_asked_for_by_name(setup: Setup) -> None:
    for number in range(450):
        setup.account.add("teams", f"Team number {number}", description="")
    resolve_all(setup.pagerduty, "team", ["Payments", "Web"])
    assert setup.paths() == ["GET /teams"] * 3


def test_all_wrong_names_are_told_at_once(setup: Setup) -> None:
    with pytest.raises(NotFound) as caught:
        resolve_all(setup.pagerduty, "team", ["Payment", "Web", "Platfrom"])
    assert "'Payment'" in str(caught.value)
    assert "'Platfrom'" in str(caught.value)
    assert "'Web'" not in str(caught.value)


def test_nothing_to_resolve_asks_nothing(setup: Setup) -> None:
    assert resolve_all(setup.pagerduty, "team", []) == ()
    assert setup.paths() == []


def test_trouble_of_pagerduty_is_not_taken_for_a_missing_thing(setup: Setup) -> None:
    setup.server.faults.add("status", status=503)
    with pytest.raises(RetryLater):
        resolve(setup.pagerduty, "service", "Checkout API")
    with pytest.raises(RetryLater):
        resolve(setup.pagerduty, "service", setup.id("service", "Checkout API"))
