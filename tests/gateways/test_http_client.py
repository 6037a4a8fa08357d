"""The one HTTP adapter over real HTTP on loopback: timeouts, broken connections, proxies,
redirects, certificates, its line in the log."""

# flake8: noqa: E501,W503

from __future__ import annotations

import logging
import shutil
import socket
import ssl
import subprocess
import threading
from typing import Any, Callable, Iterator, List, Tuple

import pytest
import requests
from http_double import Double

from pagerduty_mattermost.core.config.connections import Http, Timeouts
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.errors import PackError, PermanentError, RetryLater
from pagerduty_mattermost.gateways.http.client import network_error, prepare
from sandbox.server import HttpAnswer, HttpRequest

QUICK = Http(timeouts=Timeouts(connect=1.0, read=1.0))


def ok(_request: HttpRequest) -> HttpAnswer:
    return HttpAnswer(200, {"ok": True})


@pytest.fixture
def double() -> Iterator[Double]:
    with Double(ok) as running:
        yield running


def session_for(url: str, http: Http = QUICK, **options: Any) -> requests.Session:
    session = requests.Session()
    prepare(session, http, url, side="Test", **options)
    return session


def failure(call: Callable[[], Any]) -> PackError:
    with pytest.raises(requests.RequestException) as caught:
        call()
    return network_error(caught.value, "Test GET /things")


def test_the_configured_timeout_counts_whatever_the_caller_asks_for(double: Double) -> None:
    double.faults.add("freeze")
    error = failure(lambda: session_for(double.url).get(double.url, timeout=60))
    double.faults.clear()
    assert isinstance(error, RetryLater)
    assert error.maybe_done
    assert "no answer in time" in str(error)


def test_a_refused_connection_was_never_sent(double: Double) -> None:
    url = double.url
    double.server.stop()
    error = failure(lambda: session_for(url).post(url))
    assert isinstance(error, RetryLater)
    assert not error.maybe_done
    assert "Connection refused" in str(error)


@pytest.mark.parametrize("kind", ["drop", "lost", "truncate"])
def test_a_connection_that_breaks_after_sending_may_have_done_it(
    double: Double, kind: str
) -> None:
    double.faults.add(kind)
    error = failure(lambda: session_for(double.url).post(double.url))
    assert isinstance(error, RetryLater)
    assert error.maybe_done


def test_a_truncated_answer_is_found_also_where_urllib3_does_not_look(double: Double) -> None:
    session = session_for(double.url)
    double.faults.add("truncate")
    answered: List[bytes] = []
    with pytest.raises(requests.RequestException):
        answered.append(session.get(double.url).content)
    assert answered == []


def test_connections_are_kept_and_used_again(double: Double) -> None:
    session = session_for(double.url)
    for _ in range(5):
        session.get(double.url)
    pools = session.get_adapter(double.url).poolmanager.pools  # type: ignore[attr-defined]
    assert [(pools[key].num_connections, pools[key].num_requests) for key in pools.keys()] == [  # noqa: SIM118
        (1, 5)
    ]


