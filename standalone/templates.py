"""Jinja as StackStorm renders it: sandboxed, strict about what is undefined, with StackStorm's
filters.

Differences, on purpose: a datastore key that is not there is an error that names it (StackStorm
renders it as empty), text can't break out of an object it is filled into, and the filters for
versions and JSONPath are missing (Jinja refuses them by name).
"""

# flake8: noqa: E501

from __future__ import annotations

import json
import posixpath
import re
from functools import lru_cache
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from standalone.datastore import MASK, KeyValuePair

NONE_MAGIC = "%*****__%NONE%__*****%"
"""StackStorm's text for null, made by the filter `use_none` and turned back when parameters are
cast."""

_LONE_NAME = re.compile(r"{{[A-Za-z0-9_-]+}}\Z")

Lookup = Callable[[str], Optional[KeyValuePair]]
"""name → the pair in the datastore, or None."""


class RenderError(ValueError):
    """A template does not parse or can't be rendered; one line."""


def is_template(value: Any) -> bool:
    """Whether a text holds `{{` or `{%`."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def holds_template(value: Any) -> bool:
    """Whether a value, or anything inside of it, is a template."""
    if isinstance(value, Mapping):
        return any(is_template(key) or holds_template(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(holds_template(inner) for inner in value)
    return is_template(value)


def render(text: str, context: Mapping[str, Any]) -> str:
    """The text with its templates filled in. Raises RenderError."""
    try:
        return str(_compiled(text).render(context))
    except TemplateError as error:
        raise RenderError(f"'{_short(text)}': {error.message or type(error).__name__}") from None
    except Exception as error:  # noqa: BLE001 - a filter or an attribute of the context may raise anything
        raise RenderError(f"'{_short(text)}': {type(error).__name__}: {error}") from None


def render_value(value: Any, context: Mapping[str, Any]) -> Any:
    """A value with the templates in it filled in; one without any stays as it is. Raises
    RenderError.

    StackStorm renders an object or array as one text of JSON, so that text from outside can break
    it or add keys. Here each text in it is rendered by
    itself. As there, `{{name}}` alone in an object or array keeps its type.
    """
    if isinstance(value, Mapping):
        return {_inner(key, context): _inner(item, context) for key, item in value.items()}
    if isinstance(value, list):
        return [_inner(item, context) for item in value]
    return render(value, context) if is_template(value) else value


def _inner(value: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and _LONE_NAME.match(value):
        return json.loads(render(value[:-2] + " | to_complex }}", context))
    return render_value(value, context)


def names_in(value: Any) -> Sequence[str]:
    """The variables the templates in a value use."""
    if isinstance(value, Mapping):
        return names_in([*value, *value.values()])
    if isinstance(value, list):
        return sorted({name for item in value for name in names_in(item)})
    return _names(value) or () if is_template(value) else ()


def wrong_template(value: Any) -> str:
    """What keeps a template in a value from being read; empty where nothing does."""
    if isinstance(value, Mapping):
        return wrong_template([*value, *value.values()])
    if isinstance(value, list):
        return next(filter(None, map(wrong_template, value)), "")
    if not is_template(value):
        return ""
    try:
        _compiled(value)
    except TemplateError as error:
        return f"'{_short(value)}' is no template: {error.message or type(error).__name__}"
    return ""


def paths_in(value: Any, root: str) -> Sequence[Tuple[str, ...]]:
    """What the templates in a value read of one variable: `{{ trigger.incident.id }}` is
    `("incident", "id")` of `trigger`. As far as it is written out."""
    if isinstance(value, Mapping):
        return paths_in([*value, *value.values()], root)
    if isinstance(value, list):
        return sorted({path for item in value for path in paths_in(item, root)})
    return _paths(value, root) if is_template(value) else ()


@lru_cache(maxsize=512)
def _paths(text: str, root: str) -> Tuple[Tuple[str, ...], ...]:
    from jinja2 import nodes

    try:
        tree = _environment().parse(text)
    except TemplateError:
        return ()
    found, inner = [], set()
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        steps: List[str] = []
        at: Any = node
        while isinstance(at, (nodes.Getattr, nodes.Getitem)):
            if isinstance(at, nodes.Getattr):
                steps.insert(0, at.attr)
            elif isinstance(at.arg, nodes.Const):
                steps.insert(0, str(at.arg.value))
            else:
                steps = []
            inner.add(id(at.node))
            at = at.node
        if isinstance(at, nodes.Name) and at.name == root and id(node) not in inner and steps:
            found.append(tuple(steps))
    return tuple(dict.fromkeys(found))


def parses(text: str) -> bool:
    """Whether Jinja can read the template; what it can't read is plain text to StackStorm."""
    return _names(text) is not None


@lru_cache(maxsize=512)
def _names(text: str) -> Optional[Tuple[str, ...]]:
    from jinja2 import meta

    try:
        return tuple(sorted(meta.find_undeclared_variables(_environment().parse(text))))
    except TemplateError:
        return None


