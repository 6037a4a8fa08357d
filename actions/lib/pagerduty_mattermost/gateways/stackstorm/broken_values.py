"""A value of the datastore that does not read, where the work goes on without it."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Type

from pagerduty_mattermost.core.json_values import (
    MisshapenValue,
    Record,
    from_json,
    record_or_none,
)
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


def read_records(store: Store, prefix: str, cls: Type[Record], log: Any) -> Dict[str, Record]:
    """All values whose (relative) name begins so, as those NamedTuples, by name. What does not
    read is left out, and logged. Raises StoreUnreachable."""
    found: Dict[str, Record] = {}
    for name, value in store.read_prefix(prefix, left_out(log)).items():
        try:
            found[name] = from_json(cls, value)
        except MisshapenValue as error:
            left_out(log)(BrokenValue(name, str(value), str(error)))
    return found
