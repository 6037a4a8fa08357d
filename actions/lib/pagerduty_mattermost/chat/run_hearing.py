"""What the room listener knows of runs: when something is due in one, and what reactions mean in
its room.

    runs = HeardRuns(context, log)
    runs.read()                                        # all of them, now and then
    runs.due(now)                                      # incidents whose time has come
    runs.reactions(incident, channel_id, posts, since, now)    # orders

A reaction below what the room was told of a task, or reminded of, means that task; on any other
post it may mark the post, note it at PagerDuty, or call the commander. What each does says the
playbook. One that is taken away again takes nothing back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.chat.orders import VALID_SECONDS
from pagerduty_mattermost.core.post_keys import own_props
from pagerduty_mattermost.core.text import clean
from pagerduty_mattermost.playbooks.playbook import ASSIGN, CALL_COMMANDER, MARK, NOTE, TICK
from pagerduty_mattermost.runs.acts import DONE
from pagerduty_mattermost.runs.due import next_due
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.reminders import next_at

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KIND = "reaction"
"""Of an order that comes of one."""
AGAIN_SECONDS = 60.0
"""After which what is still due is dispatched once more."""
MAX_TEXT_CHARACTERS = 3000
_OF_TASKS = {TICK: "check", ASSIGN: "assign_task"}
_OF_POSTS = {CALL_COMMANDER: "call_commander", MARK: "mark", NOTE: "note"}
"""By what a reaction does, the verb."""


class HeardRun(NamedTuple):
    """What has to be heard of one run."""

    reactions: Mapping[str, str]
    """By emoji what it does."""
    due: float
    """Seconds since the epoch; 0: at no known time."""
    bot: str


class HeardRuns:
    """Not for several threads at once."""

    def __init__(self, context: Context, log: Any) -> None:
        self._context, self._log = context, log
        self._known: Dict[str, HeardRun] = {}
        self._silent: Dict[str, Tuple[float, float]] = {}
        """By incident: what was due, and until when nothing more is said of it."""

    def read(self) -> None:
        """Read anew what has to be heard of all runs. Raises the store's errors."""
        every, now = RunRecords(self._context.store, self._log).every(), self._context.clock()
        self._known = {run.incident: _heard(run, now) for run in every}
        self._silent = {one: said for one, said in self._silent.items() if one in self._known}

    def read_one(self, incident: str) -> None:
        """The incident's, after something was done in its room."""
        run = RunRecords(self._context.store, self._log).load(incident)
        if run is None:
            self._known.pop(incident, None)
        else:
            self._known[incident] = _heard(run, self._context.clock())

    def is_known(self, incident: str) -> bool:
        return incident in self._known

    def listens_to_reactions(self, incident: str) -> bool:
        known = self._known.get(incident)
        return known is not None and bool(known.reactions)

    def due(self, now: float) -> List[str]:
        """Incidents in whose run something is due and was not said a moment ago."""
        found = []
        for incident, known in self._known.items():
            what, until = self._silent.get(incident, (0.0, 0.0))
            if not 0 < known.due <= now or (what == known.due and now < until):
                continue
            self._silent[incident] = (known.due, now + AGAIN_SECONDS)
            found.append(incident)
        return found

    def reactions(
        self,
        incident: str,
        channel_id: str,
        posts: Iterable[Mapping[str, Any]],
        since: int,
        now: float,
    ) -> List[Dict[str, Any]]:
        """An order for each reaction that was given after `since`, milliseconds since the epoch,
        and means something."""
        known = self._known.get(incident)
        if known is None or not known.reactions:
            return []
        found = []
        for post in posts:
            for one in _given(post, since):
                if one["user_id"] == known.bot:
                    continue
                verb, text = _meant(known, post, str(one.get("emoji_name") or ""))
                if verb:
                    found.append(_order(incident, channel_id, post, one, verb, text, now))
        return found


def shows_a_run(post: Mapping[str, Any]) -> bool:
    """Whether it is a playbook post, as far as its props say."""
    return "run" in _own(post)


def is_of_an_update(post: Mapping[str, Any]) -> bool:
    """Whether it is the post of a status update, as far as its props say."""
    return "update" in _own(post)


def _heard(run: Run, now: float) -> HeardRun:
    meanings = run.plan.playbook.reactions
    state = run.state
    moments = [one for one in (next_due(state), next_at(state, now)) if one]
    reactions = {one.emoji: one.does for one in meanings}
    return HeardRun(reactions, min(moments, default=0.0), run.plan.bot)


def _own(post: Mapping[str, Any]) -> Mapping[str, Any]:
    return own_props(post.get("props"))


def _given(post: Mapping[str, Any], since: int) -> List[Mapping[str, Any]]:
    metadata = post.get("metadata")
    rows = metadata.get("reactions") if isinstance(metadata, dict) else None
    return [
        one
        for one in (rows if isinstance(rows, list) else ())
        if isinstance(one, dict) and one.get("user_id") and int(one.get("create_at") or 0) > since
    ]


def _meant(known: HeardRun, post: Mapping[str, Any], emoji: str) -> Tuple[str, str]:
    """The verb, and what it is about; empty where nothing is meant."""
    does = known.reactions.get(emoji, "")
    if does in _OF_TASKS:
        mine = post.get("user_id") == known.bot
        task = str(_own(post).get("task") or "") if mine else ""
        if not task:
            return "", ""
        return _OF_TASKS[does], f"{task}:{DONE}" if does == TICK else task
    if does == NOTE:
        text = clean(post.get("message"), MAX_TEXT_CHARACTERS).strip()
        return (_OF_POSTS[NOTE], text) if text else ("", "")
    return _OF_POSTS.get(does, ""), str(post["id"])


def _order(
    incident: str,
    channel_id: str,
    post: Mapping[str, Any],
    reaction: Mapping[str, Any],
    verb: str,
    text: str,
    now: float,
) -> Dict[str, Any]:
    """As the listener makes one of Mattermost's call."""
    at = int(reaction.get("create_at") or 0)
    name = f"{post['id']}.{reaction['user_id']}.{reaction.get('emoji_name')}.{at}"
    return {
        "id": f"reaction.{name}",
        "kind": KIND,
        "verb": verb,
        "incident": incident,
        "text": text,
        "user_id": str(reaction["user_id"]),
        "user_name": "",
        "channel_id": channel_id,
        "root_id": str(post.get("root_id") or ""),
        "post_id": str(post["id"]),
        "values": "",
        "hook": "",
        "valid_until": now + VALID_SECONDS,
    }
