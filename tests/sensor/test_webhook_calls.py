"""Which calls are genuine, and when the log is read: at once, at most once a second, and once
more."""

# flake8: noqa: W503

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.incidents.event_types import (
    EVENT_TYPES,
    FIELD_EVENT_TYPES,
    WEBHOOK_ONLY_EVENTS,
)
from pagerduty_mattermost.incidents.log_entries import parse_entry
from pagerduty_mattermost.sensor.webhook import (
    ALL_EVENTS,
    ANSWER_STATUS,
    CLOCK_SLACK_SECONDS,
    GAP_AFTER_FAILURE_SECONDS,
    GAP_SECONDS,
    GENUINE,
    LATE_CALL_SECONDS,
    MAX_SIGNATURES,
    QUICK_GAP_SECONDS,
    READ_AGAIN_SECONDS,
    SIGNATURE_HEADER,
    SUBSCRIBED_EVENTS,
    TRUSTED_SECONDS,
    UNFIT,
    UNSIGNED,
    ReadPace,
    WebhookState,
    happened,
    judge,
)
from pagerduty_mattermost.sensor.webhook_deliveries import (
    MAX_AWAITED,
    REMEMBERED_SECONDS,
    Deliveries,
    Delivery,
    parsed,
)
from sandbox.pagerduty.rest_hooks import EVENTS as THEIR_EVENTS

OLD, NEW = "o" * 64, "n" * 64
PACE = ReadPace(10.0, 60.0)


def signed(secret: str, body: bytes) -> str:
    return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_any_of_several_signatures_that_fits_any_of_several_secrets_is_enough() -> None:
    body = '{"event": "é"}'.encode()
    for header in (
        signed(NEW, body),
        f"{signed('x', body)}, {signed(OLD, body)}",
        f"v2=00,{signed(NEW, body)},",
    ):
        assert judge((OLD, NEW), {SIGNATURE_HEADER: header}, body) == GENUINE


@pytest.mark.parametrize(
    "header",
    ["v1=", "v1=00", "nonsense", "v1=" + "0" * 64, "é", signed(NEW, b"other"), "v1=\ud800"],
)
def test_a_signature_that_fits_none_is_unfit_and_not_told_so_by_a_4xx(header: str) -> None:
    assert judge((OLD, NEW), {SIGNATURE_HEADER: header}, b"{}") == UNFIT
    assert ANSWER_STATUS[UNFIT] < 300


def test_what_bears_no_signature_is_a_strangers() -> None:
    for headers in ({}, {SIGNATURE_HEADER: ""}, {SIGNATURE_HEADER: " , "}):
        assert judge((NEW,), headers, b"{}") == UNSIGNED
    assert ANSWER_STATUS[UNSIGNED] == 401


def test_without_a_secret_no_call_counts_and_an_empty_one_is_none() -> None:
    assert judge((), {SIGNATURE_HEADER: signed(NEW, b"")}, b"") == UNFIT
    assert judge(("",), {SIGNATURE_HEADER: signed("", b"")}, b"") == UNFIT


def test_only_so_many_signatures_are_looked_at() -> None:
    header = ",".join(["v1=00"] * MAX_SIGNATURES + [signed(NEW, b"")])
    assert judge((NEW,), {SIGNATURE_HEADER: header}, b"") == UNFIT


@given(st.binary(max_size=60), st.text(min_size=1, max_size=40), st.text(max_size=60))
def test_a_call_counts_if_and_only_if_it_is_signed_over_its_raw_bytes(
    body: bytes, secret: str, forged: str
) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    assert judge((secret,), {SIGNATURE_HEADER: signed(secret, body)}, body) == GENUINE
    assert judge((secret,), {SIGNATURE_HEADER: signed(secret, body)}, body + b" ") == UNFIT
    assert judge((secret,), {SIGNATURE_HEADER: forged}, body) in (UNFIT, UNSIGNED)


def test_exactly_what_the_log_can_tell_is_subscribed_to() -> None:
    words = set(EVENT_TYPES.values()) | set(FIELD_EVENT_TYPES.values())
    assert set(SUBSCRIBED_EVENTS) == words & set(THEIR_EVENTS)
    assert set(ALL_EVENTS) - set(SUBSCRIBED_EVENTS) == set(WEBHOOK_ONLY_EVENTS)
    assert set(WEBHOOK_ONLY_EVENTS) <= set(THEIR_EVENTS)


