"""The document of `state.export` in a file, on the machine that runs actions."""

from __future__ import annotations

import json
import os
from typing import Any

from pagerduty_mattermost.core.errors import RejectedInput


def write(path: str, document: Any) -> None:
    """A new file that only its owner reads; there is either all of it or none. Raises
    RejectedInput."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise RejectedInput(f"The file {path!r} can't be made: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(document, out, indent=1, sort_keys=True)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
    except (OSError, ValueError) as error:
        os.unlink(path)
        raise RejectedInput(f"The file {path!r} can't be written: {error}") from None


def read(path: str) -> Any:
    """Raises RejectedInput."""
    try:
        with open(path, encoding="utf-8") as source:
            return json.load(source)
    except OSError as error:
        raise RejectedInput(f"The file {path!r} can't be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise RejectedInput(f"The file {path!r} holds no JSON") from None
