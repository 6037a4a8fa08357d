"""The playbook post, kept as the run is.

Whoever wrote an act paints what stands then, looks again, and paints once more while there is
more: so of any number of people at once the last one that paints has seen the acts of all. The
post says in its props which acts it shows (`controls.shown_of`); the round over rooms finds by it
what nobody painted.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Dict, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, Unauthorized
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.runs.controls import controls, post_props
from pagerduty_mattermost.runs.post_text import post_text
from pagerduty_mattermost.runs.records import Run, RunPost, RunRecords
from pagerduty_mattermost.runs.state import RunState

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_PAINTS = 6
"""In one go; what comes later is painted by whoever did it, or by the round."""


def show(context: Context, records: RunRecords, run: Run) -> Run:
    """The post as the run is; the run as it was read last. Raises the gateways' errors."""
    for _ in range(MAX_PAINTS):
        if not run.post.id:
            run = post_anew(context, records, run)
        else:
            try:
                _patch(context, run)
            except (NotFound, Unauthorized) as error:
                # A deleted post answers as one that the bot may not change.
                if error.status == 401 or not _is_deleted(context, run):
                    raise
                gone = RunPost(run.plan.channel, number=run.post.number + 1)
                run = post_anew(context, records, run._replace(post=gone))
        again = records.load(run.incident)
        if again is None or again.plan.id != run.plan.id:
            return run
        if again.acts == run.acts:
            return again
        run = again
    return run


def post_anew(context: Context, records: RunRecords, run: Run) -> Run:
    """The run with its post, which is found where an earlier run made it, else made, and
    pinned."""
    state = run.state
    message, props = drawn(context, run, state)
    number = run.post.number
    sent = context.post_once(
        run.plan.channel,
        message,
        key=_name(run, number),
        props=props,
        not_before=run.plan.at if not number else None,
    )
    post = RunPost(run.plan.channel, sent.post_id, number)
    records.post(run.incident, post)
    if sent.post_id:
        with suppress(PackError):
            own_channels.pin(context.mattermost, sent.post_id)
    return run._replace(post=post)


def redraw_menus(context: Context, run: Run, mark: str) -> None:
    """With other menus in place of those in which somebody chose what did not come about. `mark`:
    letters and digits that make them others. Raises the gateways' errors."""
    _patch(context, run, mark)


def drawn(
    context: Context, run: Run, state: RunState, mark: str = ""
) -> Tuple[str, Dict[str, Any]]:
    """Message and props. `mark`: as of `redraw_menus`."""
    settings = context.settings
    zone = times.zone(settings.time_zone)
    chat = settings.chat
    actions = (
        controls(state, chat.public_url, chat.signing_keys[0].reveal(), context.clock(), mark=mark)
        if chat.has_buttons and not chat.read_only
        else ()
    )
    key = post_key("message", run.plan.channel, _name(run, run.post.number))
    return post_text(state, zone), post_props(state, key, actions)


def _patch(context: Context, run: Run, mark: str = "") -> None:
    message, props = drawn(context, run, run.state, mark)
    context.mattermost.patch_post(run.post.id, message=message, props=props)


def _is_deleted(context: Context, run: Run) -> bool:
    try:
        context.mattermost.get_post(run.post.id)
    except NotFound:
        return True
    return False


def _name(run: Run, number: int) -> str:
    """Under which the post is made once."""
    more = f" {number}" if number else ""
    return f"playbook {run.incident} {run.plan.id}{more}"
