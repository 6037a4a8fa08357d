"""The command line of the embedded default. Exit codes: 0 done, 1 an action or a check failed, 2
misuse."""

# flake8: noqa: E203

from __future__ import annotations

import argparse
import getpass
import json
import logging
import os
import sqlite3
import sys
from datetime import tzinfo
from pathlib import Path
from typing import Any, Iterator, List, NoReturn, Optional, Sequence

from standalone import keys, listings, logs, own_line, paths, setup
from standalone.errors import ConfigurationError, UserError
from standalone.schemas import near

LOG = logging.getLogger("standalone")

DEFAULT_CONFIG = "pagerduty.yaml"
DATA_FOLDER = ".pagerduty-data"


class _CommandLine(argparse.ArgumentParser):
    """A mistake in a command line is one line, as all others are."""

    def error(self, message: str) -> NoReturn:
        """Raises UserError."""
        help_ = f"`{self.prog} --help` shows how it is typed"
        _, invalid, rest = message.partition(": invalid choice: '")
        if invalid:
            typed, _, listed = rest.partition("' (choose from ")
            known = listed.rstrip(")").replace("'", "").split(", ")
            meant = near(typed, known) or f"; there are {', '.join(known)}"
            raise UserError(f"There is no command {typed}{meant}")
        lacks = "the following arguments are required: "
        if message.startswith(lacks):
            missing = message[len(lacks) :].replace(", key=value", "")
            raise UserError(f"{missing} is missing: {help_}")
        raise UserError(f"{message}: {help_}")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs one command; the result is the exit code."""
    options = argparse.Namespace()
    try:
        options = _options(arguments)
        own_line.remember(options)
        code: int = options.command(options)
        sys.stdout.flush()
        return code
    except UserError as error:
        missing = isinstance(error, ConfigurationError) and not (
            hasattr(options, "config") or Path(DEFAULT_CONFIG).is_file()
        )
        hint = f" (there is no ./{DEFAULT_CONFIG}; name it with --config)" if missing else ""
        for line in own_line.pasteable(f"{error}{hint}").splitlines():
            print(f"standalone: {line}", file=sys.stderr)
        return 2
    except sqlite3.Error as error:
        print(f"standalone: The database can't be used: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _options(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    """With an action's parameters wherever they stand. Raises UserError."""
    parser = _parser()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    options, others = parser.parse_known_args(words)
    stray = [one for one in others if one.startswith("-") or "=" not in one]
    if others and (stray or not hasattr(options, "parameters")):
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    if others:
        options.parameters = [*options.parameters, *others]
    return options


def _parser() -> argparse.ArgumentParser:
    common = _CommandLine(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--config", type=Path, help=f"configuration file (default: ./{DEFAULT_CONFIG})"
    )
    common.add_argument(
        "--data",
        type=Path,
        help=f"folder of the database (default: {DATA_FOLDER} beside the config)",
    )
    common.add_argument("--pack", type=Path, help="the pack's folder (default: this pack)")
    common.add_argument(
        "--rules",
        type=Path,
        action="append",
        metavar="DIR",
        help="further rules; same names replace",
    )
    common.add_argument(
        "--verbose", action="store_true", help="log each trigger, execution and error in full"
    )

    parser = _CommandLine(
        prog="python -m standalone",
        parents=[common],
        description="Runs this pack in one process, without StackStorm.",
        epilog=(
            "Secrets in the datastore are not encrypted: the database is readable by its "
            "owner only (mode 0600)."
        ),
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, function: Any, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=[common], help=text, description=text)
        command.set_defaults(command=function)
        return command

    serve = add("serve", _serve, "run sensors, rules, actions and timers until stopped")
    serve.add_argument(
        "--metrics", metavar="HOST:PORT", help="serve figures to Prometheus at /metrics"
    )
    setup.add(commands, common, lambda options: _app(options, config_needed=True))
    run = add("run", _run, "run an action, as `st2 run`")
    run.add_argument(
        "ref", metavar="REF", help="such as pagerduty.incident.get, or without the pack"
    )
    run.add_argument(
        "parameters", nargs="*", metavar="key=value", help="@key=FILE takes the file's text"
    )
    chat = add(
        "chat", _chat, "run a chat phrase, as `st2 action-alias execute`; `help` lists the phrases"
    )
    chat.add_argument("phrase", metavar="PHRASE")
    chat.add_argument("--as", dest="user", default="", metavar="USER", help="who says it")
    chat.add_argument(
        "--in",
        dest="channel",
        default="",
        metavar="CHANNEL",
        help="the channel in which what stands after /pd is typed, such as incidents",
    )
    for command in (run, chat):
        command.add_argument(
            "-j", "--json", action="store_true", help="print the execution as JSON"
        )
    keys.add(commands, common, _data_dir)
    listings.add(commands, common, _pack, _data_dir, _readers_zone)
    check = add("check", _check, "check metadata, configuration and both connections")
    check.add_argument("--offline", action="store_true", help="connect nowhere")
    return parser


def _pack_dir(options: Any) -> Path:
    return Path(getattr(options, "pack", Path(__file__).resolve().parent.parent)).resolve()


def _config_file(options: Any, needed: bool) -> Optional[Path]:
    """The file, or None when the default one is not there and it can do without."""
    if hasattr(options, "config"):
        return Path(options.config)
    path = Path(DEFAULT_CONFIG)
    return path if needed or path.is_file() else None


def _data_dir(options: Any) -> Path:
    if hasattr(options, "data"):
        return Path(options.data)
    return Path(getattr(options, "config", DEFAULT_CONFIG)).parent / DATA_FOLDER


