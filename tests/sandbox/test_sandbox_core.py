"""The sandbox's server, faults, journal and clock, over real HTTP on loopback."""

from __future__ import annotations

import time
from typing import Any, Dict, Iterator, List, Optional

import pytest
import requests

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.server import HttpAnswer, HttpRequest, Routes, Server, Service


class Counter(Service):
    """Counts what it was asked to do."""

    name = "counter"

    def __init__(self) -> None:
        super().__init__()
        self.done = 0
        self.last: Optional[HttpRequest] = None

    def handle(self, request: HttpRequest) -> HttpAnswer:
        self.done += 1
        self.last = request
        return HttpAnswer(200, {"done": self.done, "path": request.path}, effect=f"e{self.done}")

    def trouble(self, status: int, retry_after: Optional[float]) -> HttpAnswer:
        return HttpAnswer(
            status, {"trouble": status}, {"Retry-After": str(retry_after)} if retry_after else {}
        )

    def control(self, word: str, body: Dict[str, Any]) -> Any:
        if word != "double":
            raise KeyError(word)
        return body["n"] * 2


@pytest.fixture
def server() -> Iterator[Server]:
    clock = Clock()
    with Server(Counter(), SandboxJournal(clock), clock) as running:
        yield running


def counter(server: Server) -> Counter:
    assert isinstance(server.service, Counter)
    return server.service


def get(server: Server, path: str = "/thing", timeout: float = 20) -> requests.Response:
    return requests.get(server.url + path, timeout=timeout)


def test_a_request_is_answered_and_stands_in_the_journal_without_its_token(server: Server) -> None:
    answer = requests.post(
        server.url + "/a%2Fb?x=1&x=2",
        json={"k": "v"},
        headers={"Authorization": "Token secret"},
        timeout=2,
    )
    assert answer.json() == {"done": 1, "path": "/a%2Fb"}
    (entry,) = server.journal.entries
    assert (entry.method, entry.path, entry.param("x"), entry.json()) == (
        "POST",
        "/a%2Fb",
        ["1", "2"],
        {"k": "v"},
    )
    assert (entry.status, entry.effect, entry.fault, entry.answer_json()) == (
        200,
        "e1",
        "",
        answer.json(),
    )
    assert "secret" not in repr(entry)


@pytest.mark.parametrize(("kind", "done"), [("drop", 0), ("lost", 1)])
def test_a_broken_connection_differs_in_what_was_done(
    server: Server, kind: str, done: int
) -> None:
    server.faults.add(kind, times=1)
    with pytest.raises(requests.ConnectionError):
        get(server)
    assert counter(server).done == done
    assert server.journal.entries[0].status == 0
    assert get(server).status_code == 200


