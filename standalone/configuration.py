"""The pack's configuration while the embedded default runs: follows the datastore, never becomes
worse than it was."""

from __future__ import annotations

import copy
import logging
import threading
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from standalone.config_file import complete, resolve, secrets
from standalone.database import Database
from standalone.datastore import KeyValueStore
from standalone.errors import UserError

LOG = logging.getLogger("standalone")


class Configuration:
    """`current()` is the configuration with the datastore's values of now, `raw` as it is written.

    `secrets`: what no log may show.
    """

    def __init__(
        self,
        raw: Mapping[str, Any],
        schema: Mapping[str, Any],
        database: Database,
        store: KeyValueStore,
    ) -> None:
        self.raw = raw
        self._schema = schema
        self._database = database
        self._store = store
        self._lock = threading.Lock()
        self._version: Optional[int] = None
        self._config: Optional[Dict[str, Any]] = None
        self.secrets: Set[str] = set()

    def examine(self) -> Tuple[Dict[str, Any], List[str]]:
        """The configuration as far as it reads, and one line for each setting that does not."""
        return resolve(self.raw, self._schema, self._store.get)

    def current(self) -> Dict[str, Any]:
        """A copy of its own for each caller.

        Raises UserError while it has never been right; later, what is wrong is logged and the last
        right one stays.
        """
        with self._lock:
            # Changes whenever another process (`key set`) has written; what this process writes
            # itself are no settings.
            version = self._database.read("PRAGMA data_version")[0][0]
            if version != self._version:
                try:
                    self._config = complete(self.raw, self._schema, self._store.get)
                    self.secrets.update(secrets(self._config, self._schema))
                except UserError as error:
                    if self._config is None:
                        raise
                    LOG.error("%s; going on with what was set before", error)
                self._version = version
            return copy.deepcopy(self._config or {})
