"""What the chat sensor refuses has a status and a line in the log, without a secret and never in
a flood; slow and idle connections are cut."""

# flake8: noqa: E203,W503

from __future__ import annotations

import contextlib
import socket
import time
from typing import List
from unittest import mock

import requests
from attack_case import AttackCase

from pagerduty_mattermost.gateways.http import listener as chat_listener
from pagerduty_mattermost.gateways.http.signed_tokens import sign


class NoiseTestCase(AttackCase):
    __test__ = True

    def raw(self, data: bytes) -> bytes:
        host, port = self.sensor.endpoint.address[len("http://") :].split(":")
        with socket.create_connection((host, int(port)), timeout=8) as link:
            link.settimeout(8)
            with contextlib.suppress(ConnectionError):
                link.sendall(data)
            parts: List[bytes] = []
            with contextlib.suppress(ConnectionError):
                while not parts or parts[-1]:
                    parts.append(link.recv(65536))
            return b"".join(parts)

    def status(self, data: bytes) -> str:
        answer = self.raw(data)
        assert b"Content-Type: application/json" in answer, answer[:200]
        return answer.split(b" ", 2)[1].decode()

    def test_every_refusal_has_a_status_and_a_line_in_the_log(self) -> None:
        tail = b"Host: x\r\n\r\n"
        for data, status in (
            (b"POST http://[ HTTP/1.1\r\nContent-Length: 0\r\n" + tail, "400"),
            (b"POST /pagerduty/click HTTP/1.1\r\n" + tail, "411"),
            (b"POST /pagerduty/click HTTP/1.1\r\nContent-Length: \xb2\r\n" + tail, "411"),
            (b"POST /pagerduty/click HTTP/1.1\r\nContent-Length: -1\r\n" + tail, "411"),
            (
                b"POST /pagerduty/click HTTP/1.1\r\nContent-Length: "
                + b"9" * 5000
                + b"\r\n"
                + tail,
                "413",
            ),
            (b"nonsense\r\n\r\n", "400"),
            (b"PUT /pagerduty/click HTTP/1.1\r\n" + tail, "501"),
            (b"POST /" + b"x" * 70000 + b" HTTP/1.1\r\n" + tail, "431"),
            (b"POST /pagerduty/click HTTP/1.1\r\n" + b"X: y\r\n" * 200 + tail, "431"),
            (
                b"POST /pagerduty/click HTTP/1.1\r\n"
                + b"".join(b"X%d: %s\r\n" % (n, b"y" * 8000) for n in range(50)),
                "431",
            ),
            (b"POST /pagerduty/\x1b[31mred HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "404"),
        ):
            assert self.status(data) == status, data[:60]
            assert any(status in line for line in self.logged()), status
        assert not any("\x1b" in line for line in self.logged())
        assert self.orders() == []

    def test_refusals_are_logged_once_a_minute_for_each_reason(self) -> None:
        for _ in range(5):
            self.status(b"POST /pagerduty/click HTTP/1.1\r\nHost: x\r\n\r\n")
        assert len([line for line in self.logged() if "411" in line]) == 1

    def test_no_secret_of_a_refused_call_is_logged(self) -> None:
        secret = "S3cr3tS3cr3tS3cr3t"
        signed = sign("x" * 32, "button", {"v": secret}, int(time.time()) + 60)
        self.post("/click", json={"user_id": secret, "context": {"token": signed}})
        self.post(
            "/command",
            data={"token": secret, "text": secret},
            headers={"Authorization": "Token " + secret},
        )
        self.post("/note", json={"token": secret})
        self.post("/dialog", json={"state": secret})
        self.post("/dialog?token=" + secret, data=secret)
        lines = self.logged()
        assert lines
        assert not any(secret in line or signed in line for line in lines)

    def test_a_head_that_drips_is_cut_off_and_told_as_late(self) -> None:
        with mock.patch.object(chat_listener, "CALL_SECONDS", 0.3):
            assert self.status(b"POST /pagerduty/click HTTP/1.1\r\nHost: x\r\nX: ") == "408"
        assert any("408" in line for line in self.logged())

    def test_idle_connections_are_bounded_and_the_listener_lives(self) -> None:
        host, port = self.sensor.endpoint.address[len("http://") :].split(":")
        self.start_with(connections=4)
        host, port = self.sensor.endpoint.address[len("http://") :].split(":")
        with mock.patch.object(chat_listener, "CALL_SECONDS", 1.0):
            idle = [socket.create_connection((host, int(port)), timeout=5) for _ in range(4)]
            time.sleep(0.2)
            with self.assertRaises(requests.ConnectionError):
                self.post("/click", json={})
            for one in idle:
                one.close()
            time.sleep(0.2)
            assert self.post("/click", json={}).status_code == 401

    def start_with(self, **terms: int) -> None:
        made = chat_listener.CallBounds(**terms)  # type: ignore[arg-type]
        with mock.patch.object(
            chat_listener.Listener.__init__, "__defaults__", (time.monotonic, made)
        ):
            self.start()

    def test_paths_near_the_public_address_lead_nowhere(self) -> None:
        base = self.sensor.endpoint.address
        for path in (
            "/pagerdutyclick",
            "/pagerduty//click",
            "/pagerduty/../click",
            "/pagerduty/pagerduty/click",
            "/pagerduty/click/",
            "/%70agerduty/click",
            "/CLICK",
            "/pagerduty/click;x",
        ):
            request = requests.Request("POST", base, json={}).prepare()
            request.url = base + path
            answer = requests.Session().send(request, timeout=5)
            assert answer.status_code == 404, path
