"""A timeline as people read it: lines in chat, and a file as Markdown, HTML, CSV or JSON. Pure.

as_lines(incident, entries, zone)                    # for a post, the newest where long
as_file("csv", incident, entries, zone, sealed_at)   # the file's text
"""

# flake8: noqa: E203,W503

from __future__ import annotations

import csv
import html
import io
import json
from datetime import tzinfo
from typing import Callable, List, Mapping, Sequence

from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.markdown import copyable
from pagerduty_mattermost.core.text import markdown_link, one_line
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.reviews.proof import document_of, seal_of
from pagerduty_mattermost.reviews.timeline import TASK, TimelineEntry, gaps

MAX_LINES = 40
FIRST_LINES = 10
LINE_CHARACTERS = (240, 120, 60, 30)
"""Of a line's words: the first with which all of them fit into a post."""
MAX_SHOWN_CHARACTERS = 14_000
BAR_CHARACTERS = 30
HTML_STYLE = (
    "body{font:16px/1.4 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{padding:.3em .6em;border-bottom:1px solid #ccc;"
    "text-align:left;vertical-align:top}td:first-child{white-space:nowrap}"
    "td i{display:block;height:.5em;min-width:1px;background:#2a78c2}"
    "blockquote{margin:.3em 0;padding-left:.6em;border-left:3px solid #ccc}"
)
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_lines(incident: Incident, entries: Sequence[TimelineEntry], zone: tzinfo) -> str:
    """For a post, as a list, which a telephone can wrap: all of it, or the first and the newest of
    many, with the number between."""
    left = len(entries) - MAX_LINES
    shown = ""
    for most in LINE_CHARACTERS:
        lines = _lines(incident, entries, zone, most)
        if left > 0:
            between = f"- … {left} more …"
            lines = [*lines[:FIRST_LINES], between, *lines[FIRST_LINES + left :]]
        shown = "\n".join(lines)
        if len(shown) <= MAX_SHOWN_CHARACTERS:
            break
    return shown


def as_file(
    form: str,
    incident: Incident,
    entries: Sequence[TimelineEntry],
    zone: tzinfo,
    sealed_at: float = 0.0,
) -> str:
    """`form`: one of FORMS. Raises RejectedInput for another."""
    write = FORMS.get(form)
    if write is None:
        raise RejectedInput(f"a timeline comes as {', '.join(FORMS)}; not {form[:20]!r}")
    return write(incident, entries, zone, sealed_at)


def task_gaps(entries: Sequence[TimelineEntry], zone: tzinfo) -> str:
    """A picture of the time between what was done in the playbook: a bar each, the longest one
    named; empty where there are less than two."""
    done = [entry for entry in entries if entry.kind == TASK]
    if len(done) < 2:
        return ""
    lengths = gaps(done)
    longest = max(lengths)
    lines = []
    for entry, length in zip(done, lengths):
        bar = "█" * round(length / (longest or 1.0) * BAR_CHARACTERS) or "▏"
        words = one_line(entry.text, 60)
        at = times.clock(times.iso(entry.at), zone, near=times.iso(done[0].at))
        lines.append(f"{at} {bar} {times.duration(length) if length else ''} {words}".rstrip())
    worst = done[lengths.index(longest)]
    note = f"Longest wait: {times.duration(longest)} before {one_line(worst.text, 100)}"
    return markdown.code_block("\n".join([*lines, note]))


def quoted(entry: TimelineEntry, most: int) -> str:
    """What somebody wrote, behind the entry's words on one line; not in quotation marks, which a
    link at its end would take for a part of it."""
    said = one_line(entry.quote, most)
    return f"{'' if entry.text.endswith(':') else ':'} {said}" if said else ""


def _lines(
    incident: Incident, entries: Sequence[TimelineEntry], zone: tzinfo, most: int
) -> List[str]:
    begin = entries[0].at if entries else 0.0
    near = ""
    lines = []
    for entry in entries:
        at = times.iso(entry.at)
        after = f" +{times.duration(entry.at - begin)}" if entry.at - begin >= 1 else ""
        text = copyable(one_line(entry.text + quoted(entry, most), most))
        if entry.link and entry.link != incident.url:
            text += f" {markdown_link('↗', entry.link)}"
        clock = times.clock(at, zone, near) if near else times.clock(at, zone)
        lines.append(f"- **{clock}**{after} · {text}")
        near = at
    return lines


