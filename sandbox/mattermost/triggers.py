"""Trigger ids: with one, whoever was called about a click or a command may open a dialog for the
user, and soon.

As the server makes them: base 64 of `<id>:<user id>:<milliseconds>:<signature>`. Its clients know
the id alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Tuple

from .errors import ApiError
from .server import MattermostCore

_DECODE = "interactive_message.decode_trigger_id."


def new(server: MattermostCore, user_id: str) -> Tuple[str, str]:
    """What the client is told, and what is sent to the one who is called."""
    client_id = server.state.new_id()
    data = f"{client_id}:{user_id}:{server.state.now()}:"
    return client_id, base64.b64encode((data + _signature(server, data)).encode()).decode()


def user_of(server: MattermostCore, trigger_id: str) -> Tuple[str, str]:
    """The client's id and the user's. Raises ApiError (400)."""
    try:
        parts = base64.b64decode(trigger_id, validate=True).decode("utf-8", "replace").split(":")
    except (ValueError, binascii.Error):
        raise ApiError(_DECODE + "base64_decode_failed") from None
    if len(parts) != 4:
        raise ApiError(_DECODE + "missing_data")
    client_id, user_id, at, signature = parts
    made = int(at) if at.isdigit() else 0
    if server.state.now() - made > server.trigger_seconds * 1000:
        raise ApiError(_DECODE + "expired", f"{server.trigger_seconds:g}")
    if not hmac.compare_digest(
        _signature(server, f"{client_id}:{user_id}:{at}:").encode(), signature.encode()
    ):
        raise ApiError(_DECODE + "verify_signature_failed")
    return client_id, user_id


def _signature(server: MattermostCore, data: str) -> str:
    return base64.b64encode(
        hmac.new(server.state.secret, data.encode(), hashlib.sha256).digest()
    ).decode()