def test_a_call_reads_at_once_and_once_more_and_then_the_webhook_is_trusted() -> None:
    webhook = WebhookState(PACE).reading(100).read(101, True)
    assert webhook.due(101) == 111
    webhook = webhook.called(105)
    assert webhook.due(105) <= 105
    webhook = webhook.reading(105).read(105.5, True)
    assert webhook.due(105.5) == 105 + READ_AGAIN_SECONDS
    webhook = webhook.reading(108).read(108, True)
    assert webhook.due(108) == 108 + PACE.with_calls


def delivery(event_type: str = "incident.acknowledged", **changes: Any) -> Delivery:
    event = {
        "id": "01E",
        "event_type": event_type,
        "resource_type": "incident",
        "occurred_at": "2027-01-15T08:00:00.400Z",
        "data": {"id": "P1"},
        **changes,
    }
    found = parsed(json.dumps({"event": event}).encode(), 105.0)
    assert found is not None
    return found


def entry(kind: str = "acknowledge", at: str = "2027-01-15T08:00:00Z", ident: str = "P1") -> Any:
    return parse_entry(
        {
            "id": "R1",
            "type": kind + "_log_entry",
            "created_at": at,
            "incident": {"id": ident, "status": "triggered"},
        }
    )


def test_what_the_log_lacks_is_looked_for_after_3_6_12_and_24_seconds_and_no_longer() -> None:
    webhook = WebhookState(PACE).reading(100).read(101, True).called(105, delivery())
    looks = []
    while len(looks) < 7:
        now = webhook.due(105)
        webhook = webhook.reading(now).read(now, True)
        looks.append(now - 105)
    assert looks[1:] == [3, 6, 12, 24, 84, 144]
    assert len(webhook.deliveries.awaited) == 1, "it is remembered until the log has it"


def test_each_of_several_calls_is_looked_for_by_its_own_times() -> None:
    other = delivery("incident.resolved", id="02")._replace(came=107)
    webhook = WebhookState(PACE).reading(100).read(101, True).called(105, delivery())
    webhook = webhook.reading(105).read(105, True).called(107, other)
    looks = []
    for _ in range(6):
        now = webhook.due(107)
        webhook = webhook.reading(now).read(now, True)
        looks.append(now - 105)
    assert looks == [1, 3, 5, 6, 8, 12]


def test_what_the_log_never_gets_is_looked_for_in_the_incident() -> None:
    webhook = WebhookState(PACE).reading(100).read(101, True).called(105, delivery())
    given_up = 105 + REMEMBERED_SECONDS
    webhook = webhook.reading(given_up - 1).read(given_up - 1, True)
    assert (webhook.lost, len(webhook.deliveries.awaited)) == (frozenset(), 1)
    failed = webhook.reading(given_up).read(given_up, False)
    assert failed.lost == frozenset()
    lost = failed.reading(given_up + 10).read(given_up + 11, True)
    assert (lost.lost, lost.deliveries.awaited) == ({"P1"}, ())
    seen = webhook.reading(given_up).saw([entry()]).read(given_up, True)
    assert (seen.lost, seen.deliveries.awaited) == (frozenset(), ())


@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_once_the_log_has_it_nothing_more_is_read_for_it(missing: int) -> None:
    webhook = WebhookState(PACE).reading(100).read(101, True).called(105, delivery())
    for _ in range(missing):
        webhook = webhook.reading(webhook.due(105)).read(webhook.due(105), True)
    now = webhook.due(105)
    webhook = webhook.reading(now).saw([entry("annotate"), entry()]).read(now, True)
    assert webhook.due(now) == now + PACE.with_calls


def test_what_the_log_had_before_the_call_needs_no_read() -> None:
    webhook = WebhookState(PACE).reading(100).saw([entry()]).read(100, True)
    webhook = webhook.called(105, delivery())
    assert webhook.due(105) == 160
    assert webhook.works(105)


def test_a_call_that_comes_twice_is_awaited_once() -> None:
    webhook = WebhookState(PACE).called(105, delivery()).called(106, delivery()._replace(came=106))
    assert len(webhook.deliveries.awaited) == 1
    many = Deliveries()
    for number in range(MAX_AWAITED + 9):
        many = many.came(delivery(id=str(number)))
    assert len(many.awaited) == MAX_AWAITED


