"""A value of the datastore that does not read, where the work goes on without it."""

from __future__ import annotations

from typing import Any, Callable, Optional, Type

from pagerduty_mattermost.core.json_values import Record, record_or_none
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store


def left_out(log: Any) -> Callable[[BrokenValue], None]:
    """For `Store.read_prefix`: the value is not used, and the log, where there is one, says
    so."""

    def tell(error: BrokenValue) -> None:
        if log is not None:
            log.warning("%s; it is not used", error)

    return tell


def read_record(store: Store, name: str, cls: Type[Record]) -> Optional[Record]:
    """The value under a (relative) name as that NamedTuple; None where there is none, or it does
    not read. Raises StoreUnreachable."""
    try:
        return record_or_none(cls, store.read(name))
    except BrokenValue:
        return None
