"""The dialog that is opened for a call. Pure, but for what is read of the datastore for the form
of a status update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Sequence

from pagerduty_mattermost.chat import dialogs, update_form
from pagerduty_mattermost.core.markdown import copyable

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.requests import DialogWanted
    from pagerduty_mattermost.core.config.chat import ChatConfig
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store


def made(
    wanted: DialogWanted,
    chat: ChatConfig,
    now: float,
    choices: Mapping[str, Sequence[str]],
    given: Mapping[str, str],
    *,
    opens_room: bool,
) -> Dict[str, Any]:
    """As `open_dialog` takes it, but the trigger id. `choices`: names for lists; `given`: what
    stands in its fields already; `opens_room`: the configuration's tick for a room."""
    return dialogs.dialog(
        wanted.kind,
        wanted.incident,
        chat.public_url,
        chat.signing_keys[0].reveal(),
        now,
        choices,
        asker=wanted.user_id,
        channel=wanted.channel_id,
        hook=wanted.hook,
        origin=wanted.origin,
        order=chat.declare_fields,
        opens_room=opens_room or wanted.opens_room,
        about_what=f"**{copyable(wanted.about)}**" if wanted.about else "",
        **given,
    )


def made_for_update(
    wanted: DialogWanted, chat: ChatConfig, now: float, store: Store, log: Any
) -> Dict[str, Any]:
    """The same of a status update's form."""
    return update_form.form(wanted, update_form.run_of(store, log, wanted), chat, now)
