"""A playbook as values: who leads an incident, what is done in it, who hears of it.

Everything is frozen, and written and read as JSON by `core.json_values`. All of it is checked when
it is read from its YAML; a value here is not checked again. Texts are as their author wrote them,
so who shows one escapes it.

People are named by words: `commander`, `on_call` (who is on call first at the incident's service),
`declarer`, `acknowledger`, `role:<name>`, `@username` of Mattermost. Empty: nobody.
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

COMMANDER, ON_CALL, DECLARER = "commander", "on_call", "declarer"
ACKNOWLEDGER = "acknowledger"
ROLE_PREFIX = "role:"
"""Before a role's name where people are named."""
COMMAND_PREFIX, ACTION_PREFIX, ALIAS_PREFIX = "/pd ", "action:", "alias:"
"""What `Task.run` begins with."""
SHOW, ASSIGN, DUE = "show", "assign", "due"
"""What a condition does to its task while it holds."""
ACKNOWLEDGED, PRIORITY, RESOLVED = OF_INCIDENT = ("acknowledged", "priority", "resolved")
"""Words of `Task.done_when` that PagerDuty's incident decides."""
UPDATE, MITIGATED = "update", "mitigated"
DONE_WHEN = (*OF_INCIDENT, COMMANDER, UPDATE, MITIGATED)
"""All of them; the others what people did in the run decides."""
NO_PLAYBOOK = "none"
"""In place of a playbook's name: none is wanted, whatever fits."""
TICK, CALL_COMMANDER, MARK, NOTE = "tick", "call_commander", "mark", "note"
"""What a reaction may do, beside `ASSIGN`."""


class FieldValues(NamedTuple):
    """A custom field of the incident, by name, and the values that are meant."""

    name: str
    values: Tuple[str, ...]


class Condition(NamedTuple):
    """What the incident has to be, and what its task is then. Each list that is not empty has to
    hold, by any one of its entries. At least one of them is not empty."""

    then: str
    """`SHOW`: the task is part of the run. `ASSIGN`: it has an owner. `DUE`: it is due earlier."""
    priorities: Tuple[str, ...] = ()
    urgencies: Tuple[str, ...] = ()
    """high, low."""
    services: Tuple[str, ...] = ()
    """Names or ids."""
    incident_types: Tuple[str, ...] = ()
    custom_fields: Tuple[FieldValues, ...] = ()
    assign: str = ""
    """With `ASSIGN`: who the owner is."""
    due_seconds: float = 0.0
    due_at: str = ""
    """With `DUE`: one of the two, as in a task."""


class Task(NamedTuple):
    """Something that is to be done."""

    id: str
    """Unique in its playbook: an act means the task by it, wherever it stands."""
    text: str
    """One line of Markdown."""
    description: str = ""
    """More of it, Markdown."""
    due_seconds: float = 0.0
    """After the run began; 0: by no such time."""
    due_at: str = ""
    """A time of day ("09:30") in the configured time zone: the next one after the run began.
    Empty: none. Never beside `due_seconds`."""
    assign: str = ""
    """Who owns it from the beginning: `commander`, `on_call`, `declarer`, `role:<name>`, `@user`.
    One who takes the role later, owns it then."""
    run: str = ""
    """What a click carries out in the clicker's name: a line "/pd …", or "action:<pack>.<name>"
    of StackStorm."""
    mention: bool = False
    """Whether the @names in its text notify."""
    when: Tuple[Condition, ...] = ()
    """Where some of them have `SHOW`, the task is shown while any of those holds, else always. Of
    those with `ASSIGN` the first that holds names the owner. Those with `DUE` that hold can only
    bring the due time forward."""
    done_when: str = ""
    """One of `DONE_WHEN`: the task is ticked by itself, once, when that is so first. Empty: people
    tick it."""


class Stage(NamedTuple):
    """Tasks that belong together."""

    name: str
    tasks: Tuple[Task, ...] = ()


