"""What is remembered of an inquiry that was asked in Mattermost: `pagerduty.inquiry.<id>`.

Its answer is written before StackStorm is given it, and done once its workflow goes on: whoever
finds one that is begun and that nobody looks after goes on with it. StackStorm takes one answer
alone.
"""

from __future__ import annotations

import json
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.gateways.stackstorm.broken_values import read_records
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

KEY_PREFIX = "inquiry."
KEPT_SECONDS = 30 * 86400.0
DONE_SECONDS = 86400.0
"""How long it is remembered who answered: from a page that was not loaded anew clicks come
late."""
OPEN, GIVEN, TAKEN, LATE, DONE = "open", "given", "taken", "late", "done"
"""Taken: by StackStorm, while it is not seen yet that its workflow went on. Late: its time is
over, and StackStorm waits for it still."""


class Vote(NamedTuple):
    """What one person answered."""

    name: str
    answer: Mapping[str, Any]


class KeptInquiry(NamedTuple):
    """One that was posted."""

    id: str
    channel_id: str
    post_id: str
    at: float
    """When StackStorm began to wait, seconds since the epoch."""
    until: float = 0.0
    """Until when it may be answered here; 0: for ever."""
    needs: int = 1
    title: str = ""
    """The head of its post, as Markdown."""
    schema_json: str = "{}"
    """As text, which keeps the order of what is asked."""
    some: bool = False
    """Whether StackStorm lets some alone answer it."""
    state: str = OPEN
    votes: Mapping[str, Vote] = {}
    """By Mattermost user id."""
    answer: Mapping[str, Any] = {}
    """What is given to StackStorm."""
    by: str = ""
    """Username of who gave it, or of all who did."""
    person: str = ""
    """As whom StackStorm is given it: their nickname there; empty: the one account."""
    own: bool = False
    """An action of this pack waits for it, no inquiry of StackStorm's."""
    who: Tuple[str, ...] = ()
    """Of one's own: entries of rights that say who may answer; empty: whoever sees it."""
    parent: str = ""
    """Id of the workflow that waits for it; empty: none does."""
    taken: float = 0.0
    """When StackStorm took the answer."""

    @property
    def schema(self) -> Mapping[str, Any]:
        try:
            found = json.loads(self.schema_json)
        except ValueError:
            found = None
        return found if isinstance(found, dict) else {}


class InquiryRecords:
    """Those in the datastore."""

    def __init__(self, store: Store, log: Any) -> None:
        self._store, self._log = store, log

    def read(self, id: str) -> Optional[KeptInquiry]:
        """The inquiry of that id; None where none is kept, or it does not read. Raises
        StoreUnreachable."""
        try:
            value = self._store.read(KEY_PREFIX + id)
            return None if value is None else from_json(KeptInquiry, value)
        except (BrokenValue, MisshapenValue) as error:
            self._log.warning("An inquiry's key does not read: %s", error)
            return None

    def write(self, kept: KeptInquiry) -> None:
        """Raises as `Store.write`."""
        seconds = DONE_SECONDS if kept.state in (TAKEN, DONE) else KEPT_SECONDS
        self._store.write(KEY_PREFIX + kept.id, to_json(kept), seconds)

    def unfinished(self) -> List[KeptInquiry]:
        """All inquiries that are not done. Raises StoreUnreachable."""
        found = read_records(self._store, KEY_PREFIX, KeptInquiry, self._log)
        return [kept for kept in found.values() if kept.state != DONE]
