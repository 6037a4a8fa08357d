"""What actions do with playbooks: `playbook.list`, `.get`, `.validate`, `.save`, `.delete`,
`.history`, `.restore`, `.import`. Each returns the action's result. All raise RejectedInput and
NotFound, and what the gateways raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.core.text import counted, given_text
from pagerduty_mattermost.playbooks import editing
from pagerduty_mattermost.playbooks.from_export import MAX_EXPORT_CHARACTERS, from_export
from pagerduty_mattermost.playbooks.kept import KeptPlaybook, KeptPlaybooks
from pagerduty_mattermost.playbooks.library import FoundPlaybook, load
from pagerduty_mattermost.playbooks.validation import FurtherCheck, validate
from pagerduty_mattermost.playbooks.writing import playbook_name
from pagerduty_mattermost.playbooks.yaml_lines import MAX_CHARACTERS

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

Result = Dict[str, Any]
BY = "StackStorm"
"""Who saves where the action is not told."""


def act(context: Context, name: str, given: Mapping[str, Any], further: FurtherCheck) -> Result:
    """The action `playbook.<name>` with its parameters. `further`: what else is checked of a
    playbook."""
    return _ACTS[name](context, given, further)


def facts(found: FoundPlaybook) -> Result:
    """A playbook as actions list it. Times are ISO 8601, empty where there is none."""
    playbook = found.playbook
    return {
        "name": playbook.name,
        "title": playbook.title,
        "description": playbook.description,
        "source": found.source,
        "place": found.place,
        "version": str(found.number or ""),
        "saved_by": found.by,
        "saved_at": times.iso(found.at) if found.at else "",
        "stages": len(playbook.stages),
        "tasks": len(playbook.tasks),
        "choose": to_json(playbook.choose),
    }


def _list(context: Context, given: Mapping[str, Any], further: FurtherCheck) -> Result:
    library = load(context)
    broken = [
        {"place": one.place, "problems": [str(problem) for problem in one.problems]}
        for one in library.broken
    ]
    count = len(library.playbooks)
    left = f", {len(broken)} more can't be used" if broken else ""
    return {
        "playbooks": [facts(one) for one in library.playbooks],
        "broken": broken,
        "count": count,
        "message": f"{counted(count, 'playbook')}{left}.",
    }


def _get(context: Context, given: Mapping[str, Any], further: FurtherCheck) -> Result:
    name, version = given_text(given, "name"), given_text(given, "version")
    if version:
        kept = KeptPlaybooks(context.store, context.log).version(playbook_name(name), version)
        return {"name": name, "text": kept.text, **_version(kept), "message": f"Version {version}"}
    found = load(context).get(name)
    return {
        **facts(found),
        "text": found.text,
        "playbook": to_json(found.playbook),
        "message": f"{found.playbook.title}: {counted(len(found.playbook.tasks), 'task')}.",
    }


def _validate(context: Context, given: Mapping[str, Any], further: FurtherCheck) -> Result:
    text = _given(context, given, "text", MAX_CHARACTERS)
    asks = given.get("ask_servers") is not False
    found = validate(context, text, ask_servers=asks, further=further)
    valid = found.playbook is not None and not found.problems
    lines = found.lines
    return {
        "valid": valid,
        "name": found.playbook.name if found.playbook else "",
        "problems": [problem._asdict() for problem in found.problems],
        "unchecked": list(found.unchecked),
        "message": "\n".join(lines) if lines else "Nothing is wrong with it.",
    }


def _save(context: Context, given: Mapping[str, Any], further: FurtherCheck) -> Result:
    text = _given(context, given, "text", MAX_CHARACTERS)
    return _saved(editing.save(context, text, by=_by(given), further=further))


def _delete(context: Context, given: Mapping[str, Any], further: FurtherCheck) -> Result:
    name = playbook_name(given_text(given, "name"))
    now = editing.delete(context, name, by=_by(given))
    counts = f"; the one of {now.place or 'the datastore'} counts now" if now else ""
    return {
        "name": name,
        "done": "deleted",
        "source": now.source if now else "",
        "message": f"{name} is deleted{counts}. Runs that are under way go on.",
    }


def _history(context: Context, given: Mapping[str, Any], further: FurtherCheck) -> Result:
    name = playbook_name(given_text(given, "name"))
    kept = KeptPlaybooks(context.store, context.log)
    now = kept.current(name)
    versions = [
        {**_version(one), "in_force": now is not None and now.version == one.version}
        for one in kept.history(name)
    ]
    return {
        "name": name,
        "versions": versions,
        "message": f"{counted(len(versions), 'version')} of {name}.",
    }


def _restore(context: Context, given: Mapping[str, Any], further: FurtherCheck) -> Result:
    name, version = playbook_name(given_text(given, "name")), given_text(given, "version")
    return _saved(editing.restore(context, name, version, by=_by(given)))


def _import(context: Context, given: Mapping[str, Any], further: FurtherCheck) -> Result:
    made = from_export(
        _given(context, given, "export", MAX_EXPORT_CHARACTERS), given_text(given, "name")
    )
    left_out = list(made.left_out)
    count = f"{counted(len(left_out), 'thing')} left out" if left_out else "nothing is left out"
    result = {"name": made.name, "text": made.text, "left_out": left_out}
    if not given.get("save"):
        return {**result, "done": "converted", "message": f"{made.name}: {count}; not saved."}
    saved = _saved(editing.save(context, made.text, by=_by(given), further=further))
    return {**saved, **result, "message": f"{saved['message']} Of the export {count}."}


def _saved(saved: editing.SavedPlaybook) -> Result:
    name, number = saved.playbook.name, saved.kept.number
    done = "saved" if saved.is_new else "there already"
    return {
        "name": name,
        "done": done,
        **_version(saved.kept),
        "replaces": saved.replaces,
        "unchecked": list(saved.unchecked),
        "message": f"{name} is {done} as version {number}.",
    }


def _version(kept: KeptPlaybook) -> Result:
    return {
        "version": kept.version,
        "number": kept.number,
        "saved_by": kept.by,
        "saved_at": times.iso(kept.at) if kept.at else "",
        "deleted": kept.deleted,
    }


def _by(given: Mapping[str, Any]) -> str:
    return given_text(given, "user") or given_text(given, "by") or BY


def _given(context: Context, given: Mapping[str, Any], name: str, limit: int) -> str:
    """What stands in the parameter, or in the file that is named instead: below one of the folders
    that actions may read."""
    text, file = given.get(name) or "", given_text(given, "file")
    if bool(text) == bool(file):
        raise RejectedInput(f"Give either {name} or file")
    if not file:
        return str(text)
    try:
        path = context.settings.files.checked(file)
        with open(path, encoding="utf-8") as opened:
            return opened.read(limit + 1)
    except OSError as error:
        raise RejectedInput(f"The file {file!r} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RejectedInput(f"The file {file!r} is no UTF-8") from None


_ACTS: Mapping[str, Callable[[Context, Mapping[str, Any], FurtherCheck], Result]] = {
    "list": _list,
    "get": _get,
    "validate": _validate,
    "save": _save,
    "delete": _delete,
    "history": _history,
    "restore": _restore,
    "import": _import,
}
