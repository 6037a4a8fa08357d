"""Writes a playbook's YAML: of plain values, a blank one, a copy under another name. Pure."""

# flake8: noqa: E203

from __future__ import annotations

import re
from typing import Any, Mapping

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, one_line

WIDTH_CHARACTERS = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_BLANK = """name: {name}
title: {title}
description: What it is for.

# Whose incidents it is taken for by itself:
# choose: {{priorities: [P1], services: [Checkout API]}}

commander: declarer

stages:
  - name: First
    tasks:
      - id: impact
        text: Say in one sentence what customers see
        due: 5m
  - name: Afterwards
    tasks:
      - id: review
        text: Set a date for the review
        assign: commander
"""


def playbook_name(text: str) -> str:
    """A playbook's name as somebody typed it. Raises RejectedInput."""
    name = one_line(text).lower()
    if not _NAME.fullmatch(name):
        raise RejectedInput(
            f"{one_line(clean(text, 60))!r} is no name of a playbook: lower-case letters, digits "
            "and -, 40 at most"
        )
    return name


def named_after(text: str) -> str:
    """A name made of words; empty where there are no latin letters or digits in them."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))[:40].strip("-")


def write_yaml(value: Mapping[str, Any]) -> str:
    """`read_playbook` reads it as the same value; texts of several lines are blocks."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Lists are indented below their key; nothing refers to something above."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
        style = "|" if "\n" in data else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(
        dict(value), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=WIDTH_CHARACTERS
    )
    return written


def blank(name: str) -> str:
    """The YAML of a playbook to begin with."""
    return _BLANK.format(name=name, title=name.replace("-", " ").capitalize())


def copied(text: str, name: str) -> str:
    """The YAML of a playbook under another name; all else, its comments too, stays. `text`: one
    that reads."""
    import yaml

    tree: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    value = next(value for key, value in tree.value if key.value == "name")
    # The marks of a text that is parsed whole count its characters.
    return text[: value.start_mark.index] + name + text[value.end_mark.index :]
