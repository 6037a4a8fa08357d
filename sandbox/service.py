"""What goes in and out of a sandbox service: `HttpRequest`, `HttpAnswer`, `Service`, and `Routes`
to find a handler.

Part of `server`, which offers these names too.
"""

from __future__ import annotations

import json
import threading
from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    TypeVar,
    Union,
)
from urllib.parse import parse_qs, unquote

from aiohttp import BodyPartReader, web


class Upload(NamedTuple):
    """A file in a multipart form."""

    filename: str
    content_type: str
    content: bytes


class HttpRequest(NamedTuple):
    method: str
    path: str
    """As sent, still percent-encoded; `Routes` decodes each segment it captures."""
    query: Tuple[Tuple[str, str], ...]
    headers: Mapping[str, str]
    """Names in any case."""
    body: bytes
    form: Mapping[str, List[Union[str, Upload]]]
    """Fields of a multipart or url-encoded form, else empty."""
    remote: str = "127.0.0.1"

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is none."""
        return json.loads(self.body.decode("utf-8"))

    def param(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        values = self.params(name)
        return values[-1] if values else default

    def params(self, name: str) -> List[str]:
        return [v for k, v in self.query if k == name]


class HttpAnswer(NamedTuple):
    status: int = 200
    body: Any = None
    """bytes and str go out as they are, None as an empty body, anything else as JSON."""
    headers: Mapping[str, str] = {}
    effect: str = ""
    """Id of what was made or changed, for the journal."""

    def encoded(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode("utf-8")
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )


class ConnectionBroken(Exception):
    """Raised by a handler where the real server breaks off: the connection closes without an
    answer."""


class Service:
    """What stands behind a server. Subclasses override `handle` and `trouble`, and `control` for
    their account API."""

    name = "service"

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.authority = ""
        """`host:port` its server listens at, once it does."""

    def handle(self, request: HttpRequest) -> Union[HttpAnswer, Awaitable[HttpAnswer]]:
        raise NotImplementedError

    def trouble(self, status: int, retry_after: Optional[float]) -> HttpAnswer:
        """What the real one answers when it fails with that status on its own (429, 5xx ...)."""
        raise NotImplementedError

    def control(self, word: str, body: Dict[str, Any]) -> Any:
        """`POST /_sandbox/<word>`: a JSON value, or an awaitable of one, which is awaited outside
        of the lock. Raises KeyError for an unknown word, ValueError for wrong input."""
        raise KeyError(word)


Handler = TypeVar("Handler", bound=Callable[..., Any])


class Routes:
    """Finds the handler for a method and a path such as `/incidents/{id}`; literal segments win
    over `{names}`."""

    def __init__(self) -> None:
        self._table: Dict[Tuple[str, int], List[Tuple[Tuple[str, ...], Any]]] = {}
        self._lengths: Dict[int, List[Tuple[str, ...]]] = {}

    def add(self, method: str, pattern: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            segments = tuple(pattern.strip("/").split("/"))
            rows = self._table.setdefault((method, len(segments)), [])
            rows.append((segments, handler))
            rows.sort(key=lambda row: [s.startswith("{") for s in row[0]])
            self._lengths.setdefault(len(segments), []).append(segments)
            return handler

        return register

    def find(self, method: str, path: str) -> Optional[Tuple[Any, Dict[str, str]]]:
        """The handler and the decoded names, or None."""
        given = tuple(path.strip("/").split("/"))
        for segments, handler in self._table.get((method, len(given)), ()):
            if _fits(segments, given):
                return handler, {
                    s[1:-1]: unquote(g) for s, g in zip(segments, given) if s.startswith("{")
                }
        return None

    def knows(self, path: str) -> bool:
        """Whether any method is served at the path (404 or 405)."""
        given = tuple(path.strip("/").split("/"))
        return any(_fits(segments, given) for segments in self._lengths.get(len(given), ()))


def _fits(segments: Tuple[str, ...], given: Tuple[str, ...]) -> bool:
    return all(s == g or (s.startswith("{") and g != "") for s, g in zip(segments, given))


async def read_request(raw: web.BaseRequest) -> HttpRequest:
    form: Dict[str, List[Union[str, Upload]]] = {}
    body = b""
    if raw.content_type == "multipart/form-data":
        async for part in await raw.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            content = bytes(await part.read())
            value: Union[str, Upload] = content.decode("utf-8", "replace")
            if part.filename:
                kind = part.headers.get("Content-Type", "application/octet-stream")
                value = Upload(part.filename, kind, content)
            form.setdefault(part.name or "", []).append(value)
    else:
        body = await raw.content.read()
        if raw.content_type == "application/x-www-form-urlencoded":
            form = _url_encoded(body)
    query = tuple(raw.rel_url.query.items())
    return HttpRequest(
        raw.method, raw.rel_url.raw_path, query, raw.headers, body, form, raw.remote or ""
    )


def _url_encoded(body: bytes) -> Dict[str, List[Union[str, Upload]]]:
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: list(values) for name, values in fields.items()}
