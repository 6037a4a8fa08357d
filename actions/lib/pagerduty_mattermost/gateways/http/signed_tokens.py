"""What the pack hands to Mattermost and gets back, signed: the context of a button, the state of a
dialog.

    token = sign(key, "button", {"verb": "acknowledge", "incident": "PT4KHLK"}, expires=1795232710)
    verify((key, old_key), "button", token, now)   # the same dict, or Unauthorized

Mattermost signs no click, but clients never see a button's context, so an HMAC in it proves that
the call comes from a card that the pack posted. A token holds when it expires, a purpose keeps one
kind from being used as another, and several keys are taken while they are changed. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any, Dict, Mapping, Sequence

from pagerduty_mattermost.core.errors import Unauthorized

MAX_TOKEN_CHARACTERS = 64 * 1024
"""A command of 4,000 letters, each of them escaped twice; the call that brings it may be twice as
long."""
MONTH_SECONDS = 30 * 86400


class SignatureExpired(Unauthorized):
    """Signed by us, and too old. `body`: what was signed."""

    def __init__(self, body: Dict[str, Any]) -> None:
        super().__init__("the signature has expired")
        self.body = body


def sign(key: str, purpose: str, body: Mapping[str, Any], expires: int) -> str:
    """A token of `body`; `expires`: seconds since the epoch."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode("utf-8")
    signed = f"{int(expires)}.{base64.urlsafe_b64encode(text).decode('ascii').rstrip('=')}"
    return f"{signed}.{_mac(key, purpose, signed)}"


def verify(keys: Sequence[str], purpose: str, token: Any, now: float) -> Dict[str, Any]:
    """What was signed. Raises Unauthorized with the reason, and nothing of the token in it;
    SignatureExpired for what was signed so, and whose time is over."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARACTERS or token.count(".") != 2:
        raise Unauthorized("no signature of this pack")
    signed, _, mac = token.rpartition(".")
    fits = [
        hmac.compare_digest(_mac(key, purpose, signed).encode(), mac.encode("utf-8", "replace"))
        for key in keys
    ]
    if not any(fits):
        raise Unauthorized("the signature is wrong")
    expires, _, part = signed.partition(".")
    try:
        body = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Unauthorized("the signature holds nothing")
    if not expires.isdigit() or int(expires) < now:
        raise SignatureExpired(body)
    return body


def button_expiry(now: float) -> int:
    """Three to four months ahead, the same for all that is painted in a month: a card repainted is
    the same card."""
    return (int(now) // MONTH_SECONDS + 4) * MONTH_SECONDS


def _mac(key: str, purpose: str, signed: str) -> str:
    return hmac.new(
        key.encode("utf-8"), f"{purpose}.{signed}".encode("utf-8", "replace"), hashlib.sha256
    ).hexdigest()
