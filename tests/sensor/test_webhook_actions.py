"""webhook.setup, webhook.status, webhook.teardown: any number of times, and the secret is in no
result."""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import Any, Dict, List

from actions_world import ActionsTestCase

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.kept_secrets import WEBHOOK_SECRETS, read
from pagerduty_mattermost.sensor.webhook import ALL_EVENTS, SUBSCRIBED_EVENTS

URL = "https://stackstorm.example.com/pagerduty-webhook"
PLAIN = r"^/webhook_subscriptions(\?|$)"
SUBSCRIBED = r"^/webhook_subscriptions(/\w+)?$"


class WebhookTestCase(ActionsTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.settings["webhook"] = {"port": 8091, "public_url": URL + "/"}
        self.service: Any = None

    def get_action_instance(self, config: Any = None) -> Any:
        """One datastore for all actions of a test."""
        action = super().get_action_instance(config=config)
        self.service = self.service or action.action_service
        action.action_service = self.service
        return action

    def run_action(self, name: str, /, **parameters: Any) -> Any:
        succeeded, result = super().run_action(name, **parameters)
        for row in self.rows() if name.startswith("webhook.") else ():
            assert row["delivery_method"]["secret"] not in json.dumps(result) + "".join(
                self.warnings
            )
        return succeeded, result

    def rows(self) -> List[Dict[str, Any]]:
        return list(self.account.catalog["webhook_subscriptions"].values())

    def kept(self) -> List[Any]:
        return [
            (one.id, one.secret.reveal()) for one in read(Store(self.service), WEBHOOK_SECRETS)
        ]

    def test_it_subscribes_once_however_often_it_runs(self) -> None:
        made = self.done("webhook.setup")
        (row,) = self.rows()
        assert (made["done"], made["subscription_id"]) == ("created", row["id"])
        assert row["delivery_method"]["url"] == URL
        assert row["filter"] == {"type": "account_reference"}
        assert row["events"] == [*ALL_EVENTS]
        assert self.kept() == [(row["id"], row["delivery_method"]["secret"])]
        assert self.done("webhook.setup")["done"] == "as it should be"
        assert self.rows() == [row]
        assert [one["subscription_id"] for one in self.account.pings] == [row["id"]] * 2

    def test_a_subscription_that_is_not_as_it_should_be_is_mended(self) -> None:
        self.done("webhook.setup")
        (row,) = self.rows()
        row.update(events=["incident.triggered"], active=False)
        assert "not subscribed to" in self.done("webhook.status")["message"]
        assert self.done("webhook.setup")["done"] == "changed"
        assert (row["events"], row["active"]) == ([*ALL_EVENTS], True)
        row["delivery_method"]["temporarily_disabled"] = True
        status = self.done("webhook.status")
        assert status["temporarily_disabled"] is True
        assert "PagerDuty disabled the subscription" in status["message"]
        assert self.done("webhook.setup")["done"] == "enabled again"
        assert row["delivery_method"]["temporarily_disabled"] is False

    def test_where_roles_and_tasks_are_refused_it_subscribes_to_the_others(self) -> None:
        for method in ("POST", "PUT"):
            self.server.faults.add("status", status=400, method=method, path=SUBSCRIBED, times=1)
        made = self.done("webhook.setup")
        (row,) = self.rows()
        assert row["events"] == made["events"] == [*SUBSCRIBED_EVENTS]
        assert "roles and tasks" in made["message"]
        again = self.done("webhook.setup")
        assert (again["done"], again["events"]) == ("as it should be", [*SUBSCRIBED_EVENTS])
        last = self.done("webhook.setup")  # they are refused no longer
        assert (last["done"], row["events"]) == ("changed", [*ALL_EVENTS])
        assert "roles and tasks" not in last["message"]

    def test_it_filters_by_what_is_watched_where_that_is_one_thing(self) -> None:
        for watch, wanted in (
            (
                {"services": ["Database"]},
                {"type": "service_reference", "id": self.id("services", "Database")},
            ),
            (
                {"teams": ["Payments"]},
                {"type": "team_reference", "id": self.id("teams", "Payments")},
            ),
            ({"services": ["Database"], "teams": ["Payments"]}, {"type": "account_reference"}),
            ({"services": ["Database", "Storefront"]}, {"type": "account_reference"}),
        ):
            self.settings["watch"] = watch
            self.done("webhook.setup")
            (row,) = self.rows()
            assert row["filter"] == wanted

    def test_one_whose_secret_is_not_known_and_a_second_one_are_replaced(self) -> None:
        for _ in range(2):
            self.done("webhook_subscription.create", url=URL, events=["incident.triggered"])
        other = self.done(
            "webhook_subscription.create",
            url="https://example.com/x",
            events=["incident.triggered"],
        )
        status = self.done("webhook.status")
        assert status["secret_known"] is False
        assert "2 subscriptions call this address" in status["message"]
        made = self.done("webhook.setup")
        assert made["done"] == "recreated"
        assert {row["id"] for row in self.rows()} == {other["id"], made["subscription_id"]}
        assert self.done("webhook.status")["secret_known"] is True

    def test_renewing_keeps_the_old_secret_for_calls_on_their_way_and_an_old_address_is_left(
        self,
    ) -> None:
        secrets = []
        for _ in range(5):
            self.done("webhook.setup", renew=True)
            (row,) = self.rows()
            secrets.insert(0, row["delivery_method"]["secret"])
        assert [secret for _, secret in self.kept()] == secrets[:3]
        self.settings["webhook"]["public_url"] = "https://other.example.com"
        self.done("webhook.setup")
        (row,) = self.rows()
        assert row["delivery_method"]["url"] == "https://other.example.com"

    def test_teardown_leaves_nothing_of_ours_also_when_nothing_is_configured_any_more(
        self,
    ) -> None:
        other = self.done(
            "webhook_subscription.create",
            url="https://example.com/x",
            events=["incident.triggered"],
        )
        self.done("webhook.setup")
        del self.settings["webhook"]
        gone = self.done("webhook.teardown")
        assert gone["secret_forgotten"] is True
        assert [row["id"] for row in self.rows()] == [other["id"]]
        assert self.kept() == []
        assert self.done("webhook.teardown") == {
            "message": "Subscriptions deleted: none.",
            "deleted": [],
            "secret_forgotten": False,
        }

    def test_a_secret_that_can_not_be_kept_leaves_nothing_subscribed(self) -> None:

        def refuse(*args: Any, **more: Any) -> Any:
            raise ValueError("400 Client Error: no crypto key")

        self.get_action_instance(self.settings)
        original, self.service.set_value = self.service.set_value, refuse
        line = self.refused("webhook.setup")
        assert "Nothing is subscribed" in line
        assert "no crypto key" in line
        assert self.rows() == []
        self.service.set_value = original
        assert self.done("webhook.setup")["done"] == "created"

    def test_a_datastore_that_is_down_changes_nothing(self) -> None:
        self.done("webhook.setup")
        before = self.rows()
        self.service.list_values = lambda **_: 1 / 0
        for name in ("webhook.setup", "webhook.status", "webhook.teardown"):
            assert "datastore" in self.refused(name)
        assert self.rows() == before

    def test_what_the_sensor_noted_is_told(self) -> None:
        self.done("webhook.setup")
        assert "said nothing of the webhook yet" in self.done("webhook.status")["message"]
        note = {
            "works": False,
            "address": "http://127.0.0.1:8091",
            "problem": "",
            "calls": {"unfit": 3},
        }
        store = Store(self.service)
        store.write("webhook.health", {**note, "last_call": "", "at": "2026-11-21T09:05:10Z"})
        status = self.done("webhook.status")
        assert "last one: never" in status["message"]
        assert status["calls"] == {"unfit": 3}
        store.write("webhook.health", {**note, "works": True, "last_call": "2026-11-21T09:05:10Z"})
        assert (
            self.done("webhook.status")["message"]
            == "The webhook works, last call 2026-11-21T09:05:10Z."
        )

    def test_what_an_older_version_of_the_pack_noted_is_told_until_the_sensor_notes_anew(
        self,
    ) -> None:
        self.done("webhook.setup")
        store = Store(self.service)
        old = {"works": True, "address": "", "problem": "", "calls": {"genuine": 1}}
        store.write("webhook.bell", {**old, "last_call": "2026-11-21T09:05:10Z", "at": ""})
        status = self.done("webhook.status")
        assert (status["works"], status["calls"]) == (True, {"genuine": 1})
        store.write("webhook.health", {**old, "works": False, "problem": "port taken"})
        assert "port taken" in self.done("webhook.status")["message"]
        self.done("webhook.teardown")
        assert store.read("webhook.bell") is None
        assert store.read("webhook.health") is None

    def test_what_is_not_configured_is_named(self) -> None:
        del self.settings["webhook"]
        for name in ("webhook.setup", "webhook.status"):
            assert "webhook.public_url and webhook.port must be set" in self.refused(name)

    def test_trouble_at_pagerduty_is_one_line(self) -> None:
        for method in ("GET", "POST"):
            for status, word in ((401, "api_key"), (500, "(500)"), (429, "too many requests")):
                self.server.faults.add("status", status=status, method=method, path=PLAIN)
                assert word in self.refused("webhook.setup")
                self.server.faults.clear()
        self.server.faults.add("lost", method="POST", path=PLAIN, times=1)
        assert "the connection broke" in self.refused("webhook.setup")
        assert self.done("webhook.setup")["done"] == "recreated"
        self.server.faults.add("status", status=503, method="POST", path="/ping$")
        assert "could not be tried with a ping" in self.done("webhook.setup")["message"]
        assert len(self.rows()) == 1
