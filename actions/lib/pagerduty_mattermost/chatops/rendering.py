"""What an execution came to, as text for people: by the result's format of its alias, rendered
with StackStorm's own filters, else by what stands in the result.

    shown = rendered(alias, execution, environment)
    shown.text, shown.attachments, shown.file

Nothing in it acts: mentions are broken, and of `extra` only what shows is taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.chatops.aliases import Alias
from pagerduty_mattermost.core.markdown import code_block, code_span
from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE, clean, markdown_link, one_line

MAX_SHOWN_CHARACTERS, MAX_SHOWN_LINES = 3500, 60
"""What is longer comes as a file."""
MAX_FILE_CHARACTERS = 5_000_000
MAX_RENDERED_CHARACTERS = 2_000_000
"""Of a result as JSON: a larger one is not given to a format."""
MAX_REASON_CHARACTERS = 300
MAX_ATTACHMENTS, MAX_FIELDS = 10, 20
SUCCEEDED = "succeeded"
ENDED = frozenset((SUCCEEDED, "failed", "timeout", "canceled", "abandoned"))
_ATTACHMENT_TEXTS = ("fallback", "color", "pretext", "text", "author_name", "title", "footer")
_ATTACHMENT_LINKS = ("author_link", "author_icon", "title_link", "image_url", "thumb_url")
_SPLIT = "{~}"
"""By which Hubot's adapters cut a text in two; nothing here."""
_MENTION = re.compile(r"(?<![\w.@])@(?=[A-Za-z0-9])")
_TICKS = re.compile("(`+)")
_STREAMS = ("stdout", "stderr", "result", "exit_code", "return_code", "error", "message")


class ShownResult(NamedTuple):
    """What people see."""

    text: str
    """Markdown."""
    attachments: Tuple[Mapping[str, Any], ...] = ()
    file: str = ""
    """What is too long to be shown, as a whole."""


def rendered(
    alias: Optional[Alias],
    execution: Mapping[str, Any],
    environment: Callable[[], Any],
    link: str = "",
) -> ShownResult:
    """`alias`: None where it is not there any more; `environment`: makes StackStorm's Jinja."""
    status = str(execution.get("status") or "")
    result = alias.result if alias is not None else {}
    wanted = str(result.get("format") or "")
    text, problem = "", ""
    if wanted and (status == SUCCEEDED or "status" in wanted):
        text, problem = _formatted(wanted, execution, environment)
    if not text and status == SUCCEEDED:
        text = plain_result(execution)
    if "result" not in execution and execution.get("result_size"):
        problem = "_The result is too large to be shown here._"
    head = "" if status == SUCCEEDED else failure_line(execution, link)
    lines = [part for part in (head, clean(text).replace(_SPLIT, "").strip(), problem) if part]
    extra = attachments_of(result.get("extra"), execution, environment)
    return _fitting(without_mentions("\n".join(lines)), extra)


def failure_line(execution: Mapping[str, Any], link: str) -> str:
    """One line: what, how it ended, why, and where the execution is."""
    action = execution.get("action")
    ref = str(action.get("ref") or "") if isinstance(action, Mapping) else ""
    words = {"timeout": "took too long", "canceled": "was canceled", "abandoned": "was abandoned"}
    status = str(execution.get("status") or "")
    ended = words.get(status, "failed")
    reason = reason_of(execution.get("result")) if status != "canceled" else ""
    where = markdown_link("execution", link) if link else code_span(str(execution.get("id")))
    why = f": {code_span(reason)}" if reason else ""
    return f":x: {code_span(clean(ref, 200))} {ended}{why} ({where})"


def reason_of(result: Any) -> str:
    """The line that says most of why, as StackStorm's runners leave it; empty where none does."""
    for found in _inner(result, 4):
        for name in ("error", "stderr", "message", "result"):
            text = found.get(name)
            lines = [line.strip() for line in clean(text).splitlines() if line.strip()]
            if isinstance(text, str) and lines:
                line = lines[-1] if name == "stderr" else lines[0]
                return one_line(line, MAX_REASON_CHARACTERS)
    return one_line(clean(result, MAX_REASON_CHARACTERS)) if isinstance(result, str) else ""


