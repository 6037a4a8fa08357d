"""The gateway to PagerDuty over real HTTP: headers, parameters, answers of every kind."""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import Any, Dict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pagerduty_double import KEY, RATE, Setup, trouble

from pagerduty_mattermost.core.config.connections import Http, PagerDutyConfig, Timeouts
from pagerduty_mattermost.core.errors import (
    ConfigError,
    NotFound,
    PermanentError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.gateways.http.client import RetryPolicy
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill, segment
from pagerduty_mattermost.gateways.pagerduty.connection import RateLimit, query
from sandbox.server import HttpAnswer

QUICK = Http(timeouts=Timeouts(5.0, 0.3))


def test_key_version_and_parameters_go_out_as_pagerduty_wants_them(setup: Setup) -> None:
    params = {
        "total": True,
        "since": None,
        "statuses": ["triggered", "acknowledged"],
        "include[]": ("users",),
        "limit": 5,
    }
    setup.pagerduty.get("/incidents/P1", params)
    request = setup.double.requests[0]
    assert setup.double.header("Authorization") == "Token token=" + KEY
    assert setup.double.header("Accept") == "application/vnd.pagerduty+json;version=2"
    assert setup.double.header("From") == ""
    assert sorted(request.query) == [
        ("include[]", "users"),
        ("limit", "5"),
        ("statuses[]", "acknowledged"),
        ("statuses[]", "triggered"),
        ("total", "true"),
    ]


def test_an_oauth_token_is_a_bearer_token(setup: Setup) -> None:
    setup.gateway(auth_type="oauth").get("/incidents/P1")
    assert setup.double.header("Authorization") == "Bearer " + KEY


def test_changes_name_their_sender(setup: Setup) -> None:
    pagerduty = setup.gateway(from_email="bot@example.com")
    pagerduty.put("/incidents/P1", {"incident": {"status": "resolved"}})
    assert setup.double.header("From") == "bot@example.com"
    assert setup.double.header("Content-Type") == "application/json"
    assert json.loads(setup.double.requests[-1].body) == {"incident": {"status": "resolved"}}
    pagerduty.put("/incidents/P1", {}, from_email="ada@example.com")
    assert setup.double.header("From") == "ada@example.com"


@pytest.mark.parametrize(
    "sender", ["ada", "ada@example.com\r\nX-Evil: 1", "a b@example.com", "ädä@example.com"]
)
def test_a_sender_that_is_no_address_is_refused_and_not_sent(setup: Setup, sender: str) -> None:
    with pytest.raises(RejectedInput, match="From must be"):
        setup.pagerduty.put("/incidents/P1", {}, from_email=sender)
    assert setup.double.requests == []


def test_without_a_key_nothing_is_sent() -> None:
    with pytest.raises(ConfigError, match="api_key is empty"):
        PagerDuty(PagerDutyConfig())


@pytest.mark.parametrize(
    "value",
    [
        "../users/me",
        "P1/notes",
        "P1?x=1",
        "P1#",
        "P1%2f",
        "",
        " ",
        None,
        True,
        "é",
        "a" * 65,
        ["P1"],
    ],
)
def test_no_text_leads_to_another_endpoint(value: Any) -> None:
    with pytest.raises(RejectedInput, match="is not a PagerDuty id"):
        fill("/incidents/{id}/notes", id=value)


def test_ids_fill_a_path() -> None:
    assert (
        fill("/incidents/{id}/alerts/{alert_id}", id=" PT4KHLK ", alert_id="Q1")
        == "/incidents/PT4KHLK/alerts/Q1"
    )
    assert segment(1234) == "1234"


@given(st.text())
def test_a_segment_stays_one_segment(text: str) -> None:
    try:
        path = fill("/incidents/{id}", id=text)
    except RejectedInput:
        return
    assert path.count("/") == 2
    assert path.isascii()
    assert ".." not in path


@pytest.mark.parametrize(
    "path",
    [
        "incidents",
        "/incidents/../users",
        "//evil.example/x",
        "/a?b",
        "http://evil.example/",
        "/a/",
    ],
)
def test_only_a_path_of_the_api_is_taken(setup: Setup, path: str) -> None:
    with pytest.raises(RejectedInput, match="not a path"):
        setup.pagerduty.get(path)
    assert setup.double.requests == []


@given(
    st.dictionaries(
        st.text(min_size=1),
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text())),
    )
)
def test_query_holds_text_only(params: Dict[str, Any]) -> None:
    for name, value in query(params).items():
        assert isinstance(value, str) or (
            name.endswith("[]") and all(isinstance(one, str) for one in value)
        )