@pytest.mark.parametrize(
    ("event_type", "kind", "has"),
    [
        ("incident.acknowledged", "annotate", False),
        ("incident.reopened", "assign", True),
        ("incident.reopened", "trigger", True),
        ("incident.reopened", "came_back", True),
        ("incident.reopened", "annotate", False),
    ],
)
def test_which_entry_is_what_a_call_told(event_type: str, kind: str, has: bool) -> None:
    one = delivery(event_type)
    assert Deliveries().read([entry(kind)]).has(one) is has
    assert not Deliveries().read([entry(kind, ident="P2")]).has(one)
    assert not Deliveries().read([entry(kind, "2027-01-15T08:00:05Z")]).has(one)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"event": 1}',
        b'{"event": {"id": 1, "data": {"id": 2}}}',
        b"[" * 9999,
    ],
)
def test_what_is_no_event_of_an_incident_is_a_mere_call(body: bytes) -> None:
    assert parsed(body, 0.0) is None


def test_a_call_that_comes_while_it_reads_is_read_after() -> None:
    webhook = WebhookState(PACE).reading(100).called(100.2).read(104, True)
    assert webhook.due(104) == 101


def test_a_failed_read_is_repeated_at_the_short_interval_and_does_not_hammer() -> None:
    webhook = WebhookState(PACE).called(90).reading(100).read(100, False)
    assert webhook.works(100)
    assert webhook.due(100) == 110
    assert webhook.called(101).due(101) == 100 + GAP_AFTER_FAILURE_SECONDS
    assert webhook.reading(110).read(110, True).due(110) == 170


def test_a_webhook_is_trusted_for_a_day() -> None:
    webhook = WebhookState(PACE).called(0)
    assert webhook.works(TRUSTED_SECONDS)
    assert not webhook.works(TRUSTED_SECONDS + 1)
    assert not WebhookState(PACE).works(0)


def test_a_change_that_no_call_tells_of_makes_it_poll_until_a_call_comes() -> None:
    webhook = WebhookState(PACE).called(0).reading(60).read(60, True)
    webhook = webhook.found(60, happened=40)
    assert webhook.works(60 + LATE_CALL_SECONDS)
    assert not webhook.works(60 + LATE_CALL_SECONDS + 1)
    assert webhook.interval(60 + LATE_CALL_SECONDS + 1) == PACE.polling
    assert webhook.found(80, happened=70).missed == 60
    assert webhook.called(200).works(200)


def test_a_call_before_the_finding_or_soon_after_explains_it() -> None:
    webhook = WebhookState(PACE).called(41)
    assert webhook.found(60, happened=40).missed is None
    assert webhook.found(60, happened=41 + CLOCK_SLACK_SECONDS).missed is None
    late = webhook.found(60, happened=50)
    assert late.missed == 60
    assert late.called(60 + LATE_CALL_SECONDS).works(60 + LATE_CALL_SECONDS)


def test_changes_from_before_the_listener_stood_count_against_nobody() -> None:
    assert WebhookState(PACE, since=50).found(60, happened=40).missed is None


def event(kind: str, at: str, id: str = "R1") -> Any:
    return {"event_id": id, "event_type": kind, "occurred_at": at}


def test_only_what_a_call_tells_of_by_design_is_missed() -> None:
    def newest(*events: Any) -> Any:
        return happened({"events": list(events)}, 1_700_000_060.0, 500.0)

    minute_ago = "2023-11-14T22:13:20Z"
    assert newest(event("incident.triggered", minute_ago)) == 440.0
    assert (
        newest(
            event("incident.triggered", minute_ago),
            event("incident.resolved", "2023-11-14T22:13:50Z"),
        )
        == 470.0
    )
    assert newest(event("incident.title_updated", minute_ago)) is None
    assert newest(event("incident.resolved", minute_ago, "snap-1")) is None
    assert newest(event("incident.resolved", "soon")) is None
    assert newest() is None
    assert newest(event("incident.resolved", "2023-11-14T22:20:00Z")) == 500.0