def _inner(result: Any, depth: int) -> List[Mapping[str, Any]]:
    """The objects in a result, the outermost first: hosts of remote actions, tasks' errors."""
    found: List[Mapping[str, Any]] = []
    if depth and isinstance(result, Mapping):
        found.append(result)
        for value in list(result.values())[:20]:
            found.extend(_inner(value, depth - 1))
    elif depth and isinstance(result, list):
        for value in result[:20]:
            found.extend(_inner(value, depth - 1))
    return found


def plain_result(execution: Mapping[str, Any]) -> str:
    """Without a format: what came out, as it is."""
    result = execution.get("result")
    action = execution.get("action")
    ref = clean(action.get("ref"), 200) if isinstance(action, Mapping) else ""
    done = f":white_check_mark: {code_span(ref)}"
    if isinstance(result, Mapping):
        streams = {name: result[name] for name in _STREAMS if result.get(name) not in (None, "")}
        single = streams.get("result", streams.get("stdout"))
        if isinstance(single, str) and single.strip():
            return f"{done}\n{code_block(single.strip())}"
        result = single if single not in (None, "") else result
    if result in (None, "", {}, []) or isinstance(result, Mapping) and _is_quiet(result):
        return done
    if isinstance(result, str):
        return f"{done}\n{code_block(result)}"
    return f"{done}\n{code_block(as_json(result))}"


def _is_quiet(result: Mapping[str, Any]) -> bool:
    """A shell's result without a word."""
    names = {"stdout", "stderr", "return_code", "exit_code", "succeeded", "failed", "result"}
    return set(result) <= names and not (result.get("stdout") or result.get("stderr"))


def as_json(value: Any) -> str:
    """Any value as indented JSON; what JSON has no word for as Python writes it."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _formatted(
    wanted: str, execution: Mapping[str, Any], environment: Callable[[], Any]
) -> Tuple[str, str]:
    """The text, and what is wrong with the format."""
    if len(as_json(execution.get("result"))) > MAX_RENDERED_CHARACTERS:
        return "", "_The result is too large for the alias's format._"
    try:
        text = str(environment().from_string(wanted).render(_words(execution)))
        return fences_apart(text), ""
    except Exception as error:  # noqa: BLE001 - a pack's template may raise anything
        why = code_span(one_line(clean(error, MAX_REASON_CHARACTERS)))
        return "", f":warning: The alias's format can't be rendered: {why}"


def fences_apart(text: str) -> str:
    """Blocks of code as Mattermost has them, on lines of their own: packs write them as Slack has
    them, within a line."""
    parts = text.split("```")
    if len(parts) % 2 == 0:
        return text
    made = parts[0]
    for place in range(1, len(parts), 2):
        code, after = parts[place], parts[place + 1]
        if "\n" in code.strip("\n"):
            before = "" if not made or made.endswith("\n") else "\n"
            first = "\n" if not code.startswith("\n") else ""
            last = "\n" if not code.endswith("\n") else ""
            behind = "" if not after or after.startswith("\n") else "\n"
            made += f"{before}```{first}{code}{last}```{behind}{after}"
        else:
            made += f"```{code}```{after}"
    return made


def _words(execution: Mapping[str, Any]) -> Dict[str, Any]:
    """What formats may name: `six` is there for those that were written for Hubot's."""
    return {"execution": execution, "six": _Six()}


class _Six:
    """As much of six as formats use."""

    @staticmethod
    def iteritems(value: Mapping[str, Any]) -> Any:
        return iter(value.items())

    @staticmethod
    def itervalues(value: Mapping[str, Any]) -> Any:
        return iter(value.values())

    @staticmethod
    def iterkeys(value: Mapping[str, Any]) -> Any:
        return iter(value.keys())