def test_a_truncated_answer_is_shorter_than_announced(server: Server) -> None:
    server.faults.add("truncate", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(server)
    assert counter(server).done == 1


def test_wrong_answers_with_status_200(server: Server) -> None:
    for kind in ("html", "bad_json", "empty"):
        server.faults.add(kind, times=1)
        answer = get(server)
        assert answer.status_code == 200
        with pytest.raises(ValueError, match="."):
            answer.json()


def test_a_status_fault_is_in_the_services_own_words_and_may_come_after_the_effect(
    server: Server,
) -> None:
    server.faults.add("status", status=429, retry_after=7, times=1)
    answer = get(server)
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (
        429,
        {"trouble": 429},
        "7",
    )
    assert counter(server).done == 0
    server.faults.add("status", status=500, done=True, times=1)
    assert get(server).status_code == 500
    assert counter(server).done == 1


def test_a_delayed_answer_outlives_the_clients_patience_and_is_carried_out_all_the_same(
    server: Server,
) -> None:
    server.faults.add("delay", seconds=0.2, times=1)
    with pytest.raises(requests.ReadTimeout):
        get(server, timeout=0.05)
    deadline = time.monotonic() + 20
    while counter(server).done == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert counter(server).done == 1


def test_a_frozen_rule_answers_nothing_until_it_is_cleared(server: Server) -> None:
    rule = server.faults.add("freeze", path="^/frozen")
    with pytest.raises(requests.ReadTimeout):
        get(server, "/frozen", timeout=0.05)
    assert get(server, "/other").status_code == 200
    server.faults.clear(rule)
    assert get(server, "/frozen").status_code == 200


def test_rules_choose_by_method_path_query_count_and_chance(server: Server) -> None:
    server.faults.add("status", status=500, method="POST")
    server.faults.add("status", status=501, path=r"offset=100", skip=1, times=1)
    assert [
        get(server, p).status_code
        for p in ("/x", "/x?offset=100", "/x?offset=100", "/x?offset=100")
    ] == [
        200,
        200,
        501,
        200,
    ]
    server.faults.clear()
    rule = server.faults.add("status", status=503, probability=0.5, seed=3)
    statuses = [get(server).status_code for _ in range(20)]
    assert 0 < statuses.count(503) < 20
    assert server.faults.hits(rule) == statuses.count(503)


def test_an_unknown_fault_is_refused(server: Server) -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        server.faults.add("explode")
    with pytest.raises(ValueError, match="unknown terms"):
        server.faults.add("drop", colour="red")
    with pytest.raises(ValueError, match="regular expression"):
        server.faults.add("drop", path="(")


def test_a_stopped_server_refuses_and_comes_back_on_the_same_port_with_its_state(
    server: Server,
) -> None:
    get(server)
    url = server.url
    server.stop()
    with pytest.raises(requests.ConnectionError):
        get(server)
    server.start()
    assert server.url == url
    assert get(server).json()["done"] == 2


def test_a_frozen_server_carries_out_on_thaw_what_arrived(server: Server) -> None:
    server.freeze()
    with pytest.raises(requests.ReadTimeout):
        get(server, timeout=0.05)
    server.thaw()
    deadline = time.monotonic() + 20
    while counter(server).done == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert counter(server).done == 1


def test_an_outage_ends_by_itself(server: Server) -> None:
    requests.post(
        server.url + "/_sandbox/outage", json={"kind": "refuse", "seconds": 0.2}, timeout=60
    )
    seen: List[str] = []
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            word = str(get(server).status_code)
        except requests.ConnectionError:
            word = "refused"
        if not seen or seen[-1] != word:
            seen.append(word)
        if seen[-2:] == ["refused", "200"]:
            return
        time.sleep(0.02)
    pytest.fail(f"no outage that ended: {seen}")


def test_faults_journal_and_clock_by_http(server: Server) -> None:
    base = server.url + "/_sandbox/"
    made = requests.post(
        base + "faults", json={"kind": "status", "status": 503, "times": 1}, timeout=60
    ).json()
    assert get(server).status_code == 503
    (rule,) = requests.get(base + "faults", timeout=60).json()
    assert (rule["id"], rule["hits"]) == (made["id"], 1)
    assert requests.delete(base + "faults", timeout=60).json() == []
    assert requests.post(base + "faults", json={"kind": "nix"}, timeout=60).status_code == 400
    server.journal.fact("counter", "born", "s1", "f1", size=3)
    (entry,) = requests.get(
        base + "journal", params={"status": 503, "bodies": 1}, timeout=60
    ).json()
    assert (entry["fault"], entry["answer"]) == ("status", {"trouble": 503})
    (fact,) = requests.get(base + "facts", params={"kind": "born"}, timeout=60).json()
    assert (fact["subject"], fact["data"]) == ("s1", {"size": 3})
    before = server.clock()
    now = requests.post(base + "clock", json={"advance": 86400}, timeout=60).json()["now"]
    assert now - before == pytest.approx(86400, abs=5)
    assert requests.post(base + "double", json={"n": 4}, timeout=60).json() == {"result": 8}
    assert requests.post(base + "triple", json={}, timeout=60).status_code == 404
    assert server.journal.count(path="_sandbox") == 0


def test_the_date_header_is_the_sandbox_clocks() -> None:
    clock = Clock(0)
    with Server(Counter(), SandboxJournal(clock), clock) as server:
        assert get(server).headers["Date"] == "Thu, 01 Jan 1970 00:00:00 GMT"
        clock.advance(90)
        assert get(server).headers["Date"] == "Thu, 01 Jan 1970 00:01:30 GMT"


def test_forms_are_read(server: Server) -> None:
    requests.post(
        server.url, files={"file": ("a.bin", b"\x00\r\n\xff")}, data={"name": "v w"}, timeout=60
    )
    last = counter(server).last
    assert last is not None
    (upload,) = last.form["file"]
    assert not isinstance(upload, str)
    assert (upload.filename, upload.content, last.form["name"]) == (
        "a.bin",
        b"\x00\r\n\xff",
        ["v w"],
    )
    requests.post(server.url, data={"text": "a b&c=ä"}, timeout=60)
    last = counter(server).last
    assert last is not None
    assert last.form == {"text": ["a b&c=ä"]}


def test_the_journal_counts_filters_and_forgets_the_oldest_answers_first() -> None:
    journal = SandboxJournal(Clock(5), answers_limit=10)
    for number in range(4):
        journal.record("s", "GET", f"/p/{number}", (), {}, b"", 200, "", "", b"12345")
    journal.record("t", "POST", "/q", (), {}, b"", 500, "", "drop", None)
    assert journal.count("GET", r"^/p/[01]$") == 2
    assert journal.count(server="t", status=500, fault="drop") == 1
    assert journal.count(since=4) == 1
    assert [e.answer for e in journal.entries] == [None, None, b"12345", b"12345", None]


def test_literal_segments_win_over_names() -> None:
    routes = Routes()
    routes.add("GET", "/users/{id}")(lambda: "one")
    routes.add("GET", "/users/me")(lambda: "me")
    for path, expected, names in (("/users/me", "me", {}), ("/users/a%2Fb", "one", {"id": "a/b"})):
        found = routes.find("GET", path)
        assert found is not None
        assert (found[0](), found[1]) == (expected, names)
    assert routes.find("POST", "/users/me") is None
    assert routes.knows("/users/x")
    assert not routes.knows("/users")
