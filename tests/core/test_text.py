"""Outside text: whatever it holds, it can be carried, it shows, and it does nothing."""

# flake8: noqa: W503

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core import text

ZWSP = text.ZERO_WIDTH_SPACE
DELIMITER = "%%%%%~=~=~=************=~=~=~%%%%"
NONE_WORD = "%*****__%NONE%__*****%"

NASTY = st.sampled_from(
    [
        "@here",
        "@all",
        "＠channel",
        "~town-square",
        "#tag",
        ":smile:",
        "[text](http://bad.example)",
        "![i](http://x.y/z)",
    ]
    + [
        "<script>",
        "<!here>",
        "&#64;here",
        "&lt;",
        "```",
        "`",
        "**b**",
        "_i_",
        "~~s~~",
        "| a | b |",
        "|---|---|",
        "# h",
    ]
    + [
        "> q",
        "- l",
        "1. x",
        "===",
        "---",
        "    code",
        "\t",
        "\n",
        "\r\n",
        "\u2028",
        "\x00",
        "\x1b[31m",
        "\ud800",
        "\\",
    ]
    + [
        "\u202e",
        "\u2066",
        "שלום",
        "مرحبا",
        "😀",
        "👩‍🚀",
        "{{ st2kv.system.x }}",
        "<% x %>",
        "www.bad.example",
        "a@b.io",
    ]
    + [
        "https://good.example@bad.example/",
        "https://ok.example/a_b?c=d#e",
        "http://x/@here",
        "ftp://x",
        "%",
        "~=",
        "*",
    ]
    + [
        DELIMITER,
        NONE_WORD,
        "\u2424",
        "\u00a0" * 4,
        "[a][b]",
        "[a]: http://bad.example",
        "__",
        "=~",
        "\udfff",
    ]
)
ANY_TEXT = st.one_of(
    st.text(max_size=60), st.lists(st.one_of(NASTY, st.text(max_size=4)), max_size=8).map("".join)
)


def unescaped(markdown: str) -> str:
    """What a reader sees of text that has no formatting left in it."""
    seen = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)
    return re.sub("[\u200b\u2068\u2069]", "", seen)


def visible(original: str) -> str:
    return re.sub("[\u200b\u202a-\u202e\u2066-\u2069]", "", original.replace("\u2424", " "))


@given(ANY_TEXT, st.integers(0, 30))
def test_cleaned_text_can_be_carried_anywhere(value: str, limit: int) -> None:
    cleaned = text.clean(value, limit)
    cleaned.encode("utf-8")
    json.loads(json.dumps(cleaned))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]", cleaned)
    assert not limit or len(cleaned) <= limit
    assert text.clean(cleaned, limit) == cleaned


@pytest.mark.parametrize("magic", [DELIMITER, NONE_WORD])
def test_magic_strings_never_form_not_even_from_two_cleaned_texts(magic: str) -> None:
    assert magic not in text.clean(f"a{magic}b{magic}", 0)
    assert magic not in text.clean("\x00".join(magic), 0)
    for at in range(len(magic) + 1):
        assert magic not in text.clean(magic[:at]) + text.clean(magic[at:])
    assert magic not in text.escape(text.clean(magic))
    assert magic not in text.inert(text.clean(magic))


def test_clean_turns_nothing_into_nothing_and_other_values_into_text() -> None:
    assert text.clean(None, 5) == ""
    assert text.clean(12, 5) == "12"
    assert text.clean("a\r\nb\x85c\u2028d\te") == "a\nb\nc\nd\te"


def test_a_ten_thousand_character_title_is_cut_with_an_ellipsis() -> None:
    cleaned = text.clean("x" * 10_000, 255)
    assert len(cleaned) == 255
    assert cleaned.endswith("x…")


def test_a_cut_leaves_no_dangling_joiner() -> None:
    assert text.cut("👩\u200d🚀 launch", 3) == "👩…"
    assert text.cut("abc", 0) == ""
    assert text.cut("abc", 3) == "abc"


@settings(max_examples=300)
@given(ANY_TEXT)
def test_escaped_text_shows_what_was_written(value: str) -> None:
    cleaned = text.one_line(text.clean(value))
    if "://" in cleaned or "\\" in cleaned:
        return  # addresses are percent-encoded; backslashes are checked below
    assert unescaped(text.escape(cleaned)).lstrip() == visible(cleaned).lstrip()


