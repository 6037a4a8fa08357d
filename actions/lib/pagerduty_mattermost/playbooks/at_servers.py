"""Whether the people, channels, teams, services and priorities that a playbook names are there, as
far as Mattermost and PagerDuty can be asked.

    found = missing_at_servers(context, playbook, asker=user_id)
    found.problems       # [(("updates", "broadcast", 0), "unknown channel ~incidents"), …]
    found.unchecked      # ["Mattermost does not answer: …"]

A private channel is unknown to who is no member of it. A server that does not answer proves
nothing: then what was to be asked there is left out.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

from pagerduty_mattermost.core.config.settings import mattermost_missing
from pagerduty_mattermost.core.errors import (
    Ambiguous,
    ConfigError,
    NotFound,
    PackError,
    RejectedInput,
    Unauthorized,
)
from pagerduty_mattermost.core.text import clean, did_you_mean, one_line
from pagerduty_mattermost.playbooks.playbook import Condition, Playbook, Task

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

PathInPlaybook = Tuple[Any, ...]
USER, CHANNEL, TEAM, GROUP = "user", "channel", "team", "group"
SERVICE, PRIORITY, PAGERDUTY_TEAM = "service", "priority", "PagerDuty team"
TEMPLATE = "PagerDuty template"
MATTERMOST_KINDS = (USER, CHANNEL, TEAM, GROUP)
MAX_ASKED = 200
"""Different words that are asked for."""


class NamedThing(NamedTuple):
    """What a playbook names that a server knows or does not."""

    kind: str
    word: str
    path: PathInPlaybook


class AtServers(NamedTuple):
    """What both servers say of the names in a playbook."""

    problems: List[Tuple[PathInPlaybook, str]]
    """Where in the YAML and what."""
    unchecked: List[str]
    """What could not be asked, a line each."""


def missing_at_servers(context: Context, playbook: Playbook, *, asker: str = "") -> AtServers:
    """`asker`: the Mattermost id of whom the answer is for; empty: an administrator's."""
    found = AtServers([], [])
    known: Dict[Tuple[str, str], str] = {}
    silent: Dict[str, bool] = {}
    for thing in named_things(playbook):
        key = (thing.kind, thing.word)
        side = "Mattermost" if thing.kind in MATTERMOST_KINDS else "PagerDuty"
        if key not in known and len(known) < MAX_ASKED and not silent.get(side):
            try:
                known[key] = _why_not(context, thing, asker)
            except PackError as error:
                silent[side] = True
                found.unchecked.append(f"{side} could not be asked: {context.line_of(error)}")
        if known.get(key):
            found.problems.append((thing.path, known[key]))
    return found


def named_things(playbook: Playbook) -> Iterator[NamedThing]:
    """All that servers can be asked about, in the order of the YAML. Pure."""
    for at, team in enumerate(playbook.teams):
        yield NamedThing(TEAM, team, ("teams", at))
    for field in ("start", "edit"):
        for at, entry in enumerate(getattr(playbook.who, field)):
            yield from _entry(entry, ("who", field, at))
    yield from _criteria(playbook.choose, ("choose",))
    room = playbook.room
    if room.team:
        yield NamedThing(TEAM, room.team, ("room", "team"))
    for at, word in enumerate(room.invite or ()):
        group = word.partition("group:")[2]
        if group:
            yield NamedThing(GROUP, group, ("room", "invite", at))
        yield from _person(word, ("room", "invite", at))
    yield from _person(playbook.commander, ("commander",))
    for at, role in enumerate(playbook.roles):
        yield from _person(role.default, ("roles", at, "default"))
    for at, channel in enumerate(playbook.updates.broadcast):
        yield NamedThing(CHANNEL, channel, ("updates", "broadcast", at))
    if playbook.updates.pagerduty_template:
        word = playbook.updates.pagerduty_template
        yield NamedThing(TEMPLATE, word, ("updates", "pagerduty_template"))
    if playbook.retro.channel:
        yield NamedThing(CHANNEL, playbook.retro.channel, ("retro", "channel"))
    for at, stage in enumerate(playbook.stages):
        for number, task in enumerate(stage.tasks):
            yield from _of_task(task, ("stages", at, "tasks", number))


