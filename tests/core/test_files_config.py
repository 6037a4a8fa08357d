"""Actions read and write files below configured folders alone, whatever a path looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from pagerduty_mattermost.core.config.files import FilesConfig
from pagerduty_mattermost.core.config.settings import load
from pagerduty_mattermost.core.errors import ConfigError, RejectedInput


def test_without_folders_there_are_no_files() -> None:
    with pytest.raises(RejectedInput, match=r"files\.folders of the configuration names"):
        load({}).files.checked("/etc/hosts")


def test_only_below_a_folder(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "a.txt").write_text("a")
    (inside / "out").symlink_to("/etc")
    files = FilesConfig((str(inside),))
    assert files.checked(str(inside / "a.txt")) == str((inside / "a.txt").resolve())
    for path in (
        "/etc/hosts",
        str(inside / ".." / "other.txt"),
        str(inside / "out" / "hosts"),
        f"{inside}-beside/a.txt",
        "a.txt",
        "",
    ):
        with pytest.raises(RejectedInput, match="is not below"):
            files.checked(path)


def test_a_folder_is_absolute() -> None:
    with pytest.raises(ConfigError, match=r"files\.folders must be absolute"):
        load({"files": {"folders": ["exports"]}})