def datastore_context(lookup: Lookup, decrypt: bool = False) -> Dict[str, Any]:
    """The variable `st2kv`; `decrypt` shows secrets without `| decrypt_kv`, as the configuration's
    settings do."""
    return _Scopes(system=_Keys(lookup, decrypt))


class _Scopes(Dict[str, Any]):
    """`st2kv`: a scope that does not exist is named together with the one that does."""

    def __missing__(self, name: str) -> Any:
        return StrictUndefined(f"there is no st2kv.{name}; write st2kv.system.NAME")


class _Keys:
    """`st2kv.system.<key>`: keys may hold dots, so each step may be the end or the beginning of
    the key."""

    def __init__(self, lookup: Lookup, decrypt: bool) -> None:
        self._lookup = lookup
        self._decrypt = decrypt

    def __getattr__(self, name: str) -> Any:
        return _find(self._lookup, self._decrypt, name)

    def __getitem__(self, name: str) -> Any:
        return _find(self._lookup, self._decrypt, name)


class _KeyText(str):
    """A key's value; further attributes are longer keys."""

    pair: KeyValuePair
    longer: Callable[[str], Any]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.longer(name)


class _Missing(StrictUndefined):
    """No such key: an error when it is printed, and the beginning of a longer key."""

    _longer: Callable[[str], Any]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._longer(name)

    def __getitem__(self, name: str) -> Any:
        return self._longer(name)


def _find(lookup: Lookup, decrypt: bool, name: str) -> Any:
    pair = lookup(name)

    def longer(rest: str) -> Any:
        return _find(lookup, decrypt, f"{name}.{rest}")

    if pair is None:
        missing = _Missing(f"the datastore has no key '{name}' (`key set {name}` stores one)")
        missing._longer = longer
        return missing
    found = _KeyText(MASK if pair.secret and not decrypt else pair.value)
    found.pair = pair
    found.longer = longer
    return found


def _decrypt_kv(value: Any) -> str:
    return value.pair.value if isinstance(value, _KeyText) else str(value)


def _use_none(value: Any) -> Any:
    return NONE_MAGIC if value is None else value


def _to_json_string(
    value: Any, indent: Optional[int] = None, sort_keys: bool = False, separators: Any = None
) -> str:
    return json.dumps(
        value, indent=indent, sort_keys=sort_keys, separators=separators or (",", ": ")
    )


def _to_yaml_string(value: Any, indent: Optional[int] = None, allow_unicode: bool = True) -> str:
    import yaml

    text: str = yaml.safe_dump(
        value, default_flow_style=False, indent=indent, allow_unicode=allow_unicode
    )
    return text


def _from_yaml_string(value: Any) -> Any:
    import yaml

    return yaml.safe_load(str(value))


def _json_escape(value: Any) -> str:
    return json.dumps(value).strip('"')


def _flags(ignorecase: bool) -> int:
    return re.IGNORECASE if ignorecase else 0


def _regex_match(value: Any, pattern: str, ignorecase: bool = False) -> bool:
    return bool(re.match(pattern, str(value), _flags(ignorecase)))


def _regex_search(value: Any, pattern: str, ignorecase: bool = False) -> bool:
    return bool(re.search(pattern, str(value), _flags(ignorecase)))


def _regex_replace(value: Any, pattern: str, replacement: str, ignorecase: bool = False) -> str:
    return re.sub(pattern, replacement, str(value), flags=_flags(ignorecase))


def _regex_substring(
    value: Any, pattern: str, result_index: int = 0, ignorecase: bool = False
) -> Any:
    return re.findall(pattern, str(value), _flags(ignorecase))[result_index]


_FILTERS: Dict[str, Callable[..., Any]] = {
    "basename": posixpath.basename,
    "decrypt_kv": _decrypt_kv,
    "dirname": posixpath.dirname,
    "from_json_string": lambda value: json.loads(str(value)),
    "from_yaml_string": _from_yaml_string,
    "json_escape": _json_escape,
    "regex_match": _regex_match,
    "regex_replace": _regex_replace,
    "regex_search": _regex_search,
    "regex_substring": _regex_substring,
    "to_complex": json.dumps,
    "to_json_string": _to_json_string,
    "to_yaml_string": _to_yaml_string,
    "use_none": _use_none,
}


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    return new_environment(StrictUndefined)


def new_environment(undefined: Any) -> SandboxedEnvironment:
    """One with StackStorm's filters. `undefined`: Jinja's class for what is not there."""
    environment = SandboxedEnvironment(undefined=undefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(_FILTERS)
    environment.tests["in"] = lambda item, container: item in container
    return environment


@lru_cache(maxsize=512)
def _compiled(text: str) -> Any:
    return _environment().from_string(text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:77] + "..."