def _of_task(task: Task, path: PathInPlaybook) -> Iterator[NamedThing]:
    yield from _person(task.assign, (*path, "assign"))
    for condition in task.when:
        # One condition of the YAML may have become two here: the place is that of the list.
        here = (*path, "when")
        yield from _criteria(condition, here)
        yield from _person(condition.assign, here)


def _criteria(wanted: Any, path: PathInPlaybook) -> Iterator[NamedThing]:
    at_path = not isinstance(wanted, Condition)
    for field, kind in (("priorities", PRIORITY), ("services", SERVICE)):
        for at, word in enumerate(getattr(wanted, field)):
            yield NamedThing(kind, word, (*path, field, at) if at_path else path)


def _person(word: str, path: PathInPlaybook) -> Iterator[NamedThing]:
    if word.startswith("@"):
        yield NamedThing(USER, word[1:], path)


def _entry(entry: str, path: PathInPlaybook) -> Iterator[NamedThing]:
    yield from _person(entry, path)
    if entry.startswith("~"):
        yield NamedThing(CHANNEL, entry, path)
    elif entry.startswith("team:"):
        yield NamedThing(PAGERDUTY_TEAM, entry[len("team:") :].strip(), path)


def _why_not(context: Context, thing: NamedThing, asker: str) -> str:
    """What is wrong with it; empty when it is there. Raises what says nothing of it."""
    if thing.kind in MATTERMOST_KINDS and mattermost_missing(context.settings):
        raise ConfigError("Mattermost is not configured")
    try:
        return _ASK[thing.kind](context, thing.word, asker)
    except Unauthorized as error:
        if error.status != 403:
            raise
        return _unknown(thing)
    except Ambiguous as error:
        return one_line(str(error))
    except NotFound as error:
        return _unknown(thing) + did_you_mean(error.meant)
    except RejectedInput:
        return _unknown(thing)


def _unknown(thing: NamedThing) -> str:
    word = one_line(clean(thing.word.lstrip("~@"), 60))
    if thing.kind == CHANNEL:
        # The same for each reason: that there is a private one is nobody else's business.
        return f"unknown channel ~{word}: misspelt, archived, or private and you are no member"
    return f"unknown {thing.kind} {'@' if thing.kind == USER else ''}{word}"


def _channel(context: Context, word: str, asker: str) -> str:
    ref = context.channels.look_up(word)
    if ref.type == "P" and asker and not context.mattermost.is_member(ref.id, asker):
        raise NotFound("a private channel")
    return ""


def _user(context: Context, word: str, asker: str) -> str:
    from pagerduty_mattermost.gateways.mattermost.users import chat_user

    chat_user(context.mattermost, word)
    return ""


def _team(context: Context, word: str, asker: str) -> str:
    from pagerduty_mattermost.gateways.mattermost.own_channels import team_id

    team_id(context.mattermost, word)
    return ""


def _group(context: Context, word: str, asker: str) -> str:
    from pagerduty_mattermost.gateways.mattermost.user_groups import GroupsUnavailable, find

    try:
        find(context.mattermost, word)
    except GroupsUnavailable:
        return "this Mattermost has no custom user groups, which need a paid edition"
    return ""


def _at_pagerduty(kind: str) -> Callable[[Context, str, str], str]:
    def ask(context: Context, word: str, asker: str) -> str:
        from pagerduty_mattermost.gateways.pagerduty.references import resolve

        resolve(context.pagerduty_soon, kind, word)
        return ""

    return ask


_ASK: Dict[str, Callable[[Context, str, str], str]] = {
    USER: _user,
    CHANNEL: _channel,
    TEAM: _team,
    GROUP: _group,
    SERVICE: _at_pagerduty("service"),
    PRIORITY: _at_pagerduty("priority"),
    PAGERDUTY_TEAM: _at_pagerduty("team"),
    TEMPLATE: _at_pagerduty("template"),
}
