"""The workflow that waits for an inquiry: whether it waits already, and whether it went on.

    workflows = WaitingWorkflows(api, warn, log)
    workflows.before(kept)         # the answer may be given now
    workflows.went_on(kept)        # False: look again later

StackStorm's workflow engine makes a workflow wait (`paused`) a moment after its inquiry can be
answered, which under load, or while the engine is restarted, is seconds. An answer that comes
before that is taken, and the workflow stays paused for good. So a young inquiry's answer waits
until its workflow does; and a workflow that stays paused although nothing in it is asked any more
is resumed, once that was seen twice.
"""

from __future__ import annotations

import time
from typing import Any, Callable, List, Mapping, Optional, Tuple

from pagerduty_mattermost.chatops.inquiry_records import KeptInquiry
from pagerduty_mattermost.chatops.rendering import ENDED
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, RetryLater
from pagerduty_mattermost.core.markdown import code_span
from pagerduty_mattermost.core.text import one_line

READY_SECONDS = 5.0
"""How long an answer waits for its workflow to wait; one of which another branch goes on never
does."""
YOUNG_SECONDS = 60.0
"""For the answer of an inquiry that is older nothing is waited for."""
LOOK_SECONDS = 0.3
LOOK_PAUSES_SECONDS = (1.0, 3.0)
"""Pauses before the looks that follow an answer; the chat sensor's round looks again."""
WATCHED_SECONDS = 600.0
"""After which one that is neither stuck nor seen to have gone on is left to itself."""
MAX_DEPTH = 8
"""Of workflows within workflows."""
MAX_CHILDREN = 100
PAUSED = "paused"
ASKING = ("pending", "pausing", PAUSED)

Look = Tuple[bool, Optional[Mapping[str, Any]]]
"""Whether nothing is left to be seen to, and what stays paused though nothing in it waits."""


class WaitingWorkflows:
    """`api`: StackStorm's, as the sensor's own account. `warn`: tells operations, once for each
    matter: the matter, the line."""

    def __init__(
        self,
        api: Any,
        warn: Callable[[str, str], None],
        log: Any,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api, self._warn, self._log = api, warn, log
        self._clock, self._sleep = clock, sleep

    def before(self, kept: KeptInquiry) -> None:
        """Returns once all workflows above it wait, and at the latest after READY_SECONDS. Raises
        nothing that can go wrong outside."""
        if not kept.parent or self._clock() - kept.at > YOUNG_SECONDS:
            return
        try:
            for _ in range(int(READY_SECONDS / LOOK_SECONDS)):
                if all(row["status"] in (PAUSED, *ENDED) for row in self._above(kept)):
                    return
                self._sleep(LOOK_SECONDS)
        except PackError as error:
            self._log.warning("The workflow of inquiry %s can't be read: %s", kept.id, error)

    def went_on(self, kept: KeptInquiry) -> bool:
        """Whether nothing is left to be seen to. Raises a PackError."""
        stuck: Optional[Mapping[str, Any]] = None
        for pause in LOOK_PAUSES_SECONDS:
            self._sleep(pause)
            over, stays = self._look(kept)
            if over:
                return True
            if stays is not None and stuck is not None and stays["id"] == stuck["id"]:
                self._resume(stays)
            stuck = stays
        return self._clock() - kept.taken > WATCHED_SECONDS

    def _look(self, kept: KeptInquiry) -> Look:
        """By what StackStorm says of each workflow above the inquiry, the innermost first."""
        for row in self._above(kept):
            status = row["status"]
            if status in ENDED:
                continue
            if status == PAUSED:
                if row["context"].get("paused_by"):
                    return True, None  # somebody's decision
                states = self._states_within(row["id"])
                if any(state in ASKING for state in states):
                    return True, None  # it waits for the next question
                return False, None if any(state not in ENDED for state in states) else row
            if not _has_waited(row, kept.at):
                return False, None
        return True, None

    def _above(self, kept: KeptInquiry) -> List[Mapping[str, Any]]:
        """The workflows above it, the innermost first."""
        found: List[Mapping[str, Any]] = []
        params = {"include_attributes": "status,log,parent,context,action"}
        id = kept.parent
        while id and len(found) < MAX_DEPTH:
            try:
                row = self._api.call("GET", f"/executions/{id}", params=params)
            except NotFound:
                break
            if not isinstance(row, Mapping):
                break
            status, context = str(row.get("status") or ""), row.get("context")
            context = context if isinstance(context, Mapping) else {}
            found.append({**row, "id": id, "status": status, "context": context})
            id = str(row.get("parent") or "")
        return found

    def _states_within(self, id: str) -> List[str]:
        """Statuses of what a workflow has begun."""
        params = {"parent": id, "limit": MAX_CHILDREN, "include_attributes": "status"}
        rows = self._api.call("GET", "/executions", params=params)
        return [str(row.get("status") or "") for row in rows or () if isinstance(row, Mapping)]

    def _resume(self, row: Mapping[str, Any]) -> None:
        """Raises a PackError where that may succeed later."""
        id, action = row["id"], row.get("action")
        name = str(action.get("ref") or "") if isinstance(action, Mapping) else ""
        self._log.warning("The workflow %s (%s) stays paused: it is resumed", id, name)
        try:
            self._api.call("PUT", f"/executions/{id}", {"status": "resuming"})
        except RetryLater:
            raise
        except PackError as error:
            self._log.warning("The workflow %s was not resumed: %s", id, error)
            self._warn(
                f"paused {id}",
                f"The workflow {code_span(name)} stays paused although its question was answered, "
                f"and the chat sensor could not resume it: {code_span(one_line(str(error), 200))}."
                f" {code_span(f'st2 execution resume {id}')} does",
            )


def _has_waited(row: Mapping[str, Any], since: float) -> bool:
    """Whether it has been paused since then, and so has gone on if it runs now."""
    log = row.get("log")
    for entry in log if isinstance(log, list) else ():
        if isinstance(entry, Mapping) and entry.get("status") == PAUSED:
            at = times.seconds(str(entry.get("timestamp") or ""))
            if at is not None and at >= since:
                return True
    return False
