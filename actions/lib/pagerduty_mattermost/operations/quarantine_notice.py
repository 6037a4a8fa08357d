"""People are told that values of the datastore did not read and were put into quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from pagerduty_mattermost.gateways.stackstorm import datastore

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

SHOWN_KEYS = 5


def tell_of_unread_values(context: Context) -> None:
    """In the operations channel, once of each: the pack went on without the value, and somebody
    may want to know what stood there. Raises the gateway's and the store's errors."""
    names = sorted(context.store.read_prefix(datastore.QUARANTINE, on_broken=lambda error: None))
    if names:
        keys = [datastore.PREFIX + name for name in names]
        context.notify_operators(
            " ".join(["quarantine", *names]), notice(keys), ttl=datastore.QUARANTINE_SECONDS
        )


def notice(keys: Sequence[str]) -> str:
    """Markdown for the operations channel. `keys`: under which the values stand now."""
    shown = ", ".join(f"`{key}`" for key in keys[:SHOWN_KEYS])
    more = ", …" if len(keys) > SHOWN_KEYS else ""
    return (
        f"{len(keys)} value{'' if len(keys) == 1 else 's'} in StackStorm's datastore did not "
        "read (cut, edited, or of a newer version of the pack). What stood there is kept for 90 "
        f"days under {shown}{more}; the pack went on without."
    )
