"""Playbooks as texts: `playbook list`, `show`, `new`, `save`, `delete`, `history`, `restore`. What
is done with one in a room is in other modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, List, Tuple

from pagerduty_mattermost.chat import playbook_rights
from pagerduty_mattermost.chat.acting_user import account
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, words
from pagerduty_mattermost.chat.verb import ALWAYS, CHAT, PLAYBOOK, Verb
from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, counted, escape, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.command_table import CommandTable
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.playbooks.editing import SavedPlaybook
    from pagerduty_mattermost.playbooks.kept import KeptPlaybook
    from pagerduty_mattermost.playbooks.library import FoundPlaybook
    from pagerduty_mattermost.playbooks.validation import FurtherCheck

MAX_SHOWN_CHARACTERS = 12_000
"""Of a playbook's YAML in an answer."""


def listed(context: Context, command: Command) -> CommandResult:
    """List the playbooks that whoever asks may start or edit."""
    from pagerduty_mattermost.playbooks.library import load

    library = load(context)
    rows = [
        (
            f"`{one.playbook.name}`",
            markdown.cell(one.playbook.title),
            str(len(one.playbook.tasks)),
            markdown.cell(_taken_for(one) or "by name alone"),
            markdown.cell(_origin(one)),
        )
        for one in playbook_rights.visible(context, command, library)
    ]
    broken = len(library.broken)
    left = f"\n\n:warning: {broken} can't be used: `/pd health` says why." if broken else ""
    if not rows:
        return CommandResult(f"There is no playbook for you here.{left}")
    head = ("playbook", "", "tasks", "taken for", "from")
    shown = markdown.table(head, rows[: markdown.MAX_ROWS])
    more = len(rows) - markdown.MAX_ROWS
    rest = f"\n\n… and {more} more" if more > 0 else ""
    return CommandResult(f"{shown}{rest}{left}")


def show(context: Context, command: Command) -> CommandResult:
    """Show what a playbook holds, and its YAML."""
    from pagerduty_mattermost.playbooks.library import load

    name = _name(command)
    found = playbook_rights.find_visible(context, command, load(context), name)
    text = _without_hidden(context, command, found)
    lines = [
        f"**{escape(found.playbook.title)}** (`{found.playbook.name}`), {escape(_origin(found))}",
        escape(one_line(found.playbook.description)),
        f"Taken for {escape(_taken_for(found))}." if _taken_for(found) else "",
    ]
    head = "\n".join(line for line in lines if line)
    if len(text) > MAX_SHOWN_CHARACTERS:
        return CommandResult(
            f"{head}\nIt is too long for a post: `/pd playbook new {found.playbook.name} from "
            f"{found.playbook.name}` sends it to you as a file."
        )
    return CommandResult(f"{head}\n{markdown.code_block(text, 'yaml')}")


def new(context: Context, command: Command) -> CommandResult:
    """A file to begin with, sent to whoever asks: blank, or another one under a new name."""
    from pagerduty_mattermost.playbooks.library import load
    from pagerduty_mattermost.playbooks.writing import blank, copied, playbook_name

    wanted, _, source = command.text.partition(" from ")
    name, library = playbook_name(wanted), load(context)
    if source.strip():
        found = playbook_rights.find_visible(context, command, library, source)
        text = copied(_without_hidden(context, command, found), name)
    elif library.find(name) is not None:
        raise RejectedInput(
            f"the name {name} is taken: `/pd playbook new {name} from {name}` sends that one"
        )
    else:
        text = blank(name)
    user = account(context, command.user)
    channel = context.mattermost.direct_channel(user.id)
    file_id = context.mattermost.upload_file(channel.id, f"{name}.yaml", text.encode("utf-8"))
    how = (
        "Change it, post it in any channel as a file or as a block of code, and save it with the "
        "link to that post: `/pd playbook save <link>`. Nothing is saved until then."
    )
    context.post_once(channel.id, how, key=command.key, file_ids=[file_id])
    return CommandResult(f"`{name}.yaml` was sent to you in a direct message. {how}")


