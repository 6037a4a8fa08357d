"""What people type after `/pd`, as a command. Pure.

    parse('ack 1234') -> Parsed(Said("acknowledge", incidents="1234"))

Case and spaces do not matter. Ids are PagerDuty's, numbers, or links; without one the thread or the asker tells which
incident is meant (chat_which). `dry-run` in front changes nothing. What can't be read comes back as a
problem in one line, with what to type instead.
"""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Tuple

from .chat_said import Said
from .text import clean, one_line


class Parsed(NamedTuple):
    said: Said
    problem: str = ""
    dry_run: bool = False


class _Form(NamedTuple):
    usage: str
    what: str
    verb: str
    pattern: str
    """Its groups are the fields of `Said`."""


_ONE = r"(?:#?\d+|(?-i:[PQR][A-Z0-9]{5,})|https?://\S+)"
"""An id is written in capitals, as PagerDuty shows it: a word of a note is none."""
_IDS = rf"(?P<incidents>{_ONE}(?:[,\s]+{_ONE})*)"
_ID = rf"(?P<incidents>{_ONE})"
_OPTION = re.compile(
    r"\s--(urgency|priority|assign|details)[\s=]+(\"[^\"]*\"|\u201c[^\u201d]*\u201d|\S+)\s*$", re.IGNORECASE
)
_FORMS: Tuple[_Form, ...] = (
    _Form(
        "list [mine | on <service>]",
        "what is open",
        "list",
        r"(?:list|incidents)(?:\s+(?:on|of|service)\s+(?P<service>.+))?",
    ),
    _Form("mine", "what is assigned to you", "mine", r"(?:list\s+)?mine"),
    _Form("show [id]", "an incident", "show", rf"show(?:\s+{_ID})?"),
    _Form("ack mine", "acknowledge all of yours", "acknowledge_mine", r"ack(?:nowledge)?\s+(?:all\s+)?mine"),
    _Form("ack [ids]", "acknowledge", "acknowledge", rf"ack(?:nowledge)?(?:\s+{_IDS})?"),
    _Form("resolve [ids] [note]", "resolve", "resolve", rf"resolve(?:\s+{_IDS})?(?:\s+(?P<text>.+))?"),
    _Form("unack [id]", "take the acknowledgement back", "unacknowledge", rf"unack(?:nowledge)?(?:\s+{_ID})?"),
    _Form("reopen [id]", "open a resolved one again", "reopen", rf"reopen(?:\s+{_ID})?"),
    _Form("note [id] <text>", "add a note", "note", rf"note(?:\s+(?:on\s+)?{_ID}:?)?\s+(?P<text>.+)"),
    _Form("notes [id]", "its notes", "notes", rf"notes(?:\s+(?:of\s+)?{_ID})?"),
    _Form(
        "escalate [id] [level]",
        "to the next level, or the one said",
        "escalate",
        rf"escalate(?:\s+{_ID})?(?:\s+(?:to\s+)?(?P<text>.+))?",
    ),
    _Form(
        "reassign [id] <@user>",
        "assign to others",
        "reassign",
        rf"reassign(?:\s+{_ID})?\s+(?:to\s+)?(?P<text>.+)",
    ),
    _Form(
        "add-responder [id] <@user>",
        "ask for help",
        "responders",
        rf"add-responders?(?:\s+{_ID})?\s+(?P<text>.+)",
    ),
    _Form("snooze [id] <2h>", "let it rest", "snooze", rf"snooze(?:\s+{_ID})?\s+(?:for\s+)?(?P<duration>.+)"),
    _Form("merge <ids> into <id>", "merge", "merge", rf"merge\s+{_IDS}\s+into\s+(?P<text>\S+)"),
    _Form("priority [id] <P1>", "set the priority", "priority", rf"priority(?:\s+{_ID})?\s+(?P<text>.+)"),
    _Form("urgency [id] <high>", "set the urgency", "urgency", rf"urgency(?:\s+{_ID})?\s+(?P<text>high|low)"),
    _Form("status [id] <text>", "publish a status update", "status_update", rf"status(?:\s+{_ID}:?)?\s+(?P<text>.+)"),
    _Form("run [id] <workflow>", "run a workflow", "workflow", rf"run(?:-play)?(?:\s+{_ID})?\s+(?P<text>.+)"),
    _Form("oncall <name>", "who is on call", "oncall", r"on-?call\s+(?:for\s+)?(?P<text>.+)"),
    _Form("services [name]", "services", "services", r"services(?:\s+(?P<text>.+))?"),
    _Form(
        "trigger <title> on <service>",
        "trigger an incident",
        "create",
        r"trigger\s+(?P<text>.+)\s+on\s+(?:service\s+)?(?P<service>.+?)",
    ),
    _Form("whoami", "who you are at PagerDuty", "whoami", r"who\s*am\s*i\??"),
)
_PATTERNS = [(form, re.compile(form.pattern, re.IGNORECASE | re.DOTALL)) for form in _FORMS]


def parse(text: str) -> Parsed:
    """Never raises."""
    line = clean(text, 4000).strip()
    dry = re.match(r"dry[- ]?run\s+", line, re.IGNORECASE)
    line = line[dry.end() :] if dry else line
    line, options = _options(line)
    for form, pattern in _PATTERNS:
        found = pattern.fullmatch(line)
        if found:
            words = {name: _plain(value) for name, value in found.groupdict().items() if value}
            said = Said(form.verb)._replace(**words)  # type: ignore[arg-type]
            if options and said.verb != "create":
                return Parsed(Said(""), f"--{next(iter(options))} belongs to `/pd trigger`")
            return Parsed(said._replace(options=options), dry_run=bool(dry))
    word = one_line(line, 200).split(" ")[0].lower()
    return Parsed(Said(""), help_text(word))


def _options(line: str) -> Tuple[str, Dict[str, str]]:
    """The line without the options at its end: `--priority P1 --details "a text"`."""
    options: Dict[str, str] = {}
    while True:
        found = _OPTION.search(line)
        if found is None:
            return line, options
        options[found.group(1).lower()] = _plain(found.group(2))
        line = line[: found.start()].rstrip()


def help_text(word: str = "") -> str:
    """The commands of that first word, or what there is."""
    usages = [form for form in _FORMS if form.usage.split(" ")[0] == word]
    if usages:
        return "type " + " or ".join(f"`/pd {form.usage}` ({form.what})" for form in usages)
    import difflib

    known: Dict[str, List[str]] = {form.usage.split(" ")[0]: [] for form in _FORMS}
    near = difflib.get_close_matches(word, list(known), n=1) if word and word != "help" else []
    if near:
        return f"there is no command of that name; did you mean `/pd {near[0]}`?"
    return "after `/pd` goes one of: " + ", ".join(known)


def _plain(value: str) -> str:
    """Without the quotes around all of it."""
    text = value.strip()
    for opening, closing in (('"', '"'), ("\u201c", "\u201d"), ("'", "'")):
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing):
            return text[1:-1].strip()
    return text