def test_netrc_never_replaces_the_token(
    double: Double, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    session_for(double.url).get(double.url, headers={"Authorization": "Bearer token"})
    assert double.header("Authorization") == "Bearer token"


def test_the_configured_proxy_is_used_with_its_login(double: Double) -> None:
    proxy = Secret(double.url.replace("http://", "http://me:pass@"))
    answer = session_for("http://chat.invalid", QUICK._replace(proxy=proxy)).get(
        "http://chat.invalid/things"
    )
    assert answer.status_code == 200
    assert double.header("Host") == "chat.invalid"
    assert double.header("Proxy-Authorization").startswith("Basic ")


def test_without_a_configured_proxy_the_environment_counts(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", double.url)
    monkeypatch.setenv("no_proxy", "")
    assert session_for("http://chat.invalid").get("http://chat.invalid/things").status_code == 200
    assert len(double.requests) == 1


def test_no_proxy_keeps_a_host_off_the_proxy(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert session_for(double.url).get(double.url).status_code == 200


def test_a_proxy_that_refuses_the_tunnel_never_sent_the_request() -> None:
    with _one_answer(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") as address:
        http = QUICK._replace(proxy=Secret(address))
        error = failure(
            lambda: session_for("https://chat.invalid", http).post("https://chat.invalid/things")
        )
    assert isinstance(error, RetryLater)
    assert not error.maybe_done


def test_a_redirect_is_refused_and_its_path_not_told() -> None:
    with Double(
        lambda _: HttpAnswer(
            302, None, {"Location": "https://elsewhere.example/login?token=s3cret"}
        )
    ) as double:
        error = failure(
            lambda: session_for(double.url).post(
                double.url, headers={"Authorization": "Bearer token"}
            )
        )
    assert isinstance(error, PermanentError)
    assert "https://elsewhere.example" in str(error)
    assert "s3cret" not in str(error)
    assert len(double.requests) == 1


def test_the_log_line_holds_method_path_status_and_time_but_no_query(
    double: Double, caplog: pytest.LogCaptureFixture
) -> None:
    log = logging.getLogger("test.transport")
    ticks = iter([10.0, 10.25, 20.0, 20.5])
    session = session_for(double.url, log=log, monotonic=lambda: next(ticks))
    with caplog.at_level(logging.INFO, "test.transport"):
        session.get(
            double.url + "/incidents?token=s3cret", headers={"Authorization": "Bearer token"}
        )
        double.faults.add("status", status=503)
        session.post(double.url + "/incidents", json={"secret": "body"})
    assert [record.getMessage() for record in caplog.records] == [
        "Test GET /incidents 200 250 ms",
        "Test POST /incidents 503 500 ms",
    ]


def test_the_log_tells_a_request_without_an_answer(
    double: Double, caplog: pytest.LogCaptureFixture
) -> None:
    double.faults.add("drop")
    with caplog.at_level(logging.INFO, "test.transport"), pytest.raises(requests.ConnectionError):
        session_for(double.url, log=logging.getLogger("test.transport")).get(double.url)
    assert "Test GET / ConnectionError" in caplog.text


def test_an_untrusted_certificate_is_told_as_what_it_is(tmp_path: Any) -> None:
    with _tls_server(tmp_path) as (url, _certificate):
        error = failure(lambda: session_for(url).get(url))
    assert isinstance(error, PermanentError)
    assert "tls.ca_file" in str(error)


def test_a_ca_file_or_no_check_reaches_it(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "REQUESTS_CA_BUNDLE", "/nowhere"
    )  # requests alone would let this win over the session's setting
    with _tls_server(tmp_path) as (url, certificate):
        assert session_for(url, QUICK._replace(verify=certificate)).get(url).text == "hello"
        assert session_for(url, QUICK._replace(verify=False)).get(url).text == "hello"


# Servers that Double can't be


class _one_answer:  # noqa: N801 - reads as a function
    """A socket that takes one connection and answers with these bytes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> str:
        threading.Thread(target=self._serve, daemon=True).start()
        return "http://127.0.0.1:%d" % self._socket.getsockname()[1]  # noqa: UP031

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        connection.recv(65536)
        connection.sendall(self._answer)
        connection.close()

    def __exit__(self, *exc: Any) -> None:
        self._socket.close()


class _tls_server:  # noqa: N801
    """HTTPS with a certificate nobody signed; answers "hello" to everything."""

    def __init__(self, folder: Any) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("needs the openssl command to make a certificate")
        self._key, self._certificate = str(folder / "key.pem"), str(folder / "cert.pem")
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=127.0.0.1",
            ]
            + [
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout",
                self._key,
                "-out",
                self._certificate,
            ],
            check=True,
            capture_output=True,
        )
        self._socket = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> Tuple[str, str]:
        threading.Thread(target=self._serve, daemon=True).start()
        return "https://127.0.0.1:%d" % self._socket.getsockname()[1], self._certificate  # noqa: UP031

    def _serve(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate, self._key)
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
                    )
            except OSError:
                continue

    def __exit__(self, *exc: Any) -> None:
        self._socket.close()