def save(context: Context, command: Command, further: FurtherCheck) -> CommandResult:
    """What stands in a post, once nothing is wrong with it."""
    from pagerduty_mattermost.chat.playbook_posts import read_yaml
    from pagerduty_mattermost.playbooks import editing

    user = account(context, command.user)
    text = read_yaml(context, command.text, user.id)
    try:
        saved = editing.save(
            context,
            text,
            by=f"@{user.username}",
            asker=user.id,
            may_edit=playbook_rights.required_edit(context, command),
            further=further,
        )
    except editing.InvalidPlaybook as error:
        lines = error.found.lines
        count = counted(len(error.found.problems), "mistake")
        rows = "\n".join(f"- {escape(one_line(line))}" for line in lines)
        return CommandResult(
            f":warning: It is not saved: there {'is' if len(lines) == 1 else 'are'} {count} in it."
            f"\n{rows}",
            problem=f"not saved: {one_line(lines[0], 300)}",
        )
    return CommandResult(_said_saved(saved))


def delete(context: Context, command: Command) -> CommandResult:
    """A saved one; runs go on."""
    from pagerduty_mattermost.playbooks import editing
    from pagerduty_mattermost.playbooks.library import load

    found = playbook_rights.find_visible(context, command, load(context), _name(command))
    may_edit = playbook_rights.required_edit(context, command)
    may_edit(found.playbook)
    name = found.playbook.name
    by = f"@{account(context, command.user).username}"
    now = editing.delete(context, name, by=by, may_edit=may_edit)
    counts = f" The one {_origin(now)} counts now." if now is not None else ""
    return CommandResult(
        f"The playbook `{name}` is deleted; what is under way goes on.{escape(counts)} "
        f"`/pd playbook restore {name}` brings it back."
    )


def history(context: Context, command: Command) -> CommandResult:
    """The versions that are kept of a saved one."""
    from pagerduty_mattermost.playbooks.kept import KeptPlaybooks

    name, kept = _editable(context, command, _name(command))
    store, zone = KeptPlaybooks(context.store, context.log), times.zone(context.settings.time_zone)
    now = store.current(name)
    rows = [
        (
            str(one.number),
            times.stamp_at(one.at, zone),
            markdown.cell(one.by),
            "deleted" if one.deleted else "in force" if now == one else " ",
        )
        for one in kept
    ]
    if not rows:
        raise RejectedInput(f"of {name} no versions are kept: it was never saved")
    return CommandResult(markdown.table(("version", "saved", "by", ""), rows))


def restore(context: Context, command: Command) -> CommandResult:
    """An earlier version, also of one that was deleted."""
    from pagerduty_mattermost.playbooks import editing

    wanted, _, version = command.text.strip().partition(" ")
    name, _ = _editable(context, command, wanted)
    saved = editing.restore(
        context,
        name,
        version.strip().lower().replace("version ", ""),
        by=f"@{account(context, command.user).username}",
        may_edit=playbook_rights.required_edit(context, command),
    )
    return CommandResult(_said_saved(saved))


def _name(command: Command) -> str:
    name = one_line(clean(command.text)).strip()
    if not name:
        raise RejectedInput("which playbook? `/pd playbook list` names them")
    return name


def _editable(context: Context, command: Command, word: str) -> Tuple[str, List[KeptPlaybook]]:
    """The name and the versions of a saved playbook that whoever asks may change: also of one that
    was deleted, whose last version says who may."""
    from pagerduty_mattermost.playbooks.kept import KeptPlaybooks
    from pagerduty_mattermost.playbooks.library import load, unknown
    from pagerduty_mattermost.playbooks.reading import read_playbook
    from pagerduty_mattermost.playbooks.writing import playbook_name

    name, library = playbook_name(word), load(context)
    found = library.find(name)
    playbook = found.playbook if found else None
    versions = KeptPlaybooks(context.store, context.log).history(name)
    if playbook is None:
        last = next((one for one in versions if not one.deleted), None)
        playbook = read_playbook(last.text).playbook if last else None
        if last is None:
            seen = playbook_rights.visible(context, command, library)
            raise unknown(name, [one.playbook.name for one in seen])
    if playbook is not None:
        playbook_rights.required_edit(context, command)(playbook)
    return name, versions


def _without_hidden(context: Context, command: Command, found: FoundPlaybook) -> str:
    """Its YAML, in which a private channel that whoever asks is no member of has no name."""
    from pagerduty_mattermost.playbooks.hidden_channels import without

    return without(found.text, playbook_rights.hidden_channels(context, command, found.playbook))


def _taken_for(found: FoundPlaybook) -> str:
    wanted = found.playbook.choose
    parts = [
        " or ".join(wanted.priorities),
        f"{' or '.join(wanted.urgencies)} urgency" if wanted.urgencies else "",
        f"on {' or '.join(wanted.services)}" if wanted.services else "",
    ]
    return ", ".join(part for part in parts if part)


