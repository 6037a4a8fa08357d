"""The command line: casting as `st2 run`, chat as `st2 action-alias execute`, and one line for
each mistake."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from toy_app import TOY

from standalone.cli import main
from standalone.output import result_text


def test_run_casts_as_st2_run_does_and_prints_json(cli):
    words = [
        "names=a, b",
        "names=c",
        "options=a=1,b=2",
        "count=3",
        "ratio=2",
        "loud=TRUE",
        "text=5",
        "secret=xyz",
    ]
    code, out, _ = cli("run", "toy.typed", *words, "-j")
    data = json.loads(out)
    assert code == 0
    assert data["status"] == "succeeded"
    assert data["result"]["result"] == {
        "names": ["a", "b", "c"],
        "options": {"a": "1", "b": "2"},
        "count": 3,
        "ratio": 2.0,
        "loud": True,
        "text": "5",
        "colour": None,
    }
    assert "xyz" not in out


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("names=51", [51]),
        ('names=["x, y"]', ["x, y"]),
        ("names=", [""]),
        ('options={"a": [1]}', {"a": [1]}),
    ],
)
def test_arrays_and_objects(cli, given, expected):
    code, out, err = cli("run", "typed", given, "-j")
    if expected == [51]:
        assert code == 2
        assert "names[0]: is a number, must be text" in err
        return
    assert json.loads(out)["result"]["result"][given.split("=")[0]] == expected


def test_a_failed_action_is_exit_code_1(cli):
    code, out, _ = cli("run", "record", "key=1", "fail=always")
    assert code == 1
    assert "told to fail" in out
    code, out, _ = cli("run", "record", "key=1", "fail=always", "-j")
    assert code == 1
    assert json.loads(out)["result"] == {
        "result": "told to fail",
        "exit_code": 1,
        "stdout": "",
        "stderr": "",
    }


def test_a_message_is_printed_as_text_and_the_rest_below_it(cli, tmp_path):
    _, out, _ = cli("run", "record", "key=17", f"file={tmp_path / 'out.log'}")
    action, status, *rest = out.splitlines()
    assert action.split() == ["action", "toy.record"]
    assert status.startswith("status  succeeded (")
    assert rest == ["recorded 17", "", "key  17"]


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"message": "One:\n- two", "id": 7, "gone": None, "none": []}, "One:\n- two\n\nid  7"),
        ({"message": "Done."}, "Done."),
        ({"message": "", "a": 1}, "a  1"),
        (
            {"message": "m", "list": [{"a": "b\nc"}], "long": "x" * 200},
            "m\n\nA\nb c\n\nlong  " + "x" * 99 + "…\n\n-j shows also: list",
        ),
        (
            {"message": "| part | state |\n| --- | --- |\n| one | @\u200bada |\n\nend"},
            "part  state\none   @ada\n\nend",
        ),
        (["ü"], "ü"),
        ([], "Nothing found."),
        (
            [{"id": "P1", "name": "One", "team": {"summary": "Web"}, "self": "x", "no": None}],
            "ID  NAME  TEAM\nP1  One   Web\n\n1 found; -j shows all of each.",
        ),
        ({"message": "2 entries", "csv": "a,b\n1,2\n", "count": 1}, "a,b\n1,2"),
        ("text", "text"),
    ],
)
def test_results_are_printed_for_people(result, text):
    assert result_text({"result": result, "stderr": ""}) == text
    assert result_text({"result": result, "stderr": "it broke"}) == "it broke"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["run", "toy.nothing"], "There is no action toy.nothing"),
        (["run", "flow"], "flow is a workflow: workflows need StackStorm"),
        (["run", "typed", "colour=green"], "colour: must be one of red, blue"),
        (["run", "typed", "what=1"], "there is no parameter 'what'"),
        (["run", "typed", "count=many"], "count: must be a whole number, not 'many'"),
        (["run", "typed", 'env={"A": "b"}'], "env is not supported"),
        (["run", "record"], "key"),
        (["run", "record", "key=1", "kind=2"], "kind can't be set: immutable"),
        (["run", "typed", "@text=/no/such/file"], "can't be read"),
        (["key", "get", "nothing"], "There is no key nothing"),
        (["key", "set", "a/b", "x"], "can't be a datastore key"),
        (["chat", "what is this"], "is no phrase; `chat help` lists them"),
        (["chat", "record 1 who=admin"], "who can't be set"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(cli, words, line):
    code, _, err = cli(*words)
    assert code == 2
    assert line in err
    assert "Traceback" not in err


def test_chat_speaks_in_the_alias_words(cli, tmp_path):
    cli("key", "set", "toy.file", str(tmp_path / "out.log"))
    code, out, _ = cli("chat", "record 17 loudly fail=''", "--as", "alice")
    assert code == 0
    assert out == "on it, alice\nrecorded 17\n"
    assert json.loads((tmp_path / "out.log").read_text())["who"] == "alice"
    code, out, _ = cli("chat", "record 17 fail=always", "--as", "alice")
    assert (code, out) == (1, "on it, alice\nno: told to fail\n")
    assert "record <key>" in cli("chat", "help")[1]


def test_a_pack_without_phrases_says_so(tmp_path, capsys):
    (tmp_path / "pack.yaml").write_text("ref: bare\nname: bare\nversion: 0.0.1\n")
    words = ["--pack", str(tmp_path), "--data", str(tmp_path / "data")]
    assert main(["chat", "help", *words]) == 0
    assert capsys.readouterr().out == "This version has no phrases.\n"
    assert main(["chat", "what is this", *words]) == 2
    assert capsys.readouterr().err == "standalone: This version has no phrases.\n"


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("token: {{ st2kv.system.x }}", ' line 2: quote it: "{{ st2kv.system.x }}"'),
        ("token: {{x}}/{{y}}  # why", ' line 2: quote it: "{{x}}/{{y}}"'),
        ("token: [a, {{ x }}]", ' line 2: quote it: "{{ x }}"'),
        ("token: a: b", " line 2: this is no YAML: a line is indented more or less"),
        (
            "token: '{{ st2kv.sytem.x }}'",
            "'{{ st2kv.sytem.x }}': there is no st2kv.sytem; write st2kv.system.NAME",
        ),
        (
            "token: '{{ st2kw.system.x }}'",
            "'st2kw' is undefined; settings are filled from st2kv.system.NAME alone",
        ),
    ],
)
def test_a_template_that_cannot_work_is_told_with_what_to_write(cli, tmp_path, written, line):
    (tmp_path / "toy.yaml").write_text(f"# mine\n{written}\n")
    code, out, err = cli("check", "--offline")
    assert code == (2 if " line 2" in line else 1)
    assert line in out + err


def test_a_template_that_is_not_quoted_is_told_of_a_rule_too(cli, tmp_path):
    (tmp_path / "mine").mkdir()
    shipped = (TOY / "rules" / "record_all.yaml").read_text()
    (tmp_path / "mine" / "bare.yaml").write_text(
        shipped.replace('"{{ trigger.n }}"', "{{ trigger.n }}")
    )
    code, out, _ = cli("check", "--offline", "--rules", str(tmp_path / "mine"))
    assert code == 1
    assert 'bare.yaml line 11: quote it: "{{ trigger.n }}"' in out


def test_the_database_is_its_owners_only(cli, tmp_path):
    cli("key", "set", "a", "1")
    files = list((tmp_path / "data").iterdir())
    assert files
    assert {file.stat().st_mode & 0o077 for file in [tmp_path / "data", *files]} == {0}


def test_lists(cli):
    assert "toy.record_off  disabled  A disabled rule." in cli("rules")[1]
    assert "toy.flow    (needs StackStorm) " in cli("actions")[1]
    states = {row["action"]: row["state"] for row in json.loads(cli("actions", "-j")[1])}
    assert (states["toy.typed"], states["toy.flow"]) == ("enabled", "needs StackStorm")
    assert json.loads(cli("rules", "-j")[1])[0]["trigger"] == "toy.counted"
    shown = cli("rules", "record_off")[1]
    assert shown.startswith("toy.record_off (disabled)\n\nA disabled rule.\n\ntrigger:\n")
    assert shown.endswith("--rules:\n    name: record_off\n    pack: toy\n    enabled: true\n")
    assert cli("rules", "record_of_")[2].startswith("standalone: There is no rule record_of_; did")
    assert cli("executions")[1] == "There is none yet.\n"
    assert cli("triggers")[1] == "TRIGGER      WHEN\ntoy.counted  A number.\n"


def test_check_names_what_is_wrong(cli, tmp_path):
    code, out, _ = cli("check", "--offline")
    assert code == 1
    assert "the rule toy.record_all: file: the datastore has no key 'toy.file' (`key set" in out
    cli("key", "set", "toy.file", "x")
    code, out, _ = cli("check", "--offline")
    assert code == 0, out
    assert "left out: toy.flow: workflows need StackStorm" in out
    (tmp_path / "toy.yaml").write_text(
        "nested: {level: high, other: 1}\ntoken: '{{ st2kv.system.lost }}'\n"
    )
    code, out, _ = cli("check", "--offline")
    assert code == 1
    assert "nested.level: is text, must be a whole number" in out or "nested: " in out
    assert "no key 'lost'" in out


def test_executions_are_listed_and_shown(cli, tmp_path, monkeypatch):
    from standalone.app import App

    app = App(TOY, {"token": "s3cret-token"}, tmp_path / "data", sensors=False)
    app.store.set("toy.file", str(tmp_path / "out.log"))
    app.start()
    app.dispatch("toy.counted", {"n": 1001}, "g1")
    assert app.drain(60)
    assert app.stop()
    _, out, _ = cli("executions")
    head, *rows = [line.split() for line in out.splitlines()]
    assert head == ["ID", "PLANNED", "STATUS", "TRACE", "ACTION", "RULE"]
    assert sorted((row[2:5], row[5]) for row in rows) == [
        (["succeeded", "g1", "toy.record"], "toy.record_all"),
        (["succeeded", "g1", "toy.record"], "toy.record_big"),
    ]
    (tmp_path / "toy.yaml").write_text("token: s3cret-token\ntime_zone: Asia/Kolkata\n")
    monkeypatch.delenv("COLUMNS", raising=False)
    there = [line.split()[1] for line in cli("executions")[1].splitlines()[1:]]
    planned = [row["planned"] for row in json.loads(cli("executions", "-j")[1])]
    assert all(moment.endswith("+05:30") for moment in planned), "in the configured zone"
    assert there == planned, "where the output goes to no terminal"
    monkeypatch.setenv("COLUMNS", "200")
    in_terminal = cli("executions")[1].splitlines()[1:]
    assert all(moment[11:19] in line for line, moment in zip(in_terminal, planned))
    from standalone import listings

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=1)

    monkeypatch.setattr(listings, "datetime", Tomorrow)
    in_terminal = cli("executions")[1].splitlines()[1:]
    assert all(moment[5:10] in line for line, moment in zip(in_terminal, planned))
    monkeypatch.delenv("COLUMNS")
    short = next(row[0] for row in rows if row[5] == "toy.record_all")
    assert len(short) == 8
    shown = json.loads(cli("executions", short, "-j")[1])
    assert shown["result"]["result"]["key"] == "1001"
    assert shown["id"].startswith(short)
    assert json.loads(cli("executions", shown["id"], "-j")[1]) == shown
    lines = cli("executions", short)[1].splitlines()
    said = dict(line.split(maxsplit=1) for line in lines[:6])
    assert said.pop("status").startswith("succeeded (")
    assert said.pop("started")[:10] == shown["start_timestamp"][:10] or "+05:30" in lines[4]
    assert said == {
        "id": shown["id"],
        "action": "toy.record",
        "rule": "toy.record_all",
        "trace": "g1",
    }
    assert lines[6:] == [
        "",
        "recorded 1001",
        "",
        "key  1001",
        "",
        "-j shows all of it, with its parameters.",
    ]
    assert cli("executions", "nothing")[0] == 2


def test_an_id_is_shown_as_long_as_it_must_be_and_half_of_it_names_nothing(cli, tmp_path):
    from standalone.data_folder import DATABASE
    from standalone.database import Database
    from standalone.journal import Execution, ExecutionJournal

    database = Database(tmp_path / "data" / DATABASE)
    ids = ["a" * 24, "a" * 9 + "b" * 15, "c" * 24]
    planned = [Execution(id, "toy.record", {}, {"rule": f"toy.{n}"}) for n, id in enumerate(ids)]
    ExecutionJournal(database).add_trigger("t1", "toy.counted", {}, None, planned)
    database.close()
    _, out, _ = cli("executions")
    assert sorted(line.split()[0] for line in out.splitlines()) == [
        "ID",
        "a" * 10,
        "a" * 9 + "b",
        "c" * 10,
    ]
    assert json.loads(cli("executions", "c", "-j")[1])["id"] == ids[2]
    code, _, err = cli("executions", "aaa")
    assert (code, err) == (
        2,
        "standalone: Several executions begin with aaa; `executions` lists the newest\n",
    )


def test_a_missing_configuration_is_told(tmp_path, capsys):
    code = main(
        [
            "serve",
            "--pack",
            str(TOY),
            "--config",
            str(tmp_path / "no.yaml"),
            "--data",
            str(tmp_path / "data"),
        ]
    )
    assert code == 2
    assert "There is no configuration" in capsys.readouterr().err


def test_no_pack_is_told(tmp_path, capsys):
    assert main(["actions", "--pack", str(tmp_path)]) == 2
    assert "is no pack" in capsys.readouterr().err
