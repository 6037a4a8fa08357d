"""NamedTuples as JSON values and back, by the types of their fields.

    to_json(Person("PANN", "Ann"))                     # {"id": "PANN", "name": "Ann", "at": ""}
    from_json(Person, {"id": "PANN", "name": "Ann"})   # the same person

For what the pack keeps in the datastore or passes on as JSON. Fields may be str, int, float, bool,
Any, Optional[...], Tuple[...], List[...], Dict or Mapping (keys of str or int), and NamedTuples of
these. Their types are looked up in the module that defines the class, so they must be imported
there and not under TYPE_CHECKING alone.

Reading is strict: a value of another type than its field's raises `MisshapenValue`, which names
the field. Unknown fields are ignored, since a newer version of the pack may have written them;
missing ones take their default.
"""

from __future__ import annotations

from collections import abc
from typing import (
    Any,
    Callable,
    Dict,
    Mapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

Record = TypeVar("Record", bound=Tuple[Any, ...])
"""A NamedTuple class."""

_Reader = Callable[[Any, str], Any]
"""(JSON value, where it stands) -> the field's value."""

_SCALARS: Mapping[Any, Tuple[Tuple[type, ...], str]] = {
    str: ((str,), "a text"),
    int: ((int,), "an integer"),
    float: ((int, float), "a number"),
    bool: ((bool,), "true or false"),
}
_readers: Dict[type, Mapping[str, _Reader]] = {}


class MisshapenValue(ValueError):
    """A JSON value that is none of the wanted class; `field` says where (`route.start_on[2]`),
    empty for the value itself."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field or 'the value'} {why}")
        self.field = field


def to_json(value: Any) -> Any:
    """The value with NamedTuples as objects and tuples as lists, at any depth. Nothing is left
    out; what JSON has no word for stays as it is and fails when it is written."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: to_json(getattr(value, name)) for name in value._fields}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    if isinstance(value, abc.Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    return value


def from_json(cls: Type[Record], data: Any) -> Record:
    """Inverse of `to_json`. Raises MisshapenValue."""
    found: Record = _record(cls, data, "")
    return found


def record_or_none(cls: Type[Record], data: Any) -> Optional[Record]:
    """The same; None where the value is none of that class."""
    try:
        return from_json(cls, data)
    except MisshapenValue:
        return None


def _record(cls: Any, data: Any, where: str) -> Any:
    if not isinstance(data, abc.Mapping):
        raise _misshapen(where, "an object", data)
    readers = _readers.get(cls)
    if readers is None:
        types = get_type_hints(cls)
        readers = _readers[cls] = {name: _reader(types[name]) for name in cls._fields}
    values = {}
    for name, read in readers.items():
        field = f"{where}.{name}" if where else name
        if name in data:
            values[name] = read(data[name], field)
        elif name not in cls._field_defaults:
            raise MisshapenValue(field, "is missing")
    return cls(**values)


def _misshapen(where: str, expected: str, value: Any) -> MisshapenValue:
    return MisshapenValue(where, f"must be {expected}, not {value!r:.60}")


def _reader(kind: Any) -> _Reader:
    """What reads a field of this type. Raises TypeError for a type that this module knows nothing
    of, which is an error in the class."""
    if kind is Any:
        return lambda value, where: value
    if kind in _SCALARS:
        return _scalar(kind)
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return lambda value, where: _record(kind, value, where)
    origin, args = get_origin(kind), get_args(kind)
    if origin is Union and len(args) == 2 and type(None) in args:
        read = _reader(next(one for one in args if one is not type(None)))
        return lambda value, where: None if value is None else read(value, where)
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
        return _fixed([_reader(one) for one in args])
    if origin in (tuple, list):
        return _several(origin, _reader(args[0]))
    if origin in (dict, abc.Mapping) and args[0] in (str, int):
        return _mapping(args[0], _reader(args[1]))
    raise TypeError(f"No way to read {kind!r} from JSON")


def _scalar(kind: Any) -> _Reader:
    accepted, expected = _SCALARS[kind]

    def read(value: Any, where: str) -> Any:
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            raise _misshapen(where, expected, value)
        try:
            return kind(value)
        except OverflowError:  # an integer that no float holds
            raise _misshapen(where, expected, value) from None

    return read


def _several(kind: Any, item: _Reader) -> _Reader:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, (list, tuple)):
            raise _misshapen(where, "a list", value)
        return kind(item(one, f"{where}[{i}]") for i, one in enumerate(value))

    return read


def _fixed(items: Any) -> _Reader:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != len(items):
            raise _misshapen(where, f"a list of {len(items)}", value)
        return tuple(item(one, f"{where}[{i}]") for i, (item, one) in enumerate(zip(items, value)))

    return read


def _mapping(key: Any, item: _Reader) -> _Reader:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, abc.Mapping):
            raise _misshapen(where, "an object", value)
        return {
            _key(key, name, where): item(one, f"{where}.{name}") for name, one in value.items()
        }

    return read


def _key(kind: Any, name: Any, where: str) -> Any:
    try:
        return kind(name)
    except ValueError:
        raise _misshapen(where, "an object whose keys are integers", name) from None
