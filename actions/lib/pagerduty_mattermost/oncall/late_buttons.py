"""The button of a message that comes late, since Mattermost was away: as it is by now.

text, props = as_it_is(context, text, "handover_accept", hand_off_key)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Tuple

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.oncall import page_notices, shift_acceptance
from pagerduty_mattermost.oncall.shift_messages import SENT, ShiftButton, props_of, tell
from pagerduty_mattermost.people.accounts import Accounts

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.pagerduty.references import Reference

_SAID: Mapping[str, Callable[[Context, str], str]] = {
    shift_acceptance.VERB: shift_acceptance.said_of,
    page_notices.VERB: page_notices.said_of,
}
"""By verb: what stands in the button's place once nobody need press it any more."""


def as_it_is(
    context: Context, text: str, verb: str, about: str
) -> Tuple[str, Optional[Dict[str, Any]]]:
    """The message's text, and the props of its button. `verb`: empty where it has none. Raises
    RejectedInput for another verb, and StoreUnreachable."""
    if not verb:
        return text, None
    if verb not in _SAID:
        raise RejectedInput(f"button: is one of {', '.join(_SAID)}")
    said = _SAID[verb](context, about)
    if said:
        return f"{text}\n\n{said}", None
    return text, props_of(context, ShiftButton(verb, about))


def deliver(
    context: Context,
    to: Tuple[Optional[Reference], str],
    text: str,
    key: str,
    props: Optional[Dict[str, Any]],
    *,
    even_if_off: bool = False,
) -> str:
    """Send the message, once per key, to a person, or to a channel where there is none: what
    became of it. `even_if_off`: as `tell` has it. Raises what Mattermost answered."""
    person, channel = to
    if person is None:
        context.channels.using(
            channel, lambda found: context.post_once(found.id, text, key=key, props=props)
        )
        return SENT
    accounts = Accounts(context.mattermost, context.store, log=context.log)
    return tell(context, accounts, person, text, key, props, even_if_off=even_if_off)
