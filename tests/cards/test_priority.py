"""A route's message priority: on a new card where the server knows it, and the card comes all the
same where it is refused."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from posts_world import ACKED, TRIGGERED, Wall

from pagerduty_mattermost.cards.route import Route, make_route
from pagerduty_mattermost.core.errors import RejectedInput
from sandbox.mattermost import posts
from sandbox.mattermost.errors import ApiError
from sandbox.mattermost.versions import VERSIONS

URGENT = Route("r", priority="urgent")


@pytest.fixture
def wall() -> Iterator[Wall]:
    from chat_world import Chat

    with Chat() as chat:
        chat.service.version = VERSIONS["11.6"]
        yield Wall(chat)


def test_a_new_card_bears_it_and_replies_do_not(wall: Wall) -> None:
    wall.show(TRIGGERED, route=URGENT)
    wall.show(ACKED, route=URGENT)
    assert wall.card().priority == {"priority": "urgent"}
    thread = wall.chat.service.thread(wall.card())
    assert [post.priority for post in thread] == [{}, {}]


@pytest.mark.parametrize("status", [501, 400])
def test_refused_by_the_server_the_card_comes_without(
    wall: Wall, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(call: Any, body: Any) -> Any:
        if isinstance(body.get("metadata"), dict):
            if status == 501:
                raise ApiError("license_error.feature_unavailable")
            raise ApiError(
                "api.post.post_priority.priority_post_not_allowed_for_replies.request_error"
            )
        return {}

    monkeypatch.setattr(posts, "_priority", refuses)
    assert wall.show(TRIGGERED, route=URGENT).done == "created"
    assert wall.cards() == 1
    assert wall.card().priority == {}


def test_an_old_server_takes_the_card(wall: Wall) -> None:
    wall.chat.service.version = VERSIONS["5.37"]
    assert wall.show(TRIGGERED, route=URGENT).done == "created"


def test_only_words_that_there_are() -> None:
    assert make_route(priority="Important").priority == "important"
    assert make_route(priority="standard").priority == ""
    with pytest.raises(RejectedInput, match="standard, important, urgent"):
        make_route(priority="loud")
