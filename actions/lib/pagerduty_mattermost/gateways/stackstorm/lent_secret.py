"""A secret that somebody lends for one run, in a datastore key of theirs that is gone once it was
read: StackStorm keeps an execution's parameters in its database as they were typed, secret ones
too.

    token = take(action_service, "mattermost_admin_token", "admin_token_key")
"""

from __future__ import annotations

import re
from typing import Any

from pagerduty_mattermost.core.errors import StoreUnreachable, WrongParameter

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}\Z")


def take(service: Any, name: str, parameter: str) -> str:
    """The value of the system-scoped key `name`, which is deleted. `parameter`: what named it.
    Raises WrongParameter for a name that is none or a key that is not there, StoreUnreachable
    where it could not be deleted: then it is not used."""
    if not _NAME.match(name):
        raise WrongParameter(parameter, f"{name[:60]!r} is no name of a datastore key")
    if name.startswith("pagerduty."):
        raise WrongParameter(parameter, f"{name[:60]} is a key of the pack itself")
    value = service.get_value(name, local=False, decrypt=True)
    if not value or not str(value).strip():
        raise WrongParameter(
            parameter,
            f"the datastore has no key {name} that this user may read: "
            f"`st2 key set --encrypt {name} <the token>`; it is deleted once it was used",
        )
    if not service.delete_value(name, local=False):
        raise StoreUnreachable(
            f"{parameter}: the key {name} could not be deleted, so it was not used: "
            f"`st2 key delete {name}`"
        )
    return str(value).strip()
