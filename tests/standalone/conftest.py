"""The command line on a sandbox."""

from __future__ import annotations

import threading

import pytest
from command_line import Shell, as_typed
from toy_app import TOY, Clock

from sandbox import Sandbox
from standalone.app import App
from standalone.cli import main


@pytest.fixture(scope="module")
def burning():
    """With one incident that is open."""
    with Sandbox() as sandbox:
        sandbox.pagerduty.account.trigger("Checkout API", "It burns")
        yield sandbox


@pytest.fixture
def shell(burning, tmp_path, capsys, monkeypatch):
    for name in ("https_proxy", "http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Shell(burning, tmp_path, capsys)


@pytest.fixture
def cli(tmp_path, capsys, monkeypatch):
    """A command line on the small pack: (exit code, stdout, stderr)."""
    config = tmp_path / "toy.yaml"
    config.write_text("token: s3cret-token\n")
    monkeypatch.chdir(tmp_path)

    def call(*words):
        code = main(
            [*words, "--pack", str(TOY), "--config", str(config), "--data", str(tmp_path / "data")]
        )
        said = capsys.readouterr()
        return code, as_typed(said.out), as_typed(said.err)

    return call


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Makes embedded defaults of the small pack, and ends them."""
    monkeypatch.chdir(tmp_path)  # the toy action writes beside itself where it is given no file
    apps, before = [], set(threading.enumerate())

    def build(clock=None, started=True, config=None, on_finished=None, **options):
        options.setdefault("sensors", False)
        app = App(
            TOY,
            {"token": "s3cret-token"} if config is None else config,
            tmp_path / "data",
            clock=clock or Clock(),
            on_finished=on_finished,
            **options,
        )
        app.store.set("toy.file", str(tmp_path / "out.log"))
        apps.append(app)
        if started:
            app.start()
        return app

    yield build
    (
        tmp_path / "out.log.released"
    ).touch()  # an action that hangs ends here, not in the middle of another test
    for app in apps:
        app.stop(grace=60)
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive(), thread.name
