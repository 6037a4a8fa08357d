"""The page draws posts of any content as text: its own script, run by node on hostile ones."""

# flake8: noqa: E203,E501

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from typing import Any, List

import pytest

from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE, escape
from sandbox.page import TEMPLATE

NODE = shutil.which("node")
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</p><script>alert(1)</script>",
    "[a](javascript:alert(1)) ![x](data:text/html,<b>)",
    '[a](https://e.example/"onmouseover="alert(1))',
    "https://e.example/'><svg/onload=alert(1)>",
    "`<b>` ``<i>`` \\<u\\> **<s>** ~~<q>~~ *<p>*",
    "| <b> | `x` |\n|---|---|\n| <i> | \\| |",
    "```\n<script>\n```",
    "> <b>\n- <i>\n1. <u>\n# <s>",
    "\ue0000\ue001 \ue00099\ue001 `a`",
    "@<b> ~<i> :<u>: :constructor: :__proto__:",
    "<https://e.example/<script>>",
]
ALLOWED = re.compile(
    r"</?(?:p|strong|em|del|code|pre|blockquote|ul|ol|li|table|tr|th|td|h2|b|article|section|div|span|time|hr|button"
    r"|select|option|form|label|input|textarea|menu)"
    r"(?: "
    r"(?:class|style|datetime|title|type|value|name|placeholder|minlength|maxlength|data-post|data-action)"
    r"=\"[^\"<>]*\"| selected| checked)*>"
    r"|<a href=\"(?:https?://|mailto:)[^\"<>\s]*\" target=\"_blank\" rel=\"noreferrer "
    r"noopener\">|</a>"
)


def drawn(posts: List[Any]) -> List[str]:
    return evaluated(json.dumps(posts) + ".map(post)")


def evaluated(expression: str) -> List[str]:
    """By the page's own functions."""
    script = re.findall(r"<script>(.*?)</script>", TEMPLATE.read_text(encoding="utf-8"), re.S)[0]
    functions = script[: script.index("let chosen")]
    program = functions + "\nconsole.log(JSON.stringify(" + expression + "));"
    done = subprocess.run(
        [str(NODE), "-"], input=program.encode(), capture_output=True, timeout=30, check=True
    )
    result: List[str] = json.loads(done.stdout)
    return result


def post(text: str) -> Any:
    attachment = {
        "color": text,
        "pretext": text,
        "author_name": text,
        "title": text,
        "title_link": text,
        "text": text,
        "footer": text,
        "fields": [{"title": text, "value": text, "short": True}],
        "actions": [
            {"id": text, "name": text, "style": text},
            {
                "id": text,
                "name": text,
                "type": "select",
                "options": [{"text": text, "value": text}],
            },
            {"id": text, "name": text, "type": "select", "data_source": "constructor"},
        ],
    }
    return {
        "id": text,
        "user": text,
        "bot": True,
        "create_at": 1_800_000_000_000,
        "edit_at": 0,
        "pinned": False,
        "type": "",
        "message": text,
        "attachments": [attachment, dict(attachment, title_link="https://e.example/" + text)],
        "files": [text],
        "reactions": {text: 1},
        "replies": [],
    }


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_no_post_brings_markup_of_its_own() -> None:
    for text, html in zip(HOSTILE, drawn([post(text) for text in HOSTILE])):
        rest = ALLOWED.sub("", html)
        assert "<" not in rest, (text, rest)
        assert not re.search(r"href=\"(?!https?://|mailto:)", html), text


