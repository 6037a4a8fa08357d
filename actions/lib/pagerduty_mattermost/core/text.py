"""Text that strangers wrote, made safe once: `clean` at the gateways, `escape` or `inert` where it
is shown.

`clean` keeps the text readable and makes it something StackStorm, JSON and Mattermost can carry:
no lone surrogate, NUL or control character, neither of StackStorm's two magic strings, at most
`limit` code points (to a NUL, for one, Mattermost answers 500 on every try).

`escape` is for places that render Markdown, `inert` for those that show plain text (an
attachment's linked title, push notifications). Both break what acts (mentions, channel links,
hashtags, emoji codes, links in disguise, entities) with a zero width space, since a backslash does
not stop Mattermost's mentions; `escape` also puts a backslash before what formats. Plain http(s)
addresses still become links, to exactly the address they show. `{{ braces }}` and `<% %>` pass
untouched: no one renders them later.
"""

# flake8: noqa: E203

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Callable, List, Mapping, Match, Pattern, Tuple
from urllib.parse import quote

ZERO_WIDTH_SPACE = "\u200b"
ELLIPSIS = "…"
MAX_INDENT_CHARACTERS = 16
"""Of a line's own indentation, what is kept of it."""

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Pieces of `%%%%%~=~=~=************=~=~=~%%%%` (ends an action's result) and
# `%*****__%NONE%__*****%` (a null). Two pieces of each, so that not even two cleaned texts side by
# side can form one of them.
_MAGIC = re.compile(r"(~=~=~)(?==)|(=~=~=)(?=~)|(%\*\*\*\*\*_)(?=_)|(_)(?=_\*\*\*\*\*%)")
_JOINERS = "\u200d\u200b\ufe0e\ufe0f"

# Characters that reorder what stands around them: embeddings, overrides and isolates.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
_INVISIBLE = re.compile("[\u00ad\u200b\u2060-\u2064\ufeff\u2066-\u2069]")
_CHANNEL = re.compile("~[a-z0-9][a-z0-9._-]*")

_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_URL = r"https?://[^\s<]{1,2048}"
_URL_END = re.compile(r"[\"'`\[\]{}|\\^>]")
_BEHIND_URL = ".,:;!?*_~"
_SAFE_URL = r"(?si)(https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?(?::[0-9]{1,5})?)((?:[/?#].*)?)"
_ACTS = (
    rf"(?P<url>(?i:{_URL}))"
    r"|(?P<scheme>://)"
    r"|(?P<www>(?i:www)(?=\.))"
    r"|(?P<at>[@\uff20\ufe6b~])"
    r"|(?P<hash>#)(?!\d)"
    r"|(?P<emoji>:)(?!\d\d:\d\d)(?=[A-Za-z0-9_+\-]+:)"
    r"|(?P<entity>&)(?=#?\w+;)"
    r"|(?P<tag><)(?=[^\s%<=])"
    r"|(?P<link>\])(?=[(\[])"
)
_ESCAPES = (
    r"(?m:^(?P<indent>[ \t\u00a0]+))"
    r"|(?m:^(?P<block>-(?=[\s-]|$)|\+(?=\s|$)|#(?=#*(?:\s|$))|[>=]))"
    r"|(?m:^(?P<list>\d+)(?=[.)](?:\s|$)))"
    rf"|{_ACTS}"
    r"|(?P<backslash>\\)(?=[!-/:-@\[-`{-~]|$)"
    r"|(?P<format>[`*\[\]|])"
    r"|(?P<underscore>_)"
)


@lru_cache(maxsize=None)
def _compiled(pattern: str) -> Pattern[str]:
    """Compiled when it is first needed: an action that shows no text in Markdown starts 1 ms
    sooner."""
    return re.compile(pattern)


def clean(value: Any, limit: int = 0) -> str:
    """Outside text in the one form everything else relies on.

    None is the empty text; anything else goes through `str`. Line ends become `\\n`; `limit` (in
    code points, 0: none) includes the ellipsis. Cleaning twice changes nothing more.
    """
    text = "" if value is None else str(value)
    if limit:
        # A megabyte of text costs no more than what can be shown of it.
        text = text[: 8 * limit + 64]
    if not text.isprintable():
        text = _LINE_ENDS.sub("\n", text)
        text = _FORBIDDEN.sub("", text)
        text = _SURROGATE.sub("\ufffd", text)
    if "%" in text or "~=" in text or "__" in text:
        text = _MAGIC.sub(lambda m: m.group(0) + ZERO_WIDTH_SPACE, text)
    return cut(text, limit) if limit else text


def ascii_lower(text: str) -> str:
    """The text with A to Z in lower case and all else as it is: so e-mail addresses are compared.
    Unicode's own folding makes one address of two people's: it takes the Kelvin sign for a k."""
    return text.translate(_ASCII_LOWER)


def cut(text: str, limit: int) -> str:
    """At most `limit` code points, the last of them an ellipsis when something was cut off."""
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    return text[: limit - 1].rstrip(_JOINERS + " \n\t") + ELLIPSIS


def cut_at_word(text: str, limit: int) -> str:
    """As `cut`, but between two words where one ends in the second half."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    words = head if text[limit - 1].isspace() else head.rsplit(None, 1)[0]
    kept = words if len(words) > limit // 2 else head
    return kept.rstrip(_JOINERS + " \n\t") + ELLIPSIS


def one_line(text: str, limit: int = 0) -> str:
    """The text on one line, runs of white space as one space; cut to `limit` code points when
    given."""
    line = " ".join(text.replace("\u2424", " ").split())
    return cut(line, limit) if limit else line


def given_text(given: Mapping[str, Any], name: str) -> str:
    """A parameter of an action as a text without spaces around it; empty where none was given."""
    return str(given.get(name) or "").strip()


def did_you_mean(names: str) -> str:
    """The end of a line about something that is not there: what may have been meant; empty where
    nothing may have been."""
    return f"; did you mean {names}?" if names else ""


def counted(number: int, thing: str) -> str:
    """ "1 card", "2 cards"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def escape(text: str) -> str:
    """The text as Markdown that shows exactly it and does nothing: see the module's docstring.

    Lines stay lines (`one_line` first where a line break would do harm), each of them a plain
    paragraph line. Cut before escaping: cutting afterwards may cut an escape in two.
    """
    # Mattermost's Markdown takes U+2424 for a line end and U+00A0 for a space.
    shown = without_direction_marks(text.replace("\u2424", " "))
    return _isolate(_replaced(_ESCAPES, _escaped, shown))


def inert(text: str) -> str:
    """The text for a place without Markdown: nothing visible is added, and still nothing in it
    acts."""
    return _isolate(_replaced(_ACTS, _broken, without_direction_marks(text)))


def plain(text: str) -> str:
    """The text for a place that shows it as it is and in which nothing acts, such as the linked
    title of an attachment: nothing invisible is added to it."""
    return _isolate(without_direction_marks(text))


def without_direction_marks(text: str) -> str:
    """Without the characters that reorder what stands around them."""
    return _BIDI.sub("", text)


def without_invisible(text: str) -> str:
    """What people typed or pasted without what `escape` put into it, and its like: nobody sees
    that, and with it a name is another name. What joins letters and emoji stays."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def channel_link(label: str) -> str:
    """`~name` of a channel that the pack or its reader may name, as the link that Mattermost makes
    of it, which can be copied and typed again; any other text escaped."""
    found = _CHANNEL.fullmatch(label)
    return f"~{escape(label[1:])}" if found else escape(label)


def web_link(url: str) -> str:
    """The address percent-encoded so that it can stand in `[text](address)`; empty unless it is
    http or https.

    User names in an address (`https://good.example@bad.example`) are refused: they are only ever a
    disguise.
    """
    found = _compiled(_SAFE_URL).fullmatch(url.strip())
    return found.group(1) + quote(found.group(2), safe="/?#&=%:,+$.-_!") if found else ""


def markdown_link(text: str, url: str) -> str:
    """`[text](url)` with the text escaped; only the text when the address is none of http or
    https."""
    address = web_link(url)
    label = escape(one_line(text)) or escape(address)
    return f"[{label}]({address})" if address else label


def _isolate(text: str) -> str:
    """Text with letters of a right-to-left script keeps its direction to itself."""
    if not text.isascii() and any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text):
        return "\n".join(f"{FIRST_STRONG_ISOLATE}{line}{POP_ISOLATE}" for line in text.split("\n"))
    return text


def _replaced(pattern: str, replace: Callable[[Match[str]], str], text: str) -> str:
    """The text with each match replaced; what stands behind an address is looked at in its place,
    so many addresses side by side cost no more than one."""
    compiled, at = _compiled(pattern), 0
    made: List[str] = []
    while True:
        match = compiled.search(text, at)
        if match is None:
            return "".join([*made, text[at:]])
        made.append(text[at : match.start()])
        if match.lastgroup == "url":
            shown, at = _address(match)
        else:
            shown, at = replace(match), match.end()
        made.append(shown)


def _address(match: Match[str]) -> Tuple[str, int]:
    """An address as itself where it is what it seems, else its scheme as text that is no link; and
    where the text goes on."""
    found = match.group(0)
    bare = _without_ending(_URL_END.split(found, maxsplit=1)[0])
    address = web_link(bare)
    disguised = "@" in re.split(r"[/?#\\]", found.split("://", 1)[1], maxsplit=1)[0]
    if address and not disguised:
        return address, match.start() + len(bare)
    scheme = found.split("://", 1)[0]
    return f"{scheme}:{ZERO_WIDTH_SPACE}//", match.start() + len(scheme) + len("://")


def _without_ending(url: str) -> str:
    """Without punctuation and brackets behind it that are none of it."""
    end, open_brackets = len(url), url.count(")") - url.count("(")
    while end and (url[end - 1] in _BEHIND_URL or (url[end - 1] == ")" and open_brackets > 0)):
        open_brackets -= url[end - 1] == ")"
        end -= 1
    return url[:end]


def _broken(match: Match[str]) -> str:
    kind, found = match.lastgroup, match.group(0)
    if kind == "scheme":
        return f":{ZERO_WIDTH_SPACE}//"
    return found + ZERO_WIDTH_SPACE


def _escaped(match: Match[str]) -> str:
    kind, found = match.lastgroup, match.group(0)
    if kind == "indent":
        # Four plain spaces would make a block of code.
        return "\u2002" * min(len(found.expandtabs(4)), MAX_INDENT_CHARACTERS)
    if kind == "block":
        if found == "=":
            return f"{ZERO_WIDTH_SPACE}="
        return f"\\{found}" + (ZERO_WIDTH_SPACE if found == "#" else "")
    if kind == "list":
        return found + ZERO_WIDTH_SPACE
    if kind == "link":
        return f"\\]{ZERO_WIDTH_SPACE}"
    if kind in ("backslash", "format"):
        return f"\\{found}"
    if kind == "underscore":
        text, at = match.string, match.start()
        inside = 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()
        return found if inside else "\\_"
    return _broken(match)


def listed(value: Any) -> List[str]:
    """The texts of an array parameter, however it was typed: a list, `a,b`, or `[a,b]`, which
    StackStorm splits on its commas into "[a" and "b]". Quotes around a text and empty texts go."""
    if value is None:
        return []
    items = (
        [str(item) for item in value if item is not None]
        if isinstance(value, (list, tuple))
        else [str(value)]
    )
    texts = [part.strip() for item in items for part in item.split(",")]
    if texts and texts[0].startswith("[") and texts[-1].endswith("]"):
        texts[0], texts[-1] = texts[0][1:], texts[-1][:-1] if len(texts) > 1 else texts[0][1:-1]
    return [text for text in (part.strip().strip("\"'").strip() for part in texts) if text]
