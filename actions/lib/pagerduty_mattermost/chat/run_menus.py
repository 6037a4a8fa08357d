"""The menus of a playbook post, drawn afresh: Mattermost's page keeps the chosen words until their
ids are others, also where nothing came of what was chosen.

    redraw(context, order, already=result.already)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.runs.painting import redraw_menus
from pagerduty_mattermost.runs.records import RunRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def redraw(context: Context, order: Mapping[str, Any], *, already: bool = False) -> bool:
    """After a dialog that was opened by such a menu, and after a choice of what is so `already`;
    False where it was opened elsewhere. Failing is logged."""
    incident, post = (str(order.get(name) or "") for name in ("incident", "post_id"))
    if not (incident and post and (already or order.get("kind") == "dialog")):
        return False
    try:
        run = RunRecords(context.store, context.log).load(incident)
        if run is None or run.post.id != post:
            return False
        redraw_menus(context, run, mark=str(order["id"])[:6])
    except PackError as error:
        context.log.warning("The menus of a playbook post stay as they are: %s", error)
    return True
