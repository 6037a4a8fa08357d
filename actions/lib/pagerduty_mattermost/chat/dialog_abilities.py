"""What the dialogs of a Mattermost server can do, as it says itself. Pure.

    abilities_of({"Version": "11.6.0", …}, "https://st2.example.com/pagerduty")
    # -> DialogAbilities(pickers=True, lookups=True)

Since 11.6, where each of it was tried: several choices in one list, pickers of dates and times in
the reader's zone, a dialog as the answer to another one, and lists that are asked for as people
type. An administrator may have switched all of that off
(`FeatureFlagInteractiveDialogAppsForm`). Mattermost's app asks for such a list only at an https
address, or at its own machine.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Tuple
from urllib.parse import urlsplit

FIRST_VERSION = (11, 6)
SWITCH = "FeatureFlagInteractiveDialogAppsForm"
"""Newer servers without it have no older dialogs left."""
_HERE = ("localhost", "127.0.0.1")


class DialogAbilities(NamedTuple):
    """What dialogs of this server can do."""

    pickers: bool = False
    """Several choices in one list, dates and times, one dialog after another."""
    lookups: bool = False
    """Lists that are asked for as people type."""


PLAIN = DialogAbilities()


def abilities_of(client_config: Mapping[str, Any], public_url: str) -> DialogAbilities:
    """`client_config`: what the server tells its clients (`GET /config/client`); `public_url`:
    where it calls the pack."""
    is_new = _version(str(client_config.get("Version") or "")) >= FIRST_VERSION
    if not is_new or str(client_config.get(SWITCH) or "true").lower() == "false":
        return PLAIN
    parts = urlsplit(public_url)
    asked = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    return DialogAbilities(pickers=True, lookups=asked)


def _version(text: str) -> Tuple[int, ...]:
    """(11, 6) of "11.6.0"; empty for what is no version."""
    numbers = text.split(".")[:2]
    return tuple(map(int, numbers)) if all(n.isdecimal() and n.isascii() for n in numbers) else ()
