"""Acts told in the room, one post each, once.

The post's key is the act's. Whoever did it tells it at once; what nobody told the round over rooms
does (`runs.tending`), which looks through the channel for what bears the keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Sequence, Set

from pagerduty_mattermost.core.post_keys import own_props, post_key
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
    """The keys of what the bot posted."""
    return {key_of(post) for post in posts if post.get("user_id") == bot}


def forgotten(run: Run, posts: Iterable[Dict[str, Any]]) -> List[str]:
    """Ids of acts that the room was told of and that nobody remembers: the datastore was restored
    from before. `posts`: of the channel."""
    known = {act.id for act in run.acts}
    ids = (
        str(own_props(post.get("props")).get("act") or "")
        for post in posts
        if post.get("user_id") == run.plan.bot and not post.get("delete_at")
    )
    return list(dict.fromkeys(id for id in ids if id and id not in known))


def tell_forgotten(context: Context, run: Run, ids: Sequence[str]) -> None:
    """Said once for the same ones. Raises the gateways' errors."""
    count = "one act" if len(ids) == 1 else f"{len(ids)} acts"
    text = (
        f":warning: StackStorm's datastore was restored from before: {count} in the posts above "
        "count no more. The playbook shows what is known; what was done has to be ticked again."
    )
    context.post_once(run.plan.channel, text, key=f"run forgot {run.incident} {max(ids)}")


def told_key(run: Run, act_id: str) -> str:
    """The key of the post that tells the room of an act."""
    return post_key("act", run.incident, run.plan.channel, act_id)


def _post(context: Context, run: Run, one: ToldAct, *, is_late: bool = False) -> None:
    about = {"act": one.act.id, **({"task": one.task} if one.task else {})}
    key = told_key(run, one.act.id)
    posted(context, run, key, one.line, about, since=one.act.at, is_late=is_late)
