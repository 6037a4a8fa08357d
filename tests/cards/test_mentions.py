"""Whom a post mentions: few, each once, nobody who is unknown."""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.cards.mentions import MAX_MENTIONS, Mentions


class Names:
    """A datastore that has everybody's name but Bob's."""

    def read(self, key: str) -> Any:
        user = key.rsplit(".", 1)[1]
        return {"username": "" if user == "BOB" else user.lower(), "link": ""}

    def read_prefix(self, prefix: str, on_broken: Any) -> Any:
        return {}


def mentions() -> Mentions:
    return Mentions(None, None, Names())  # type: ignore[arg-type]


def test_each_is_mentioned_once_in_their_order_and_nobody_who_is_unknown() -> None:
    assert mentions().of_users(["EVE", "BOB", "ANN", "EVE"]) == "@eve @ann"


def test_no_post_calls_a_crowd() -> None:
    assert len(mentions().of_users([f"U{number}" for number in range(50)]).split()) == MAX_MENTIONS