class Role(NamedTuple):
    """A part that somebody has in an incident."""

    name: str
    """By which commands and tasks name it. One named `commander` describes the commander: its
    title and instructions."""
    title: str
    instructions: str = ""
    """Markdown, sent privately to who takes the role."""
    default: str = ""
    """Who has it from the beginning: `on_call`, `declarer`, `@user`. Empty: who takes it."""


class Updates(NamedTuple):
    """Status updates."""

    template: str = ""
    """What the first one starts with; later ones start with the last."""
    remind_seconds: float = 0.0
    """From one to the reminder of the next; 0: no reminder."""
    broadcast: Tuple[str, ...] = ()
    """Channels that get a copy, as they are named in routes: `~incidents`, `~team/channel`, an
    id."""
    pagerduty: bool = False
    """Whether PagerDuty's subscribers get it too."""
    pagerduty_template: str = ""
    """Name or id of PagerDuty's template in which they get it; empty: as it stands."""


class PlaybookRoom(NamedTuple):
    """How the room is made. What is None or empty is as in the section `rooms` of the
    configuration, where the same words are explained."""

    create: bool = True
    """Whether starting the playbook opens a room."""
    private: Optional[bool] = None
    name: str = ""
    title: str = ""
    team: str = ""
    invite: Optional[Tuple[str, ...]] = None
    feed: Optional[Tuple[str, ...]] = None
    archive: str = ""


class PlaybookRights(NamedTuple):
    """Who may do what with the playbook, by the entries of chat.allowed (`@ada`, `~channel`,
    `role:admin`, `team:Platform`). Empty: everybody."""

    start: Tuple[str, ...] = ()
    edit: Tuple[str, ...] = ()


class ChosenFor(NamedTuple):
    """The incidents that the playbook is taken for by itself: each list that is not empty has to
    hold. All empty: it is only taken by name."""

    priorities: Tuple[str, ...] = ()
    urgencies: Tuple[str, ...] = ()
    services: Tuple[str, ...] = ()
    """Names or ids."""


class Retrospective(NamedTuple):
    """What is done of itself after the incident."""

    channel: str = ""
    """Where its draft is posted when the run has ended; empty: in the room, for who asks."""
    questions: Tuple[str, ...] = ()
    remind_seconds: float = 0.0
    """After the end, when the commander is reminded that it is not published yet; 0: never."""


class ReactionMeaning(NamedTuple):
    """What a reaction in the room does."""

    emoji: str
    """Its name without colons."""
    does: str
    """`TICK`, `ASSIGN`, `CALL_COMMANDER`, `MARK` or `NOTE`."""


class Playbook(NamedTuple):
    """A playbook as it was written."""

    name: str
    """How it is called in commands: lower-case letters, digits and hyphens."""
    title: str
    stages: Tuple[Stage, ...]
    """At least one; at most 80 tasks in all."""
    description: str = ""
    teams: Tuple[str, ...] = ()
    """Names of the Mattermost teams that see it; empty: all."""
    who: PlaybookRights = PlaybookRights()
    choose: ChosenFor = ChosenFor()
    room: PlaybookRoom = PlaybookRoom()
    commander: str = DECLARER
    """Who it is from the beginning: `declarer`, `on_call`, `acknowledger` (who acknowledges
    first), `@user`. Where there is no such person, nobody yet."""
    roles: Tuple[Role, ...] = ()
    end_on_resolve: bool = True
    """Whether the run ends when the incident is resolved."""
    updates: Updates = Updates()
    retro: Retrospective = Retrospective()
    reactions: Tuple[ReactionMeaning, ...] = ()
    triage: bool = False
    """Whether it begins in triage, until somebody says that it is an incident."""

    @property
    def tasks(self) -> Tuple[Task, ...]:
        """The tasks of all stages, in their order."""
        return tuple(task for stage in self.stages for task in stage.tasks)

    def role(self, name: str) -> Optional[Role]:
        """What the playbook says of a role, `commander` too; None: nothing."""
        return next((role for role in self.roles if role.name == name), None)
