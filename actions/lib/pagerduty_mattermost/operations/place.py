"""Where a dead letter goes by the configuration: so that what failed for a wrong name is tried at
once when that was corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.post_keys import post_key

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def place_of(context: Context, params: Mapping[str, Any]) -> str:
    """Digest of the server, the token and the channel that the words of the parameters mean under
    the configuration of this run; empty where they mean none."""
    change = params.get("change")
    incident = change.get("incident") if isinstance(change, Mapping) else None
    about = incident if isinstance(incident, Mapping) else {}
    service = (str(about.get("service_id") or ""), str(about.get("service") or ""))
    try:
        settings = context.settings.mattermost
        asked = context.channels.asked(str(params.get("channel") or ":default"), service)
    except PackError:
        return ""
    return post_key("place", settings.url, settings.token.reveal(), asked)[:16]
