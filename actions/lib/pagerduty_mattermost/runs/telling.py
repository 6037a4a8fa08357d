"""Acts told in the room, one post each, once.

The post's key is the act's. Whoever did it tells it at once; what nobody told the round over rooms
does (`runs.tending`), which looks through the channel for what bears the keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Set

from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.mattermost.settling import LOOK_AGAIN_AFTER_SECONDS
from pagerduty_mattermost.gateways.mattermost.values import key_of
from pagerduty_mattermost.runs.posting import posted
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.told_acts import ToldAct, told

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def tell(context: Context, run: Run, act_id: str) -> None:
    """Of the act, where the configuration wants it and something came of it. Raises the gateway's
    errors: the round tells it then."""
    for one in told(run, context.settings.rooms.feed_acts, only=act_id):
        late = context.clock() - one.act.at > LOOK_AGAIN_AFTER_SECONDS
        _post(context, run, one, is_late=late)


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


def _post(context: Context, run: Run, one: ToldAct, *, is_late: bool = False) -> None:
    about = {"act": one.act.id, **({"task": one.task} if one.task else {})}
    key = told_key(run, one.act.id)
    posted(context, run, key, one.line, about, since=one.act.at, is_late=is_late)
