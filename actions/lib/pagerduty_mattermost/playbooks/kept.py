"""Playbooks that were saved, in the datastore, with their last versions:

- `playbook.<name>`: the one in force (`KeptPlaybook`), its YAML;
- `oldplaybook.<name>.<number>.<digest>`: each version, the one in force too, also that it was
  deleted: the last ten. No list of playbooks holds them.

A version is written before it comes into force, so none is lost on the way; saving the text that
is in force changes nothing. Of two that are saved at once both stay in the history, under one
number, and the one that is written last is in force.
"""

# flake8: noqa: E203,W503

from __future__ import annotations

import hashlib
from typing import Any, Dict, List, NamedTuple, Optional

from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.gateways.stackstorm.broken_values import left_out
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

KEY_PREFIX = "playbook."
OLD_PREFIX = "oldplaybook."
KEPT_VERSIONS = 10


class KeptPlaybook(NamedTuple):
    """One version."""

    text: str
    """YAML; empty where it was deleted."""
    number: int
    """1 is the first; two that were saved at once have the same."""
    by: str = ""
    """Who saved it, as people are named: @ada."""
    at: float = 0.0
    """Seconds since the epoch."""
    deleted: bool = False

    @property
    def digest(self) -> str:
        whole = f"{self.deleted}\n{self.text}"
        return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:8]

    @property
    def version(self) -> str:
        """The version as people name it where its number alone is not enough."""
        return f"{self.number}-{self.digest}"


class KeptPlaybooks:
    """Raises the store's errors. What does not read is left out and named in the log."""

    def __init__(self, store: Store, log: Any = None) -> None:
        self._store = store
        self._broken = left_out(log)

    def every(self) -> Dict[str, KeptPlaybook]:
        """The saved playbooks that are in force, by name. Raises StoreUnreachable."""
        values = self._store.read_prefix(KEY_PREFIX, self._broken)
        found = {name[len(KEY_PREFIX) :]: kept_of(value) for name, value in values.items()}
        return {name: one for name, one in found.items() if one is not None and not one.deleted}

    def current(self, name: str) -> Optional[KeptPlaybook]:
        """The one in force."""
        try:
            found = kept_of(self._store.read(f"{KEY_PREFIX}{name}"))
        except BrokenValue as error:
            self._broken(error)
            return None
        return found

    def history(self, name: str) -> List[KeptPlaybook]:
        """The versions that are kept, the newest first."""
        return [found for _, found in self._versions(name)]

    def version(self, name: str, word: str) -> KeptPlaybook:
        """The version of that number. Raises NotFound and RejectedInput."""
        every = self.history(name)
        found = [one for one in every if word in (str(one.number), one.version)]
        if not found:
            kept = ", ".join(str(one.number) for one in every) or "none"
            raise NotFound(f"there is no version {word} of {name}: kept are {kept}")
        if len(found) > 1:
            raise RejectedInput(
                f"two versions of {name} have the number {word}: "
                + " or ".join(one.version for one in found)
            )
        return found[0]

    def save(self, name: str, text: str, *, by: str, at: float) -> KeptPlaybook:
        """Brings it into force; the one that is in force, where that is the same text."""
        now = self.current(name)
        if now is not None and now.text == text:
            return now
        made = KeptPlaybook(text, self._next(name), by, at)
        self._keep(name, made)
        self._store.write(f"{KEY_PREFIX}{name}", to_json(made))
        self._prune(name)
        return made

    def delete(self, name: str, *, by: str, at: float) -> bool:
        """Takes it out of force; its versions stay. False where it was in force no more."""
        if self.current(name) is None:
            return False
        self._keep(name, KeptPlaybook("", self._next(name), by, at, deleted=True))
        self._store.delete(f"{KEY_PREFIX}{name}")
        self._prune(name)
        return True

    def _next(self, name: str) -> int:
        return max((one.number for one in self.history(name)), default=0) + 1

    def _keep(self, name: str, version: KeptPlaybook) -> None:
        key = f"{OLD_PREFIX}{name}.{version.number}.{version.digest}"
        self._store.write(key, to_json(version))

    def _prune(self, name: str) -> None:
        for key, _ in self._versions(name)[KEPT_VERSIONS:]:
            self._store.delete(key)

    def _versions(self, name: str) -> List[Any]:
        """(key, version), the newest first."""
        values = self._store.read_prefix(f"{OLD_PREFIX}{name}.", self._broken)
        found = [(key, kept_of(value)) for key, value in values.items()]
        kept = [(key, one) for key, one in found if one is not None]
        return sorted(kept, key=lambda row: (row[1].number, row[1].at, row[0]), reverse=True)


def kept_of(value: Any) -> Optional[KeptPlaybook]:
    """The version in a value; None when it holds none."""
    return record_or_none(KeptPlaybook, value)
