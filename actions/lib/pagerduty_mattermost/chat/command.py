"""A command from chat, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import PackError

if TYPE_CHECKING:
    from pagerduty_mattermost.incidents.incident import Incident


class Command(NamedTuple):
    """One command."""

    verb: str
    incidents: str = ""
    """Ids and numbers of incidents, as they were typed."""
    text: str = ""
    service: str = ""
    duration: str = ""
    from_email: str = ""
    user: str = ""
    """The Mattermost user who gave it: name, or id where the pack's own sensor heard it."""
    channel: str = ""
    """Id of the channel it was given in, where that is known."""
    page: str = ""
    """Of a list: 1, 2, …"""
    brief: bool = False
    """The answer can be short: it came by a click, a dialog or a note, whose giver sees the card.
    So nothing beyond the incident itself is read for the answer."""
    key: str = ""
    """What the command makes (a post, an incident) is made under this key, so that the same
    command carried out twice makes it once."""
    task: str = ""
    """Of a playbook: a task (`1.2`, its id, words of it), or a stage."""
    user_name: str = ""
    """The username of `user`, where the pack's own sensor heard it."""
    at: float = 0.0
    """When the pack's own sensor heard it, seconds since the epoch; 0: now."""
    written: bool = False
    """The sensor has written its act already (`chat.run_clicks`): where that stands no more the
    order was taken back."""
    hook: str = ""
    """Path of the response_url of the slash command that it came by; never kept: whoever has it
    posts in the name of who typed."""
    typed: str = ""
    """The word of another verb as which it was typed, whose options it then has."""
    options: Mapping[str, str] = {}
    """What stood behind the command as `--name value`."""


class CommandResult(NamedTuple):
    """What became of a command."""

    message: str
    """For people, in Markdown."""
    incidents: Tuple[str, ...] = ()
    """Ids of what it was about."""
    person: str = ""
    """The e-mail address of the PagerDuty user in whose name something was done."""
    after: Tuple[Incident, ...] = ()
    """As PagerDuty answered the change, where it did: they need not be asked for again."""
    public: bool = False
    """Whether the channel should see it."""
    already: bool = False
    """Whether nothing was left to do, since somebody else was first: no card changes, so whoever
    clicked is told."""
    problem: str = ""
    """What of it is not done although the rest is, in one line: it stands in the audit."""
    head: str = ""
    """In place of `message` where each incident of `shown` has buttons."""
    shown: Tuple[Incident, ...] = ()
    """The page of a list."""
    next_page: Optional[Command] = None
    """What shows the page behind it; None where there is none."""
    card: Tuple[Mapping[str, Any], ...] = ()
    """In place of `message` where attachments are shown: of `about`, whose buttons they get."""
    about: Optional[Incident] = None

    logged: str = ""
    """What of it stands in the log, where that is not the first line of the answer."""

    def with_line(self, line: str) -> CommandResult:
        """The same with a line of Markdown at its end."""
        card = (*self.card, {"text": line}) if self.card else ()
        return self._replace(message=f"{self.message}\n\n{line}", card=card)


class HalfDone(PackError):
    """A part of a command is done, and the rest failed: the line says which. `result`: what is
    done, in whose name."""

    def __init__(self, line: str, result: CommandResult, why: PackError) -> None:
        super().__init__(line, status=why.status, error_id=why.error_id)
        self.result = result
