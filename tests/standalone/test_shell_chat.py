"""Typing as a person from the shell: phrases, and what stands after `/pd` in Mattermost; and that
what is answered is text, not Markdown."""

from __future__ import annotations

import json

import pytest

from standalone.output import readable
from standalone.plain_text import plain


def test_a_command_is_typed_as_somebody(shell):
    code, lines = shell("chat", "/pd whoami", "--as", "ada")
    assert code == 0
    assert "Ada Lovelace" in "\n".join(lines)
    code, lines = shell("chat", "/pd ack 1", "--as", "ada")
    assert (code, lines[0].startswith("Acknowledged #1 It burns (https://")) == (0, True), lines
    incident = next(iter(shell.sandbox.pagerduty.account.incidents.values()))
    assert incident.status == "acknowledged"
    (sender,) = {
        one.headers.get("from")
        for one in shell.sandbox.pagerduty.journal.entries
        if one.method == "PUT" and one.path == "/incidents"
    }
    assert sender == "ada@example.com"


def test_a_text_may_hold_an_equals_sign_and_an_option(shell):
    code, lines = shell("chat", "/pd dry-run note 1 ratio=5", "--as", "ada")
    assert code == 0, lines
    assert "Dry run, nothing is changed" in lines[0]
    given = '/pd dry-run trigger "Disk = full" on Checkout API --priority P1'
    code, lines = shell("chat", given, "--as", "ada")
    assert code == 0, lines
    assert "Trigger “Disk = full” on Checkout API (priority P1)" in lines[0]


def test_without_more_it_is_the_help(shell):
    assert any("/pd ack" in line for line in shell("chat", "/pd")[1])


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("/pd notes 1 foo", "'foo' is not read: type `/pd notes [id]`"),
        ("/pd subscribe", "type it as /pd in the channel"),
        ("/pd frobnicate", "there is no command 'frobnicate'"),
        ("/pd help oncal", "There is no command oncal. Did you mean `/pd help oncall`?"),
        ("/pd help xyzzy", "There is no command xyzzy. `/pd help` shows those used most"),
        ("/pd note on it", "which incident? The only one assigned to you is #1 It burns: say it"),
    ],
)
def test_a_slip_is_one_line(shell, typed, line):
    code, lines = shell("chat", typed, "--as", "ada")
    assert (code, len(lines)) == (1, 1), lines
    assert line in lines[0]


def status(shell, number):
    (found,) = (
        one for one in shell.sandbox.pagerduty.account.incidents.values() if one.number == number
    )
    return found.status


def test_what_means_a_channel_is_said_as_if_typed_there(shell):
    for channel in ("~incidents", "incidents"):
        code, lines = shell("chat", "/pd subscribe Database", "--as", "ada", "--in", channel)
        assert code == 0, lines
    code, lines = shell("chat", "/pd subscriptions", "--as", "ada", "--in", "~incidents")
    assert (code, sum("of the service Database" in line for line in lines)) == (0, 1), lines
    code, lines = shell("chat", "/pd subscriptions", "--as", "ada", "--in", "ops")
    assert "Database" not in "\n".join(lines)


def test_in_a_room_its_incident_is_meant(shell):
    shell.write(rooms={"archive": "never"})
    code, lines = shell("chat", "/pd room 1", "--as", "ada")
    assert code == 0, lines
    (room,) = (
        one.name
        for one in shell.sandbox.mattermost.account.state.channels.values()
        if one.name.startswith("inc-")
    )
    code, lines = shell("chat", "/pd note Seen in the room", "--as", "ada", "--in", f"~{room}")
    assert code == 0, lines
    incident = next(iter(shell.sandbox.pagerduty.account.incidents.values()))
    assert incident.notes[-1].content == "Seen in the room"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("/pd subscriptions", "--as", "ada", "--in", "nowhere"), "no channel ~nowhere"),
        (("/pd subscriptions", "--in", "incidents"), "--in needs --as USER: who types it there?"),
        (
            ("get open incidents", "--as", "ada", "--in", "ops"),
            "--in is for what is typed after /pd",
        ),
    ],
)
def test_a_channel_in_which_nothing_can_be_typed(shell, words, line):
    code, lines = shell("chat", *words)
    assert code in (1, 2)
    assert len(lines) == 1, lines
    assert line in lines[0]


