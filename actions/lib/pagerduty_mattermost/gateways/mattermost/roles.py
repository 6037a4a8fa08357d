"""What Mattermost's roles permit.

permissions(mattermost, ["system_user", "team_user"])    # {"team_user": {"view_team", …}, …}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Set

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost


def permissions(mattermost: Mattermost, roles: Iterable[str]) -> Dict[str, Set[str]]:
    """By role, those that the server knows. Anybody may ask. Raises as the gateway."""
    rows: Any = mattermost.api("POST", "/roles/names", list(roles))
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {
        str(row.get("name")): {str(one) for one in row.get("permissions") or ()} for row in found
    }
