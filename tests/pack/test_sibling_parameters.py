"""One thing has one name in the parameters of all the pack's own actions; a former name stays, and
says which is the one of now. The Exchange pack's actions keep theirs."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, Tuple

import pytest
from pack_files import files, load

SIBLINGS = ("mattermost", "room", "playbook", "state", "route", "oncall", "uninstall", "webhook")
"""Groups of actions that are this pack's own, with what they share."""
ONE_NAME = {
    "path": "file",
    "filename": "file",
    "post": "post_id",
    "by": "user",
    "incident": "incident_id",
    "channel_name": "channel",
    "text_message": "message",
    "admin_token": "admin_token_key",
}
"""Names that are not used for the thing, and its name."""
FORMER = re.compile(r"The former name of (\w+)\.")


def parameters() -> Iterator[Tuple[str, str, Dict[str, Any], Dict[str, Any]]]:
    for action in map(load, files("actions")):
        if action["name"].partition(".")[0] in SIBLINGS:
            every = action.get("parameters") or {}
            for name, declared in every.items():
                yield action["name"], name, declared, every


def test_no_sibling_has_another_name_for_the_same() -> None:
    wrong = [
        f"{action}: {name} is {ONE_NAME[name]} elsewhere"
        for action, name, declared, _ in parameters()
        if name in ONE_NAME and "former name" not in declared.get("description", "")
    ]
    assert wrong == []


def test_a_former_name_stands_beside_the_one_of_now_and_is_not_required() -> None:
    found = []
    for action, name, declared, every in parameters():
        now = FORMER.fullmatch(declared.get("description", ""))
        if now and now.group(1) != "both":
            assert every[now.group(1)]["type"] == declared["type"], action
            assert not declared.get("required"), action
            assert "position" not in declared, action
            found.append(name)
    assert {"path", "by"} <= set(found)


@pytest.mark.parametrize("name", ["incident_id", "channel", "message", "file", "key"])
def test_a_shared_name_has_one_type(name: str) -> None:
    assert {declared["type"] for _, one, declared, _ in parameters() if one == name} == {"string"}
