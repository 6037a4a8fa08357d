"""The sandbox's PagerDuty delivers webhooks as the real one does, judged by a bare HTTP
server."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from sandbox_api import Api
from webhook_hook import BOTH, Hook, subscribe

from sandbox.waiting import until


def facts(api: Api, kind: str) -> int:
    return len(api.server.journal.facts_of("webhooks", kind))


def test_events_are_signed_over_the_raw_body_and_come_in_order(api: Api, hook: Hook) -> None:
    secret = subscribe(api, hook.url)["delivery_method"]["secret"]
    incident = api.account.trigger("Database", "Schöne Störung")
    api.account.annotate(incident, "not subscribed")
    api.account.resolve(incident)
    until(lambda: facts(api, "delivered") == 2)
    assert [one["event_type"] for one in hook.events] == list(BOTH)
    assert hook.events[0]["data"]["number"] == incident.number
    for headers, body in hook.calls:
        wanted = "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-PagerDuty-Signature"] == wanted
        assert headers["User-Agent"] == "PagerDuty-Webhook/V3.0"


def test_a_filter_keeps_others_out_and_a_ping_passes(api: Api, hook: Hook) -> None:
    made = subscribe(api, hook.url, type="service_reference", id=api.id("services", "Database"))
    api.account.trigger("Checkout API", "of another service")
    api.account.trigger("Database", "of this one")
    assert api.send("POST", f"/webhook_subscriptions/{made['id']}/ping").status_code == 202
    until(lambda: facts(api, "delivered") == 2)
    assert [one["event_type"] for one in hook.events] == ["incident.triggered", "pagey.ping"]


def test_trouble_is_repeated_under_the_same_id_for_two_days(api: Api, hook: Hook) -> None:
    subscribe(api, hook.url)
    hook.statuses = [503, 429, 202]
    incident = api.account.trigger("Database", "x")
    until(lambda: facts(api, "delivered") == 1)
    assert len({headers["X-Webhook-Id"] for headers, _ in hook.calls}) == 1
    assert facts(api, "retried") == 2
    hook.statuses = [500]
    api.account.resolve(incident)
    until(lambda: facts(api, "retried") > 3)
    api.server.clock.advance(48 * 3600)
    until(lambda: facts(api, "dropped") == 1)


def test_three_refusals_in_a_row_disable_it_for_a_day_and_lose_the_queue(
    api: Api, hook: Hook
) -> None:
    path = "/webhook_subscriptions/" + subscribe(api, hook.url)["id"]

    def disabled() -> Any:
        return api.get(path)["webhook_subscription"]["delivery_method"]["temporarily_disabled"]

    hook.statuses = [400, 401, 202, 404]
    with api.account.lock:
        for number in range(8):
            api.account.trigger("Database", str(number))
    until(disabled)
    until(lambda: facts(api, "lost") == 2)
    assert (facts(api, "dropped"), facts(api, "delivered"), facts(api, "disabled")) == (5, 1, 1)
    hook.statuses = [202]
    api.account.trigger("Database", "while disabled")
    assert api.send("POST", path + "/enable").status_code == 200
    api.account.trigger("Database", "enabled")
    until(lambda: facts(api, "delivered") == 2)
    hook.statuses = [404, 404, 404, 202]
    for number in range(3):
        api.account.trigger("Database", str(number))
    until(disabled)
    api.server.clock.advance(24 * 3600)
    api.account.trigger("Database", "a day later")
    until(lambda: facts(api, "delivered") == 3)
    assert "while disabled" not in str(hook.events)


def test_what_is_not_carried_while_the_server_is_down_is_carried_after(
    api: Api, hook: Hook
) -> None:
    subscribe(api, hook.url)
    api.server.stop()
    api.account.trigger("Database", "x")
    assert hook.calls == []
    api.server.start()
    until(lambda: facts(api, "delivered") == 1)


def test_only_this_machine_is_called(api: Api) -> None:
    subscribe(api, "https://example.com/hook")
    api.account.trigger("Database", "x")
    assert api.server.courier._rounds == {}
