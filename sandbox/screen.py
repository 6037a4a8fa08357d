"""A Mattermost channel in the terminal, as people would see it: cards with their colour, fields,
threads, reactions."""

from __future__ import annotations

import re
from typing import Any, List

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_INVISIBLE = re.compile("[\u200b\u2066-\u2069\u202a-\u202e]")


def show_channel(console: Console, mattermost: Any, channel: str) -> None:
    """Print every post of the channel with its thread, oldest first."""
    console.rule(f"~{channel}", align="left")
    posts = mattermost.posts(channel)
    for post in posts:
        console.print(_post(mattermost, post))
    if not posts:
        console.print("[dim]nothing posted[/dim]")


def _post(mattermost: Any, post: Any) -> RenderableType:
    parts: List[RenderableType] = []
    attachments = post.props.get("attachments") or []
    if attachments:
        parts.append(Text(_seen(_plain(post.message)), style="dim"))
        parts += [_attachment(a) for a in attachments]
    else:
        parts.append(Markdown(_seen(post.message)))
    if post.reactions:
        parts.append(Text(" ".join(f":{r.emoji_name}:" for r in post.reactions), style="yellow"))
    for reply in mattermost.thread(post):
        parts.append(
            Padding(Text.assemble(("↳ ", "dim"), _seen(_plain(reply.message))), (0, 0, 0, 4))
        )
    return Group(*parts, Text(""))


def _attachment(attachment: Any) -> RenderableType:
    body: List[RenderableType] = []
    if attachment.get("text"):
        body.append(Markdown(_seen(attachment["text"])))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), expand=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for field in attachment.get("fields") or ():
        table.add_row(
            _seen(_plain(str(field.get("title", "")))), _seen(_plain(str(field.get("value", ""))))
        )
    body.append(table)
    title = Text(_seen(str(attachment.get("title") or "")), style="bold")
    return Panel(
        Group(*body),
        title=title,
        title_align="left",
        box=box.HEAVY,
        border_style=attachment.get("color") or "white",
    )


def _plain(markdown: str) -> str:
    """Markdown as its reader sees it: links by their label, no escapes."""
    text = re.sub(r"\[((?:[^\]\\]|\\.)*)\]\((https?://[^)]*)\)", r"\1", markdown)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def _seen(text: str) -> str:
    return _INVISIBLE.sub("", text)