def test_who_is_no_member_types_nothing_there(shell):
    account = shell.sandbox.mattermost.account
    account.add_user("nora", email="nora@example.com", team="ops")
    code, lines = shell("chat", "/pd subscriptions", "--as", "nora", "--in", "ops")
    assert (code, len(lines)) == (1, 1), lines
    assert "nora is no member of ~ops, so nothing can be typed there" in lines[0]


@pytest.mark.parametrize("line", ["/pd whoami", "/pd ack 1", "/pd list mine"])
def test_a_person_that_there_is_not_is_one_line_about_the_option(shell, line):
    code, lines = shell("chat", line, "--as", "nosuch")
    assert (code, lines) == (
        1,
        [
            "There is no Mattermost user 'nosuch': chat --as USER names one by username or "
            "e-mail address"
        ],
    )


def test_a_name_that_is_ambiguous_is_asked_about_and_nothing_is_done(shell):
    code, lines = shell("chat", "/pd oncall Platform", "--as", "ada")
    assert (code, len(lines)) == (1, 1), lines
    assert "'Platform' is a part of 2 names: say one in full" in lines[0]


def test_a_dry_run_says_what_would_be_done_and_leaves_it(shell):
    before = status(shell, 1)
    code, lines = shell("chat", "/pd dry-run resolve 1", "--as", "ada")
    assert (code, status(shell, 1)) == (0, before), lines
    assert "in the name of `ada@example.com`: Resolve #1 It burns" in lines[0]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("/pd ack 9999", "there is no incident with the number 9999"),
        ("/pd trigger Slow on Chekout", "there is no service 'Chekout'; did you mean Checkout"),
        ("/pd reassign 1 @nosuch", "nosuch"),
    ],
)
def test_what_fails_ends_with_exit_code_1_and_one_line(shell, line, why):
    code, lines = shell("chat", line, "--as", "ada")
    assert (code, len(lines)) == (1, 1), lines
    assert why in lines[0]


def test_what_is_confirmed_in_mattermost_is_done_at_once_or_refused(shell):
    """Several incidents are asked about there; what lasts more than a week is left to a place
    where it can be confirmed."""
    account = shell.sandbox.pagerduty.account
    two = [account.trigger("Database", title) for title in ("One", "Two")]
    numbers = " ".join(str(one.number) for one in two)
    code, lines = shell("chat", f"/pd ack {numbers}", "--as", "ada")
    assert (code, {one.status for one in two}) == (0, {"acknowledged"}), lines
    long_one = "/pd override Platform rotation for 10 days"
    code, lines = shell("chat", long_one, "--as", "ada")
    assert (code, len(lines)) == (1, 1), lines
    assert "for more than a week say it with /pd, where it is confirmed" in lines[0]
    for one in two:
        account.resolve(one, "ada@example.com")


def test_a_command_goes_to_the_channel_that_it_names_and_asks_for_one_it_needs(shell):
    before = len(shell.sandbox.mattermost.account.posts("incidents-p1"))
    code, lines = shell("chat", "/pd announce 1 ~incidents-p1", "--as", "ada")
    assert (code, "is announced in ~incidents-p1" in lines[0]) == (0, True), lines
    assert len(shell.sandbox.mattermost.account.posts("incidents-p1")) > before
    code, lines = shell("chat", "/pd subscribe --priority P1", "--as", "ada")
    assert (code, "which channel is not known here" in lines[0]) == (1, True), lines


def test_who_speaks_has_to_be_said(shell):
    code, lines = shell("chat", "/pd whoami")
    assert code == 1
    assert lines[-1] == "(Nobody was named: chat --as USER says who speaks.)"


def test_the_execution_comes_as_json_with_j(shell):
    code, lines = shell("chat", "/pd show 1", "--as", "ada", "-j")
    found = json.loads("\n".join(lines))
    assert (code, found["action"]["ref"]) == (0, "pagerduty.chat.run")
    assert found["parameters"]["verb"] == "typed"


