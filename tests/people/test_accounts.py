"""Which Mattermost account a PagerDuty user has, and by what name a post mentions it."""

from __future__ import annotations

import json
import time
from typing import Any, Iterator, List

import pytest
from chat_world import Chat
from datastore_double import Service

from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.people import identity
from pagerduty_mattermost.people.accounts import Accounts

ADA = Reference("user", "PADA", "Ada Lovelace", "ada@example.com")


class Site:
    """A Mattermost, a datastore, and what PagerDuty was asked."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.datastore = Service()
        self.store = Store(self.datastore)
        self.asked: List[str] = []
        self.later = 0.0
        """Seconds by which the clock is ahead."""

    def mentioned(self, person: Reference) -> str:
        """By a process of its own."""

        def with_email(one: Reference) -> Reference:
            self.asked.append(one.id)
            return one

        made = Accounts(self.chat.gateway(), self.store, clock=lambda: time.time() + self.later)
        return made.mentioned(person, with_email)

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
    assert site.datastore.ttls["pagerduty.mention.PADA"] == 86400


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
    assert site.datastore.ttls["pagerduty.mention.PADA"] == 600


@pytest.mark.parametrize("kept", [{"username": "grace"}, {"username": ""}])
def test_what_an_older_version_remembered(site: Site, kept: Any) -> None:
    """A name counts; that there was none is asked anew, since it was remembered for a day."""
    site.datastore.items["pagerduty.mention.PADA"] = json.dumps({"v": 1, "data": kept})
    assert site.mentioned(ADA) == (kept["username"] or "ada")


def test_a_link_that_does_not_read_hides_no_other(site: Site) -> None:
    site.link("mei", "PADA")
    site.datastore.items["pagerduty.identity." + "x" * 26] = "garbage"
    assert identity.links(site.store) == {"PADA": site.chat.service.user("mei").id}


def test_an_account_that_was_linked_to_somebody_else_is_nobodys_by_its_address(site: Site) -> None:
    mei = Reference("user", "PMEI", "Mei Tanaka", "mei@example.com")
    assert site.mentioned(mei) == "mei"
    site.link("mei", "PADA")
    assert [site.mentioned(mei), site.mentioned(ADA)] == ["", "mei"]
    assert Accounts(site.chat.gateway(), site.store).of(mei) is None
    identity.unlink(site.chat.gateway(), site.store, "mei")
    assert Accounts(site.chat.gateway(), site.store).of(ADA) is not None
    site.store.delete("mention.PMEI")
    assert site.mentioned(mei) == "mei"
