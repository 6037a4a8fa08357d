"""What became of a write whose answer was lost, or that was refused because it is done: decided
from what PagerDuty shows afterwards. Pure.

A write is how it is sent, how what is so is read (`outcome_checks`), and what counts as done
(`Shown`, made with `fits` and its siblings); `write_once` carries it out.
"""

# flake8: noqa: E704

from __future__ import annotations

from enum import Enum
from typing import (
    Any,
    Callable,
    ContextManager,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Protocol,
    Tuple,
)

CLOCK_MARGIN_SECONDS = 2.0
"""By which what was made may seem older than its request: PagerDuty's times are whole seconds."""


class PagerDutyReader(Protocol):
    """What is asked of the gateway (`client.PagerDuty`) to read what is so."""

    def get(self, path: str, params: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]: ...

    def list_all(self, path: str, key: str, params: Optional[Mapping[str, Any]] = None) -> Any: ...

    @property
    def last_server_time(self) -> Optional[float]: ...

    def now(self) -> float: ...

    def monotonic(self) -> float: ...

    def single_tries(self) -> ContextManager[None]: ...


class Outcome(Enum):
    """What became of a write."""

    DONE = "done"
    DONE_ALREADY = "done already"
    """It was so before, or somebody else was first."""
    NOT_DONE = "not done"
    NOT_KNOWN = "not known"


class Write(NamedTuple):
    """A request that changes something."""

    method: str
    path: str
    body: Any
    from_email: str
    before: str = ""
    """The state that an incident was in, where the caller knows it."""
    ids: Tuple[str, ...] = ()
    """Those in the path, in order."""
    clock: Callable[[], float] = float
    """PagerDuty's clock in its newest answer, seconds since the epoch."""
    passed: Callable[[], float] = float
    """Seconds since it was first sent."""

    @property
    def now(self) -> float:
        """The time by PagerDuty's clock, seconds since the epoch. To be asked after a read, which
        tells it."""
        return self.clock()

    @property
    def began(self) -> float:
        """When it was first sent, by PagerDuty's clock, less a margin; seconds since the epoch. To
        be asked after a read."""
        return self.clock() - self.passed() - CLOCK_MARGIN_SECONDS


class Shown(NamedTuple):
    """What PagerDuty shows after a write."""

    is_done: Optional[bool]
    """Whether all is as the write would make it; None: that can't be told."""
    answer: Dict[str, Any] = {}
    """Where it is done: as PagerDuty would have answered."""
    may_repeat: bool = True
    """Whether it may be sent again where it is not seen to be done."""
    rest: Any = None
    """Where only a part of it is done: the body of what is left."""
    already: Tuple[str, ...] = ()
    """Ids of what is as asked for, but was made so by somebody else."""
    link: str = ""
    """Where people can look."""
    why: str = ""
    """What stands against it, in a few words."""


class Written(NamedTuple):
    """A write that is done."""

    answer: Dict[str, Any]
    outcome: Outcome = Outcome.DONE
    already: Tuple[str, ...] = ()
    """Ids of those, of several, that were so already."""


def decide(shown: Shown, *, lost: bool) -> Outcome:
    """`lost`: an answer to the write was lost; otherwise it was refused."""
    if shown.is_done:
        return Outcome.DONE if lost and not shown.already else Outcome.DONE_ALREADY
    if shown.is_done is None:
        return Outcome.NOT_KNOWN
    return Outcome.NOT_DONE


def fits(row: Any, sent: Any) -> bool:
    """Whether all that was sent stands in the row. Times are compared as such, lists whatever
    their order."""
    if isinstance(sent, Mapping):
        return isinstance(row, Mapping) and all(
            key == "type" or (key in row and fits(row[key], value)) for key, value in sent.items()
        )
    if isinstance(sent, list):
        return isinstance(row, list) and len(row) == len(sent) and _pair(row, sent)
    if row == sent:
        return True
    if not isinstance(sent, str) or not isinstance(row, str):
        return False
    moment = _seconds(sent)
    return moment is not None and moment == _seconds(row)


def _pair(rows: List[Any], sent: List[Any]) -> bool:
    """Whether each of `sent` has a row of its own."""
    left = list(rows)
    for one in sent:
        found = next((row for row in left if fits(row, one)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def is_since(text: Any, began: float) -> bool:
    """Whether a time that PagerDuty gives is not before `began`."""
    moment = _seconds(str(text)) if text else None
    return moment is not None and moment >= began


def _seconds(text: str) -> Optional[float]:
    from pagerduty_mattermost.core import times

    return times.seconds(text)