def _markdown(
    incident: Incident, entries: Sequence[TimelineEntry], zone: tzinfo, sealed_at: float
) -> str:
    head = f"# Timeline of #{incident.number} {copyable(one_line(incident.title))}"
    lines = [head, "", markdown_link("the incident in PagerDuty", incident.url), ""]
    for entry in entries:
        at = times.stamp_at(entry.at, zone)
        lines.append(f"- {at}: {copyable(one_line(entry.text))}")
        lines += [f"  > {copyable(line)}" for line in entry.quote.split("\n") if line.strip()]
        if entry.link and entry.link != incident.url:
            lines.append(f"  {markdown_link('the message', entry.link)}")
    picture = task_gaps(entries, zone)
    lines += ["", "## Time between tasks", "", picture] if picture else []
    lines += ["", *_proof_lines(incident, entries, sealed_at)]
    return "\n".join(lines) + "\n"


def _html(
    incident: Incident, entries: Sequence[TimelineEntry], zone: tzinfo, sealed_at: float
) -> str:
    title = html.escape(f"Timeline of #{incident.number} {one_line(incident.title)}")
    rows = []
    begin = entries[0].at if entries else 0.0
    for entry in entries:
        at, after = times.stamp_at(entry.at, zone), times.duration(entry.at - begin)
        quote = html.escape(entry.quote).replace("\n", "<br>")
        said = f"<blockquote>{quote}</blockquote>" if quote else ""
        text = html.escape(entry.text)
        if entry.link.startswith(("https://", "http://")):
            text = f'<a href="{html.escape(entry.link, quote=True)}">{text}</a>'
        rows.append(f"<tr><td>{html.escape(at)}<td>{after}<td>{text}{said}")
    proof = "<br>".join(map(html.escape, _proof_lines(incident, entries, sealed_at)))
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{HTML_STYLE}</style>\n'
        f"<h1>{title}</h1>\n<table>\n<tr><th>Time<th>After<th>What\n"
        + "\n".join(rows)
        + f"\n</table>\n{_html_gaps(entries, zone)}<p>{proof}</p>\n"
    )


def _html_gaps(entries: Sequence[TimelineEntry], zone: tzinfo) -> str:
    """The time between tasks, a bar each; empty where there are less than two."""
    done = [entry for entry in entries if entry.kind == TASK]
    if len(done) < 2:
        return ""
    lengths = gaps(done)
    longest = max(lengths)
    rows = []
    for entry, length in zip(done, lengths):
        at = times.clock(times.iso(entry.at), zone, near=times.iso(done[0].at))
        width = round(length / (longest or 1.0) * 100)
        took = times.duration(length) if length else ""
        bar = f'<i style="width:{width}%"></i>'
        rows.append(
            f"<tr><td>{html.escape(at)}<td>{took}<td>{html.escape(one_line(entry.text, 100))}{bar}"
        )
    return "<h2>Time between tasks</h2>\n<table>\n" + "\n".join(rows) + "\n</table>\n"


def _csv(
    incident: Incident, entries: Sequence[TimelineEntry], zone: tzinfo, sealed_at: float
) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("at", "kind", "what", "quote", "source", "link"))
    for row in document_of(incident, entries, sealed_at)["entries"]:
        values = [row[key] for key in ("at", "kind", "text", "quote", "source", "link")]
        writer.writerow(map(safe_cell, values))
    return out.getvalue()


def safe_cell(value: str) -> str:
    """A cell of a CSV that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_STARTS_A_FORMULA) else value


def _json(
    incident: Incident, entries: Sequence[TimelineEntry], zone: tzinfo, sealed_at: float
) -> str:
    document = document_of(incident, entries, sealed_at)
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _proof_lines(
    incident: Incident, entries: Sequence[TimelineEntry], sealed_at: float
) -> Sequence[str]:
    if not sealed_at:
        return ()
    head = seal_of(incident.id, entries, sealed_at).head
    return (f"Sealed at {times.iso(sealed_at)}, SHA-256 {head}: the same stands at PagerDuty.",)


Writer = Callable[[Incident, Sequence[TimelineEntry], tzinfo, float], str]
FORMS: Mapping[str, Writer] = {"md": _markdown, "html": _html, "csv": _csv, "json": _json}
"""By the ending of the file."""
