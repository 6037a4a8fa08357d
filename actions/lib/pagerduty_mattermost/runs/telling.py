"""Acts told in the room, one post each, once.

The post's key is the act's. Whoever did it tells it at once; what nobody told the round over rooms
does (`runs.tending`), which looks through the channel for what bears the keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Set

from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.core.post_keys import PROPS_KEY, post_key
from pagerduty_mattermost.gateways.mattermost.client import PostDeleted
from pagerduty_mattermost.gateways.mattermost.post_once import (
    CLOCK_MARGIN_SECONDS,
    LOOK_AGAIN_AFTER_SECONDS,
)
from pagerduty_mattermost.gateways.mattermost.values import key_of
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.told_acts import ToldAct, told

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def tell(context: Context, run: Run, act_id: str) -> None:
    """Of the act, where the configuration wants it and something came of it. Raises the gateway's
    errors: the round tells it then."""
    for one in told(run, context.settings.rooms.feed_acts, only=act_id):
        late = context.clock() - one.act.at > LOOK_AGAIN_AFTER_SECONDS
        if late and _find(context, run, one):
            continue
        _post(context, run, one)


def tell_missing(context: Context, run: Run, some: Iterable[ToldAct], keys: Set[str]) -> int:
    """Those of them whose keys are not among those that the channel has; how many there were."""
    missing = [one for one in some if told_key(run, one.act.id) not in keys]
    for one in missing:
        _post(context, run, one)
    return len(missing)


def keys_in(posts: Iterable[Dict[str, Any]], bot: str) -> Set[str]:
    """Of what the bot posted."""
    return {key_of(post) for post in posts if post.get("user_id") == bot}


def told_key(run: Run, act_id: str) -> str:
    return post_key("act", run.incident, run.plan.channel, act_id)


def _find(context: Context, run: Run, one: ToldAct) -> bool:
    since = one.act.at - CLOCK_MARGIN_SECONDS
    key = told_key(run, one.act.id)
    return context.mattermost.find_post(run.plan.channel, key, since) is not None


def _post(context: Context, run: Run, one: ToldAct) -> None:
    key = told_key(run, one.act.id)
    about = {"incident": run.incident, "act": one.act.id, "key": key}
    if one.task:
        about["task"] = one.task
    try:
        context.mattermost.create_post(
            run.plan.channel,
            one.line,
            key=key,
            props={PROPS_KEY: about},
            bot_id=run.plan.bot,
            seed=run.plan.seed,
        )
    except PostDeleted:
        return  # somebody took it away a moment ago
    except RetryLater as error:
        if not (error.maybe_done and _find(context, run, one)):
            raise
