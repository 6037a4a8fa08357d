"""Exercises on the test service: `test create-incident`, `test bulk-data`, `test end`, `drill`,
`drill end`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Tuple

from pagerduty_mattermost.chat.acting_user import identify_now
from pagerduty_mattermost.chat.command import Command, CommandResult, HalfDone
from pagerduty_mattermost.chat.forms import Form, nothing, words
from pagerduty_mattermost.chat.verb import PAGERDUTY, PLAYBOOK, Verb
from pagerduty_mattermost.chat.verbs.rooms import linked
from pagerduty_mattermost.chat.verbs.touched import of_id
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.text import clean, counted, escape, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.exercises.on_test_service import AskedExercise
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.playbooks.library import PlaybookLibrary
    from pagerduty_mattermost.playbooks.playbook import Playbook
    from pagerduty_mattermost.runs.records import Run

TEST = "test"
"""The right that test incidents need: chat.allowed has to list it, with who may."""
DEFAULT_PLAYBOOK = "major-incident"
MAX_NAME_CHARACTERS = 200
BULK_WORDS = (4, 5)
HOW_BULK = "say: test bulk-data <ongoing> <ended> <from date> <to date> [seed]"
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\S{1,30})?")


class _TestIncident(NamedTuple):
    """What was typed behind `test create-incident`."""

    playbook: Playbook
    begun_at: float
    title: str


def create_test(context: Context, command: Command) -> CommandResult:
    """An incident that is under way, as if it had begun then."""
    from pagerduty_mattermost.exercises.on_test_service import make, the_service
    from pagerduty_mattermost.exercises.planned_incidents import TEST_MARK, PlannedIncident

    _require_right(context)
    service = the_service(context)
    service.require_room_for(1)
    said = _said_test(context, command)
    planned = PlannedIncident(f"{TEST_MARK} {said.title}", said.begun_at)
    asked = _asked(context, command, said.playbook)
    made = make(context, asked, service.reference, planned, 0)
    text = f"Test incident #{made.number} in {linked(context, made.room)}. {_HOW_TO_END}"
    return CommandResult(text, (made.incident_id,), _email(context, command))


def bulk(context: Context, command: Command) -> CommandResult:
    """Many of them, some of which are over; the same seed makes the same ones."""
    from pagerduty_mattermost.exercises.on_test_service import make, the_service
    from pagerduty_mattermost.exercises.planned_incidents import planned
    from pagerduty_mattermost.playbooks.library import load

    _require_right(context)
    ongoing, ended, begin, end, seed = _bulk_said(context, command)
    wanted = planned(ongoing, ended, begin, end, seed)
    service = the_service(context)
    service.require_room_for(len(wanted))
    name = command.options.get("playbook", "")
    playbook = _playbook(context, command, load(context), name)
    asked = _asked(context, command, playbook)
    made: List[str] = []
    email = _email(context, command)
    for number, one in enumerate(wanted):
        try:
            run = make(context, asked, service.reference, one, number, alone=True)
            made.append(run.incident_id)
        except PackError as error:
            line = f"{len(made)} of {len(wanted)} test incidents are made: {error.in_chat}"
            raise HalfDone(line, CommandResult(line, tuple(made), email), error) from None
    text = f"{ongoing} test incidents are under way, {ended} are over. {_HOW_TO_END}"
    return CommandResult(text, tuple(made), email)


def end_tests(context: Context, command: Command) -> CommandResult:
    """All test incidents that are open are resolved, and their runs ended."""
    from pagerduty_mattermost.exercises.on_test_service import end, open_tests, the_service

    _require_right(context)
    service = the_service(context)
    asked, ended = _asked(context, command, None), []
    for row in open_tests(context, service):
        end(context, str(row["id"]), asked)
        ended.append(str(row["id"]))
    if not ended:
        return CommandResult("No test incident is open.", already=True)
    count = counted(len(ended), "test incident")
    return CommandResult(f"Resolved {count}.", tuple(ended), _email(context, command))


def drill(context: Context, command: Command) -> CommandResult:
    """A whole exercise: an incident on the test service, its room, a playbook, against the
    clock."""
    from pagerduty_mattermost.exercises import drills
    from pagerduty_mattermost.playbooks.library import load

    playbook = _playbook(context, command, load(context), command.text)
    asked = _asked(context, command, playbook)
    made = drills.start(context, asked, one_line(playbook.title))
    title = escape(one_line(playbook.title))
    text = (
        f"🏋️ The exercise **{title}** has begun in {linked(context, made.room)}: acknowledge, take "
        "command, publish an update. Nobody outside is paged or mentioned; bring people in with "
        "`/pd invite @name`. `/pd drill end` there ends it and says what was slow."
    )
    return CommandResult(text, (made.incident_id,), _email(context, command))


def end_drill(context: Context, command: Command) -> CommandResult:
    """It is over: resolved, and reported in its room."""
    from pagerduty_mattermost.exercises import drills
    from pagerduty_mattermost.exercises.on_test_service import end

    run = _drill_meant(context, command)
    end(context, run.incident, _asked(context, command, None))
    reported = drills.report_of(context, run.incident)
    is_here = run.plan.channel == command.channel
    text = "It is over." if is_here or not reported else reported
    return CommandResult(text, (run.incident,), _email(context, command))


def _drill_meant(context: Context, command: Command) -> Run:
    """The drill in whose room it is said, else the only one that is under way."""
    from pagerduty_mattermost.runs.records import RunRecords

    runs = RunRecords(context.store, context.log).every()
    under_way = [run for run in runs if run.plan.drill and not run.state.is_over]
    here = [run for run in under_way if run.plan.channel == command.channel] or under_way
    if len(here) != 1:
        what = "no drill is under way" if not here else "say it in the drill's room"
        raise RejectedInput(what)
    return here[0]


def _require_right(context: Context) -> None:
    if TEST not in context.settings.chat.allowed:
        raise RejectedInput(
            "test incidents need a right of their own: chat.allowed of the configuration has to "
            f"list `{TEST}`, with who may"
        )


def _asked(context: Context, command: Command, playbook: Any) -> AskedExercise:
    import uuid

    from pagerduty_mattermost.exercises.on_test_service import AskedExercise
    from pagerduty_mattermost.runs.acts import Who

    known = identify_now(context, command.user)
    by = Who(known.account.id, known.account.username)
    return AskedExercise(by, known.person, command.key or uuid.uuid4().hex, playbook)


def _email(context: Context, command: Command) -> str:
    return identify_now(context, command.user).person.email


def _playbook(context: Context, command: Command, library: PlaybookLibrary, name: str) -> Playbook:
    """The one that is named, else the pack's, else the first that whoever asks may start."""
    from pagerduty_mattermost.chat.playbook_rights import find_startable, startable

    if name.strip():
        return find_startable(context, command, library, name.strip())
    mine = [one.playbook for one in startable(context, command, library)]
    if not mine:
        raise RejectedInput("there is no playbook that you may start")
    return next((one for one in mine if one.name == DEFAULT_PLAYBOOK), mine[0])


