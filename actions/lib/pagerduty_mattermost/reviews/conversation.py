"""What was said in a room, written piece by piece as Markdown, JSON, HTML or CSV: however long it
is, one message at a time is held. Pure.

    form = form_of("md")
    form.head(about), form.message(post, first), form.tail(about)     # texts for the file
"""

from __future__ import annotations

import csv
import html
import io
import json
from datetime import tzinfo
from typing import Any, Callable, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.markdown import copyable
from pagerduty_mattermost.core.text import escape, markdown_link, one_line
from pagerduty_mattermost.reviews.showing import HTML_STYLE, safe_cell

COLUMNS = (
    "Post Creation Time",
    "User Id",
    "User Email",
    "User Type",
    "User Name",
    "Post Id",
    "Parent Post Id",
    "Post Message",
    "Post Type",
    "Files",
)
"""Of the CSV: those of Mattermost's own channel export, and the names of files."""
MESSAGE, SYSTEM = "message", "system"
"""Types of posts: of people and bots, and what the server says."""


class SaidPost(NamedTuple):
    """One message in a room."""

    id: str
    at: float
    """Seconds since the epoch."""
    user_id: str
    user: str
    """The account's name."""
    email: str
    """Empty where the server shows none."""
    is_bot: bool
    text: str
    root_id: str = ""
    """Of the message that it answers."""
    type: str = MESSAGE
    files: Tuple[str, ...] = ()
    """Their names."""


class RoomAbout(NamedTuple):
    """What an export is of."""

    incident_id: str
    number: int
    title: str
    url: str
    room: str
    """Its name in people's words."""
    zone: tzinfo
    part: int = 1
    """Of several files; the first is 1."""

    @property
    def heading(self) -> str:
        part = f", part {self.part}" if self.part > 1 else ""
        return f"Room {self.room} of #{self.number} {one_line(self.title)}{part}"


class ExportForm(NamedTuple):
    """How a conversation is written in one kind of file."""

    head: Callable[[RoomAbout], str]
    message: Callable[[RoomAbout, SaidPost, bool], str]
    """The last one: whether it is the first of the file."""
    tail: Callable[[RoomAbout], str]


def form_of(name: str) -> ExportForm:
    """Raises RejectedInput for none."""
    form = FORMS.get(name)
    if form is None:
        raise RejectedInput(f"a room comes as {', '.join(FORMS)}; not {name[:20]!r}")
    return form


def _stamp(about: RoomAbout, post: SaidPost) -> str:
    return times.stamp_at(post.at, about.zone)


def _who(post: SaidPost) -> str:
    answers = " answered" if post.root_id else ""
    return f"{post.user or post.user_id or 'Mattermost'}{answers}"


def _markdown_head(about: RoomAbout) -> str:
    link = markdown_link("the incident in PagerDuty", about.url)
    return f"# {copyable(about.heading)}\n\n{link}\n"


def _markdown_message(about: RoomAbout, post: SaidPost, first: bool) -> str:
    lines = [f"**{escape(_who(post))}** {_stamp(about, post)}"]
    # People's own Markdown stays; behind the mark of a quotation it ends with its message.
    lines += [f"> {line}" for line in post.text.splitlines()]
    lines += [f"> 📎 {escape(one_line(name))}" for name in post.files]
    return "\n" + "\n".join(lines) + "\n"


def _html_head(about: RoomAbout) -> str:
    title = html.escape(about.heading)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{HTML_STYLE}</style>\n'
        f"<h1>{title}</h1>\n<table>\n<tr><th>Time<th>Who<th>What\n"
    )


def _html_message(about: RoomAbout, post: SaidPost, first: bool) -> str:
    text = html.escape(post.text).replace("\n", "<br>")
    files = "".join(f"<br>📎 {html.escape(one_line(name))}" for name in post.files)
    who = html.escape(_who(post))
    return f"<tr><td>{html.escape(_stamp(about, post))}<td>{who}<td>{text}{files}\n"


def _csv_row(values: Tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(value) for value in values])
    return out.getvalue()


def _csv_message(about: RoomAbout, post: SaidPost, first: bool) -> str:
    kind = "bot" if post.is_bot else "user"
    return _csv_row(
        (
            times.iso(post.at),
            post.user_id,
            post.email,
            "system" if post.type == SYSTEM else kind,
            post.user,
            post.id,
            post.root_id,
            post.text,
            post.type,
            ", ".join(post.files),
        )
    )


def _json_head(about: RoomAbout) -> str:
    head = {
        "incident_id": about.incident_id,
        "number": about.number,
        "title": about.title,
        "url": about.url,
        "room": about.room,
        "part": about.part,
    }
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "posts": [\n'


def _json_message(about: RoomAbout, post: SaidPost, first: bool) -> str:
    value: Mapping[str, Any] = {
        **post._asdict(),
        "at": times.iso(post.at),
        "files": list(post.files),
    }
    return ("" if first else ",\n") + json.dumps(value, ensure_ascii=False)


def _nothing(about: RoomAbout) -> str:
    return ""


FORMS: Mapping[str, ExportForm] = {
    "md": ExportForm(_markdown_head, _markdown_message, _nothing),
    "html": ExportForm(_html_head, _html_message, lambda about: "</table>\n"),
    "csv": ExportForm(lambda about: _csv_row(COLUMNS), _csv_message, _nothing),
    "json": ExportForm(_json_head, _json_message, lambda about: "\n]}\n"),
}
"""By the ending of the file."""