class World:
    """A sensor that reads when it is time to. `reads`: (beginning, whether it came through)."""

    def __init__(self, took: float, fails: List[Tuple[float, float]]) -> None:
        self.webhook, self.now, self.took, self.fails = WebhookState(PACE), 0.0, took, fails
        self.reads: List[Tuple[float, bool]] = []

    def live(self, until: float, calls: List[float]) -> None:
        waiting = sorted(calls)
        while self.now < until:
            nearest = self.webhook.due(self.now)
            if waiting and waiting[0] < nearest:
                self.now = max(self.now, waiting.pop(0))
                self.webhook = self.webhook.called(self.now)
                continue
            self.now = max(self.now, nearest)
            begun = self.now
            self.webhook = self.webhook.reading(begun)
            ok = not any(start <= begun < end for start, end in self.fails)
            while waiting and waiting[0] < begun + self.took:
                self.webhook = self.webhook.called(waiting.pop(0))
            self.now = begun + self.took
            self.webhook = self.webhook.read(self.now, ok)
            self.reads.append((begun, ok))


TIMES = st.lists(st.floats(0.0, 200.0), max_size=60)


@given(TIMES, st.floats(0.0, 3.0))
def test_every_call_is_read_at_once_and_once_more_and_reads_keep_their_distance(
    calls: List[float], took: float
) -> None:
    world = World(took, [])
    world.live(300.0, calls)
    begun = [at for at, _ in world.reads]
    assert all(later - before >= GAP_SECONDS - 1e-9 for before, later in zip(begun, begun[1:]))
    for call in calls:
        first = min(at for at in begun if at >= call)
        assert first - call <= max(GAP_SECONDS, took) + 1e-9
        assert any(call + READ_AGAIN_SECONDS - 1e-9 <= at for at in begun)
    if calls:
        last = max(calls)
        second = min(at for at in begun if at >= last + READ_AGAIN_SECONDS - 1e-9)
        assert second - last <= READ_AGAIN_SECONDS + max(GAP_SECONDS, took) + 1e-9
    quiet = [at for at in begun if not any(at - took - 61 <= call <= at for call in calls)]
    assert len(quiet) <= 300 / min(PACE.polling, PACE.with_calls) + 2


@given(TIMES, st.lists(st.tuples(st.floats(0, 200), st.floats(0, 60)), max_size=4))
def test_a_call_during_an_outage_is_read_within_the_short_interval_after_it(
    calls: List[float], outages: List[Tuple[float, float]]
) -> None:
    fails = [(start, start + length) for start, length in outages]
    world = World(0.1, fails)
    world.live(400.0, calls)
    for call in calls:
        end = max([call, *(stop for start, stop in fails)])
        assert any(ok and call <= at <= end + PACE.polling + 1 for at, ok in world.reads), (
            call,
            fails,
            world.reads,
        )
    begun = [at for at, _ in world.reads]
    assert all(later - before >= GAP_SECONDS - 1e-9 for before, later in zip(begun, begun[1:]))


@given(TIMES, st.floats(0.0, 3.0), st.booleans())
def test_who_may_read_often_does_so_while_the_limit_is_ample_and_half_the_time_at_most(
    calls: List[float], took: float, ample: bool
) -> None:
    pace = PACE.quick(ample, took)
    assert pace.gap == (min(max(QUICK_GAP_SECONDS, 2 * took), GAP_SECONDS) if ample else 1.0)
    world = World(took, [])
    world.webhook = world.webhook._replace(pace=pace)
    world.live(300.0, calls)
    begun = [at for at, _ in world.reads]
    assert all(later - before >= pace.gap - 1e-9 for before, later in zip(begun, begun[1:]))
    for call in calls:
        assert min(at for at in begun if at >= call) - call <= max(pace.gap, took) + 1e-9
    assert PACE.quick(True, 0.0).quick(False, 0.0).gap == GAP_SECONDS


@given(st.integers(1, 2000), st.floats(0.1, 20.0))
def test_a_burst_costs_at_most_a_read_a_second(count: int, seconds: float) -> None:
    world = World(0.05, [])
    world.live(60.0, [20.0 + seconds * number / count for number in range(count)])
    assert (
        len([at for at, _ in world.reads if 20.0 <= at <= 20.0 + seconds + READ_AGAIN_SECONDS + 2])
        <= seconds + 3
    )
