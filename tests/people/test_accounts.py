"""Which Mattermost account a PagerDuty user has, and by what name a post mentions it."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, Optional

import pytest
from chat_world import Chat
from datastore_double import Service

from pagerduty_mattermost.gateways.mattermost.kept_channels import NAMED_PREFIX
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import state_kinds
from pagerduty_mattermost.people import identity, known_accounts
from pagerduty_mattermost.people.accounts import Accounts
from pagerduty_mattermost.people.known_accounts import KnownAccount

ADA = Reference("user", "PADA", "Ada Lovelace", "ada@example.com")


class Refused(Exception):
    response = SimpleNamespace(status_code=403)


class Refusing(Service):
    """A datastore that takes no write where StackStorm's RBAC keeps it from the user."""

    may_write = True

    def set_value(self, *given: Any, **named: Any) -> bool:
        if not self.may_write:
            raise Refused()
        return super().set_value(*given, **named)


def beside(person: Reference, email: str, number: int) -> Reference:
    """Somebody else with that address who is remembered in the same key as the person."""
    place = known_accounts.key_of(person.id)
    ids = (f"P{number}X{more}" for more in range(1000))
    return Reference(
        "user", next(id for id in ids if known_accounts.key_of(id) == place), "", email
    )


class Site:
    """A Mattermost, a datastore, and what PagerDuty was asked."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.datastore = Refusing()
        self.store = Store(self.datastore)
        self.asked: List[str] = []
        self.later = 0.0
        """Seconds by which the clock is ahead."""

    def mentioned(self, person: Reference) -> str:
        """By a process of its own."""

        def with_email(one: Reference) -> Reference:
            self.asked.append(one.id)
            return one

        accounts = self.accounts()
        name = accounts.mentioned(person, with_email)
        accounts.remember_mentioned()
        return name

    def accounts(self) -> Accounts:
        return Accounts(self.chat.gateway(), self.store, clock=lambda: time.time() + self.later)

    def key_names(self) -> List[str]:
        """Of what is remembered of accounts."""
        prefix = f"pagerduty.{known_accounts.KEY_PREFIX}"
        return [name for name in self.datastore.items if name.startswith(prefix)]

    def remembered(self) -> Dict[str, Optional[int]]:
        """Who is, and how long the key lives in which they stand."""
        return {
            person: self.datastore.ttls[key]
            for key in self.key_names()
            for person in json.loads(self.datastore.items[key])["data"]
        }

    def rename(self, username: str, name: str) -> None:
        self.chat.service.user(username).username = name

    def users_read(self) -> int:
        return len(self.chat.journal.find(path="/users/", method="GET"))

    def link(self, username: str, person_id: str, **more: Any) -> None:
        account = self.chat.service.user(username).id
        self.store.write(f"identity.{account}", {"how": "link", "id": person_id, **more})


@pytest.fixture
def site() -> Iterator[Site]:
    with Chat() as chat:
        yield Site(chat)


def test_the_same_address_is_the_same_person_and_is_remembered_for_a_day(site: Site) -> None:
    assert [site.mentioned(ADA), site.mentioned(ADA)] == ["ada", "ada"]
    assert site.asked == ["PADA"]
    assert site.remembered() == {"PADA": 86400}


def test_an_account_that_was_renamed_is_mentioned_by_its_present_name(site: Site) -> None:
    assert site.mentioned(ADA) == "ada"
    site.rename("ada", "ada.lovelace")
    site.rename("grace", "ada")  # who takes the name that somebody gave up is not called for them
    site.later = 601.0
    assert site.mentioned(ADA) == "ada.lovelace"
    assert site.asked == ["PADA"], "PagerDuty is asked no more than before"


def test_a_name_is_confirmed_once_in_ten_minutes(site: Site) -> None:
    site.mentioned(ADA)
    before = site.users_read()
    site.mentioned(ADA)
    assert site.users_read() == before
    site.later = 601.0
    assert [site.mentioned(ADA), site.mentioned(ADA)] == ["ada", "ada"]
    assert site.users_read() == before + 1
    assert site.asked == ["PADA"]


def test_an_account_that_was_deactivated_is_mentioned_no_more(site: Site) -> None:
    assert site.mentioned(ADA) == "ada"
    site.chat.service.activate("ada", False)
    site.later = 601.0
    assert site.mentioned(ADA) == ""


def test_an_admins_link_counts_for_mentions(site: Site) -> None:
    site.link("mei", "PADA")
    assert site.mentioned(ADA) == "mei"
    assert site.asked == []


def test_a_link_that_is_made_later_counts_at_once_and_so_does_its_end(site: Site) -> None:
    assert site.mentioned(ADA) == "ada"
    site.link("mei", "PADA")
    assert [site.mentioned(ADA), site.mentioned(ADA)] == ["mei", "mei"]
    identity.unlink(site.chat.gateway(), site.store, "mei")
    assert site.mentioned(ADA) == "ada"


def test_whoever_is_disconnected_is_mentioned_all_the_same(site: Site) -> None:
    site.link("mei", "PADA")
    identity.disconnect(site.chat.gateway(), site.store, "mei")
    assert site.mentioned(ADA) == "mei"


def test_a_linked_account_that_is_deactivated_gives_way_to_the_address(site: Site) -> None:
    site.link("mei", "PADA")
    site.chat.service.activate("mei", False)
    assert site.mentioned(ADA) == "ada"


def test_that_nobody_is_there_is_remembered_for_minutes(site: Site) -> None:
    nobody = ADA._replace(email="nobody@example.com")
    assert [site.mentioned(nobody), site.mentioned(nobody)] == ["", ""]
    assert site.asked == ["PADA"]
    assert site.remembered() == {"PADA": 600}
    site.chat.service.add_user("nobody", email="nobody@example.com")
    site.later = 601.0
    assert site.mentioned(nobody) == "nobody"


def test_what_is_remembered_ends_although_others_are_remembered_after_it(site: Site) -> None:
    """They stand in few keys, each of which lives as long as the newest in it."""
    nobody = ADA._replace(id="PNOBODY", email="nobody@example.com")
    assert [site.mentioned(ADA), site.mentioned(nobody)] == ["ada", ""]
    for hours in range(1, 25):
        site.later = hours * 3600.0 - 1
        site.mentioned(beside(ADA, "mei@example.com", hours))
        site.mentioned(beside(nobody, "mei@example.com", hours))
    assert site.asked.count("PADA") == 1
    site.later = 86401.0
    assert [site.mentioned(ADA), site.asked.count("PADA")] == ["ada", 2]
    assert [site.mentioned(nobody), site.asked.count("PNOBODY")] == ["", 2]


def test_a_clock_that_was_set_back_keeps_nothing_for_ever(site: Site) -> None:
    site.later = 10 * 86400.0
    assert site.mentioned(ADA) == "ada"
    site.later = 0.0
    assert [site.mentioned(ADA), site.asked] == ["ada", ["PADA", "PADA"]]


def test_one_listing_tells_all_links_and_all_accounts_that_are_remembered(site: Site) -> None:
    people = [beside(ADA, f"{name}@example.com", 0) for name in ("ada", "grace", "mei", "nobody")]
    people = [one._replace(id=f"P{one.email[:3].upper()}") for one in people]
    site.link("linus", "PGRA")
    for one in people:
        site.mentioned(one)
    site.datastore.calls.clear()
    names = site.accounts()
    found = [names.mentioned(one, lambda _: pytest.fail("asked again")) for one in people]
    assert (found, site.datastore.calls) == (["ada", "linus", "mei", ""], ["list"])
    assert names.of(people[3]) is None
    assert site.datastore.calls == ["list"]


def test_however_many_are_remembered_no_more_pages_are_read(site: Site) -> None:
    """StackStorm's page has a hundred keys. Beside five hundred people's own keys there was one
    more list for each person who was mentioned."""
    known: Dict[str, KnownAccount] = {}
    for number in range(500):
        one = KnownAccount(f"u{number}", f"{number:026}", "", time.time(), time.time())
        known_accounts.remember(site.store, known, {f"P{number}": one}, time.time())
    assert len(site.remembered()) == 500
    for number in range(500):
        link = {"how": "link", "id": f"P{number}"}
        site.store.write(f"identity.{number:026}", link)
    site.datastore.calls.clear()
    identity.links(identity.read_all(site.store))
    assert len(site.datastore.calls) <= 6, "five hundred links, and the next page"


def test_a_link_that_does_not_read_hides_no_other(site: Site) -> None:
    site.link("mei", "PADA")
    site.datastore.items["pagerduty.identity." + "x" * 26] = "garbage"
    links = identity.links(identity.read_all(site.store))
    assert links == {"PADA": site.chat.service.user("mei").id}


@pytest.mark.parametrize(
    "value",
    [
        "garbage",
        {"v": 9, "data": {}},
        *(
            {"v": 1, "data": data}
            for data in (
                None,
                [],
                {"PADA": None},
                {"PADA": {"username": "grace"}},
                {"PADA": {"username": 1, "account": "", "link": "", "found": 1, "seen": 1}},
                *(
                    {"PADA": {"username": "grace", "account": "", "link": "", **times}}
                    for times in (
                        {"found": -(10**400), "seen": 10**400},
                        {"found": float("nan"), "seen": float("inf")},
                        {"found": time.time(), "seen": float("nan")},
                        {"found": time.time(), "seen": 0},
                    )
                ),
                {"how": "link", "id": "PADA"},
                {"how": "off", "link": {"how": "link", "id": "PADA"}},
            )
        ),
    ],
)
def test_what_is_remembered_and_does_not_read_is_found_out_anew(site: Site, value: Any) -> None:
    """It is no link either, and hides none."""
    raw = value if isinstance(value, str) else json.dumps(value)
    for number in range(known_accounts.KEYS):
        site.datastore.items[f"pagerduty.{known_accounts.KEY_PREFIX}{number:02d}"] = raw
    site.datastore.items[f"pagerduty.{NAMED_PREFIX}{'0' * 32}"] = raw
    grace = Reference("user", "PGRACE", "Grace Hopper", "grace@example.com")
    site.link("mei", "PGRACE")
    links = identity.links(identity.read_all(site.store))
    assert links == {"PGRACE": site.chat.service.user("mei").id}
    assert [site.mentioned(ADA), site.mentioned(grace)] == ["ada", "mei"]
    assert [site.mentioned(ADA), site.asked] == ["ada", ["PADA"]]


def test_what_is_remembered_never_stands_in_a_links_place(site: Site) -> None:
    """Whatever a person's id is, also one that could be no datastore key."""
    site.link("mei", "PMEI")
    before = dict(site.datastore.items)
    account = site.chat.service.user("mei").id
    for id in (account, f"{account}.person", "accounts.00", "", "../x", "P ö\n", "x" * 500):
        assert site.mentioned(ADA._replace(id=id)) == "ada"
        assert site.mentioned(ADA._replace(id=id)) == "ada"
    assert {name: site.datastore.items[name] for name in before} == before
    assert set(site.datastore.items) - set(before) == set(site.key_names())
    assert identity.unlink(site.chat.gateway(), site.store, "mei").id == account
    assert set(site.datastore.items) == set(site.key_names())