def _said_test(context: Context, command: Command) -> _TestIncident:
    """`[playbook] [date] [name]`, each of which may be left out."""
    from pagerduty_mattermost.chat.playbook_rights import sees
    from pagerduty_mattermost.playbooks.library import load

    left = one_line(clean(command.text)).split(" ") if command.text.strip() else []
    name, begun_at, library = "", context.clock(), load(context)
    found = library.find(left[0]) if left else None
    if found is not None and sees(context, command, found.playbook):
        name = left.pop(0)
    if left and _DATE.fullmatch(left[0]):
        begun_at = _moment(context, left.pop(0))
    title = one_line(" ".join(left), MAX_NAME_CHARACTERS) or "Test"
    return _TestIncident(_playbook(context, command, library, name), begun_at, title)


def _bulk_said(context: Context, command: Command) -> Tuple[int, int, float, float, int]:
    said = command.text.split()
    if len(said) not in BULK_WORDS or not all(
        said[n].isdecimal() for n in (0, 1, *range(4, len(said)))
    ):
        raise RejectedInput(HOW_BULK)
    if max(map(len, said)) > 18:
        raise RejectedInput(HOW_BULK)
    begin, end = (_moment(context, word) for word in said[2:4])
    return int(said[0]), int(said[1]), begin, end, int(said[4]) if len(said) == 5 else 0


