"""What needs no token: is the server there, and how is it set up."""

from __future__ import annotations

from ..server import Answer
from .call import ROUTES, Call
from .errors import ApiError, bad_url

VERSION = "5.37.0"
OPEN_TO_ALL = {("GET", "/system/ping"), ("GET", "/config/client")}
"""Answered without a token, and while the database is down."""


@ROUTES.add("GET", "/system/ping")
def ping(call: Call) -> Answer:
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
        return Answer(200, body)
    down = call.server.database_down
    state = "UNHEALTHY" if down else "OK"
    return Answer(500 if down else 200, dict(body, status=state, database_status=state, filestore_status="OK"))


@ROUTES.add("GET", "/config/client")
def config(call: Call) -> Answer:
    wanted = call.request.param("format")
    if not wanted:
        raise ApiError("api.config.client.old_format.app_error")
    if wanted != "old":
        raise bad_url("format")
    server = call.server
    body = {
        "Version": VERSION,
        "BuildNumber": VERSION,
        "BuildEnterpriseReady": "false",
        "SiteName": "Mattermost",
        "SiteURL": "",
    }
    if call.user.id:
        body.update(
            MaxPostSize=str(server.message_limit),
            MaxFileSize=str(server.file_limit),
            ExperimentalViewArchivedChannels="true",
            ShowEmailAddress="true" if server.show_email else "false",
            EnableUserAccessTokens="true",
            PostEditTimeLimit="-1",
        )
    return Answer(200, body)