def test_only_the_newest_are_remembered(site: Site) -> None:
    now, many = time.time(), known_accounts.MOST + 50
    ids = [id for id in map(str, range(many * 40)) if known_accounts.key_of(id).endswith(".00")]
    known: Dict[str, KnownAccount] = {}
    for number, id in enumerate(ids[:many]):
        at = now - many + number
        known_accounts.remember(site.store, known, {id: KnownAccount("u", "", "", at, at)}, now)
    assert list(site.remembered()) == sorted(ids[50:many])


def test_what_ends_while_it_is_looked_up_is_written_no_more(site: Site) -> None:
    old = KnownAccount("u", "", "", 0.0, 0.0)
    known_accounts.remember(site.store, {}, {"PADA": old}, time.time())
    assert site.key_names() == []


def test_who_may_write_no_key_mentions_people_all_the_same(site: Site) -> None:
    site.link("mei", "PMEI")
    site.datastore.may_write = False
    assert [site.mentioned(ADA), site.mentioned(ADA)] == ["ada", "ada"]
    assert site.asked == ["PADA", "PADA"]


def test_what_an_earlier_version_remembered_is_known_to_whatever_takes_state_away() -> None:
    assert state_kinds.kind_of("mention.PADA").name == "caches"
    assert state_kinds.kind_of("identity.accounts.07").name == "caches"
    assert state_kinds.kind_of("identity." + "x" * 26).name == "identities"
    assert state_kinds.kind_of("identity." + "x" * 26 + ".person").name == "identities"


def test_an_account_that_was_linked_to_somebody_else_is_nobodys_by_its_address(site: Site) -> None:
    mei = Reference("user", "PMEI", "Mei Tanaka", "mei@example.com")
    assert site.mentioned(mei) == "mei"
    site.link("mei", "PADA")
    assert [site.mentioned(mei), site.mentioned(ADA)] == ["", "mei"]
    assert Accounts(site.chat.gateway(), site.store).of(mei) is None
    identity.unlink(site.chat.gateway(), site.store, "mei")
    assert Accounts(site.chat.gateway(), site.store).of(ADA) is not None
    for key in site.key_names():
        del site.datastore.items[key]
    assert site.mentioned(mei) == "mei"
