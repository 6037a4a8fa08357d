"""The files of a post: which there are, and what stands in one."""

from __future__ import annotations

from typing import List, NamedTuple

from pagerduty_mattermost.core.errors import RejectedInput, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.values import checked_id, is_id


class PostFile(NamedTuple):
    """A file that is attached to a post."""

    id: str
    name: str
    size_bytes: int


def of_post(mattermost: Mattermost, post_id: str) -> List[PostFile]:
    """The post's files, in its order."""
    rows = mattermost.api("GET", f"/posts/{checked_id(post_id, 'post id')}/files/info")
    if not isinstance(rows, list):
        raise RetryLater("Mattermost's answer is not what its API promises (no list of files)")
    return [
        PostFile(
            str(row["id"]),
            one_line(clean(row.get("name"), 200)),
            row["size"] if isinstance(row.get("size"), int) else 0,
        )
        for row in rows
        if isinstance(row, dict) and is_id(str(row.get("id")))
    ]


def read_text(mattermost: Mattermost, file: PostFile, most_bytes: int) -> str:
    """What stands in the file. Raises RejectedInput for one that is larger or no UTF-8,
    RetryLater where it did not come whole."""
    if file.size_bytes > most_bytes:
        raise RejectedInput(
            f"the file {file.name} has {file.size_bytes} bytes; at most {most_bytes} are read"
        )
    content = mattermost.read_bytes(f"/files/{checked_id(file.id, 'file id')}")
    if len(content) != file.size_bytes:
        raise RetryLater(
            f"Mattermost sent {len(content)} of {file.size_bytes} bytes of the file {file.name}"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RejectedInput(f"the file {file.name} is no UTF-8") from None
