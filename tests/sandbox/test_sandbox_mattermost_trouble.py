"""The sandbox's Mattermost in trouble, as measured at a real one: how long it remembers a post's
key, what it answers without its database, its rate limit, errors that are played."""

# flake8: noqa: W503

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from chat_box import Box, messages

FORBIDDEN = "api.context.permissions.app_error"


# The memory of pending_post_id


def test_a_pending_post_id_is_remembered_for_30_seconds(box: Box) -> None:
    first = box.post("one", pending_post_id="k").json()
    assert first["pending_post_id"] == "k"
    box.clock.advance(29.9)
    assert box.post("two", pending_post_id="k").json()["id"] == first["id"]
    box.clock.advance(0.2)
    assert box.post("three", pending_post_id="k").json()["id"] != first["id"]
    assert messages(box) == ["one", "three"]


def test_the_memory_can_be_emptied(box: Box) -> None:
    box.post("one", pending_post_id="k")
    box.mm.forget_pending()
    box.post("two", pending_post_id="k")
    box.control("forget_pending")
    box.post("three", pending_post_id="k")
    assert messages(box) == ["one", "two", "three"]


def test_while_the_first_is_being_saved_a_second_is_refused_with_500(box: Box) -> None:
    box.mm.save_seconds = 0.2
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: box.post(str(n), pending_post_id="k"), range(4)))
    statuses = sorted(a.status_code for a in answers)
    assert statuses == [201, 500, 500, 500]
    (refused,) = {a.json()["message"] for a in answers if a.status_code == 500}
    assert refused == "Rejected post since another client is making the same request."
    assert box.post("late", pending_post_id="k").status_code == 201
    assert len(messages(box)) == 1


def test_the_memory_goes_by_the_string_alone(box: Box) -> None:
    first = box.post("mine", pending_post_id="k").json()
    ada = {"Authorization": "Bearer " + box.mm.add_token("ada")}
    body = {"channel_id": box.mm.channel("ops").id, "message": "hers", "pending_post_id": "k"}
    assert box.send("POST", "/posts", body, headers=ada).json()["id"] == first["id"]
    assert box.mm.posts("ops") == []


def test_a_deleted_post_can_not_be_had_again_by_its_pending_post_id(box: Box) -> None:
    post = box.post("one", pending_post_id="k").json()
    box.mm.delete(post["id"])
    answer = box.post("one", pending_post_id="k")
    assert (answer.status_code, answer.json()["id"]) == (
        500,
        "api.post.deduplicate_create_post.failed_to_get",
    )


def test_a_lost_answer_leaves_a_post_that_its_repeat_finds(box: Box) -> None:
    box.server.faults.add("lost", method="POST", path="/posts$", times=1)
    with pytest.raises(requests.ConnectionError):
        box.post("one", pending_post_id="k")
    (made,) = box.mm.posts("incidents")
    assert box.post("one", pending_post_id="k").json()["id"] == made.id
    lost, repeated = box.journal.find("POST", "/posts$")
    assert (lost.status, lost.fault, lost.effect) == (0, "lost", made.id)
    assert (repeated.status, repeated.effect) == (201, made.id)


# Trouble


def test_without_its_database_the_server_lies_as_measured(box: Box) -> None:
    post = box.post("before").json()
    fresh = box.mm.add_token("pagerduty")
    box.mm.database_down = True
    answers = [box.post("x") for _ in range(4)]
    assert [a.status_code for a in answers] == [403, 400, 403, 400]
    assert answers[0].json()["id"] == FORBIDDEN
    assert answers[1].json()["message"] == "Invalid post.channel_id parameter."
    assert (
        box.send("PUT", "/posts/{}/patch".format(post["id"]), {"message": "y"}).status_code == 403
    )
    assert box.send("GET", "/posts/" + post["id"]).status_code == 500
    assert (
        box.send("GET", "/users/me", headers={"Authorization": "Bearer " + fresh}).status_code
        == 401
    )
    assert box.send("GET", "/system/ping").status_code == 200
    assert box.send("GET", "/system/ping?get_server_status=true").status_code == 500
    box.mm.database_down = False
    assert (
        box.send("PUT", "/posts/{}/patch".format(post["id"]), {"message": "y"}).status_code == 200
    )
    assert messages(box) == ["y"]


def test_the_rate_limit_answers_text_and_ends_after_retry_after(box: Box) -> None:
    box.mm.rate_limit(2, burst=3)
    answers = [box.send("GET", "/users/me") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert [a.headers["X-Ratelimit-Remaining"] for a in answers] == ["2", "1", "0", "0"]
    limited = answers[-1]
    assert limited.text.strip() == "limit exceeded"
    assert limited.headers["Content-Type"].startswith("text/plain")
    assert limited.headers["X-Ratelimit-Limit"] == "3"
    assert int(limited.headers["X-Ratelimit-Reset"]) == 2
    box.clock.advance(float(limited.headers["Retry-After"]))
    assert box.send("GET", "/users/me").status_code == 200
    box.mm.rate_limit(None)
    assert "X-Ratelimit-Limit" not in box.send("GET", "/users/me").headers


def test_a_played_429_looks_like_the_servers_own(box: Box) -> None:
    box.server.faults.add("status", status=429, retry_after=7, times=1)
    answer = box.send("GET", "/users/me")
    assert (answer.status_code, answer.text.strip(), answer.headers["Retry-After"]) == (
        429,
        "limit exceeded",
        "7",
    )
    assert answer.headers["X-Ratelimit-Reset"] == "7"


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_played_error_has_mattermosts_form(box: Box, status: int) -> None:
    box.server.faults.add("status", status=status, times=1)
    body = box.send("GET", "/users/me").json()
    assert body["status_code"] == status
    assert set(body) == {"id", "message", "detailed_error", "request_id", "status_code"}