def _moment(context: Context, word: str) -> float:
    from pagerduty_mattermost.core.typed_times import read_time

    now, zone = context.clock(), context.settings.time_zone
    if not _DATE.fullmatch(word):
        raise RejectedInput(f"{word[:30]!r} is no date: write it as 2026-01-31")
    moment = read_time(word, now=now, zone=zone)
    if moment > now:
        raise RejectedInput(f"{word} has not come yet: test incidents began before now")
    return moment


def _touched(context: Context, command: Command) -> List[Dict[str, Any]]:
    from pagerduty_mattermost.gateways.pagerduty.references import resolve

    named = context.settings.rooms.test_service
    if not named:
        return []
    return [of_id(context, "service", resolve(context.pagerduty, "service", named).id)]


_HOW_TO_END = "`/pd test end` resolves all that are open."

VERBS = (
    Verb(
        name="test",
        run=create_test,
        usage="test create-incident [playbook] [date] [name]",
        example="test create-incident major-incident 2026-01-31 Trial",
        help="a test incident on the test service, as if it had begun then",
        forms=(
            Form(
                (
                    "test create-incident",
                    "test create",
                    "test incident",
                    "make test incident",
                ),
                words("text", required=False),
            ),
        ),
        group=PLAYBOOK,
        changes=PAGERDUTY,
        touches=_touched,
        includes=("create", "start", "room"),
        to_do="make test incidents",
        is_detail=True,
        says="Make a test incident{words}",
        button="Make it",
    ),
    Verb(
        name="test_bulk",
        run=bulk,
        usage="test bulk-data <ongoing> <ended> <from> <to> [seed]",
        example="test bulk-data 10 3 2026-01-31 2026-02-22 2",
        help="many test incidents with runs between two dates, the same ones for the same seed",
        forms=(Form(("test bulk-data", "test bulk", "make test incidents"), words("text")),),
        options=("playbook",),
        group=PLAYBOOK,
        changes=PAGERDUTY,
        touches=_touched,
        includes=("test", "create", "start", "room"),
        to_do="make test incidents",
        is_detail=True,
        says="Make test incidents: {text}{options}",
        button="Make them",
    ),
    Verb(
        name="test_end",
        run=end_tests,
        usage="test end",
        example="test end",
        help="resolve all test incidents that are open",
        forms=(
            Form(("test end", "test resolve", "test clear", "resolve test incidents"), nothing()),
        ),
        group=PLAYBOOK,
        changes=PAGERDUTY,
        touches=_touched,
        includes=("test", "resolve"),
        to_do="end test incidents",
        is_detail=True,
        says="Resolve all test incidents that are open",
        button="Resolve them",
    ),
    Verb(
        name="drill_end",
        run=end_drill,
        usage="drill end",
        example="drill end",
        help="end the exercise, and say what was slow",
        forms=(Form(("drill end", "end drill", "exercise end"), nothing()),),
        group=PLAYBOOK,
        changes=PAGERDUTY,
        touches=_touched,
        includes=("resolve",),
        to_do="end drills",
        is_detail=True,
        says="End the exercise",
        button="End it",
    ),
    Verb(
        name="drill",
        run=drill,
        usage="drill [playbook]",
        example="drill major-incident",
        help="an exercise on the test service against the clock; nobody outside is paged",
        forms=(Form(("drill", "drill start", "start drill"), words("text", required=False)),),
        group=PLAYBOOK,
        changes=PAGERDUTY,
        touches=_touched,
        includes=("start", "room"),
        to_do="start drills",
        says="Begin an exercise{words}",
        button="Begin",
    ),
)
