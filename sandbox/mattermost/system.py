"""Is the server there, and how is it set up."""

from __future__ import annotations

from typing import Any, Dict

from ..server import HttpAnswer
from .call import ROUTES, MattermostCall

OPEN_TO_ALL = {
    ("GET", "/system/ping"),
    ("GET", "/config/client"),
    ("GET", "/license/client"),
    ("POST", "/actions/dialogs/open"),
}
"""Answered without a token, and while the database is down."""


@ROUTES.add("GET", "/system/ping")
def ping(call: MattermostCall) -> HttpAnswer:
    """OK even while the database is down, unless `get_server_status` asks to look."""
    body = {
        "ActiveSearchBackend": "database",
        "AndroidLatestVersion": "",
        "AndroidMinVersion": "",
        "IosLatestVersion": "",
        "IosMinVersion": "",
        "status": "OK",
    }
    if not call.flag("get_server_status"):
        return HttpAnswer(200, body)
    down = call.server.database_down
    state = "UNHEALTHY" if down else "OK"
    return HttpAnswer(
        500 if down else 200,
        dict(body, status=state, database_status=state, filestore_status="OK"),
    )


@ROUTES.add("GET", "/config/client")
def client_config(call: MattermostCall) -> HttpAnswer:
    call.old_format("api.config.client.old_format.app_error")
    server = call.server
    body = {
        "Version": server.version.full,
        "BuildNumber": server.version.full,
        "BuildEnterpriseReady": "false",
        "SiteName": "Mattermost",
        "SiteURL": "",
        "EnableBotAccountCreation": "true",
        "EnableUserCreation": _word(server.enable_user_creation),
        "EnableOpenServer": _word(server.enable_open_server),
        "EnableSignUpWithGitLab": _word(server.enable_gitlab),
        "EnableLdap": _word(server.enable_ldap),
        "EnableSaml": _word(server.enable_saml),
    }
    if server.version.is_new:
        body["FeatureFlagInteractiveDialogAppsForm"] = "true"
    if call.user.id:
        body.update(
            MaxPostSize=str(server.message_limit),
            MaxFileSize=str(server.file_limit),
            ExperimentalViewArchivedChannels="true",
            ShowEmailAddress=_word(server.show_email),
            RequireEmailVerification=_word(server.require_email_verification),
            EnableCommands=_word(server.enable_commands),
            EnableIncomingWebhooks="true",
            EnableOutgoingWebhooks=_word(server.enable_outgoing_webhooks),
            EnablePostUsernameOverride=_word(server.enable_post_username_override),
            EnablePostIconOverride="false",
            EnableUserAccessTokens="true",
            PostEditTimeLimit="-1",
        )
    return HttpAnswer(200, body)


def _word(switch: bool) -> str:
    return "true" if switch else "false"


@ROUTES.add("GET", "/config")
def config(call: MattermostCall) -> HttpAnswer:
    """For administrators: what of the configuration the sandbox has a switch for."""
    call.need_admin()
    server = call.server
    body: Dict[str, Dict[str, Any]] = {
        "ServiceSettings": {
            "SiteURL": "",
            "AllowedUntrustedInternalConnections": server.allowed_untrusted_internal_connections,
            "EnableCommands": server.enable_commands,
            "EnableIncomingWebhooks": True,
            "EnableOutgoingWebhooks": server.enable_outgoing_webhooks,
            "EnablePostUsernameOverride": server.enable_post_username_override,
            "EnablePostIconOverride": False,
            "EnableUserAccessTokens": True,
            "EnableBotAccountCreation": True,
            "PostEditTimeLimit": -1,
        },
        "TeamSettings": {
            "SiteName": "Mattermost",
            "EnableUserCreation": server.enable_user_creation,
            "EnableOpenServer": server.enable_open_server,
            "ExperimentalViewArchivedChannels": True,
            "MaxChannelsPerTeam": server.max_channels_per_team,
        },
        "EmailSettings": {"RequireEmailVerification": server.require_email_verification},
        "PrivacySettings": {"ShowEmailAddress": server.show_email, "ShowFullName": True},
        "FileSettings": {"MaxFileSize": server.file_limit},
        "GitLabSettings": {"Enable": server.enable_gitlab},
        "SamlSettings": {"Enable": server.enable_saml},
        "LdapSettings": {"Enable": server.enable_ldap},
    }
    return HttpAnswer(200, body)
