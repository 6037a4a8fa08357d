"""Custom user groups of Mattermost (API: /groups): found by name, their members, added and
removed.

They need a licence of a paid edition, Professional or above, and a server from 6.3 on; without one
`GroupsUnavailable` says so. Statuses as in the server's source: no licence 501, one that is too
small or groups switched off 400.
"""

# flake8: noqa: W503

from __future__ import annotations

from contextlib import suppress
from typing import Any, List, Sequence, Set

from pagerduty_mattermost.core.errors import NotFound, PackError, PermanentError, RetryLater
from pagerduty_mattermost.gateways.mattermost.client import POSTS_PER_PAGE, Mattermost
from pagerduty_mattermost.gateways.mattermost.values import checked_id, checked_name, is_id

MAX_PAGES = 25
LICENSE_ERRORS = (
    "api.license_error",
    "api.custom_groups.license_error",
    "api.ldap_groups.license_error",
)
SWITCHED_OFF = "api.custom_groups.feature_disabled"


class GroupsUnavailable(PermanentError):
    """This server has no custom user groups."""


def find(mattermost: Mattermost, name: str) -> str:
    """The id of the custom group that is mentioned by that name. Raises NotFound and
    GroupsUnavailable."""
    wanted = checked_name(name.strip().lstrip("@"), "user")
    for page in range(MAX_PAGES):
        params = {"q": wanted, "group_source": "custom", "page": page, "per_page": POSTS_PER_PAGE}
        rows = _api(mattermost, "GET", "/groups", params=params)
        if not isinstance(rows, list):
            raise RetryLater(
                "Mattermost's answer is not what its API promises (no list of groups)"
            )
        for row in rows:
            fits = (
                isinstance(row, dict)
                and row.get("name") == wanted
                and row.get("source") == "custom"
            )
            if fits and not row.get("delete_at") and is_id(str(row.get("id"))):
                return str(row["id"])
        if len(rows) < POSTS_PER_PAGE:
            break
    raise NotFound(
        f"There is no custom user group '{wanted}' in Mattermost: somebody has to make it "
        "(product menu > User groups)"
    )


def members(mattermost: Mattermost, group_id: str) -> Set[str]:
    """Ids of its users."""
    path = f"/groups/{checked_id(group_id, 'group id')}/members"
    found: Set[str] = set()
    for page in range(MAX_PAGES):
        answer = _api(mattermost, "GET", path, params={"page": page, "per_page": POSTS_PER_PAGE})
        rows = answer.get("members") if isinstance(answer, dict) else None
        if not isinstance(rows, list) and not (
            isinstance(answer, dict) and rows is None and "members" in answer
        ):
            raise RetryLater(
                "Mattermost's answer is not what its API promises (no list of a group's members)"
            )
        found.update(
            str(row["id"]) for row in rows or () if isinstance(row, dict) and row.get("id")
        )
        if len(rows or ()) < POSTS_PER_PAGE:
            return found
    raise PermanentError(f"The user group {group_id} has too many members to read")


def add(mattermost: Mattermost, group_id: str, user_ids: Sequence[str]) -> None:
    """Put users into a group; nothing happens where they are members already."""
    _change(mattermost, "POST", group_id, user_ids)


def remove(mattermost: Mattermost, group_id: str, user_ids: Sequence[str]) -> None:
    """Take users out of a group; nothing happens where they are no members (404)."""
    with suppress(NotFound):
        _change(mattermost, "DELETE", group_id, user_ids)


def _change(mattermost: Mattermost, method: str, group_id: str, user_ids: Sequence[str]) -> None:
    ids: List[str] = [checked_id(one, "user id") for one in user_ids]
    _api(
        mattermost,
        method,
        f"/groups/{checked_id(group_id, 'group id')}/members",
        {"user_ids": ids},
    )


def _api(mattermost: Mattermost, method: str, path: str, body: Any = None, **more: Any) -> Any:
    try:
        return mattermost.api(method, path, body, **more)
    except PackError as error:
        if error.error_id == SWITCHED_OFF:
            why = (
                "custom user groups are switched off (System Console > Environment > "
                "EnableCustomGroups)"
            )
        elif error.error_id in LICENSE_ERRORS or error.status == 501:
            why = (
                "this Mattermost has no licence for custom user groups (a paid edition, "
                "Professional or above)"
            )
        else:
            raise
        raise GroupsUnavailable(
            f"User groups can't be kept in step: {why}. Take oncall.groups out of the "
            "configuration, or use "
            "oncall.members",
            status=error.status,
            error_id=error.error_id,
        ) from None
