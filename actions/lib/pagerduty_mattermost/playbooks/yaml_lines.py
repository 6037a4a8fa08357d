"""YAML as a tree whose every piece knows its line: so what is wrong in it can be said with the
line. Pure.

    tree = read_tree("title: Outage\\nstages: []")      # YamlNode
    tree.pairs[0][1].text                              # "Outage"

Nothing is made of a text but text: whether `yes`, `14:30` or `123` is one or a boolean, a time or
a number says the schema of who asks, not YAML's rules. So `due: 14:30` is a time of day and
`name: no` a name. Anchors, aliases, tags and further documents are refused: they say nothing that
can't be written out, and ten short lines of aliases make a billion entries. Size, depth and the
number of pieces are bounded, so a text takes time linear in its length.
"""

from __future__ import annotations

from typing import Any, List, NamedTuple, Optional, Tuple

MAX_CHARACTERS = 100_000
MAX_DEPTH = 12
MAX_NODES = 10_000
TEXT, LIST, MAPPING = "text", "list", "mapping"

_PLAIN_WORDS = (
    ("mapping values are not allowed", "a colon too many: put a text that holds one in quotes"),
    ("cannot start any token", "a character that begins no text: put the text in quotes"),
    ("could not find expected ':'", "a line that is no `key: value`"),
    ("expected <block end>", "a line that is indented otherwise than those around it"),
    ("did not find expected", "a line that is indented otherwise than those around it"),
    ("sequence entries are not allowed", "a list begins on a line of its own"),
    ("expected ',' or", "a bracket that is not closed, or a comma that is missing"),
    ("expected the node content", "a value that is missing, or a comma too many"),
    ("unexpected end of stream", "a quotation mark or a bracket that is not closed"),
    ("unknown escape character", "a backslash in double quotes: take single quotes"),
    ("escape sequence", "a backslash in double quotes: take single quotes"),
    ("unexpected document separator", "a line of --- within a text in quotes"),
    ("expected '<document start>'", "a line that belongs to nothing above it"),
)
"""YAML's own words, and what they come of."""


class UnreadableYaml(Exception):
    """A text that is no YAML, or more than is taken; one line for people. `line`: 1 is the
    first."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line, self.why = line, why


class YamlNode(NamedTuple):
    """A value of the YAML, with its line."""

    kind: str
    """TEXT, LIST or MAPPING."""
    line: int
    """1 is the first."""
    text: str = ""
    """Of TEXT."""
    quoted: bool = False
    """Of TEXT: it stands in quotes or is a block, so it is nothing but text."""
    items: Tuple[Any, ...] = ()
    """Of LIST: its nodes."""
    pairs: Tuple[Tuple[Any, Any], ...] = ()
    """Of MAPPING: nodes of keys, which are TEXT, and of values, in their order; a key may stand
    there twice."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said: `key:` alone, or null."""
        return self.kind == TEXT and not self.quoted and self.text.lower() in ("", "~", "null")


class _Open:
    """A list or mapping that is not closed yet."""

    def __init__(self, kind: str, line: int) -> None:
        self.kind, self.line = kind, line
        self.nodes: List[YamlNode] = []

    def closed(self) -> YamlNode:
        if self.kind == LIST:
            return YamlNode(LIST, self.line, items=tuple(self.nodes))
        pairs = tuple(zip(self.nodes[::2], self.nodes[1::2]))
        return YamlNode(MAPPING, self.line, pairs=pairs)


def read_tree(text: str) -> Optional[YamlNode]:
    """The one document in the text; None where there is none. Raises UnreadableYaml."""
    import yaml

    if len(text) > MAX_CHARACTERS:
        raise UnreadableYaml(1, f"{len(text)} characters, at most {MAX_CHARACTERS} are taken")
    try:
        return _tree(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.reader.ReaderError as error:
        raise UnreadableYaml(
            text.count("\n", 0, error.position) + 1, "a character that no text has"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = str(error.problem or "")
        words = next((said for its, said in _PLAIN_WORDS if its in why), "this is no YAML")
        raise UnreadableYaml(mark.line + 1 if mark else 1, words) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # An escape for a character that there is not: PyYAML does not say where.
        raise UnreadableYaml(1, "this is no YAML: is there a backslash in quotes?") from None


def _tree(events: Any) -> Optional[YamlNode]:
    import yaml

    found: Optional[YamlNode] = None
    stack: List[_Open] = []
    documents = 0
    for count, event in enumerate(events):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise UnreadableYaml(line, "a second document: one is taken, without --- in it")
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UnreadableYaml(line, "anchors and aliases (&x, *x) are not taken: write it out")
        elif getattr(event, "tag", None):
            raise UnreadableYaml(line, "tags (!x) are not taken; put a text with ! in quotes")
        node: Optional[YamlNode] = None
        if isinstance(event, yaml.ScalarEvent):
            quoted = event.style is not None
            node = YamlNode(TEXT, line, event.value, quoted)
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            is_list = isinstance(event, yaml.SequenceStartEvent)
            if stack and stack[-1].kind == MAPPING and len(stack[-1].nodes) % 2 == 0:
                raise UnreadableYaml(line, "a list or an object where a key stands")
            stack.append(_Open(LIST if is_list else MAPPING, line))
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            node = stack.pop().closed()
        if count > MAX_NODES or len(stack) > MAX_DEPTH:
            raise UnreadableYaml(line, "more than a playbook holds: too many or too deep entries")
        if node is not None and stack:
            stack[-1].nodes.append(node)
        elif node is not None:
            found = node
    return found
