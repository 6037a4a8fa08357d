"""`Verb`: all that is known of one command, in one record beside the function that carries it out.

Each module in `chat/verbs` exports its own as VERBS, `verbs/registry.py` joins them. The parser,
`/pd help`, docs/chat.md, who may do what, dry runs, confirmations and the cards' repainting read
the record; CONTRIBUTING.md shows how one is added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.command import Command, CommandResult
    from pagerduty_mattermost.chat.forms import Form
    from pagerduty_mattermost.gateways.context import Context

INCIDENTS, ACT, PLAYBOOK, PEOPLE, CHANNEL, YOU, PACK = GROUPS = (
    "Incidents",
    "Act on an incident",
    "Playbooks",
    "On call and services",
    "This channel",
    "You",
    "This integration",
)
"""Headings of `/pd help`, in its order."""

NOTHING, OWN_SETTINGS, CHAT, PAGERDUTY = "nothing", "own settings", "chat", "PagerDuty"
"""What a verb changes. Own settings: what people say of themselves alone."""

NONE, ONE, MANY, ALL_OF_ASKER = "none", "one", "many", "all of the asker"
"""Which incidents a verb is about."""

TRIGGERED, ACKNOWLEDGED, RESOLVED = "triggered", "acknowledged", "resolved"
OPEN_STATES = (TRIGGERED, ACKNOWLEDGED)
ALL_STATES = (*OPEN_STATES, RESOLVED)

NEVER, ALWAYS, IF_SEVERAL = "never", "always", "if several"
"""When a verb asks before it acts, unless the configuration says otherwise (chat.confirm)."""


class Verb(NamedTuple):
    """One command that people can give."""

    name: str
    """As `chat.run` and the settings chat.allowed and chat.confirm name it."""
    run: Callable[[Context, Command], CommandResult]
    """Carries it out. Raises the pack's errors, each one line for people."""
    usage: str
    """How it is typed, as `/pd help` shows it."""
    help: str
    """What it does, in a few words."""
    forms: Tuple[Form, ...]
    """All ways in which it is typed after `/pd`, whatever its case. Of several that fit a line the
    one that begins with more words is meant, then the first in the registry."""
    group: str
    """Its heading in `/pd help`, one of GROUPS."""
    example: str = ""
    """A line that it understands."""
    options: Tuple[str, ...] = ()
    """May stand anywhere behind the command, as `--name value`."""
    flags: Tuple[str, ...] = ()
    """The same without a value, as `--name`."""
    changes: str = NOTHING
    """NOTHING, OWN_SETTINGS, CHAT or PAGERDUTY."""
    incidents: str = NONE
    """NONE, ONE, MANY or ALL_OF_ASKER; where ONE or MANY is not typed it is the thread's, else the
    asker's only open one."""
    states: Tuple[str, ...] = ALL_STATES
    """In which an incident must be for it."""
    confirmed: str = NEVER
    """NEVER, ALWAYS or IF_SEVERAL."""
    longest_days: int = 0
    """Of what `duration` says from when until when, where it does: for more than a week it is
    asked about, with both in full."""
    repaints: bool = False
    """Whether the incident's card looks different after it."""
    reaches_people: bool = False
    """Whether somebody hears of it, or is on call by it: whose account is whose is looked up anew
    then, where PagerDuty's answer is older than a minute."""
    names_people: bool = False
    """Whether `text` names people; whoever is chosen in a dialog comes as `@<Mattermost id>`."""
    for_everybody: bool = False
    """It changes something, but anybody may do it without a right and the audit does not list it;
    only chat.read_only stops it."""
    includes: Tuple[str, ...] = ()
    """Names of verbs whose rights it needs as well, because it does what they do."""
    includes_with_text: Tuple[str, ...] = ()
    """Verbs whose rights it needs as well when `text` is given."""
    asks: Optional[Callable[[Context, Command], Optional[Tuple[Command, str]]]] = None
    """For a verb whose question depends on how things are at that moment, not only on what was
    typed. It reads them and returns the command that the button *confirm* carries out, with the
    reason to ask as Markdown; or None where there is nothing to ask."""
    includes_if: Callable[[Command], Tuple[str, ...]] = lambda command: ()
    """Verbs whose rights it needs as well, by anything else in the command."""
    touches: Optional[Callable[[Context, Command], List[Dict[str, Any]]]] = None
    """Of one that names no incident: what it would change at PagerDuty, with its teams; none where
    nothing would be. None: who acts by a role in a team alone may not."""
    also_called: Tuple[str, ...] = ()
    """Words that people use for it and that are no commands: who types one is told this one."""
    says: Union[str, Callable[[Context, Command], str]] = ""
    """What it would do, in words, for the question before it and for a dry run: a sentence without
    its end whose places `chat.in_words` fills in, or a function that makes it. Each that changes
    PagerDuty, acts on an incident or always asks needs one."""
    says_besides: Optional[Callable[[Context, Command], str]] = None
    """What the sentence goes on with, which has to be read first."""
    to_do: str = ""
    """What it is behind "you may not", where the words that are typed for it make no sentence."""
    button: str = ""
    """The act on the button that does it, where the name alone is no good word."""
    is_detail: bool = False
    """A topic of `/pd help` names it below the others, without an example."""
    on_top_of: Optional[Callable[[Context, Command], str]] = None
    """What of the same kind there is already in that time, in Markdown, so that it is asked about
    first with it; empty: nothing."""
    dry_run: str = ""
    """What a dry run says it would do, where the request that it would send tells people
    nothing."""

    @property
    def word(self) -> str:
        """The first word of its usage."""
        return self.usage.split(" ")[0]

    @property
    def typed(self) -> str:
        """What is typed for it, without what varies: "override cancel"."""
        words = self.usage.split(" ")
        count = next((n for n, word in enumerate(words) if word[0] in '[<"'), len(words))
        return " ".join(words[:count])

    @property
    def infinitive(self) -> str:
        """What it does as part of a sentence: "acknowledge incidents"."""
        return self.to_do or self.typed

    @property
    def act(self) -> str:
        """What it does, as people are asked about it."""
        return self.button or self.name.replace("_", " ").capitalize()

    @property
    def fields(self) -> Tuple[str, ...]:
        """The fields of a command that its forms may set."""
        return tuple(dict.fromkeys(name for form in self.forms for name in form.fields))

    @property
    def hint(self) -> str:
        """Usage with its options."""
        flags = (f"[--{name}]" for name in self.flags)
        return " ".join([self.usage, *(f"[--{name} …]" for name in self.options), *flags])

    @property
    def is_act(self) -> bool:
        """Whether it needs a right, stands in the audit, and is kept when it fails."""
        return self.changes in (CHAT, PAGERDUTY) and not self.for_everybody