def _app(options: Any, config_needed: bool, **more: Any) -> Any:
    from standalone.app import App

    app = App(
        _pack_dir(options),
        _config_file(options, config_needed),
        _data_dir(options),
        rule_folders=_rule_folders(options),
        **more,
    )
    verbose = getattr(options, "verbose", False)
    logs.set_up(verbose, lambda: list(app.configuration.secrets), _zone(app.configuration.raw))
    return app


def _zone(raw: Any) -> Optional[tzinfo]:
    """Of a configuration's `time_zone`; None where it names none, which is this machine's."""
    from pagerduty_mattermost.core import times
    from pagerduty_mattermost.core.errors import ConfigError

    name = raw.get("time_zone") if isinstance(raw, dict) else None
    try:
        return times.zone(name) if isinstance(name, str) and name else None
    except ConfigError:
        return None


def _readers_zone(options: Any) -> Optional[tzinfo]:
    """The same of what needs no configuration, where there is one."""
    from standalone.yaml_file import read_yaml

    paths.prepare(_pack_dir(options))
    file = _config_file(options, needed=False)
    return _zone(read_yaml(file)) if file is not None else None


def _rule_folders(options: Any) -> List[Path]:
    """Those of --rules; without them, those that `serve` runs with on this data, so that what is
    explained is what happens."""
    from standalone.data_folder import remembered_rules

    if hasattr(options, "rules"):
        return [_folder(path) for path in options.rules]
    return [] if options.command is _serve else remembered_rules(_data_dir(options))


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise UserError(f"--rules {paths.shown(path)} is no folder")
    return path.resolve()


def _measured_app(options: Any) -> Any:
    """With a page for Prometheus where one is asked for."""
    if not options.metrics:
        return _app(options, config_needed=True)
    from standalone.metrics import Metrics, serve

    metrics = Metrics()
    app = _app(
        options, config_needed=True, on_finished=metrics.finished, on_trigger=metrics.dispatched
    )
    metrics.watch(app)
    serve(metrics, options.metrics)
    return app


def _serve(options: Any) -> int:
    from standalone import serving

    app = _measured_app(options)
    return serving.run(app, _data_dir(options), _rule_folders(options), _me())


def _run(options: Any) -> int:
    from standalone.parameters import BadParameters, from_command_line

    app = _app(options, config_needed=False)
    try:
        ref = listings.find_action(app.pack, options.ref)
    except UserError:
        _warn_about_metadata(app)
        raise
    try:
        given = from_command_line(app.pack.actions[ref].parameters, options.parameters)
    except BadParameters as error:
        raise UserError(f"{ref}: {error}; `actions {ref}` shows its parameters") from None
    execution = app.run(ref, given, user=_me())
    return _report(options, app, execution)


def _chat(options: Any) -> int:
    from standalone import shell_chat

    app = _app(options, config_needed=False)
    return shell_chat.say(app, options, _me(), lambda execution: _report(options, app, execution))


def _report(options: Any, app: Any, execution: Any) -> int:
    from standalone.chat import as_api, columns, masked
    from standalone.output import result_text
    from standalone.tables import terminal_width

    data = as_api(execution, masked(execution.parameters, app.pack.actions[execution.action_ref]))
    if options.json:
        print(json.dumps(data, indent=4, ensure_ascii=False))
    else:
        rows = [
            ("action", data["action"]["ref"]),
            ("status", f"{data['status']} ({data['elapsed_seconds']} s)"),
        ]
        print(columns(rows))
        print(result_text(data["result"], terminal_width()))
    return 0 if execution.status == "succeeded" else 1


def _pack(options: Any) -> Any:
    from standalone.metadata import load_pack

    folder = _pack_dir(options)
    paths.prepare(folder)
    return load_pack(folder, _rule_folders(options))


def _check(options: Any) -> int:
    """Prints each line as soon as it is known: the servers may take their time."""
    from standalone.checks import closing

    found = []
    for finding in _findings(options):
        print(f"{finding.label:<6} {own_line.pasteable(finding.line)}", flush=True)
        found.append(finding)
    print(f"\n{closing(found)}")
    return 0 if all(one.ok for one in found) else 1


def _findings(options: Any) -> Iterator[Any]:
    from standalone import checks, port_check
    from standalone.checks import CheckFinding
    from standalone.connections import check_connections
    from standalone.usable_settings import usable

    app = _app(options, config_needed=False)
    yield from checks.check_rule_folders(_rule_folders(options))
    yield from checks.check_metadata(app.pack, app.store.get)
    if _config_file(options, needed=False) is None:
        yield CheckFinding(True, "configuration: none given (--config), so neither side was tried")
        return
    problems = checks.check_settings(app.configuration, app.pack)
    yield from (CheckFinding(False, f"The configuration: {line}") for line in problems)
    if not problems:
        yield CheckFinding(True, "configuration: every setting reads")
    config, left_out = usable(app.configuration, app.pack, problems)
    for line in checks.unprotected_connections(config, app.pack):
        yield CheckFinding(True, f"not protected: {line}", advised=True)
    yield from port_check.check(config, app.pack, _data_dir(options))
    if not options.offline and app.pack.ref == checks.OUR_PACK:
        service = app.action_service("Check", _me())
        yield from check_connections(config, app.pack, service, left_out)


def _warn_about_metadata(app: Any) -> None:
    for line in (*app.pack.problems, *(one.line for one in app.pack.refused)):
        LOG.warning("%s", line)


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "standalone"
