"""One plain REST call as an action's metadata describes it, and how it is carried out.

An action is its YAML. These immutable parameters describe it (all optional but `endpoint`):

    endpoint    "PUT /teams/{entity_id}/users/{user}": `{name}`s are parameters that hold ids
    schema      team.add_user: the Draft 7 file all parameters are checked against before
                anything is sent (inputs.py)
    wrapper     team: key of PagerDuty's answer that is the result; `a.b` for a key within it,
                `a.0` for the first of a list
    result      wrapped: {wrapper: …} stays around it; `deleted` and `success` answer
                {"deleted": true}, …
    body        {team: "$data"}: the request's body; `$name` is a parameter, `$name[]` each of a
                list (rest_body.py)
    paging      list: the answer is paged: all of it, up to the parameter `maximum`, as one bare
                list; `newest` or `oldest` first: beyond 10,000 it is read in slices of
                since/until; cursor: each page names the next one
    needs_from  true: PagerDuty wants a user's e-mail: `from_email`, or the configuration's
    defaults    {since: 24h}: what an unset parameter is, where its metadata can't say so
    afterwards  {note: {content: "$note"}}: a note on the incident that follows, when `note` is
                given
    repeatable  true: a POST that only asks, so that it is simply repeated after a lost answer
    unknown     warn: of the Exchange pack: unknown fields pass with a warning, read-only ones
                are dropped
    shift_based get: what is done instead where the schedule is a shift-based one
                (shift_based_calls.py)

`from_email` goes into the header `From`. Every parameter that is neither in the path nor in the
body goes into the query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.action_bases import inputs, rest_body
from pagerduty_mattermost.core.errors import PackError, RetryLater, reworded

if TYPE_CHECKING:
    from pagerduty_mattermost.core.config.settings import Config
    from pagerduty_mattermost.gateways.pagerduty.client import Listing, PagerDuty


class RestWords(NamedTuple):
    """An action's immutable parameters."""

    endpoint: str
    schema: str = ""
    wrapper: str = ""
    result: str = ""
    body: Any = None
    paging: str = ""
    needs_from: bool = False
    defaults: Mapping[str, Any] = {}
    afterwards: Any = None
    repeatable: bool = False
    unknown: str = ""
    shift_based: str = ""


WORDS = RestWords._fields
_ELSEWHERE = ("from_email", "maximum")
NO_SENDER = (
    "from_email: is missing; expected the e-mail address of a PagerDuty user, here "
    "or in the configuration"
)


class RestRequest(NamedTuple):
    """What is sent."""

    method: str
    path: str
    query: Dict[str, Any]
    body: Any
    from_email: str
    maximum: Optional[int]
    note: Any = None
    """Body of the note that follows, if one does."""


def split(params: Mapping[str, Any]) -> Tuple[RestWords, Dict[str, Any]]:
    """The words and the parameters of one run."""
    words = {name: params[name] for name in WORDS if params.get(name) is not None}
    return RestWords(**words), {name: value for name, value in params.items() if name not in WORDS}


def build(
    words: RestWords,
    params: Mapping[str, Any],
    settings: Config,
    now: float,
    warn: Callable[[str], None],
) -> RestRequest:
    """The request of these parameters. Raises RejectedInput naming all that is wrong; nothing is
    sent by then."""
    from pagerduty_mattermost.gateways.pagerduty.client import fill

    schema = inputs.load(words.schema) if words.schema else _ids_only(words)
    given = {name: value for name, value in params.items() if value is not None}
    declared = {
        name: value for name, value in words.defaults.items() if name in schema["properties"]
    }
    sender = str(given.get("from_email") or settings.pagerduty.from_email)
    ready = inputs.require(
        schema,
        {**declared, **given},
        inputs.InputTerms(now, _zone(params, settings), words.unknown == "warn"),
        warn,
        [NO_SENDER] if words.needs_from and not sender else (),
    )
    method, template = words.endpoint.split(" ")
    later = rest_body.names(words.afterwards)
    taken = {*_path_names(template), *rest_body.names(words.body), *later, *_ELSEWHERE}
    return RestRequest(
        method,
        fill(template, **{name: ready.get(name) for name in _path_names(template)}),
        {name: value for name, value in {**words.defaults, **ready}.items() if name not in taken},
        rest_body.fill(words.body, ready) if words.body is not None else None,
        sender if method != "GET" else "",
        ready.get("maximum"),
        rest_body.fill(words.afterwards, ready) if later & set(ready) else None,
    )


