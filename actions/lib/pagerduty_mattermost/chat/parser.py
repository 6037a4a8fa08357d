"""What people type after `/pd`, as a command. Pure.

    parse('ack 1234') -> Parsed(Said("acknowledge", incidents="1234"))

Case and spaces do not matter, nor whether an id comes before the command or behind it. Ids are
PagerDuty's, numbers, or links; without one the thread or the asker tells which incident is meant
(chat_which). `dry-run` in front changes nothing; `incident` in front is what `/incident` sends.
What no form reads may be a phrase of an alias; what can't be read comes back as a problem in one
line, with what to type instead.
"""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.chat.alias_phrases import Phrase, said_of
from pagerduty_mattermost.chat.command import Said
from pagerduty_mattermost.chat.command_table import FORMS, GROUPS, ONE, PATTERNS, forms_of, hint
from pagerduty_mattermost.core.text import clean, escape, one_line

MAX_TEXT = 4000


class Parsed(NamedTuple):
    said: Said
    problem: str = ""
    dry_run: bool = False


_DRY = re.compile(r"dry[- ]?run\s+", re.IGNORECASE)
_INCIDENT = re.compile(r"incidents?(?:\s+|$)", re.IGNORECASE)
_ID_FIRST = re.compile(rf"({ONE})\s+([a-z][a-z-]*)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_OPTION = re.compile(
    r"(?P<quoted>\"[^\"]*\"|\u201c[^\u201d]*\u201d)"
    r"|(?:^|(?<=\s))(?:--|\u2014|\u2013)(?P<name>[a-zA-Z][\w-]*)"
    r"(?:(?:\s*=\s*|\s+)(?P<value>\"[^\"]*\"|\u201c[^\u201d]*\u201d|(?!--|\u2014|\u2013)\S+))?"
)
"""Telephones make a dash of two hyphens. What stands in quotes is no option."""


def parse(text: str, phrases: Sequence[Phrase] = ()) -> Parsed:
    """Never raises. `phrases`: those of the aliases (`alias_phrases.load`)."""
    line = clean(text, MAX_TEXT).strip()
    dry = _DRY.match(line)
    line = line[dry.end() :] if dry else line
    found = _read(line)
    if found.problem:
        said = said_of(phrases, line)
        found = Parsed(said) if said else found
    return found._replace(dry_run=bool(dry)) if not found.problem else found


def _read(line: str) -> Parsed:
    prefixed = _INCIDENT.match(line)
    turned = _id_behind(line)
    for candidate in (
        line,
        *([line[prefixed.end() :]] if prefixed else ()),
        *([turned] if turned else ()),
    ):
        found = _form(candidate)
        if found.said.verb or found.problem:
            return found
    return Parsed(Said(""), _problem(line[prefixed.end() :] if prefixed else line))


def _form(line: str) -> Parsed:
    taken = {name for form in forms_of(line.split(" ")[0]) for name in form.options}
    rest, options, problem = _options(line, taken) if taken else (line, {}, "")
    if problem:
        return Parsed(Said(""), problem)
    for form, pattern in PATTERNS:
        found = pattern.fullmatch(rest)
        if found:
            words = {
                name.rstrip("_"): _plain(value)
                for name, value in found.groupdict().items()
                if value
            }
            said = Said(form.verb)._replace(**words)  # type: ignore[arg-type]
            return Parsed(said._replace(options=options) if form.options else said)
    return Parsed(Said(""), "")


def _id_behind(line: str) -> str:
    """`1234 ack` as `ack 1234`."""
    found = _ID_FIRST.fullmatch(line)
    return (
        " ".join(word for word in (found.group(2), found.group(1), found.group(3)) if word)
        if found
        else ""
    )


def _options(line: str, known: set[str]) -> Tuple[str, Dict[str, str], str]:
    """The line without its options, the options, and what is wrong with them."""
    options: Dict[str, str] = {}
    problems: List[str] = []

    def taken(found: re.Match[str]) -> str:
        if found.group("quoted") is not None:
            return found.group()
        name, value = found.group("name").lower(), _plain(found.group("value") or "")
        if name not in known:
            problems.append(
                f"there is no --{name[:30]} here; there are "
                f"{', '.join('--' + one for one in sorted(known))}"
            )
        elif not value:
            problems.append(f"--{name} needs a value")
        options[name] = value
        return ""

    rest = _OPTION.sub(taken, line)
    return " ".join(rest.split()) if options else line, options, problems[0] if problems else ""


def _problem(line: str) -> str:
    """One line: what is wrong, and what to type."""
    first, _, rest = one_line(line, 200).partition(" ")
    word = first.lower()
    forms = forms_of(word)
    stray = re.search(r"(?:^|\s)--([a-z]+)", line)
    if forms and stray and not any(form.options for form in forms):
        owners = sorted({form.word for form in FORMS if stray.group(1) in form.options})
        if owners:
            return f"--{stray.group(1)} belongs to " + " and ".join(
                f"`/pd {one}`" for one in owners
            )
    if forms:
        return "type " + " or ".join(f"`/pd {hint(form)}` ({form.what})" for form in forms)
    near = _near(word)
    if near:
        whole = f"{near} {rest}".strip()
        meant = whole if _form(whole).said.verb and "`" not in whole else near
        return f"there is no command {word[:30]!r}; did you mean `/pd {meant}`?"
    return f"there is no command {word[:30]!r}; `/pd help` lists them"


def _near(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, list(dict.fromkeys(form.word for form in FORMS)), n=1)
    return near[0] if near else ""


def help_text(word: str = "") -> str:
    """All commands in Markdown, or those of one word."""
    forms = forms_of(word)
    if word and not forms:
        near = _near(word.lower())
        return f"There is no command {escape(one_line(word, 30))}." + (
            f" Did you mean `/pd help {near}`?" if near else ""
        )
    if forms:
        return "\n".join(f"- `/pd {hint(form)}`: {form.what}" for form in forms)
    parts = []
    for group in GROUPS:
        lines = [f"- `/pd {form.usage}`: {form.what}" for form in FORMS if form.group == group]
        parts.append("\n".join([f"**{group}**", *lines]))
    closing = (
        "An id is PagerDuty's (PT4KHLK), a number (1234) or a link. Without one it is the "
        "thread's incident, else the "
        "only one open and assigned to you. `/pd dry-run …` changes nothing and tells what "
        "would be done."
    )
    return "\n\n".join([*parts, closing])


def _plain(value: str) -> str:
    """Without the quotes around all of it."""
    text = value.strip()
    for opening, closing in (('"', '"'), ("\u201c", "\u201d"), ("'", "'")):
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing):
            return text[1:-1].strip()
    return text
