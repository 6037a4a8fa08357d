"""What an upload sends: a file of the machine that runs the action, or a text as a file."""

from __future__ import annotations

import os
from typing import Optional, Tuple

from pagerduty_mattermost.core.errors import RejectedInput

MAX_BYTES = 50 * 1024 * 1024
"""Mattermost's own default limit; the whole file is held in memory."""


def read_file(path: str, content: Optional[str], name: str) -> Tuple[str, bytes]:
    """Name and bytes; raises RejectedInput."""
    if bool(path) == (content is not None):
        raise RejectedInput("Give either the path of a file on the runner or its content as text")
    if content is not None:
        data = content.encode("utf-8", "replace")
    elif not os.path.isfile(path):
        raise RejectedInput(f"There is no file '{path}' on the machine that runs the action")
    elif os.path.getsize(path) > MAX_BYTES:
        raise RejectedInput(
            f"The file '{path}' has {os.path.getsize(path)} bytes, {MAX_BYTES} is the limit"
        )
    else:
        try:
            with open(path, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise RejectedInput(f"The file '{path}' can't be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise RejectedInput(f"The file has more than {MAX_BYTES} bytes, which is the limit")
    if not data:
        raise RejectedInput("The file is empty")
    return os.path.basename(name or path) or "content.txt", data
