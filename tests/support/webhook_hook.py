"""A bare HTTP server that takes PagerDuty's webhooks: the sandbox is judged by it, not by our
library."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from sandbox_api import Api

BOTH = ("incident.triggered", "incident.resolved")


class Hook:
    """What arrives (`calls`: headers and body), and the statuses to answer it with; the last one
    stays."""

    def __init__(self, statuses: Sequence[int] = (202,)) -> None:
        self.statuses = list(statuses)
        self.calls: List[Tuple[Dict[str, str], bytes]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.calls.append((dict(self.headers), body))
                self.send_response(
                    hook.statuses[0] if len(hook.statuses) == 1 else hook.statuses.pop(0)
                )
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    @property
    def events(self) -> List[Dict[str, Any]]:
        return [json.loads(body)["event"] for _, body in self.calls]


@contextmanager
def listening(statuses: Sequence[int] = (202,)) -> Iterator[Hook]:
    hook = Hook(statuses)
    thread = threading.Thread(target=hook.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        hook.server.shutdown()
        hook.server.server_close()


def subscribe(api: Api, url: str, events: Sequence[str] = BOTH, **filter: str) -> Dict[str, Any]:
    body = {
        "type": "webhook_subscription",
        "delivery_method": {"type": "http_delivery_method", "url": url},
        "events": list(events),
        "filter": filter or {"type": "account_reference"},
    }
    made: Dict[str, Any] = api.send(
        "POST", "/webhook_subscriptions", {"webhook_subscription": body}
    ).json()
    return made["webhook_subscription"]
