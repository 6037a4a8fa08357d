"""Files: upload first, then name their ids in a post."""

from __future__ import annotations

from typing import Any, List, Tuple

from ..server import HttpAnswer, Upload
from .call import ROUTES, MattermostCall
from .errors import ApiError, bad_body, forbidden
from .model import FileInfo


@ROUTES.add("POST", "/files")
def upload(call: MattermostCall) -> HttpAnswer:
    """A multipart form (`channel_id`, `files`), or one file as the body, named in the query."""
    state = call.server.state
    form = call.request.form
    fields = [v for v in form.get("channel_id", []) if isinstance(v, str)]
    channel_id = fields[0] if fields else call.request.param("channel_id")
    files = _uploads(call)
    channel = state.channels.get(channel_id)
    if channel is None or not state.may_write(call.user, channel):
        raise forbidden()
    if not files:
        raise bad_body("files")
    if any(len(content) > call.server.file_limit for _, _, content in files):
        raise ApiError("api.file.upload_file.too_large_detailed.app_error")
    client_ids = [v for v in form.get("client_ids", []) if isinstance(v, str)]
    infos = []
    for name, mime_type, content in files:
        info = FileInfo(
            state.new_id(), call.user.id, channel_id, name, mime_type, content, state.now()
        )
        state.files[info.id] = info
        state.fact("file_uploaded", info.id, channel_id=channel_id, name=name, size=len(content))
        infos.append(info)
    body = {"file_infos": [i.to_json() for i in infos], "client_ids": client_ids}
    return HttpAnswer(201, body, effect=infos[0].id)


def _uploads(call: MattermostCall) -> List[Tuple[str, str, bytes]]:
    found: List[Tuple[str, str, bytes]] = [
        (v.filename, v.content_type, v.content)
        for v in call.request.form.get("files", [])
        if isinstance(v, Upload)
    ]
    name = call.request.param("filename")
    if not found and name and call.request.body:
        kind = call.request.headers.get("Content-Type", "application/octet-stream")
        found.append((name, kind, call.request.body))
    return found


def _readable(call: MattermostCall) -> FileInfo:
    state = call.server.state
    info = state.files.get(call.id("file_id"))
    if info is None:
        raise ApiError("app.file_info.get.app_error")
    if info.user_id != call.user.id and not call.server.may_read_posts(
        call.user, state.channels[info.channel_id]
    ):
        raise forbidden()
    return info


@ROUTES.add("GET", "/files/{file_id}")
def download(call: MattermostCall) -> HttpAnswer:
    info = _readable(call)
    return HttpAnswer(
        200, info.content, {"Content-Type": info.mime_type, "X-Content-Type-Options": "nosniff"}
    )


@ROUTES.add("GET", "/files/{file_id}/info")
def read_info(call: MattermostCall) -> HttpAnswer:
    return HttpAnswer(200, _readable(call).to_json())


@ROUTES.add("GET", "/posts/{post_id}/files/info")
def of_post(call: MattermostCall) -> HttpAnswer:
    post: Any = call.post_of_channel()
    return HttpAnswer(200, [call.server.state.files[f].to_json() for f in post.file_ids])
