"""Values that do not read, kept as they stood before anything is written in their place.

    keep_aside(store, "sensor.head", raw, "no JSON")   # -> "aside.sensor.head.1f3a90bc"

One key for each name and content, so that a second broken value never overwrites the first; for 90
days.
"""

from __future__ import annotations

import hashlib

from pagerduty_mattermost.gateways.stackstorm.datastore import Store

PREFIX = "aside."
KEPT = 90 * 86400.0
MOST = 1_000_000
"""Characters of a value that are kept."""


def keep_aside(store: Store, name: str, raw: str, why: str) -> str:
    """The relative name it stands under now. Raises StoreUnreachable: then nothing may be written
    over it."""
    digest = hashlib.sha256(raw.encode("utf-8", "replace")).hexdigest()[:8]
    kept = f"{PREFIX}{name[:150]}.{digest}"
    store.remember(kept, {"raw": raw[:MOST], "why": why}, KEPT)
    return kept
