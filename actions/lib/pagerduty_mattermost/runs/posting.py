"""A post of a run that is made once: whoever makes it again finds it by its key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Dict, Mapping, Sequence

from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    PermanentError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.mattermost.channels import is_archived
from pagerduty_mattermost.gateways.mattermost.client import PostDeleted
from pagerduty_mattermost.gateways.mattermost.post_once import CLOCK_MARGIN_SECONDS
from pagerduty_mattermost.gateways.mattermost.settling import settled

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.runs.records import Run


def is_final(error: PackError) -> bool:
    """Whether trying again is of no use."""
    return is_archived(error) or isinstance(
        error, (NotFound, PermanentError, RejectedInput, Unauthorized)
    )


def props_of(run: Run, key: str, about: Mapping[str, Any]) -> Dict[str, Any]:
    """Props by which the post is found again, and what it is about."""
    return {PROPS_KEY: {"incident": run.incident, **about, "key": key}}


def posted(
    context: Context,
    run: Run,
    key: str,
    text: str,
    about: Mapping[str, Any],
    *,
    since: float,
    is_late: bool = True,
    actions: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Id of the post; empty of one that somebody has deleted. `about`: what it is about, in its
    props; `since`: from when on it may have been made, seconds since the epoch; `is_late`: another
    run may have made it; `actions`: its buttons. Raises the gateways' errors."""
    mattermost, since = context.mattermost, since - CLOCK_MARGIN_SECONDS
    looked = context.monotonic()
    found = mattermost.find_post(run.plan.channel, key, since) if is_late else None
    if found is not None:
        return str(found["id"])
    props = props_of(run, key, about)
    if actions:
        props["attachments"] = [{"fallback": text, "actions": list(actions)}]
    try:
        made = mattermost.create_post(
            run.plan.channel, text, key=key, props=props, bot_id=run.plan.bot, seed=run.plan.seed
        )
    except PostDeleted:
        return ""
    except RetryLater as error:
        again = mattermost.find_post(run.plan.channel, key, since) if error.maybe_done else None
        if again is None:
            raise
        return str(again["id"])
    read = partial(mattermost.posts_since, run.plan.channel, since)
    stays = settled(mattermost, made, read, waited=context.monotonic() - looked)
    return str(stays["id"])
