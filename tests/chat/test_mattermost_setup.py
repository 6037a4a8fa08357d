"""mattermost.setup and teardown against the sandbox's Mattermost, with the chat sensor
listening."""

from __future__ import annotations

from typing import Any, Dict, List
from unittest import mock

import pytest
import requests
from chat_sensor_case import ChatSensorCase
from mattermost_setup import MattermostSetup

from pagerduty_mattermost.chat import setup_trial
from pagerduty_mattermost.chat.setup_fields import checked, webhook_fields
from pagerduty_mattermost.core.errors import RejectedInput, RetryLater
from pagerduty_mattermost.gateways.mattermost.admin import CommandFailed
from sandbox.mattermost import ADMIN_TOKEN
from sandbox.mattermost.person import ChatPerson

LENT = "mattermost_admin_token"


class MattermostSetupTestCase(ChatSensorCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.slept: Any = lambda seconds: None
        self.config["mattermost"].update(default_channel="incidents", operations_channel="ops")
        self.config["chat"]["command_tokens"] = self.config["chat"]["webhook_tokens"] = []
        self.start()
        self.server = self.sandbox.mattermost.account
        self.server.grant("team_user", "manage_slash_commands", "manage_outgoing_webhooks")

    def run_setup(self, *, admin: bool = False, **params: Any) -> Any:
        """`admin`: with an administrator's token, lent as a person lends it."""
        if admin:
            self.sensor_service.set_value(LENT, ADMIN_TOKEN, local=False, encrypt=True)
            params["admin_token_key"] = LENT
        wrapper = mock.Mock()
        wrapper._pack, wrapper._class_name = "tests", "MattermostSetup"
        action = MattermostSetup(config=self.config, action_service=self.sensor_service)
        action.sleep = self.slept  # type: ignore[assignment]
        return action.run(**params)

    def done(self, **params: Any) -> Dict[str, List[str]]:
        """Texts by state."""
        succeeded, result = self.run_setup(**params)
        assert succeeded is True, result
        found: Dict[str, List[str]] = {}
        for step in result["steps"]:
            found.setdefault(step["state"], []).append(step["text"])
        return found

    def refused(self, **params: Any) -> str:
        succeeded, line = self.run_setup(**params)
        assert succeeded is False, line
        assert "\n" not in line
        assert "Unexpected" not in line, line
        return str(line)

    def commands(self) -> Dict[str, Any]:
        return {one.trigger: one for one in self.server.state.integrations.commands.values()}

    def test_everything_is_made_tried_and_then_left_alone(self) -> None:
        first = self.done(triggers=["pd", "incident"])
        assert [text.split(" leads")[0] for text in first["made"]] == [
            "/pd",
            "/incident",
            "replies that begin with note:",
        ]
        assert any("was tried: Mattermost reaches the chat sensor" in text for text in first["ok"])
        assert any("the bot posts in ~incidents" in text for text in first["ok"])
        made = self.commands()["pd"]
        assert (made.url, made.method, made.auto_complete) == (self.url + "/command", "P", True)
        assert "ack 1234" in made.auto_complete_hint
        assert (made.username, made.icon_url.rpartition("/api/v4/")[2]) == (
            "pagerduty",
            f"users/{self.sandbox.mattermost.account.user('pagerduty').id}/image",
        )
        again = self.done(triggers=["pd", "incident"])
        (line,) = [text for text in first["advice"] if "every member of the team" in text]
        assert "can read the slash command's token" in line
        assert "take manage_slash_commands from the roles system_user and team_user" in line
        assert "made" not in again
        assert "changed" not in again

    def test_the_command_works_at_once_without_its_token_in_the_configuration(self) -> None:
        self.done()
        one = self.account.trigger("Checkout API", "Slow")
        ada = ChatPerson(self.sandbox.mattermost, "ada")
        answer = ada.command("incidents", f"/pd ack {one.number}")
        assert (answer.status_code, answer.json()["text"]) == (200, "")
        assert self.handle()[0] is True
        assert one.status == "acknowledged"
        assert any("Acknowledged" in post.message for post in ada.seen())

    def test_another_address_changes_the_command_and_keeps_its_token(self) -> None:
        self.done()
        before = self.commands()["pd"]
        token = before.token
        self.config["chat"]["public_url"] = self.url.replace("127.0.0.1", "localhost")
        self.start()
        assert f"/pd leads to {self.url}/command: to another installation" in self.refused()
        assert self.commands()["pd"].url == f"{self.url}/command"
        changed = self.done(take_over=True)["changed"]
        assert any(text.startswith("/pd leads to http://localhost") for text in changed)
        after = self.commands()["pd"]
        assert (after.id, after.token) == (before.id, token)

    def test_where_only_administrators_read_the_token_it_says_so(self) -> None:
        self.server.deny("team_user", "manage_slash_commands", "manage_outgoing_webhooks")
        assert (
            "only who manages integrations reads the command's token"
            in self.done(admin=True)["ok"]
        )

    def test_without_the_right_it_says_who_can_give_it_and_an_admins_token_does(self) -> None:
        self.server.state.roles["team_user"].remove("manage_slash_commands")
        line = self.refused()
        assert "make the bot a team admin" in line
        assert "admin_token_key" in line
        assert f"URL {self.url}/command" in line
        found = self.done(admin=True)
        assert any(text.startswith("/pd leads") for text in found["made"])
        assert any("was tried: Mattermost reaches" in text for text in found["ok"])

    def test_a_guarded_address_is_told_with_the_exact_setting(self) -> None:
        self.server.allowed_untrusted_internal_connections = "10.1.2.3"
        line = self.refused()
        assert (
            '(ServiceSettings.AllowedUntrustedInternalConnections) is "127.0.0.1" (beside '
            "what stands there)"
        ) in line
        assert 'is "10.1.2.3 127.0.0.1"' in self.refused(admin=True)

    def test_a_sensor_that_does_not_listen_is_waited_for_and_told(self) -> None:
        self.sensor.cleanup()
        waited: List[float] = []
        self.slept = waited.append
        assert "is the chat sensor running" in self.refused()
        assert sum(waited) >= setup_trial.LISTENER_SECONDS

    def test_a_sensor_that_begins_to_listen_meanwhile_is_found(self) -> None:
        self.sensor.cleanup()
        self.slept = lambda seconds: self.start()
        found = self.done()
        assert any("was tried: Mattermost reaches" in text for text in found["ok"])

    def test_a_lent_token_is_gone_once_it_was_read(self) -> None:
        self.run_setup(admin=True)
        assert self.sensor_service.list_values(local=False, prefix=LENT) == []
        line = self.refused(admin_token_key=LENT)
        assert f"st2 key set --encrypt {LENT}" in line
        assert "a key of the pack itself" in self.refused(admin_token_key="pagerduty.chat.tokens")
        assert "no name of a datastore key" in self.refused(admin_token_key="a/b c")

    def test_a_lent_token_that_can_not_be_deleted_is_not_used(self) -> None:
        self.server.state.roles["team_user"].remove("manage_slash_commands")
        with mock.patch.object(self.sensor_service, "delete_value", return_value=False):
            assert "could not be deleted, so it was not used" in self.refused(admin=True)
        assert self.commands() == {}

    def test_somebody_elses_command_is_left_alone(self) -> None:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        team = self.sandbox.mattermost.world.team.id
        theirs = {
            "team_id": team,
            "trigger": "pd",
            "url": "http://elsewhere.example/",
            "method": "P",
        }
        url = f"{self.sandbox.mattermost.url}/api/v4/commands"
        assert requests.post(url, json=theirs, headers=headers, timeout=60).status_code == 201
        assert "is somebody else's command (http://elsewhere.example/)" in self.refused()
        assert "is somebody else's command" in self.refused(admin=True)
        assert "is somebody else's command" in self.refused(admin=True, take_over=True)
        assert self.commands()["pd"].url == "http://elsewhere.example/"

    def test_what_is_missing_in_the_configuration_is_named(self) -> None:
        self.config["chat"] = {}
        self.config["mattermost"]["operations_channel"] = "nowhere"
        line = self.refused()
        assert "chat.port, chat.public_url, chat.signing_keys must be set" in line
        assert "mattermost.operations_channel: " in line
        assert self.commands() == {}

    def test_a_bot_outside_of_the_team_is_told(self) -> None:
        self.server.add_team("other")
        self.config["mattermost"]["team"] = "other"
        assert "the bot is not in the team other" in self.refused()

    def test_a_server_without_outgoing_webhooks_does_without_notes(self) -> None:
        self.server.enable_outgoing_webhooks = False
        found = self.done()
        assert any("become no notes" in text for text in found["advice"])

    def test_a_datastore_that_can_not_encrypt_is_told_and_no_token_shown(self) -> None:
        with mock.patch.object(
            self.sensor_service, "set_value", side_effect=ValueError("crypto key not found")
        ):
            line = self.refused()
        assert "the tokens can't be kept" in line
        assert "st2-generate-symmetric-crypto-key" in line
        for command in self.commands().values():
            assert command.token not in line
        self.done()

    def test_teardown_takes_away_what_was_made_and_nothing_else(self) -> None:
        self.done(triggers=["pd", "pagerduty"])
        assert len(self.done(verb="teardown")["changed"]) == 3
        assert self.commands() == {}
        assert self.done(verb="teardown") == {"ok": ["there was nothing that setup had made"]}
        assert self.sensor_service.list_values(local=False, prefix="pagerduty.chat.tokens") == []

    def test_teardown_without_the_right_keeps_what_it_could_not_delete(self) -> None:
        self.done(admin=True)
        self.server.state.roles["team_user"].remove("manage_slash_commands")
        self.server.state.roles["team_user"].remove("manage_outgoing_webhooks")
        line = self.refused(verb="teardown")
        assert "slash command" in line
        assert "outgoing webhook" in line
        assert set(self.commands()) == {"pd"}
        self.done(verb="teardown", admin=True)
        assert self.commands() == {}

    def test_no_secret_stands_in_a_result(self) -> None:
        _, result = self.run_setup(admin=True)
        text = str(result)
        assert ADMIN_TOKEN not in text
        assert not any(command.token in text for command in self.commands().values())

    def test_a_server_that_fails_is_one_line(self) -> None:
        for path in ("/commands$", "/config/client", "/users/me", "/hooks/outgoing"):
            self.sandbox.mattermost.faults.clear()
            self.sandbox.mattermost.faults.add("status", status=500, path=path)
            succeeded, line = self.run_setup()
            assert succeeded is (path == "/hooks/outgoing"), path
            assert succeeded or "\n" not in line


def trusted(**settings: Any) -> str:
    told = {name: "true" if value else "false" for name, value in settings.items()}
    return " ".join(step.text for step in setup_trial.trust(told))


def test_how_far_an_address_can_be_trusted_follows_from_the_servers_settings() -> None:
    assert "can be trusted" in trusted(RequireEmailVerification=True, ShowEmailAddress=True)
    open_server = trusted(EnableUserCreation=True, EnableOpenServer=True, ShowEmailAddress=False)
    assert "the server hides e-mail addresses" in open_server
    assert "set chat.link_by_email to false" in open_server
    assert "as good as LDAP" in trusted(EnableLdap=True)
    assert "people must be invited" in trusted(EnableUserCreation=True)


def test_triggers_are_ours() -> None:
    assert checked(["/PD", "incident", "pd"]) == ["pd", "incident"]
    assert checked([]) == ["pd"]
    with pytest.raises(RejectedInput, match="none of pd, incident, pagerduty"):
        checked(["jira"])


def test_a_public_address_is_not_blamed_on_the_guard() -> None:
    told = setup_trial.why_not(RetryLater("it failed"), "https://8.8.8.8/pagerduty", None)
    assert "AllowedUntrusted" not in told
    assert "does https://8.8.8.8/pagerduty lead to it" in told
    refused = setup_trial.why_not(
        CommandFailed("it failed", answered=401), "http://10.0.0.1", None
    )
    assert "does not take the token" in refused
    assert "chat.bind" in setup_trial.why_not(
        CommandFailed("it failed", answered=404), "http://10.0.0.1", None
    )


def test_the_webhook_hears_what_a_telephone_makes_of_the_word() -> None:
    """tests/fixtures/cases/F13_note_capital.yaml: Mattermost compares trigger words with case."""
    assert webhook_fields("note:", "https://x.example", "t" * 26)["trigger_words"] == [
        "note:",
        "Note:",
        "NOTE:",
    ]
