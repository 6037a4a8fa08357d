"""Section files: below which folders of the machine that runs it an action may read and write."""

from __future__ import annotations

import os
from typing import NamedTuple, Tuple

from pagerduty_mattermost.core.config.reader import Reader
from pagerduty_mattermost.core.errors import RejectedInput


class FilesConfig(NamedTuple):
    """Which files an action may read and write."""

    folders: Tuple[str, ...] = ()
    """Absolute; empty: none."""

    def checked(self, path: str) -> str:
        """The path with its links followed, below one of the folders. Raises RejectedInput: who
        may run an action must not read whatever StackStorm itself can."""
        if not self.folders:
            raise RejectedInput(
                f"The path {path[:200]!r}: actions may use no files; files.folders of the "
                "configuration names the folders below which they may"
            )
        real = os.path.realpath(path)
        for folder in self.folders:
            root = os.path.realpath(folder)
            if os.path.isabs(path) and os.path.commonpath((root, real)) == root:
                return real
        raise RejectedInput(
            f"The path {path[:200]!r} is not below {', '.join(self.folders)} "
            "(files.folders of the configuration)"
        )


def read_files(whole: Reader) -> FilesConfig:
    """The section `files`; what is wrong in it is noted by the reader."""
    read = whole.section("files", FilesConfig())
    folders = read.texts("folders")
    if any(not os.path.isabs(one) for one in folders):
        read.wrong("folders", "must be absolute paths")
    return FilesConfig(folders)
