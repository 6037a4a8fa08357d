"""Incidents as people type them, in front of other words. Pure, in time linear in the text.

    read('#12, pt4khlk: fixed')  # -> TypedIncidents(("12", "PT4KHLK"), "fixed")
    read("12a is down").wrong    # -> "12a": it begins like an incident and is none
    read("the disk is full")     # -> TypedIncidents((), "the disk is full")

An incident is a number, PagerDuty's id (in any case) or its link, with whatever punctuation,
brackets and quotes stand around it; several stand between commas, semicolons, spaces or "and". A
colon or a full stop ends them: whatever stands behind it is text. Elsewhere a word that begins
like an incident and is none is `wrong`, in front of the text as well. What stands in quotes and is
more than incidents is text, so quotes say that a number is none.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.quotes import CLOSING, OPENING, QuoteEnds

MAX_NUMBER_DIGITS = 12
IDS_OF_PAGERDUTY = (7, 14)
"""Lengths of PagerDuty's ids of incidents."""
ID_CHARACTERS = (*IDS_OF_PAGERDUTY, 12, 13, 15, 16)
"""And near them of mistyped ones."""
_MIN_ID_CHARACTERS = 6
_OPENS = OPENING + "([{<*_~«（「"
_BEFORE = "-\u2013\u2014.,:;!?/\\|="
"""Typed by mistake in front of a number; not `+`, which people write for "I agree"."""
_BESIDE_NUMBER_SIGN = "\u00a3\u00a7\u00a1\u00bf\u00b0@$%^&"
"""Keys beside that of `#`, or in its place on other keyboards."""
_CLOSES = CLOSING + ")]}>*_~»）」"
_ENDS = ".:!?…：。"
"""Behind an incident: here the text begins."""
_COMMAS = ",;，；、"
_AND = ("and", "&", "+")
_RANGES = frozenset(
    (
        *("or", "to", "through", "thru", "till", "until", "but", "not", "except", "without"),
        *("plus", "with", "also", "then", "und", "oder", "bis", "et", "ou", "y", "og", "och"),
        *("-", "--", "\u2013", "\u2014", "..", "...", "\u2026", "/", "|", "&&"),
        *("incident", "incidents", "alert", "alerts"),
    )
)
"""In front of a further incident; what is meant by them is not guessed."""
_INCIDENTS = ("incident", "incidents", "inc")
_ALERTS = ("alert", "alerts")
"""What people call incidents; an incident has alerts of its own, so text may speak of those."""
_NOUNS = (*_INCIDENTS, *_ALERTS, "id", "ids", "number", "numbers", "no", "nr")
_BEFORE_NOUNS = ("of", "on", "the")
_MAX_NOUNS = 4
_MAX_LINK_TEXT_CHARACTERS = 300
"""Characters of a link's text or address in which its end is looked for."""
_HIDDEN = {
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u2068\u2069\u200e\u200f")),
    **{wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
    ord("\u2116"): "#",
}
"""What nobody sees, the wide characters of eastern keyboards, and the number sign of others."""
_NO_PLURALS = ("ss", "us", "is")
_COUNTED = ("of", "out", "more", "other", "people", "percent", "%")
"""Behind a number that says how many there are, beside nouns in the plural."""
_VERBS = frozenset(
    (
        *("works", "looks", "seems", "runs", "needs", "stays", "goes", "gets", "does", "keeps"),
        *("comes", "fails", "stops", "starts", "clears", "flaps", "returns", "responds", "always"),
        *("resolves", "solves", "fixes", "closes", "belongs", "causes", "duplicates", "that's"),
    )
)
"""Words that end as nouns in the plural do and begin what is said of an incident."""
_DASHES = ("-", "--", "\u2013", "\u2014", "\u2192", "->", "=>", "|", "\u2022", "*", ":", "=")
"""Between incidents and text."""


class TypedIncidents(NamedTuple):
    """What was read at the beginning of a text."""

    ids: Tuple[str, ...]
    """Numbers without `#`, ids in capitals; each once."""
    rest: str = ""
    """The text behind them."""
    wrong: str = ""
    """A word that begins like an incident and is none, or is one too many."""
    is_ended: bool = False
    """Whether a colon or a full stop ends them: what stands behind it is text, whatever it is."""


class _Word(NamedTuple):
    start: int
    end: int
    id: str
    """Empty where it is no incident."""
    ends: bool
    """Whether the text begins behind it."""


def read(text: str, most: int = 0, *, numbers_behind: bool = False) -> TypedIncidents:
    """`most`: how many are read (0: all); one more is `wrong`. `numbers_behind`: what stands
    behind a space may begin with a digit, as a time or a level does."""
    start = _skipped_nouns(text)
    quotes = QuoteEnds(text)
    found: List[str] = []
    at, listed, is_ended = start, False, False
    while True:
        begin = _space(text, at)
        quoted = _quoted(text, quotes, begin)
        if quoted is not None:
            inner, behind = quoted
            if not inner:
                break
            if most and len(found) + len(inner) > most:
                return TypedIncidents((), text, text[begin:behind])
            found += inner
            word = _Word(begin, behind, inner[-1], text[behind : behind + 1] in tuple(_ENDS))
        else:
            word = _word(text, begin)
        typed = text[word.start : word.end]
        if not word.id:
            if quotes.end(word.start) >= word.end > word.start:
                break
            named = start > 0 and not found and any(map(str.isdigit, typed))
            is_full = 0 < most <= len(found)
            read_here = not found or not numbers_behind or (listed and not is_full)
            if named or (read_here and _begins_like_one(typed, bool(found))):
                return TypedIncidents((), text, typed)
            break
        if most and len(found) >= most and quoted is None:
            if listed or not numbers_behind:
                return TypedIncidents((), text, typed)
            break
        if quoted is None:
            found.append(word.id)
        at = word.end + (quoted is not None and word.ends)
        if word.ends:
            is_ended = True
            break
        at, listed = _separator(text, at)
    ids = tuple(dict.fromkeys(found))
    if not ids:
        named = start > 0 and not text[start:].strip()
        return TypedIncidents((), text.strip(), text.strip() if named else "")
    rest = text[at:].lstrip(" \t\n\r" + _COMMAS)
    if rest and not is_ended and _is_perhaps_count(text[:start], text[start:at].strip()):
        return TypedIncidents((), text, text[:at].strip())
    return TypedIncidents(ids, rest, "", is_ended)


def goes_on(rest: str) -> str:
    """Of a text behind incidents, the words that name more of them in a way that is not read
    ("or 3", "- 5"); empty where it is text."""
    first = _word(rest, _space(rest, 0))
    if rest[first.start : first.end].lower() not in _RANGES:
        return ""
    second = _word(rest, _space(rest, first.end))
    return rest[first.start : second.end] if second.id else ""


def perhaps_count(text: str, found: TypedIncidents) -> str:
    """A number and the word behind it that may as well say how many there are ("3 hosts are
    down"); empty where the number is certainly an incident. `found`: what was read of the text."""
    behind = len(text) - len(found.rest) if found.rest and text.endswith(found.rest) else 0
    before, number = ("", "", *text[:behind].split())[-2:]
    is_bare = number.isdecimal() and before.lower() not in _NOUNS
    if found.is_ended or not is_bare or found.ids[-1:] != (str(int(number)),):
        return ""
    word, *_ = found.rest.split(None, 1) or [""]
    bare = word.rstrip(_ENDS + _COMMAS)  # a capital begins a sentence
    is_plural = bare.isalpha() and bare.islower() and len(bare) > 3 and bare.endswith("s")
    counted = is_plural and not bare.endswith(_NO_PLURALS) and bare not in _VERBS
    return f"{number} {word}" if counted or bare in _COUNTED else ""


def without_dash(rest: str) -> str:
    """A text behind incidents without the dash, arrow or the like between both."""
    first, *others = rest.split(None, 1) or [""]
    return "".join(others) if first in _DASHES else rest


def is_perhaps_word(id: str) -> bool:
    """Whether an id of letters alone may as well be a word in capitals, as PRIMARY is."""
    return id.isalpha()


def _is_perhaps_count(nouns: str, typed: str) -> bool:
    """Whether numbers with text behind them may be none of incidents ("on 3 hosts", "alert 5
    fired"); what stands behind "incident" or `#` is one."""
    words = [word.lower().rstrip(_ENDS) for word in nouns.split()]
    return bool(words) and not any(word in _INCIDENTS for word in words) and typed.isdecimal()


def _quoted(text: str, quotes: QuoteEnds, start: int) -> Optional[Tuple[List[str], int]]:
    """The incidents of a quoted piece that holds white space, and where it ends; none of them
    where it is text. None where there is no such piece."""
    end = quotes.end(start)
    if end < 0:
        return None
    piece = text[start + 1 : end - 1]
    if len(piece.split(None, 1)) < 2 and piece.strip() == piece:
        return None
    inner: List[str] = []
    at = _space(piece, 0)
    while at < len(piece):
        word = _word(piece, at)
        if not word.id:
            return [], end
        inner.append(word.id)
        at = _space(piece, _separator(piece, word.end)[0])
    return inner, end


def _space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _separator(text: str, at: int) -> Tuple[int, bool]:
    """Where the next word begins behind commas and an "and" that leads to an incident, and whether
    there was such a thing."""
    behind, listed = at, False
    while behind < len(text) and (text[behind].isspace() or text[behind] in _COMMAS):
        listed = listed or text[behind] in _COMMAS
        behind += 1
    word = _word(text, behind)
    joined = text[word.start : word.end].lower() in _AND
    following = _word(text, _space(text, word.end)) if joined else word
    noun = text[following.start : following.end].lower() in (*_INCIDENTS, *_ALERTS)
    if (joined or listed) and noun:
        following = _word(text, _space(text, following.end))
        if following.id:
            return following.start, True
    if joined and (following.id or _begins_like_one(text[following.start : following.end], True)):
        return following.start, True
    return (behind if listed else at), listed


def _word(text: str, start: int) -> _Word:
    """The word that begins there, and the incident that it is; a link in Markdown is one word,
    whatever its text is."""
    address = _address(text, start)
    if address:
        end = text.index(")", address) + 1
        behind = end + (text[end : end + 1] in tuple(_ENDS))
        return _Word(start, behind, _id_of(text[address : end - 1]), behind > end)
    link = text[start : start + 12].lower().lstrip(_OPENS).startswith(("http://", "https://"))
    query = False
    end = start
    while end < len(text) and not text[end].isspace():
        query = query or text[end] in "?#"
        if text[end] in _COMMAS and not (link and query and not _item_follows(text, end + 1)):
            break
        end += 1
    whole = text[start:end]
    core = (whole if whole.isascii() else whole.translate(_HIDDEN)).lstrip(_OPENS)
    bare = core.rstrip(_CLOSES + _ENDS)
    return _Word(start, end, _id_of(bare), any(mark in _ENDS for mark in core[len(bare) :]))


def _address(text: str, start: int) -> int:
    """Where the address of the Markdown link `[text](address)` begins that stands there; 0 where
    none does."""
    if text[start : start + 1] != "[":
        return 0
    at = text.find("](http", start, start + _MAX_LINK_TEXT_CHARACTERS) + 2
    end = text.find(")", at, at + _MAX_LINK_TEXT_CHARACTERS) if at > 1 else -1
    return at if end > 0 and not any(map(str.isspace, text[at:end])) else 0


def _item_follows(text: str, at: int) -> bool:
    """Whether a comma in a link's query is not the link's."""
    behind = text[at : at + 8].lower()
    return not behind or behind[0].isspace() or behind.startswith(("http://", "https:/"))


def _id_of(word: str) -> str:
    number = word[1:] if word.startswith("#") else word
    if number.isascii() and number.isdecimal():
        return str(int(number)) if len(number) <= MAX_NUMBER_DIGITS and int(number) else ""
    if word.lower().startswith(("http://", "https://")):
        return _id_of_link(word)
    if _is_address(word.lower()):
        return _id_of_link(f"https://{word}")
    return number.upper() if _has_form_of_id(number) else ""


def _is_address(word: str) -> bool:
    """Whether it is a link into PagerDuty without its beginning, in small letters."""
    return word.split("/", 1)[0].endswith(".pagerduty.com")


def _id_of_link(link: str) -> str:
    """The id in `https://…/incidents/<id>`, whatever follows it; empty in another link."""
    path = link.split("#", 1)[0].split("?", 1)[0]
    parts = path.split("/")
    for name, id in zip(parts[3:], parts[4:]):
        if name.lower() == "incidents":
            id = id.rstrip(_CLOSES + _ENDS)
            return id.upper() if len(id) >= 2 and id.isascii() and id.isalnum() else ""
    return ""


def _has_form_of_id(word: str) -> bool:
    if not (word.isascii() and word.isalnum() and word[0] in "PQRpqr"):
        return False
    if any(letter.isdigit() for letter in word):
        if len(word) in IDS_OF_PAGERDUTY:
            return True
        if word.isupper() and word.rstrip("0123456789").isalpha():
            return False  # POSTGRES14
        return len(word) in ID_CHARACTERS or (word.isupper() and len(word) >= _MIN_ID_CHARACTERS)
    return word.isupper() and (word[0], len(word)) in (("P", 7), ("Q", 14))


def _begins_like_one(word: str, behind: bool = False) -> bool:
    """A digit or `#` in front, an id with more behind it, or a link into PagerDuty. `behind`:
    behind an incident, where a link to elsewhere is text, and $5 is."""
    before = _OPENS + _BEFORE + ("" if behind else _BESIDE_NUMBER_SIGN)
    bare = word.translate(_HIDDEN).lstrip(before).lower()
    if bare.startswith(("http://", "https://")):
        host = bare.split("/")[2] if bare.count("/") > 1 else ""
        elsewhere = "/incident" in bare or "/pl/" in bare
        return "pagerduty" in host or (elsewhere and not behind)
    if not bare:
        return False
    if _is_address(bare):
        return True
    if bare[0].isdigit() or bare[0] in "#＃":
        return True
    for noun in ("incident", "inc", "id", "no", "nr", "number", "pd", "n\u00b0", "n\u00ba"):
        if bare.startswith(noun) and bare[len(noun) :].strip("#:=-_.").rstrip(_ENDS).isdecimal():
            return True
    head = bare
    for mark in "-/|+=":
        head = head.split(mark, 1)[0]
    return head != bare and any(c.isdigit() for c in head) and _has_form_of_id(head)


def _skipped_nouns(text: str) -> int:
    """Where an incident begins behind "incident", "of incident id" and the like; 0 where none
    follows and the words are text."""
    at, nouns = 0, False
    for number in range(_MAX_NOUNS):
        start = _space(text, at)
        end = start
        while end < len(text) and not text[end].isspace():
            end += 1
        word = text[start:end].lower().rstrip(_ENDS)
        if word in _NOUNS:
            nouns = True
        elif number or word not in _BEFORE_NOUNS:
            break
        at = end
    if at == 0:
        return 0
    start = _space(text, at)
    if start == len(text):
        return at if nouns else 0
    following = _word(text, start)
    looks = text[following.start : following.end]
    said = following.id or _begins_like_one(looks) or (nouns and any(c.isdigit() for c in looks))
    return at if said else 0
