"""What is at StackStorm: users, aliases, executions, inquiries; and what packs and people do
there.

    account.add_alias("packs.pack_get", ["pack get {{pack}}"], "packs.get")
    account.acts["packs.get"] = lambda parameters: ("succeeded", {"result": parameters["pack"]})
    account.end(id, "failed", {"error": "…"})        # of an action that has no act
"""

from __future__ import annotations

import itertools
import re
import threading
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ..clock import Clock

Act = Callable[[Mapping[str, Any]], Tuple[str, Any]]
ENDED = ("succeeded", "failed", "timeout", "canceled", "abandoned")


class Refused(Exception):
    """Answered with this status and faultstring."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class StackStormUser(NamedTuple):
    name: str
    password: str = ""
    is_service: bool = False
    nickname: str = ""
    """For Mattermost."""
    may: Optional[Tuple[str, ...]] = None
    """Actions that they may execute; None: all."""
    roles: Tuple[str, ...] = ()


class StackStormAccount:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.auth = False
        """Whether a token is needed."""
        self.users: Dict[str, StackStormUser] = {}
        self.tokens: Dict[str, str] = {}
        """Token or API key → user."""
        self.aliases: List[Dict[str, Any]] = []
        self.acts: Dict[str, Act] = {}
        self.executions: Dict[str, Dict[str, Any]] = {}
        self.resumed: Dict[str, int] = {}
        """How often the workflow behind an inquiry went on."""
        self.secret: Set[str] = set()
        """Names of parameters that are shown masked."""
        self._numbers = itertools.count(1)

    def new_id(self) -> str:
        return f"{0x65000000 + next(self._numbers):024x}"

    def add_user(self, name: str, **more: Any) -> StackStormUser:
        self.users[name] = user = StackStormUser(name, **more)
        return user

    def add_token(self, user: str) -> str:
        token = f"{len(self.tokens):04x}" * 8
        self.tokens[token] = user
        return token

    def add_alias(
        self, ref: str, formats: Sequence[Any], action: str, **more: Any
    ) -> Dict[str, Any]:
        pack, _, name = ref.partition(".")
        row = {
            "uid": f"action_alias:{pack}:{name}",
            "name": name,
            "ref": ref,
            "pack": pack,
            "description": "",
            "enabled": True,
            "action_ref": action,
            "formats": list(formats),
            "ack": {},
            "result": {},
            "extra": {},
            "immutable_parameters": {},
            "id": self.new_id(),
            **more,
        }
        self.aliases.append(row)
        return row

    # What the API does

    def matching(self, command: str) -> Tuple[Dict[str, Any], str, str]:
        """Alias, display and representation. Raises Refused."""
        found = []
        for alias in self.aliases:
            for display, text, _ in formats_of(alias["formats"]):
                try:
                    pattern = compiled(text)
                except re.error:
                    raise Refused(500, "Internal Server Error") from None
                if alias["enabled"] and pattern.search(command):
                    found.append((alias, display, text))
        if not found:
            raise Refused(400, f"Command '{command}' matched no patterns")
        if len(found) > 1:
            raise Refused(400, f"Command '{command}' matched more than 1 pattern")
        return found[0]

    def execute(
        self, alias: Mapping[str, Any], text: str, words: Mapping[str, Any], user: str
    ) -> Dict[str, Any]:
        found = compiled(text).search(str(words["command"]))
        if found is None:
            raise Refused(
                400, f'Command "{words["command"]}" doesn\'t match format string "{text}"'
            )
        action = str(alias["action_ref"])
        may = self.users[user].may if user in self.users else None
        if may is not None and action not in may:
            raise Refused(
                403,
                f'User "{user}" doesn\'t have required permission "action_execute" on resource '
                f'"action:{action.replace(".", ":", 1)}"',
            )
        parameters = {k: v for k, v in found.groupdict().items() if v is not None}
        ref = {"id": alias["id"], "name": alias["name"]}
        context = {
            "action_alias_ref": ref,
            "api_user": words["user"],
            "user": user,
            "source_channel": words["source_channel"],
            "pack": alias["pack"],
        }
        row = self.add_execution(action, parameters, context)
        shown = {k: "********" if k in self.secret else v for k, v in parameters.items()}
        row["parameters"] = shown
        return {"execution": dict(row), "actionalias": alias, **self._said(alias, parameters)}

    def _said(self, alias: Mapping[str, Any], parameters: Mapping[str, Any]) -> Dict[str, Any]:
        wanted = alias["ack"].get("format")
        if not wanted:
            return {}
        said = re.sub(
            r"{{\s*execution\.parameters\.(\w+)\s*}}",
            lambda found: str(parameters.get(found.group(1), "")),
            wanted,
        )
        return {"message": said}

    def add_execution(
        self, action: str, parameters: Mapping[str, Any], context: Mapping[str, Any], **more: Any
    ) -> Dict[str, Any]:
        id = self.new_id()
        row = {
            "id": id,
            "action": {"ref": action, "name": action.partition(".")[2]},
            "runner": {"name": "python-script"},
            "status": "requested",
            "start_timestamp": self.now(),
            "parameters": dict(parameters),
            "context": dict(context),
            "web_url": f"https://st2.example.com/#/history/{id}/general",
            **more,
        }
        self.executions[id] = row
        return row

    def find(self, id: str) -> Dict[str, Any]:
        """The execution, ended where its action has an act. Raises Refused."""
        row = self.executions.get(id)
        if row is None:
            raise Refused(404, f'Unable to identify resource with id "{id}".')
        act = self.acts.get(row["action"]["ref"])
        if act is not None and row["status"] not in ENDED:
            self.end(id, *act(row["parameters"]))
        return row

    def end(self, id: str, status: str, result: Any = None) -> None:
        row = self.executions[id]
        row.update(status=status, result=result, end_timestamp=self.now(), elapsed_seconds=0.1)

    def cancel(self, id: str) -> Dict[str, Any]:
        row = self.find(id)
        if row["status"] in ENDED:
            return {"faultstring": f"Action cannot be canceled. State = {row['status']}."}
        self.end(id, "canceled", None)
        return row

    def impersonated(self, login: Tuple[str, str], body: Mapping[str, Any]) -> str:
        """A token. Raises Refused."""
        user = self.users.get(login[0])
        if user is None or not user.password or user.password != login[1]:
            raise Refused(401, "Invalid or missing credentials")
        wanted = body.get("impersonate_user")
        if wanted is None:
            return self.add_token(user.name)
        if not user.is_service:
            raise Refused(
                400, "Current user is not a service and cannot request impersonated tokens"
            )
        found = [one for one in self.users.values() if one.nickname == wanted]
        if len(found) != 1 or body.get("nickname_origin") != "mattermost":
            origin = body.get("nickname_origin")
            raise Refused(400, f"Could not locate user {wanted}@{origin}")
        return self.add_token(found[0].name)

    def now(self) -> str:
        from datetime import datetime, timezone

        made = datetime.fromtimestamp(self.clock(), timezone.utc)
        return made.isoformat(timespec="microseconds").replace("+00:00", "Z")


def formats_of(formats: Sequence[Any]) -> List[Tuple[str, str, bool]]:
    """Display, representation and match_multiple of each."""
    found: List[Tuple[str, str, bool]] = []
    for entry in formats:
        if isinstance(entry, str):
            found.append((entry, entry, False))
            continue
        texts = entry.get("representation") or []
        for text in [texts] if isinstance(texts, str) else texts:
            found.append((entry.get("display"), text, bool(entry.get("match_multiple"))))
    return found


def compiled(text: str) -> Any:
    """Raises re.error for what is none."""
    made = re.sub(r"{{\s*(\w+)\s*(?:=[^}]*)?}}", r"(?P<\1>.+?)", text)
    return re.compile(rf"^\s*{made}\s*$", re.DOTALL)
