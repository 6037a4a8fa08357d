"""What authors make of the posts of their status updates: they correct or delete them. Copies in
other channels stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.runs import acting, update_texts
from pagerduty_mattermost.runs.acts import ROOM, UPDATE_DELETED, UPDATE_EDITED, Act, sent_id
from pagerduty_mattermost.runs.records import Run, RunRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_LOOKED_AT = 5
"""Updates, the newest, whose posts are looked at."""


def look_again(context: Context, records: RunRecords, run: Run) -> Run:
    """What authors made of the posts of their updates. Raises the gateways' errors."""
    state = run.state
    for one in state.updates[-MAX_LOOKED_AT:]:
        post_id = state.sent.get(sent_id(one.id, ROOM))
        if not post_id or one.deleted:
            continue
        try:
            run = heard(context, records, run, post_id, False) or run
        except NotFound:
            run = heard(context, records, run, post_id, True) or run
    return run


def heard(
    context: Context, records: RunRecords, run: Run, post_id: str, deleted: bool
) -> Optional[Run]:
    """The author edited an update's post, or deleted it; the run as it is then, None where the
    post is none of an update, or says the same."""
    state = run.state
    update = next(
        (one for one in state.updates if state.sent.get(sent_id(one.id, ROOM)) == post_id), None
    )
    if update is None or update.deleted:
        return None
    if deleted:
        act = Act(UPDATE_DELETED, f"deleted.{post_id}", context.clock(), update.by, of=update.id)
        return acting.act(context, records, run, act).run
    post = context.mattermost.get_post(post_id)
    text = update_texts.edited_text(str(post.get("message") or ""))
    if post.get("user_id") != update.by.id or text == update.text.strip() or not text:
        return None
    at = int(post.get("edit_at") or post.get("update_at") or 0) / 1000
    act = Act(
        UPDATE_EDITED, f"edited.{post_id}.{int(at * 1000)}", at, update.by, of=update.id, text=text
    )
    return acting.act(context, records, run, act).run
