"""What is remembered of a phrase until what came of it is told: `pagerduty.alias.<order>`.

Written before StackStorm is asked to run anything, with the execution once it is known, and
deleted when its result stands in Mattermost. The chat sensor goes on with what nobody looks after:
with what a killed process left, and with what a task of a playbook has begun.
"""

from __future__ import annotations

from typing import Any, List, NamedTuple

from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.stackstorm.broken_values import read_records
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEY_PREFIX = "alias."
KEPT_SECONDS = 7 * 86400.0
"""An execution that waits for a person may take days."""


class KeptPhrase(NamedTuple):
    """One phrase that somebody typed, or whose task they clicked. Texts are as they were typed."""

    id: str
    """Of the order: the same for the same call."""
    phrase: str
    alias: str
    """Its reference."""
    action: str
    user_id: str
    user_name: str
    channel_id: str
    at: float
    """Seconds since the epoch."""
    person: str = ""
    """Nickname of who runs it at StackStorm; empty: the one account."""
    root_id: str = ""
    hook: str = ""
    """Path of the command's response_url."""
    private: bool = False
    """Whether only its giver sees what comes of it."""
    seed: str = ""
    """What makes the key of its post secret."""
    execution: str = ""
    """Id; empty: it is not known whether there is one."""
    link: str = ""
    """To the execution, in StackStorm's own pages."""
    post_id: str = ""
    secret: bool = False
    """Whether a secret parameter stands in the phrase."""
    task: str = ""
    """Number of the playbook's task that says the phrase; empty: somebody typed it."""

    @property
    def key(self) -> str:
        """The key of the phrase's post."""
        return post_key("alias", self.id)

    @property
    def mark(self) -> str:
        """What stands in the execution as its source_channel, by which it is found again."""
        return f"{self.channel_id}/{self.root_id}/{self.id}"


class PhraseRecords:
    """Those in the datastore."""

    def __init__(self, store: Store, log: Any) -> None:
        self._store, self._log = store, log

    def write(self, kept: KeptPhrase) -> None:
        """Raises as `Store.write`."""
        self._store.write(KEY_PREFIX + kept.id, to_json(kept), KEPT_SECONDS)

    def delete(self, kept: KeptPhrase) -> None:
        """Raises as `Store.delete`."""
        self._store.delete(KEY_PREFIX + kept.id)

    def all(self) -> List[KeptPhrase]:
        """Raises StoreUnreachable. What does not read is left where it stands."""
        return list(read_records(self._store, KEY_PREFIX, KeptPhrase, self._log).values())
