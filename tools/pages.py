"""A page that is made of something else: written, or checked to be current."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence


def keep_current(
    about: Optional[str], page: Path, wanted: str, made_of: str, arguments: Sequence[str]
) -> int:
    """Exit code of the tool. `about`: its docstring; `made_of`: what the page has to match."""
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing, fail when the page is not current"
    )
    if not parser.parse_args(arguments).check:
        page.write_text(wanted, encoding="utf-8")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == wanted:
        return 0
    said = f"docs/{page.name} does not match the {made_of}: run make docs and commit it."
    print(said, file=sys.stderr)
    return 1
