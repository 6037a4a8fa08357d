"""`standalone setup`: `mattermost.setup` from the command line, with the chat sensor listening
meanwhile, so that the test call is answered also where nothing is served yet."""

from __future__ import annotations

import getpass
import sys
from typing import Any, Callable, Dict

from standalone.errors import UserError

ACTION = "mattermost.setup"
SENSOR = "ChatSensor"


LENT = "mattermost_admin_token"
"""The key by which the token is lent to the action, which deletes it."""
LENT_SECONDS = 600

HERE = (
    "run this with admin_token_key (an administrator's access token)",
    "run `setup --ask-admin-token`, which asks for an administrator's access token",
)
"""What the action advises, as one does it here."""


def add(commands: Any, common: Any, make_app: Callable[[Any], Any]) -> None:
    text = "make and try /pd in Mattermost, as the action mattermost.setup"
    command = commands.add_parser("setup", parents=[common], help=text, description=text)
    command.add_argument(
        "--trigger",
        action="append",
        metavar="WORD",
        help="pd (default), incident or pagerduty; may be repeated",
    )
    command.add_argument(
        "--no-notes", action="store_true", help="replies in threads do not become notes"
    )
    command.add_argument(
        "--take-over",
        action="store_true",
        help="take over a command of the pack that points to another address",
    )
    command.add_argument(
        "--ask-admin-token",
        action="store_true",
        help="ask for an administrator's access token (or read it from stdin)",
    )
    command.set_defaults(command=lambda options: _set_up(options, make_app))


def _set_up(options: Any, make_app: Callable[[Any], Any]) -> int:
    """Exit code 1 when something does not work."""
    app = make_app(options)
    ref = f"{app.pack.ref}.{ACTION}"
    if ref not in app.pack.actions:
        raise UserError(f"The pack has no action {ACTION}")
    given: Dict[str, Any] = {"notes": not options.no_notes, "take_over": options.take_over}
    if options.trigger:
        given["triggers"] = options.trigger
    if options.ask_admin_token:
        asked = (
            getpass.getpass("Administrator's access token: ")
            if sys.stdin.isatty()
            else sys.stdin.readline()
        )
        app.store.set(LENT, asked.strip(), LENT_SECONDS, True)
        given["admin_token_key"] = LENT
    with app.lending(SENSOR):
        execution = app.run(ref, given, user="setup")
    result = execution.result.get("result")
    if execution.status == "succeeded":
        print(result["message"])
        return 0
    for line in str(result or execution.result.get("error")).split(" | "):
        print(f"- problem: {line.replace(*HERE)}")
    return 1