@settings(max_examples=500)
@given(ANY_TEXT)
def test_nothing_in_escaped_text_acts(value: str) -> None:
    for shown in (text.escape(text.clean(value)), text.inert(text.clean(value))):
        outside = re.sub(r"https?://[\x21-\x7e]+", "URL", shown)
        assert not re.search(r"@(?!\u200b)", outside)
        assert not re.search(r"~(?!\u200b)", outside)
        assert not re.search(r"#(?![\u200b\d])", outside)
        assert not re.search(r"&#?\w+;", outside)
        assert not re.search(r"\]\s?[(\[]", outside)
        assert not re.search(r"<[a-zA-Z!/@]", outside)
        assert not re.search(r":[A-Za-z_+\-][A-Za-z0-9_+\-]*:", outside)
        assert not re.search("[\u202a-\u202e\u2066\u2067]", shown)
        assert shown.count("\u2068") == shown.count("\u2069")
        for address in re.findall(r"https?://[^\s<]+", shown):
            assert "@" not in re.split(r"[/?#\\]", address)[2]


@settings(max_examples=500)
@given(ANY_TEXT)
def test_nothing_in_escaped_text_formats(value: str) -> None:
    shown = text.escape(text.clean(value))
    outside = re.sub(r"https?://[\x21-\x7e]+", "URL", shown)
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", outside)
    assert not re.search(r"[`*\[\]|]", bare)
    assert not re.search(
        r"(?<![^\W_])_|_(?![^\W_])", bare.replace("\u200b", "a").replace("URL", "u")
    )
    for line in shown.split("\n"):
        assert not re.match(r"[ \t\u00a0]", line)
        assert not re.match(r"([-+#](\s|$)|---|[>=]|##|\d+[.)](\s|$))", line)


@given(ANY_TEXT)
def test_a_line_break_never_comes_out_of_one_line(value: str) -> None:
    line = text.escape(text.one_line(text.clean(value)))
    assert len(line.splitlines()) <= 1
    assert "\u2424" not in line


def test_braces_and_templates_pass_untouched() -> None:
    assert (
        text.escape("{{ labels.instance }} <% ctx().x %>") == "{{ labels.instance }} <% ctx().x %>"
    )


def test_names_with_underscores_paths_and_times_stay_readable() -> None:
    for plain in (
        "disk_usage_high on db-01.eu",
        "C:\\temp\\x",
        "12:03:05",
        "100% (5 < 6) - ok!",
        "#4711 failed",
    ):
        assert text.inert(plain) == plain
    assert (
        text.escape("disk_usage_high at 12:03:05 in C:\\temp")
        == "disk_usage_high at 12:03:05 in C:\\temp"
    )


def test_plain_addresses_stay_links_to_what_they_show() -> None:
    assert (
        text.escape("see https://g.example/d/a_b?x=1#y.") == "see https://g.example/d/a_b?x=1#y."
    )
    assert text.escape("(https://g.example/a)") == "(https://g.example/a)"
    assert text.escape("https://g.example/@here") == "https://g.example/%40here"
    assert (
        text.escape("https://good.example@bad.example")
        == f"https:{ZWSP}//good.example@{ZWSP}bad.example"
    )


def test_a_link_in_disguise_is_taken_apart() -> None:
    assert (
        text.escape("[PagerDuty](http://bad.example)")
        == f"\\[PagerDuty\\]{ZWSP}(http://bad.example)"
    )
    assert (
        text.inert("[PagerDuty](http://bad.example)") == f"[PagerDuty]{ZWSP}(http://bad.example)"
    )


@pytest.mark.parametrize("between", ['"', "[", "'", ":", "%20"])
def test_an_address_with_a_user_name_is_no_link(between: str) -> None:
    for shown in (
        text.escape(f"https://good.example{between}@bad.example"),
        text.inert("https://good.example@bad.x"),
    ):
        assert f"https:{ZWSP}//good.example" in shown
        assert "https://" not in shown


def test_right_to_left_text_cannot_reorder_what_follows() -> None:
    assert text.escape("שלום 123") == "\u2068שלום 123\u2069"
    assert text.escape("\u202eevil") == "evil"
    assert text.inert("ab\u2067cd") == "abcd"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://run.example/book?x=1", "https://run.example/book?x=1"),
        ("https://run.example/a b)c", "https://run.example/a%20b%29c"),
        ("javascript:alert(1)", ""),
        ("https://a@b.example/", ""),
        ("ftp://x.example/", ""),
        ("http://x.example:8080", "http://x.example:8080"),
        ("", ""),
    ],
)
def test_only_web_addresses_become_links(url: str, expected: str) -> None:
    assert text.web_link(url) == expected
    label = text.escape("run @book")
    assert text.markdown_link("run @book", url) == (
        f"[{label}]({expected})" if expected else label
    )


@pytest.mark.parametrize(
    "piece", ['http://x"', "http://x@", "http://x^", "http://", "http://x)", "[]("]
)
def test_many_addresses_side_by_side_are_shown_as_one_is(piece: str) -> None:
    """A title of them ended in a RecursionError, and some in none at all."""
    for shown in (text.escape, text.inert):
        assert shown(piece * 3000).count(shown(piece * 2)[: len(piece) // 2]) >= 3000
