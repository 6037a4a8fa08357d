"""No regular expression of the repository can be held up by its input: all are listed and judged.

None takes exponential time. One that takes a power of the input's length stands in REVIEWED with
what bounds it; one that only the run knows stands in GIVEN with who writes it.
"""

from __future__ import annotations

import re
from typing import List, Tuple

import pytest
from pattern_census import GIVEN as UNKNOWN
from pattern_census import FoundPattern, of_aliases, of_code, of_metadata
from pattern_growth import EXPONENTIAL, LINEAR, POLYNOMIAL, growth

LIBRARY = "actions/lib/pagerduty_mattermost/"
REVIEWED = {
    LIBRARY + "core/config/connections.py": "the address of the server, which the owner sets",
    LIBRARY + "core/text.py": "each branch is tried at a mark of its own and looks ahead to the "
    "next such mark; an address has at most 2,048 characters",
    LIBRARY + "gateways/http/redaction.py": "the pack's own header",
    LIBRARY + "gateways/mattermost/values.py": "from the beginning, at most 128 characters",
    "standalone/alias_format.py": "formats of the owner's aliases; a phrase has at most 2,000 "
    "characters",
    "standalone/regex_anchors.py": "formats of the owner's aliases",
    "standalone/yaml_file.py": "one line of the owner's files",
}
"""By file: what bounds the input of a pattern that takes a power of its length."""
GIVEN = {
    (LIBRARY + "chat/begun_orders.py", "form"): "its table of paths",
    (
        LIBRARY + "chat/declared_post.py",
        "re.escape(server_url)",
    ): "the configured address, escaped",
    (
        LIBRARY + "core/text.py",
        "pattern",
    ): "the two patterns of this file, judged where it names them",
    (
        LIBRARY + "gateways/pagerduty/outcome_checks.py",
        'text.replace("{}", _ID)',
    ): "paths of its table",
    (
        LIBRARY + "gateways/stackstorm/rule_criteria.py",
        "pattern",
    ): "the owner's rules, as in StackStorm",
    (
        LIBRARY + "playbooks/hidden_channels.py",
        'rf"(?<!',
    ): "names of channels in a playbook, escaped",
    ("standalone/alias_format.py", "regex"): "the owner's aliases; this pack's are judged below",
    ("standalone/config_file.py", "pattern"): "patternProperties of the pack's schema",
    (
        "standalone/rule_check.py",
        "str(one.pattern)",
    ): "the owner's rules, compiled alone to see whether they can be",
    ("standalone/templates.py", "pattern"): "filters in the owner's rules",
    ("sandbox/faults.py", "terms"): "tests",
    ("sandbox/stackstorm/account.py", 'rf"^\\s*{made}\\s*$"'): "tests",
    ("sandbox/faults.py", "rule.path"): "tests",
    ("sandbox/journal.py", "path"): "tests",
}
"""By file and how the expression begins: who writes the pattern."""
OF_TESTS = ("sandbox/", "tools/", "benchmarks/")
"""Read texts of tests and of the repository alone."""


@pytest.fixture(scope="module")
def known() -> List[FoundPattern]:
    return [*of_code(), *of_metadata()]


def test_all_patterns_are_found(known: List[FoundPattern]) -> None:
    assert len(known) > 90
    found = {(one.place.split(":")[0], one.source) for one in known if one.pattern == UNKNOWN}
    wanted = {key for key in GIVEN for place, source in found if _is(key, place, source)}
    assert wanted == set(GIVEN), "no longer there"
    assert [one for one in sorted(found) if not any(_is(key, *one) for key in GIVEN)] == [], (
        "make the pattern a constant of its module, or say who writes it"
    )


def _is(key: Tuple[str, str], place: str, source: str) -> bool:
    return place == key[0] and source.startswith(key[1])


def test_none_can_be_held_up(known: List[FoundPattern]) -> None:
    slow, reviewed = [], set()
    for one in known:
        if one.pattern == UNKNOWN:
            continue
        file = one.place.split(":")[0]
        for use in one.uses:
            found = growth(one.pattern, one.flags, use)
            if found == POLYNOMIAL and file in REVIEWED:
                reviewed.add(file)
            elif found == EXPONENTIAL or (found == POLYNOMIAL and not file.startswith(OF_TESTS)):
                slow.append((one.place, use, found, one.pattern))
    assert slow == []
    assert reviewed == set(REVIEWED), "no longer needed"


def test_no_phrase_of_an_alias_can_be_held_up() -> None:
    assert [name for name, pattern in of_aliases().items() if _is_slow(pattern)] == []


def _is_slow(pattern: str) -> bool:
    return growth(pattern, re.DOTALL, "search") == EXPONENTIAL


@pytest.mark.parametrize(
    ("pattern", "use", "wanted"),
    [
        (r"(?:a+)+b", "match", EXPONENTIAL),
        (r"(?:a|aa)*b", "match", EXPONENTIAL),
        (r"(\w+\s*)+$", "match", EXPONENTIAL),
        (r"(?:https?://\S+)(?:[,\s]+https?://\S+)*", "fullmatch", EXPONENTIAL),
        (r".*?((?:(?:^|\s+)\s*(\S+?)\s*=(\S+)\s*)*)$", "match", EXPONENTIAL),
        (r"a+a+b", "match", POLYNOMIAL),
        (r"\s+$", "sub", POLYNOMIAL),
        (r"[^@\s]+@[^@\s]+\.[^@\s]+", "fullmatch", POLYNOMIAL),
        (r"(\w+\s+)+$", "match", LINEAR),
        (r"(?:/[A-Za-z0-9_-]+)+", "fullmatch", LINEAR),
        (r"[^@]+@[^@]+", "fullmatch", LINEAR),
    ],
)
def test_the_judgement_is_right(pattern: str, use: str, wanted: str) -> None:
    assert growth(pattern, 0, use) == wanted
