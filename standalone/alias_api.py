"""What of StackStorm's API a chat needs for aliases, answered for the pack's own: matched, run in
a thread, kept in memory until they were read.

    status, answer = api.call("POST", "/actionalias/match", {"command": "ack 1234"}, {})
"""

# flake8: noqa: E203

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from standalone.alias_format import ActionAlias, AmbiguousCommand, FitsSeveral, match
from standalone.chat import AliasRequest, acknowledgement, as_api, masked, understand
from standalone.errors import UserError
from standalone.execution_lines import failure_text, success_line
from standalone.journal import Execution, new_id
from standalone.pack_model import ActionMeta

LOG = logging.getLogger(__name__)
MAX_KEPT = 200
"""Executions whose results are kept."""
RUNNING = "running"
Answer = Tuple[int, Any]
Run = Callable[[str, Mapping[str, Any], str, Mapping[str, Any]], Execution]
"""Runs an action: its reference, parameters, user and context."""


def _log(done: Execution, alias: str) -> None:
    """What came of it, beside what is posted where it was asked."""
    if done.status == "succeeded":
        LOG.info("The alias %s: %s", alias, success_line(done) or "done")
    else:
        LOG.info("The alias %s %s: %s", alias, done.status, failure_text(done))


class AliasApi:
    """For several threads. `lookup`: of the datastore."""

    def __init__(
        self,
        pack: str,
        aliases: Sequence[ActionAlias],
        actions: Mapping[str, ActionMeta],
        lookup: Any,
        run: Run,
    ) -> None:
        self._pack, self._aliases, self._actions = pack, aliases, actions
        self._lookup, self._run = lookup, run
        self._lock = threading.Lock()
        self._executions: OrderedDict[str, Dict[str, Any]] = OrderedDict()

    def call(
        self, method: str, path: str, body: Any = None, params: Optional[Mapping[str, Any]] = None
    ) -> Answer:
        """HTTP status and JSON value, as StackStorm answers."""
        if (method, path) == ("POST", "/actionalias/match"):
            return self._match(str(body["command"]))
        if (method, path) == ("GET", "/actionalias"):
            return 200, [self._row(alias) for alias in self._page(params or {})]
        if (method, path) == ("POST", "/aliasexecution"):
            return self._execute(body)
        kind, _, id = path.strip("/").partition("/")
        if kind == "executions" and method == "GET" and not id:
            return 200, self._marked()
        if kind == "executions" and method == "GET":
            with self._lock:
                row = self._executions.get(id)
            missing = {"faultstring": f'Unable to identify resource with id "{id}".'}
            return (200, dict(row)) if row is not None else (404, missing)
        if kind == "executions" and method == "DELETE":
            return 200, {"faultstring": "What runs without StackStorm is not canceled."}
        return 404, {"faultstring": "This needs StackStorm."}

    def _page(self, params: Mapping[str, Any]) -> Sequence[ActionAlias]:
        begin = int(params.get("offset") or 0)
        return self._aliases[begin : begin + int(params.get("limit") or len(self._aliases))]

    def _match(self, command: str) -> Answer:
        try:
            alias, _ = match(self._aliases, command)
        except AmbiguousCommand as error:
            several = "more than 1 pattern" if isinstance(error, FitsSeveral) else "no patterns"
            return 400, {"faultstring": f"Command '{command}' matched {several}"}
        representation = str(alias.get_format_strings()[0])
        return 200, {"actionalias": self._row(alias), "representation": representation}

    def _row(self, alias: ActionAlias) -> Dict[str, Any]:
        row = {**alias._asdict(), "formats": list(alias.formats)}
        return {**row, "pack": self._pack, "ref": f"{self._pack}.{alias.name}"}

    def _execute(self, words: Mapping[str, Any]) -> Answer:
        try:
            requests: List[AliasRequest] = understand(
                str(words["command"]),
                [one for one in self._aliases if one.name == words["name"]],
                self._actions,
                self._pack,
                self._lookup,
                str(words["user"]),
                str(words["source_channel"]),
            )
        except UserError as error:
            return 400, {"faultstring": str(error)}
        request = requests[0]
        row = {
            "id": new_id(),
            "action": {"ref": request.alias.action_ref},
            "context": dict(request.context),
            "status": RUNNING,
        }
        with self._lock:
            self._executions[str(row["id"])] = row
            while len(self._executions) > MAX_KEPT:
                self._executions.popitem(last=False)
        threading.Thread(target=self._ran, args=(request, row), daemon=True).start()
        said = acknowledgement(request)
        return 201, {"execution": dict(row), **({"message": said} if said else {})}

    def _ran(self, request: AliasRequest, row: Dict[str, Any]) -> None:
        ref = request.alias.action_ref
        try:
            user = str(request.context.get("api_user") or "")
            done = self._run(ref, request.parameters, user, request.context)
            _log(done, str(request.context.get("action_alias_ref")))
            shown = as_api(done, masked(done.parameters, self._actions[ref]))
        except UserError as error:
            shown = {"status": "failed", "result": {"error": str(error)}}
        with self._lock:
            row.update({**shown, "id": row["id"], "context": row["context"]})

    def _marked(self) -> List[Dict[str, Any]]:
        with self._lock:
            return [{"id": id, "context": row["context"]} for id, row in self._executions.items()]