def attachments_of(
    extra: Any, execution: Mapping[str, Any], environment: Callable[[], Any]
) -> Tuple[Mapping[str, Any], ...]:
    """Of an alias's `extra` what it says for Mattermost, else for Slack, whose attachments are the
    same."""
    if not isinstance(extra, Mapping):
        return ()
    said = extra.get("mattermost") or extra.get("slack")
    if not isinstance(said, Mapping):
        return ()
    try:
        filled = _filled(said, environment(), _words(execution), 6)
    except Exception:  # noqa: BLE001 - a pack's template may raise anything; its text is shown
        return ()
    listed = filled.get("attachments")
    rows = listed if isinstance(listed, list) else [filled]
    made = [_attachment(row) for row in rows[:MAX_ATTACHMENTS] if isinstance(row, Mapping)]
    return tuple(row for row in made if set(row) - {"color", "fallback"})


def _filled(value: Any, environment: Any, words: Mapping[str, Any], depth: int) -> Any:
    """With the templates in it filled in, each text by itself: what it holds makes no keys."""
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        return environment.from_string(value).render(words)
    if depth and isinstance(value, Mapping):
        return {str(k): _filled(v, environment, words, depth - 1) for k, v in value.items()}
    if depth and isinstance(value, list):
        return [_filled(item, environment, words, depth - 1) for item in value[:MAX_FIELDS]]
    return value


def _attachment(row: Mapping[str, Any]) -> Dict[str, Any]:
    """What shows of it; no buttons of others, which would call where they like."""
    made: Dict[str, Any] = {}
    for name in _ATTACHMENT_TEXTS:
        if isinstance(row.get(name), str) and row[name]:
            made[name] = without_mentions(clean(row[name], MAX_SHOWN_CHARACTERS))
    for name in _ATTACHMENT_LINKS:
        address = str(row.get(name) or "").strip()
        if re.match(r"https?://[^\s<>\"]{1,2000}\Z", address):
            made[name] = address
    fields = row.get("fields")
    if isinstance(fields, list):
        made["fields"] = [
            {
                "title": clean(one.get("title"), 200),
                "value": without_mentions(clean(one.get("value"), 1000)),
                "short": bool(one.get("short")),
            }
            for one in fields[:MAX_FIELDS]
            if isinstance(one, Mapping)
        ]
    return made


def without_mentions(text: str) -> str:
    """The Markdown with mentions that call nobody; code and addresses stay as they are. What is
    not surely code counts as text."""
    lines, fence = [], ""
    for line in text.split("\n"):
        bare = line.strip(" ")
        ticks = len(bare) - len(bare.lstrip("`"))
        is_fence = ticks >= 3 and not line.startswith("    ")
        if fence:
            fence = "" if is_fence and bare == "`" * ticks and ticks >= len(fence) else fence
        elif is_fence and "`" not in bare[ticks:]:
            fence = "`" * ticks
        else:
            line = _without_mentions(line)
        lines.append(line)
    return "\n".join(lines)


def _without_mentions(line: str) -> str:
    """A span of code ends with as many back-ticks as it began with; others are text."""
    parts = _TICKS.split(line)
    ends: Dict[str, int] = {}
    closing: Dict[int, int] = {}
    for place in range(len(parts) - 2, 0, -2):
        if parts[place] in ends:
            closing[place] = ends[parts[place]]
        ends[parts[place]] = place
    made, until = [], 0
    for place, part in enumerate(parts):
        if place <= until and until:
            made.append(part)
        elif place % 2:
            until = closing.get(place, 0)
            made.append(part)
        else:
            made.append(_MENTION.sub(f"@{ZERO_WIDTH_SPACE}", part))
    return "".join(made)


def _fitting(text: str, extra: Tuple[Mapping[str, Any], ...]) -> ShownResult:
    lines = text.count("\n") + 1
    if len(text) <= MAX_SHOWN_CHARACTERS and lines <= MAX_SHOWN_LINES:
        return ShownResult(text, extra)
    first = text.splitlines()[0]
    head = first if len(first) <= MAX_REASON_CHARACTERS and "```" not in first else ""
    told = f":page_facing_up: {lines} lines, as a file below."
    return ShownResult(f"{head}\n{told}".strip(), extra, text[:MAX_FILE_CHARACTERS])