def dialog(text: str) -> Any:
    kinds = ("text", "textarea", "select", "bool", "radio", text)
    element = {
        "display_name": text,
        "name": text,
        "default": text,
        "placeholder": text,
        "help_text": text,
        "subtype": text,
        "max_length": text,
        "options": [{"text": text, "value": text}],
    }
    elements = [dict(element, type=kind) for kind in kinds]
    return {"title": text, "introduction_text": text, "submit_label": text, "elements": elements}


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_no_dialog_brings_markup_of_its_own() -> None:
    told = [[dialog(text), {"error": text, "errors": {text: text}}] for text in HOSTILE]
    for text, html in zip(
        HOSTILE, evaluated(json.dumps(told) + ".map(([d, told]) => form(d, told))")
    ):
        rest = ALLOWED.sub("", html)
        assert "<" not in rest, (text, rest)
        assert not re.search(r"href=\"(?!https?://|mailto:)", html), text


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_a_dialog_is_drawn_with_what_was_typed_and_what_is_wrong() -> None:
    shown = {
        "title": "Note",
        "elements": [
            {
                "display_name": "Text",
                "name": "text",
                "type": "textarea",
                "default": "half",
                "max_length": 3000,
            },
            {
                "display_name": "Who",
                "name": "user",
                "type": "select",
                "data_source": "users",
                "optional": True,
            },
        ],
    }
    people = '(SOURCES.users = [{text: "@ada", value: "u1"}], [form('
    (html,) = evaluated(people + json.dumps(shown) + ', {errors: {text: "It needs words"}})])')
    assert '<textarea name="text" placeholder="" maxlength="3000">half</textarea>' in html
    assert '<span class="wrong">It needs words</span>' in html
    assert "<b>Who (optional)</b>" in html
    assert '<option value="u1">@ada</option>' in html
    assert '<button class="send">Submit</button>' in html


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_buttons_and_menus_name_their_action_and_their_post() -> None:
    actions = [
        {"id": "acknowledge", "name": "Acknowledge", "type": "button", "style": "primary"},
        {
            "id": "more",
            "name": "More…",
            "type": "select",
            "options": [{"text": "Snooze", "value": "snooze1h"}],
        },
    ]
    attachment = {"title": "t", "actions": actions}
    (html,) = drawn([dict(post("x"), id="p1", ephemeral=True, attachments=[attachment])])
    assert 'data-post="p1"' in html
    assert (
        '<button type="button" data-action="acknowledge" class="primary">Acknowledge</button>'
        in html
    )
    assert '<select data-action="more" title="More…"><option value="">More…</option>' in html
    assert '<option value="snooze1h">Snooze</option></select>' in html
    assert "(Only visible to you)" in html


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_markdown_is_drawn_as_people_know_it() -> None:
    text = (
        "**down** :eyes: [run \\*book\\*](https://e.example/a_b_c)\n- one\n- "
        "two\n\n`a*b*` snake_case_word @ada"
    )
    (html,) = drawn([dict(post("x"), message=text, attachments=[])])
    assert "<strong>down</strong> 👀" in html
    assert (
        'href="https://e.example/a_b_c" target="_blank" rel="noreferrer noopener">run *book*</a>'
        in html
    )
    assert "<ul><li>one</li><li>two</li></ul>" in html
    assert "<code>a*b*</code> snake_case_word" in html
    assert '<span class="mention">@ada</span>' in html


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_an_escape_shows_its_character_without_the_backslash() -> None:
    title = "`rm -rf` *a* _b_ [c] https://evil.example `d \\`"
    text = escape(title)
    assert "\\`rm -rf\\`" in text
    (html,) = drawn([dict(post("x"), message=text, attachments=[], files=[], reactions={})])
    shown = unescape(re.sub(r"<[^>]*>", "", html[html.index('<div class="text">') :])).replace(
        ZERO_WIDTH_SPACE, ""
    )
    assert shown == title
    assert "<code>" not in html
    (html,) = drawn([dict(post("x"), message="`a\\` b", attachments=[])])
    assert "<code>a\\</code> b" in html


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_a_linked_title_is_plain_text_that_leads_to_its_link_alone() -> None:
    attachment = dict(
        post("x")["attachments"][0],
        title="*a* https://evil.example",
        title_link="https://pd.example/1",
    )
    (html,) = drawn([dict(post("x"), message="", attachments=[attachment])])
    heading = re.findall(r"<h2>(.*?)</h2>", html)[0]
    assert heading == (
        '<a href="https://pd.example/1" target="_blank" rel="noreferrer noopener">*a* '
        "https://evil.example</a>"
    )
