"""`python -m sandbox [demo]`: both servers until Ctrl-C, or the demo's story on them."""

from __future__ import annotations

import sys

from standalone.missing import SANDBOX, one_line

if __name__ == "__main__":
    with one_line("sandbox", SANDBOX):
        if sys.argv[1:2] == ["demo"] and "--major" in sys.argv[2:]:
            from sandbox.demo_major import main
        elif sys.argv[1:2] == ["demo"]:
            from sandbox.demo import main
        else:
            from sandbox.servers import main
        sys.exit(main(sys.argv[2:] if sys.argv[1:2] == ["demo"] else sys.argv[1:]))
