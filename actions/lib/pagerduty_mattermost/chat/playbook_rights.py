"""Who sees, starts and edits which playbook: its `teams` and its `who`.

The entries of `who` are those of chat.allowed, but for `~channel`, which stands for the channel's
members wherever they ask. Administrators of the Mattermost server may do everything. Whom nobody
knows (a chat bot does not say who asks) has no entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, List, Optional, Sequence, Tuple

from pagerduty_mattermost.chat.acting_user import account
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.entries_of_rights import means
from pagerduty_mattermost.core.errors import (
    Ambiguous,
    ConfigError,
    NotFound,
    RejectedInput,
    Unauthorized,
)
from pagerduty_mattermost.playbooks.hidden_channels import channels_of
from pagerduty_mattermost.playbooks.library import FoundPlaybook, PlaybookLibrary, unknown

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident
    from pagerduty_mattermost.playbooks.playbook import Playbook


def may_start(context: Context, command: Command, playbook: Playbook) -> bool:
    """Whether the giver of the command may start the playbook: in one of its teams, and among
    those whom it names, where it names any."""
    return _in_teams(context, command, playbook) and _among(context, command, playbook.who.start)


def may_edit(context: Context, command: Command, playbook: Playbook) -> bool:
    """The same of changing it."""
    return _in_teams(context, command, playbook) and _among(context, command, playbook.who.edit)


def sees(context: Context, command: Command, playbook: Playbook) -> bool:
    """Whether they may know that there is such a playbook."""
    return may_start(context, command, playbook) or may_edit(context, command, playbook)


def visible(context: Context, command: Command, library: PlaybookLibrary) -> List[FoundPlaybook]:
    """Those that whoever gave the command may start or edit."""
    return [one for one in library.playbooks if sees(context, command, one.playbook)]


def startable(context: Context, command: Command, library: PlaybookLibrary) -> List[FoundPlaybook]:
    """Those of the library that they may start."""
    return [one for one in library.playbooks if may_start(context, command, one.playbook)]


def fitting(context: Context, command: Command, incident: Incident) -> Optional[Playbook]:
    """The playbook that is taken for such an incident by itself, where whoever gave the command
    may start it."""
    from pagerduty_mattermost.runs.opening import wanted

    found = wanted(context, incident)
    entries = context.settings.chat.allowed.get("start")
    if found is None or not may_start(context, command, found):
        return None
    may = entries is None or any(_fits(context, command, entry) for entry in entries)
    return found if may else None


def find_visible(
    context: Context, command: Command, library: PlaybookLibrary, name: str
) -> FoundPlaybook:
    """One that they do not see is one that there is not. Raises NotFound."""
    found = library.find(name)
    if found is None or not sees(context, command, found.playbook):
        known = [one.playbook.name for one in visible(context, command, library)]
        raise unknown(name, known)
    return found


def find_startable(
    context: Context, command: Command, library: PlaybookLibrary, name: str
) -> Playbook:
    """One that they may start. Raises NotFound, and RejectedInput for one that they only see."""
    found = find_visible(context, command, library, name).playbook
    if not may_start(context, command, found):
        raise RejectedInput(f"you may not start {found.name}")
    return found


def required_edit(context: Context, command: Command) -> Callable[[Playbook], None]:
    """What raises RejectedInput where they may not change a playbook."""

    def check(playbook: Playbook) -> None:
        if may_edit(context, command, playbook):
            return
        if not sees(context, command, playbook):
            raise RejectedInput(f"the name {playbook.name} is taken: choose another one")
        raise RejectedInput(
            f"you may not change {playbook.name}: it is for {', '.join(playbook.who.edit)}"
        )

    return check


def hidden_channels(context: Context, command: Command, playbook: Playbook) -> Tuple[str, ...]:
    """The channels that it names and whoever gave the command may not know: private ones without
    them, and those that nobody can find."""
    if _is_admin(context, command):
        return ()
    return tuple(word for word in channels_of(playbook) if not _knows(context, command, word))


def _knows(context: Context, command: Command, word: str) -> bool:
    try:
        channel = context.channels.look_up(word)
    except (NotFound, RejectedInput, ConfigError):
        return False
    user = _user_id(context, command)
    return channel.type == "O" or bool(user) and context.mattermost.is_member(channel.id, user)


def _in_teams(context: Context, command: Command, playbook: Playbook) -> bool:
    if not playbook.teams or _is_admin(context, command):
        return True
    return any(_is_in_team(context, command, team) for team in playbook.teams)


def _among(context: Context, command: Command, entries: Sequence[str]) -> bool:
    if not entries or _is_admin(context, command):
        return True
    return any(_fits(context, command, entry) for entry in entries)


def _fits(context: Context, command: Command, entry: str) -> bool:
    try:
        if entry.startswith("~"):
            return _is_in_channel(context, command, entry)
        return means(context, command, entry)
    except (NotFound, Ambiguous, ConfigError, RejectedInput):
        return False  # nobody at PagerDuty, or a channel that is not there


def _is_in_channel(context: Context, command: Command, entry: str) -> bool:
    user = _user_id(context, command)
    channel = context.once(f"channel of {entry}", lambda: context.channels.look_up(entry))
    if not user:
        return False
    if channel.id == command.channel:
        return True
    try:
        return context.once(
            f"{user} in {channel.id}", lambda: context.mattermost.is_member(channel.id, user)
        )
    except Unauthorized as error:
        if error.status != 403:
            raise
        # Members alone are told who is in a channel, and the bot is not in this one.
        channel = context.channels.resolve(entry)
        return context.mattermost.is_member(channel.id, user)


def _is_in_team(context: Context, command: Command, team: str) -> bool:
    user = _user_id(context, command)
    if not user:
        return False

    def ask() -> bool:
        from pagerduty_mattermost.gateways.mattermost.own_channels import team_id

        try:
            return context.mattermost.is_in_team(team_id(context.mattermost, team), user)
        except Unauthorized as error:
            if error.status != 403:
                raise
        except (NotFound, RejectedInput):
            pass
        return False

    return context.once(f"{user} in the team {team}", ask)


def _user_id(context: Context, command: Command) -> str:
    try:
        return account(context, command.user).id if command.user else ""
    except (NotFound, RejectedInput):
        return ""


def _is_admin(context: Context, command: Command) -> bool:
    try:
        return bool(command.user) and account(context, command.user).is_admin
    except (NotFound, RejectedInput):
        return False