def test_parameters_may_stand_behind_options(shell):
    given = ["run", "incident.get", "--config", str(shell.config), "entity_id=1"]
    assert shell(*given, config=False)[0] == 0
    code, lines = shell("run", "incident.get", "--foo", "entity_id=1")
    assert (code, len(lines)) == (2, 1)
    assert "unrecognized arguments: --foo" in lines[0]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**Done**: [#4 Slow](https://x.example/4).", "Done: #4 Slow (https://x.example/4)."),
        (":warning: `/pd ack 2` of @\u200bada", "⚠️ `/pd ack 2` of @ada"),
        ("a \\*star\\* and \\`code\\`", "a *star* and `code`"),
        ("at 12:30: :eyes:", "at 12:30: :eyes:"),
        ("~~gone~~", "gone"),
        ("[a\\]b](https://x.example/4)", "a]b (https://x.example/4)"),
        ("[not a link](javascript:x)", "[not a link](javascript:x)"),
    ],
)
def test_markdown_becomes_text(markdown, text):
    assert plain(markdown) == text


def test_a_table_shows_no_marks():
    table = "\n".join(
        (
            "2 failed.",
            "",
            "| id | what |",
            "| --- | --- |",
            "| `0aee8320` | [#4 Slow](https://x.example/4) by @\u200bada, \\`/invite\\` |",
        )
    )
    assert readable(table).splitlines() == [
        "2 failed.",
        "",
        "id        what",
        "0aee8320  #4 Slow by @ada, `/invite`",
    ]


def test_no_mark_of_markdown_is_left_in_what_people_list(shell):
    for words in (
        ("run", "deadletter.list"),
        ("run", "health.check"),
        ("run", "oncall.week", "schedules=Platform rotation"),
        ("chat", "/pd list", "--as", "ada"),
        ("chat", "/pd oncall", "--as", "ada"),
    ):
        code, lines = shell(*words)
        assert code == 0, lines
        said = "\n".join(lines)
        for mark in ("**", "](http", "\u200b", ":warning:", "\\`", "| --- |"):
            assert mark not in said, (words, mark, said)


@pytest.mark.parametrize(
    "typed", ["/pd ack 1 from ada@example.com", "/pd dry-run ack 1 from x@y.z"]
)
@pytest.mark.parametrize("who", [("--as", "grace"), ()])
def test_nobody_acts_in_another_persons_name(shell, typed, who):
    """As on the page: Mattermost, or `--as`, says who it is."""
    before = status(shell, 1)
    code, lines = shell("chat", typed, *who)
    assert (code, status(shell, 1)) == (1, before), lines
    assert lines[0].startswith('here you act in your own name: leave out "from …"'), lines


@pytest.mark.parametrize("who", [("--as", "nobody-there"), ("--as", "admin"), ()])
def test_the_ways_out_leave_out_the_one_that_is_refused(shell, who):
    code, lines = shell("chat", "/pd ack 1", *who)
    assert code == 1, lines
    assert "from <e-mail>" not in "\n".join(lines), lines


@pytest.mark.parametrize("line", ["/pd list", "/pd show 1", "/pd oncall", "/pd help"])
def test_what_only_reads_is_refused_to_nobody_as_well(shell, line):
    code, lines = shell("chat", line, "--as", "nosuch")
    assert (code, len(lines)) == (1, 1), lines
    assert lines[0].startswith("There is no Mattermost user 'nosuch': chat --as USER"), lines


def test_while_pagerduty_is_away_it_is_said_what_became_of_a_command(shell):
    from sandbox.ports import free_port

    shell.write(api_url=f"http://127.0.0.1:{free_port()}")
    code, lines = shell("chat", "/pd resolve 1", "--as", "ada")
    assert code == 1
    assert "Nothing was changed, and nothing is repeated by itself" in lines[0], lines
    code, lines = shell("chat", "/pd show 1", "--as", "ada")
    assert code == 1
    assert "Ask again in a minute" in lines[0], lines