# What is answered


@pytest.mark.parametrize("kind", ["bad_json", "html", "empty", "truncate", "drop", "lost"])
def test_a_broken_answer_to_a_read_is_asked_for_again(setup: Setup, kind: str) -> None:
    setup.double.faults.add(kind, times=1)
    assert setup.pagerduty.get("/incidents/P1") == {"incident": {"id": "P1"}}
    assert len(setup.slept) == 1


@pytest.mark.parametrize("kind", ["bad_json", "html", "empty", "truncate", "lost"])
def test_a_broken_answer_to_a_post_is_told_as_maybe_done(setup: Setup, kind: str) -> None:
    setup.double.faults.add(kind, done=True)
    with pytest.raises(RetryLater) as caught:
        setup.pagerduty.post("/incidents/P1/notes", {"note": {}})
    assert caught.value.maybe_done
    assert [one.method for one in setup.double.requests].count("POST") == 1


def test_a_post_that_was_refused_a_connection_is_sent_later(setup: Setup) -> None:
    setup.double.server.stop()
    sleep = setup._sleep

    def come_back(seconds: float) -> None:
        setup.double.server.start()
        sleep(seconds)

    setup._sleep = come_back  # type: ignore[method-assign]
    assert setup.gateway().post("/incidents/P1/notes", {}) == {"incident": {"id": "P1"}}
    assert len(setup.double.requests) == 1


def test_a_json_answer_that_is_no_object_is_no_answer(setup: Setup) -> None:
    setup.answers(HttpAnswer(200, [1, 2]))
    with pytest.raises(RetryLater, match="no JSON object"):
        setup.pagerduty.get("/incidents")


def test_an_answer_without_a_body_by_contract_is_empty(setup: Setup) -> None:
    setup.answers(HttpAnswer(204))
    assert setup.pagerduty.put("/teams/P1/users/P2") == {}
    setup.answers(HttpAnswer(200))
    assert setup.pagerduty.delete("/schedules/P1/overrides/P2") == {}


def test_400_tells_pagerdutys_own_words_in_one_line(setup: Setup) -> None:
    setup.answers(
        trouble(
            400,
            message="Invalid Input Provided",
            code=2001,
            errors=["Title can't be blank.", "Service\nis missing"],
        )
    )
    with pytest.raises(RejectedInput) as caught:
        setup.pagerduty.post("/incidents", {})
    assert str(caught.value) == (
        "PagerDuty POST /incidents: PagerDuty refuses (400): "
        "Invalid Input Provided: Title can't be blank.; Service is missing"
    )
    assert (caught.value.status, caught.value.error_id) == (400, "2001")


@pytest.mark.parametrize(
    "body",
    [
        None,
        "<html>",
        {"error": "plain"},
        {"error": None},
        {"error": {"errors": "text"}},
        [1],
        {"error": {"errors": {}}},
    ],
)
def test_400_in_any_shape_is_still_a_line(setup: Setup, body: Any) -> None:
    setup.answers(HttpAnswer(400, body))
    with pytest.raises(
        RejectedInput, match=r"^PagerDuty GET /incidents: PagerDuty refuses \(400\)"
    ):
        setup.pagerduty.get("/incidents")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Unauthorized),
        (403, Unauthorized),
        (404, NotFound),
        (402, PermanentError),
        (409, PermanentError),
    ],
)
def test_refusals_have_their_own_errors_and_never_hold_the_key(
    setup: Setup, status: int, error: type
) -> None:
    setup.answers(trouble(status))
    with pytest.raises(error) as caught:
        setup.pagerduty.get("/incidents/P1")
    assert KEY[-4:] not in str(caught.value)
    assert KEY[-4:] not in repr(caught.value.__cause__)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert setup.slept == []
    assert len(setup.double.requests) == 1


