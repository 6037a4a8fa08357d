"""Whom a post mentions: few, each once, nobody who is unknown."""

from __future__ import annotations

import time
from typing import Any, List

from pagerduty_mattermost.cards.mentions import MAX_MENTIONS, Mentions
from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.people import known_accounts
from pagerduty_mattermost.people.known_accounts import KnownAccount


class Names:
    """A datastore that has everybody's name but Bob's."""

    def read_prefix(self, prefix: str, on_broken: Any) -> Any:
        people = ["EVE", "BOB", "ANN", *(f"U{number}" for number in range(50))]
        return {known_accounts.key_of(person): self.known(people) for person in people}

    def known(self, people: List[str]) -> Any:
        now = time.time()
        return {
            person: to_json(
                KnownAccount("" if person == "BOB" else person.lower(), "", "", now, now)
            )
            for person in people
        }


def mentions() -> Mentions:
    return Mentions(None, None, Names())  # type: ignore[arg-type]


def test_each_is_mentioned_once_in_their_order_and_nobody_who_is_unknown() -> None:
    assert mentions().of_users(["EVE", "BOB", "ANN", "EVE"]) == "@eve @ann"


def test_no_post_calls_a_crowd() -> None:
    assert len(mentions().of_users([f"U{number}" for number in range(50)]).split()) == MAX_MENTIONS