def _origin(found: FoundPlaybook) -> str:
    from pagerduty_mattermost.playbooks.library import FILE, SAVED

    if found.source == SAVED:
        return f"version {found.number} by {found.by}" if found.by else f"version {found.number}"
    return f"of the file {found.place}" if found.source == FILE else "of the pack"


def _said_saved(saved: SavedPlaybook) -> str:
    from pagerduty_mattermost.playbooks.library import SAVED

    name, number = saved.playbook.name, saved.kept.number
    if not saved.is_new:
        return f"`{name}` is just so already, as version {number}."
    replaced = (
        f" It takes the place of the {saved.replaces}'s."
        if saved.replaces not in ("", SAVED)
        else ""
    )
    unchecked = "".join(f"\n:warning: {escape(line)}" for line in saved.unchecked)
    tasks = counted(len(saved.playbook.tasks), "task")
    return (
        f"**{escape(saved.playbook.title)}** (`{name}`) is saved as version {number}: "
        f"{tasks}.{replaced} What is under way goes on as it began."
        f"{unchecked}"
    )


def saving(table: Callable[[], CommandTable]) -> Verb:
    """`playbook save`. `table`: the verbs that there are, by which it knows the commands of
    tasks."""

    def run(context: Context, command: Command) -> CommandResult:
        from pagerduty_mattermost.chat.playbook_commands import known_commands

        return save(context, command, known_commands(table()))

    return Verb(
        name="playbook_save",
        run=run,
        usage="playbook save <link to a post>",
        example="playbook save https://chat.example.com/ops/pl/kzq1q3z5ibr7bk8q6mh3n1pb4c",
        help="save the YAML of a post (a block of code or a file), once nothing is wrong in it",
        to_do="save playbooks",
        forms=(Form(("playbook save", "save playbook"), words("text")),),
        group=PLAYBOOK,
        changes=CHAT,
        is_detail=True,
        dry_run="It would save the playbook.",
    )


VERBS = (
    Verb(
        name="playbook_list",
        run=listed,
        usage="playbook list",
        example="playbook list",
        help="the playbooks that you may start or change",
        to_do="list playbooks",
        forms=(Form(("playbook list", "playbooks", "playbook", "list playbooks")),),
        group=PLAYBOOK,
    ),
    Verb(
        name="playbook_show",
        run=show,
        usage="playbook show <name>",
        example="playbook show major-incident",
        help="what is in it, as YAML",
        to_do="see playbooks",
        forms=(Form(("playbook show", "show playbook"), words("text")),),
        group=PLAYBOOK,
        is_detail=True,
    ),
    Verb(
        name="playbook_new",
        run=new,
        usage="playbook new <name> [from <name>]",
        example="playbook new outage from major-incident",
        help="a file to begin with, blank or as another one, in a direct message",
        to_do="begin playbooks",
        forms=(Form(("playbook new", "new playbook"), words("text")),),
        group=PLAYBOOK,
        changes=CHAT,
        for_everybody=True,
        is_detail=True,
        dry_run="It would send you a file.",
    ),
    Verb(
        name="playbook_delete",
        run=delete,
        usage="playbook delete <name>",
        example="playbook delete outage",
        help="delete a saved one; what is under way goes on",
        to_do="delete playbooks",
        forms=(Form(("playbook delete", "delete playbook", "playbook remove"), words("text")),),
        group=PLAYBOOK,
        changes=CHAT,
        confirmed=ALWAYS,
        is_detail=True,
        says="Delete the playbook {text}",
        button="Delete",
    ),
    Verb(
        name="playbook_history",
        run=history,
        usage="playbook history <name>",
        example="playbook history outage",
        help="who saved it and when, the last ten times",
        to_do="see versions of playbooks",
        forms=(
            Form(("playbook history", "playbook versions", "history of playbook"), words("text")),
        ),
        group=PLAYBOOK,
        is_detail=True,
    ),
    Verb(
        name="playbook_restore",
        run=restore,
        usage="playbook restore <name> [version]",
        example="playbook restore outage 3",
        help="bring an earlier version back, or a deleted one",
        to_do="restore playbooks",
        forms=(Form(("playbook restore", "restore playbook"), words("text")),),
        group=PLAYBOOK,
        changes=CHAT,
        is_detail=True,
        dry_run="It would bring that version back.",
    ),
)
