"""The secrets of PagerDuty's webhook at the incident sensor: new ones count without a restart,
old ones no more, wrong ones are told."""

from __future__ import annotations

from typing import Any, List

from webhook_world import OTHER, SECRET, WebhookWorld

from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.gateways.http.accepted_secrets import REFRESH_SECONDS, RELOAD_SECONDS
from pagerduty_mattermost.gateways.stackstorm import kept_secrets
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


class SecretTestCase(WebhookWorld):
    secrets: List[str] = []

    def keep(self, id: str, secret: str) -> None:
        new = kept_secrets.KeptSecret(id, Secret(secret))
        kept_secrets.add(Store(self.sensor_service), kept_secrets.WEBHOOK_SECRETS, new, 3)

    def test_what_setup_keeps_counts_without_a_restart_and_old_ones_stay(self) -> None:
        assert self.call() == 202
        assert self.sensor._endpoint._calls["unfit"] == 1
        self.clock.advance(REFRESH_SECONDS)
        for number, secret in enumerate((SECRET, OTHER)):
            self.keep(f"P{number}", secret)
            self.clock.advance(REFRESH_SECONDS)
            assert self.call(secret) == 202
        assert self.call(SECRET) == 202
        assert self.sensor._endpoint._calls == {"genuine": 3, "unfit": 1, "unsigned": 0}

    def test_a_secret_that_was_taken_away_counts_no_more(self) -> None:
        self.keep("P1", SECRET)
        assert self.call() == 202
        kept_secrets.forget(Store(self.sensor_service), kept_secrets.WEBHOOK_SECRETS)
        self.poll(RELOAD_SECONDS)
        self.call()
        assert self.sensor._endpoint._calls == {"genuine": 1, "unfit": 1, "unsigned": 0}

    def test_while_the_datastore_is_down_pagerduty_is_asked_to_come_again(self) -> None:
        self.keep("P1", SECRET)
        original = self.sensor_service.list_values
        self.sensor_service.list_values = lambda **_: 1 / 0
        self.sensor = self.restart()
        assert self.call() == 503
        assert self.call(headers={}) == 401
        self.sensor_service.list_values = original
        self.clock.advance(REFRESH_SECONDS)
        assert self.call() == 202
        assert self.sensor._endpoint._calls == {"genuine": 1, "unfit": 0, "unsigned": 1}

    def test_a_stored_secret_that_does_not_read_is_told_until_it_is_made_anew(self) -> None:
        self.sensor_service.set_value("pagerduty.webhook.secret", "by hand", local=False)
        self.sensor = self.restart()
        assert self.call() == 503
        self.poll(10)
        assert (
            "'pagerduty.webhook.secret' does not read"
            in self.payloads("pagerduty.sensor_health")[0]["reason"]
        )
        self.keep("P1", SECRET)
        self.poll(10)
        assert self.call() == 202
        assert self.states() == ["failing", "recovered"]

    def restart(self) -> Any:
        self.sensor.cleanup()
        return self.start_sensor()

    def test_strangers_do_not_make_it_read_the_datastore_for_each_call(self) -> None:
        looks: List[Any] = []
        original = self.sensor_service.list_values
        self.sensor_service.list_values = lambda **more: looks.append(more) or original(**more)
        self.clock.advance(REFRESH_SECONDS)
        for _ in range(30):
            assert self.call() == 202
        assert len(looks) == 1

    def test_no_secret_is_logged_or_told(self) -> None:
        self.keep("P1", SECRET)
        self.call(OTHER)
        self.poll(times=4)
        said = str(self.sensor_service._logger.mock_calls) + str(self.get_dispatched_triggers())
        assert SECRET not in said
        assert OTHER not in said


class WrongSecretTestCase(WebhookWorld):
    secrets: List[str] = ["hunter2"]

    def test_a_secret_that_can_be_none_is_told_and_incidents_go_on(self) -> None:
        self.poll(10)
        incident = self.account.trigger("Checkout API", "Polled")
        self.poll(10)
        assert self.events(incident) == ["incident.triggered"]
        (health,) = self.payloads("pagerduty.sensor_health")
        assert "webhook.secrets must have at least 20 characters" in health["reason"]
        assert "hunter2" not in str(self.sensor_service._logger.mock_calls) + str(health)
