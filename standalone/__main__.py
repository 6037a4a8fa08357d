"""`python -m standalone`."""

from __future__ import annotations

import sys

from standalone.missing import STANDALONE, one_line

if __name__ == "__main__":
    with one_line("standalone", STANDALONE):
        from standalone.cli import main

        sys.exit(main())
