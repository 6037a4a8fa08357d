"""A playbook's YAML in a Mattermost post: a block of code in it, or a file. Who names the post has
to be a member of its channel, since the bot reads more than people do."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Tuple

from pagerduty_mattermost.chat.declared_post import may_read, permalink
from pagerduty_mattermost.core.errors import NotFound, RejectedInput, Unauthorized
from pagerduty_mattermost.gateways.mattermost import post_files
from pagerduty_mattermost.playbooks.library import ENDINGS
from pagerduty_mattermost.playbooks.yaml_lines import MAX_CHARACTERS

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_FILE_BYTES = 4 * MAX_CHARACTERS
LANGUAGES = ("", "yaml", "yml", "json")
"""What may stand behind the three backticks."""
NOT_THERE = "there is no such post, or you are no member of its channel"


def read_yaml(context: Context, link: str, user_id: str) -> str:
    """The YAML in the post that the link leads to. Raises RejectedInput and NotFound."""
    mattermost = context.mattermost
    post_id = permalink(link, mattermost.settings.url)
    if not post_id:
        raise RejectedInput(
            "which post? Give its link (… > Copy Link), with the YAML as a block of code or a file"
        )
    try:
        post = mattermost.get_post(post_id)
        allowed = bool(user_id) and may_read(mattermost, str(post.get("channel_id")), user_id)
    except NotFound:
        raise NotFound(NOT_THERE) from None
    except Unauthorized as error:
        if error.status != 403:
            raise
        raise NotFound(f"{NOT_THERE}, or the bot is not: invite it") from None
    if not allowed:
        raise NotFound(NOT_THERE)
    blocks = code_blocks(str(post.get("message") or ""))
    files = []
    if post.get("file_ids"):
        found = post_files.of_post(mattermost, post_id)
        files = [one for one in found if one.name.lower().endswith(ENDINGS)]
    if len(blocks) + len(files) != 1:
        what = (
            "no YAML: neither a block of code (```) nor a .yaml file"
            if not (blocks or files)
            else f"{len(blocks) + len(files)} blocks and files: one is one playbook"
        )
        raise RejectedInput(f"in that post there is {what}")
    return blocks[0] if blocks else post_files.read_text(mattermost, files[0], MAX_FILE_BYTES)


def code_blocks(message: str) -> List[str]:
    """What stands in the blocks of code of a message that may be YAML; one without an end goes to
    the message's. Pure."""
    found: List[str] = []
    lines: List[str] = []
    fence, language = "", ""
    for line in message.splitlines():
        mark, word = _fence(line)
        if not fence and mark:
            fence, language, lines = mark, word.lower(), []
        elif fence and mark[:1] == fence[:1] and len(mark) >= len(fence) and not word:
            if language in LANGUAGES:
                found.append("\n".join(lines) + "\n")
            fence = ""
        elif fence:
            lines.append(line)
    if fence and language in LANGUAGES and any(line.strip() for line in lines):
        found.append("\n".join(lines) + "\n")
    return found


def _fence(line: str) -> Tuple[str, str]:
    """The marks with which a block begins or ends, and the word behind them."""
    text = line.strip()
    for sign in ("`", "~"):
        rest = text.lstrip(sign)
        if len(text) - len(rest) >= 3 and "`" not in rest:
            return text[: len(text) - len(rest)], rest.strip()
    return "", ""
