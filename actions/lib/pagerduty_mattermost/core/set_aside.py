"""What one value of a shape that nobody foresaw costs: itself, and no others.

    @setting_aside
    def incident_from_rest(row): …          # None for a row that it stumbles over

    apart("incident P1", lambda: 1 / 0)   # None where it stumbles

An error that the pack foresaw (PackError) goes on to the caller. Any other is one line in the log,
with where it happened and without the value, once an hour for each place.
"""

from __future__ import annotations

import functools
import logging
import os
import time
from typing import Any, Callable, Dict, Optional, TypeVar

from pagerduty_mattermost.core.errors import PackError

LOG = logging.getLogger("pagerduty_mattermost.set_aside")
AGAIN_SECONDS = 3600.0
MAX_PLACES = 500
"""That are remembered as logged."""
_logged: Dict[str, float] = {}

Found = TypeVar("Found")


def apart(
    about: str, call: Callable[[], Found], monotonic: Callable[[], float] = time.monotonic
) -> Optional[Found]:
    """What `call` gives, or None where it stumbles over a value. `about`: whose value it is, in
    words without any of it."""
    try:
        return call()
    except PackError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it stays with this one value
        note(about, error, monotonic)
        return None


def note(
    about: str, error: BaseException, monotonic: Callable[[], float] = time.monotonic
) -> None:
    """Log that a value was set aside, and where."""
    place = f"{type(error).__name__} in {place_of(error)}"
    now = monotonic()
    if now - _logged.get(place, -AGAIN_SECONDS) < AGAIN_SECONDS:
        return
    if len(_logged) >= MAX_PLACES:
        _logged.clear()
    _logged[place] = now
    LOG.warning("Set aside, the others go on: %s (%s); please report it", about, place)


def setting_aside(parse: Callable[[Any], Optional[Found]]) -> Callable[[Any], Optional[Found]]:
    """A parser of one row that gives None for what it stumbles over."""

    @functools.wraps(parse)
    def parsed(row: Any) -> Optional[Found]:
        return apart(f"a row ({parse.__name__})", lambda: parse(row))

    return parsed


def place_of(error: BaseException) -> str:
    """File and line of the innermost frame."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    code = trace.tb_frame.f_code
    return f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}"
