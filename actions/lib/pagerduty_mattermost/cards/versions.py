"""Pure: newest wins. Whether a change may paint a card, and whether the card on the server is
behind."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.cards.records import Known
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.incidents.incident import Change, Version


def may_paint(change: Change, newest: Known) -> bool:
    """An older change adds its replies and paints nothing; one asked for by hand has no entry to
    compare."""
    if not change.events:
        return change.incident.updated_at >= newest.version.updated_at
    return change.version >= newest.version


def is_outdated(root: Dict[str, Any], version: Version, fingerprint: str) -> bool:
    """Whether the card on the server is older than the version, or of that version and looks
    different (when the look is compared)."""
    props = root.get("props")
    ours = props.get(PROPS_KEY) if isinstance(props, dict) else None
    try:
        updated_at, entry_at, cycle = ours["version"]  # type: ignore[index]
        painted = Version(str(updated_at), str(entry_at), int(cycle))
    except (KeyError, TypeError, ValueError):
        return True
    differs = bool(fingerprint) and ours.get("print") != fingerprint  # type: ignore[union-attr]
    return painted < version or (painted == version and differs)