def send(
    words: RestWords,
    request: RestRequest,
    pagerduty: PagerDuty,
    now: float,
    warn: Callable[[str], None],
) -> Any:
    """Carry it out; returns the action's result. Raises the gateway's errors."""
    result = _send(words, request, pagerduty, now, warn)
    if request.note is not None:
        from pagerduty_mattermost.gateways.pagerduty.notes import write_note

        incident_id = request.path.rpartition("/")[2]
        try:
            text = request.note["note"]["content"]
            write_note(pagerduty, incident_id, text, from_email=request.from_email)
        except PackError as error:
            raise reworded(error, f"{words.endpoint} is done, but not the note: {error}") from None
    return result


def _send(
    words: RestWords,
    request: RestRequest,
    pagerduty: PagerDuty,
    now: float,
    warn: Callable[[str], None],
) -> Any:
    if words.paging:
        found = _list(words, request, pagerduty, now)
        if found.truncated:
            warn(
                f"PagerDuty has more than the {len(found.items)} returned: raise maximum, "
                "or ask for less"
            )
        return found.items
    if request.method == "POST" and request.path == "/incidents":
        incident = request.body["incident"]
        made = pagerduty.create_incident(incident, from_email=request.from_email)
        return _shaped(words, {"incident": made}, request.method)
    if request.method == "GET" or words.repeatable:
        answer = pagerduty.request(request.method, request.path, request.query, request.body)
    else:
        answer = pagerduty.write(
            request.method,
            request.path,
            request.body,
            request.query,
            from_email=request.from_email,
        ).answer
    return _shaped(words, answer, request.method)


def _list(words: RestWords, request: RestRequest, pagerduty: PagerDuty, now: float) -> Listing:
    from pagerduty_mattermost.gateways.pagerduty.long_lists import read_cursor_list, read_list

    asked = (pagerduty, request.path, words.wrapper, request.query, request.maximum)
    if words.paging == "cursor":
        return read_cursor_list(*asked)
    return read_list(*asked, order="" if words.paging == "list" else words.paging, now=now)


def _shaped(words: RestWords, answer: Mapping[str, Any], method: str) -> Any:
    if words.result in ("deleted", "success"):
        return {words.result: True}
    found: Any = answer
    for key in words.wrapper.split(".") if words.wrapper else ():
        if isinstance(found, list):
            found = dict(zip(map(str, range(len(found))), found))
        if not isinstance(found, Mapping) or key not in found:
            raise RetryLater(
                f"PagerDuty {words.endpoint}: the answer holds no '{key}'",
                maybe_done=method != "GET",
            )
        found = found[key]
    return {words.wrapper: found} if words.result == "wrapped" else found


def _path_names(template: str) -> List[str]:
    return re.findall(r"\{(\w+)\}", template)


def _ids_only(words: RestWords) -> inputs.Schema:
    """Without a schema there is nothing but ids."""
    names = _path_names(words.endpoint)
    known = {name: {"type": "string", "format": "id"} for name in names}
    return {"type": "object", "properties": known, "required": names}


def _zone(params: Mapping[str, Any], settings: Config) -> str:
    """The zone of times typed without one: the one asked for, else the configured one."""
    asked = params.get("time_zone")
    return asked if isinstance(asked, str) and "/" in asked else settings.time_zone