def test_429_waits_for_the_reset(setup: Setup) -> None:
    setup.answers(
        trouble(429, {**RATE, "ratelimit-reset": "7"}, message="Rate Limit Exceeded", code=2020),
        HttpAnswer(200, {"incidents": []}),
    )
    setup.pagerduty.get("/incidents")
    assert setup.slept == [7.25]


def test_429_beyond_the_budget_says_when_to_come_back(setup: Setup) -> None:
    setup.answers(trouble(429, {"ratelimit-reset": "55"}))
    with pytest.raises(RetryLater) as caught:
        setup.pagerduty.post("/incidents", {})
    assert caught.value.retry_after == pytest.approx(55, abs=1)
    assert not caught.value.maybe_done
    assert setup.slept == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_5xx_is_tried_again_a_bounded_number_of_times(setup: Setup, status: int) -> None:
    setup.answers(trouble(status))
    with pytest.raises(RetryLater):
        setup.pagerduty.get("/incidents/P1")
    assert len(setup.double.requests) == 3
    assert setup.slept == [0.25, 0.5]


def test_5xx_to_a_post_is_not_repeated_and_may_have_been_done(setup: Setup) -> None:
    setup.answers(trouble(502))
    with pytest.raises(RetryLater) as caught:
        setup.pagerduty.post("/incidents/P1/notes", {})
    assert caught.value.maybe_done
    assert len(setup.double.requests) == 1


def test_a_server_that_does_not_answer_costs_no_more_than_its_timeouts(setup: Setup) -> None:
    rule = setup.double.faults.add("freeze")
    with pytest.raises(RetryLater, match="no answer in time"):
        setup.gateway(RetryPolicy(attempts=2), http=QUICK).get("/incidents")
    assert setup.double.faults.hits(rule) == 2
    setup.double.faults.clear()


def test_deleting_what_a_lost_answer_already_deleted_is_done(setup: Setup) -> None:
    gone = trouble(404)
    setup.answers(gone)
    setup.double.faults.add("lost", times=1)
    assert setup.pagerduty.delete("/services/P1") == {}
    with pytest.raises(NotFound):
        setup.pagerduty.delete("/services/P1")


def test_pagerdutys_clock_and_rate_limit_are_remembered(setup: Setup) -> None:
    setup.answers(
        HttpAnswer(200, {"a": 1}, {**RATE, "Date": "Sat, 21 Nov 2026 03:45:10 GMT"}),
        HttpAnswer(200, {"a": 1}, {"ratelimit-limit": "many"}),
    )
    setup.pagerduty.get("/abilities")
    assert setup.pagerduty.last_server_time == 1795232710.0
    assert setup.pagerduty.last_rate == RateLimit(960, 950, 12.0)
    setup.pagerduty.get("/abilities")
    assert setup.pagerduty.last_rate == RateLimit(960, 950, 12.0)


def test_nothing_is_printed_or_logged_by_the_driver(
    setup: Setup, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    setup.answers(trouble(500))
    with pytest.raises(RetryLater):
        setup.pagerduty.get("/incidents")
    assert capfd.readouterr() == ("", "")
    assert [
        record for record in caplog.records if record.name.startswith("pagerduty_mattermost")
    ] == []
    assert "pdpyras" not in caplog.text


def test_the_driver_keeps_no_statistics_of_urls(setup: Setup) -> None:
    for number in range(20):
        setup.pagerduty.get("/incidents/P1", {"since": number})
    assert setup.pagerduty._session.api_call_counts == {}
