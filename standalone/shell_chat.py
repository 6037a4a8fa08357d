"""`chat`: somebody speaks from the shell, in a phrase of the aliases or in a command as it is
typed after `/pd` in Mattermost.

    python -m standalone chat "ack incident 12" --as ada
    python -m standalone chat "/pd list mine" --as ada
    python -m standalone chat "/pd subscriptions" --as ada --in incidents
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Tuple

from standalone import alias_format, chat
from standalone.errors import UserError
from standalone.output import readable
from standalone.tables import table, terminal_width

COMMAND = "/pd"
RUN = "chat.run"
"""The action that carries out what is typed after it."""
WAYS_OUT = " Three ways out: "


def say(app: Any, options: Any, user: str, report: Callable[[Any], int]) -> int:
    """The exit code. `user`: of this machine; `report`: prints an execution as JSON. Raises
    UserError."""
    phrase = options.phrase.strip()
    if phrase == "help":
        phrases = alias_format.phrases(app.pack.aliases)
        print(table(phrases, terminal_width(), headed=False) if phrases else chat.NO_PHRASES)
        return 0
    first, _, rest = phrase.partition(" ")
    if options.channel and first.lower() != COMMAND:
        raise UserError(f"--in is for what is typed after {COMMAND}: a phrase has no channel")
    if options.channel and not options.user:
        raise UserError("--in needs --as USER: who types it there?")
    if first.lower() == COMMAND:
        code, said = _typed(app, options, user, rest, report)
    else:
        code, said = _phrases(app, options, user, report)
    if code and not options.user and "who you are" in said:
        print("(Nobody was named: chat --as USER says who speaks.)", file=sys.stderr)
    return code


def _typed(
    app: Any, options: Any, user: str, text: str, report: Callable[[Any], int]
) -> Tuple[int, str]:
    ref = f"{app.pack.ref}.{RUN}"
    if ref not in app.pack.actions:
        raise UserError(f"{COMMAND} is no command of this pack; `chat help` lists its phrases")
    context = {"api_user": options.user, "source_channel": "cli", "in_channel": options.channel}
    given = {"verb": "typed", "text": text.strip() or "help"}
    execution = app.run(ref, given, user=user, context=context)
    if options.json:
        return report(execution), ""
    result = execution.result
    value = result["stderr"] or result["result"]
    said = str(value.get("message") or "") if isinstance(value, dict) else str(value)
    nobody = f"There is no Mattermost user {options.user!r}"
    if options.user and nobody in said:  # how to be known at PagerDuty is no help to them
        said = f"{nobody}: chat --as USER names one by username or e-mail address"
    if not options.user:  # it lacks only `--as`: a name typed in the command is not taken
        said = said.partition(WAYS_OUT)[0]
    print(readable(said, terminal_width()))
    return int(execution.status != "succeeded"), said


def _phrases(app: Any, options: Any, user: str, report: Callable[[Any], int]) -> Tuple[int, str]:
    requests = chat.understand(
        options.phrase,
        app.pack.aliases,
        app.pack.actions,
        app.pack.ref,
        app.store.get,
        options.user,
    )
    code, said = 0, ""
    for request in requests:
        said = "" if options.json else chat.acknowledgement(request)
        if said:
            print(readable(said, terminal_width()))
        execution = app.run(
            request.alias.action_ref, request.parameters, user=user, context=request.context
        )
        if options.json:
            code = max(code, report(execution))
            continue
        action = app.pack.actions[execution.action_ref]
        said = chat.answer(
            request.alias, chat.as_api(execution, chat.masked(execution.parameters, action))
        )
        if said:
            print(readable(said, terminal_width()))
        code = max(code, int(execution.status != "succeeded"))
    return code, said
