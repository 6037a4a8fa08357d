"""What setting up needs of Mattermost and nothing else does: slash commands, outgoing webhooks,
the server's settings.

    admin = Admin(Mattermost(settings))        # the bot's token, or an administrator's
    admin.commands(team_id); admin.save_command({...})
    admin.execute(channel_id, team_id, "/pd ping")

Raises as the gateway. Who may not manage commands sees no list of them but an empty one or 403.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional

from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.http.client import RetryPolicy
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.values import checked_id, checked_name

ONCE = RetryPolicy(attempts=1)
COMMAND_UNANSWERED = "api.command.execute_command.failed.app_error"
COMMAND_ANSWERED_BADLY = "api.command.execute_command.failed_resp.app_error"
_COMMAND_STATUS = re.compile(r" returned response (\d{3})\b")
"""Mattermost tells the status in its message alone."""


class CommandFailed(PackError):
    """The address of a slash command did not answer as Mattermost wants. `answered`: the HTTP
    status with which it did; None when it did not at all."""

    def __init__(
        self,
        message: str,
        *,
        answered: Optional[int] = None,
        status: Optional[int] = None,
        error_id: str = "",
    ) -> None:
        super().__init__(message, status=status, error_id=error_id)
        self.answered = answered


class Admin:
    """Mattermost's API for what `mattermost.setup` makes and asks."""

    def __init__(self, mattermost: Mattermost) -> None:
        self._mattermost = mattermost

    def team(self, name: str) -> Dict[str, Any]:
        return _object(self._mattermost.api("GET", f"/teams/name/{checked_name(name, 'team')}"))

    def commands(self, team_id: str) -> List[Dict[str, Any]]:
        """Those that were made by people or programs, as far as this account may see them, with
        their tokens."""
        return _rows(
            self._mattermost.api(
                "GET", "/commands", params={"team_id": team_id, "custom_only": "true"}
            )
        )

    def save_command(self, command: Mapping[str, Any]) -> Dict[str, Any]:
        """Create it, or replace the one of its `id`."""
        if command.get("id"):
            path = f"/commands/{checked_id(str(command['id']), 'command id')}"
            return _object(self._mattermost.api("PUT", path, command))
        return _object(self._mattermost.api("POST", "/commands", command))

    def delete_command(self, id: str) -> None:
        self._mattermost.api("DELETE", f"/commands/{checked_id(id, 'command id')}")

    def webhooks(self, team_id: str) -> List[Dict[str, Any]]:
        """Outgoing ones of the team; 200 of them are enough to find the pack's."""
        return _rows(
            self._mattermost.api(
                "GET", "/hooks/outgoing", params={"team_id": team_id, "per_page": 200}
            )
        )

    def save_webhook(self, hook: Mapping[str, Any]) -> Dict[str, Any]:
        if hook.get("id"):
            path = f"/hooks/outgoing/{checked_id(str(hook['id']), 'webhook id')}"
            return _object(self._mattermost.api("PUT", path, hook))
        return _object(self._mattermost.api("POST", "/hooks/outgoing", hook))

    def delete_webhook(self, id: str) -> None:
        self._mattermost.api("DELETE", f"/hooks/outgoing/{checked_id(id, 'webhook id')}")

    def execute(self, channel_id: str, team_id: str, command: str) -> Dict[str, Any]:
        """What the command's address answered at once; tried once. Raises CommandFailed where that
        address did not answer as Mattermost wants."""
        body = {"channel_id": channel_id, "team_id": team_id, "command": command}
        try:
            return _object(self._mattermost.api("POST", "/commands/execute", body, policy=ONCE))
        except PackError as error:
            if error.error_id not in (COMMAND_UNANSWERED, COMMAND_ANSWERED_BADLY):
                raise
            told = _COMMAND_STATUS.search(str(error))
            raise CommandFailed(
                str(error),
                answered=int(told.group(1)) if told else None,
                status=error.status,
                error_id=error.error_id,
            ) from None

    def client_config(self) -> Dict[str, Any]:
        """What a client of this account is told of the server's settings: texts, "true" and
        "false"."""
        return _object(self._mattermost.api("GET", "/config/client", params={"format": "old"}))

    def allowed_connections(self) -> Optional[str]:
        """ServiceSettings.AllowedUntrustedInternalConnections; None for who may not read the
        settings."""
        try:
            section = _object(self._mattermost.api("GET", "/config")).get("ServiceSettings")
        except PackError:
            return None
        found = (
            section.get("AllowedUntrustedInternalConnections")
            if isinstance(section, dict)
            else None
        )
        return str(found) if found is not None else None


def _object(answer: Any) -> Dict[str, Any]:
    if not isinstance(answer, dict):
        raise RetryLater("Mattermost's answer is not what its API promises (no object)")
    return answer


def _rows(answer: Any) -> List[Dict[str, Any]]:
    if answer is None:
        return []  # as Go writes an empty list
    if not isinstance(answer, list):
        raise RetryLater("Mattermost's answer is not what its API promises (no list)")
    return [row for row in answer if isinstance(row, dict)]
