"""Playbooks by command: who sees, saves, deletes which; what a post holds."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rooms_world import NOW, RoomsWorld

from pagerduty_mattermost.chat import audit_list, playbook_rights
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.chat.playbook_posts import code_blocks
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.markdown import code_block
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.playbooks.hidden_channels import without
from pagerduty_mattermost.playbooks.kept import KeptPlaybooks
from pagerduty_mattermost.playbooks.library import load
from pagerduty_mattermost.playbooks.reading import read_playbook


def yaml_of(name: str = "outage", more: str = "", text: str = "Do") -> str:
    return (
        f"name: {name}\ntitle: Outage\n{more}stages:\n  - name: First\n    tasks:\n"
        f"      - {{id: a, text: {text}}}\n"
    )


@pytest.fixture
def world() -> Iterator[RoomsWorld]:
    with RoomsWorld() as made:
        made.chat.add_member("incidents", "admin")
        yield made


def say(
    world: RoomsWorld, line: str, who: str = "ada", channel: str = "incidents"
) -> CommandResult:
    read = parse(line)
    assert not read.problem, read.problem
    said = read.command._replace(
        user=marked_id(world.user(who)), channel=world.chat.channel(channel).id, key=f"key {line}"
    )
    return perform(world.context(), said)


def refused(world: RoomsWorld, line: str, who: str = "ada", channel: str = "incidents") -> str:
    with pytest.raises(PackError) as failure:
        say(world, line, who, channel)
    assert "\n" not in str(failure.value)
    return str(failure.value)


def link(world: RoomsWorld, message: str, who: str = "ada", channel: str = "incidents") -> str:
    post = world.chat.say(who, channel, message)
    return f"{world.sandbox.mattermost.url}/ops/pl/{post.id}"


def save(world: RoomsWorld, text: str, who: str = "ada") -> CommandResult:
    return say(world, f"playbook save {link(world, code_block(text, 'yaml'), who)}", who)


def kept(world: RoomsWorld, name: str = "outage") -> Any:
    return KeptPlaybooks(world.context().store).current(name)


# Saved, shown, brought back


def test_a_post_becomes_a_playbook(world: RoomsWorld) -> None:
    told = save(world, yaml_of()).message
    assert told.startswith("**Outage** (`outage`) is saved as version 1: 1 task.")
    assert (kept(world).by, kept(world).text) == ("@ada", yaml_of())
    assert "just so already, as version 1" in save(world, yaml_of()).message
    assert "as version 2" in save(world, yaml_of(text="Do it")).message
    shown = say(world, "playbook show Outage", who="mei").message
    assert "version 2 by @ada" in shown.replace("\u200b", "")
    (text,) = code_blocks(shown)
    assert text == yaml_of(text="Do it")
    history = say(world, "playbook history outage").message
    assert [line.split(" | ")[0] for line in history.splitlines()[2:]] == ["| 2", "| 1"]
    assert "as version 3" in say(world, "playbook restore outage 1").message
    assert kept(world).text == yaml_of()
    assert "goes on" in say(world, "playbook delete outage").message
    assert kept(world) is None
    assert "no playbook 'outage'" in refused(world, "playbook show outage")
    assert "deleted" in say(world, "playbook history outage").message
    assert "as version 5" in say(world, "playbook restore outage").message


def test_what_replaces_the_packs_says_so(world: RoomsWorld) -> None:
    told = save(world, yaml_of("major-incident"), who="radia").message
    assert "It takes the place of the pack's." in told
    told = say(world, "playbook delete major-incident", who="radia").message
    assert "The one of the pack counts now" in told
    assert "comes with the pack" in refused(world, "playbook delete major-incident", who="radia")


def test_every_error_is_told_and_nothing_is_saved(world: RoomsWorld) -> None:
    wrong = yaml_of(more="titel: x\nupdates: {broadcast: [~nowhere]}\n")
    wrong += "      - {id: a}\n      - {id: b, text: Do, run: /pd prioritise}\n"
    result = save(world, wrong)
    lines = result.message.splitlines()
    assert lines[0] == ":warning: It is not saved: there are 3 mistakes in it."
    assert [line.split(":")[0] for line in lines[1:]] == ["- line 3", "- line 9", "- line 9"]
    assert result.problem.startswith("not saved: line 3")
    assert kept(world) is None
    fine = wrong.replace("titel: x\n", "").replace("      - {id: a}\n", "")
    lines = save(world, fine).message.splitlines()
    assert lines[0].endswith("2 mistakes in it.")
    assert "unknown channel" in lines[1]
    assert "no command /pd prioritise; did you mean /pd priority?" in lines[2]


def test_in_the_audit_stands_what_was_saved_and_what_was_not(world: RoomsWorld) -> None:
    save(world, yaml_of())
    save(world, "name: x\n")
    since, until = (times.iso(NOW + seconds) for seconds in (-60, 3600))
    acts = list(audit_list.newest_first(world.context().store, world.log, since, until))
    assert sorted((one.verb, one.result) for one in acts) == [
        ("playbook_save", "done"),
        ("playbook_save", "failed"),
    ]
    assert sorted("not saved: line 1" in one.reason for one in acts) == [False, True]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("no YAML here", "no YAML: neither a block of code"),
        ("```yaml\nname: a\n```\n```\nname: b\n```", "2 blocks and files: one is one playbook"),
        ("```python\nname = 1\n```", "no YAML: neither a block of code"),
    ],
)
def test_one_post_is_one_playbook(world: RoomsWorld, message: str, why: str) -> None:
    assert why in refused(world, f"playbook save {link(world, message)}")


def attach(world: RoomsWorld, name: str, content: bytes, message: str = "") -> str:
    """A post of Ada's with a file."""
    chat = world.chat.state
    from sandbox.mattermost.model import FileInfo

    ada, channel = world.chat.user("ada"), world.chat.channel("incidents")
    post = world.chat.say("ada", "incidents", message or "see")
    info = FileInfo(
        chat.ids.new() if hasattr(chat, "ids") else "f" * 26,
        ada.id,
        channel.id,
        name,
        "text/yaml",
        content,
        0,
    )
    info.post_id = post.id
    chat.files[info.id] = info
    post.file_ids = [info.id]
    return f"{world.sandbox.mattermost.url}/ops/pl/{post.id}"


def test_a_file_becomes_a_playbook(world: RoomsWorld) -> None:
    text = yaml_of().encode()
    assert "saved" in say(world, f"playbook save {attach(world, 'a.yaml', text)}").message
    assert kept(world).text == yaml_of()
    told = refused(world, f"playbook save {attach(world, 'a.txt', text)}")
    assert "no YAML" in told
    both = attach(world, "a.yml", text, code_block(yaml_of()))
    assert "2 blocks and files" in refused(world, f"playbook save {both}")
    assert "no UTF-8" in refused(world, f"playbook save {attach(world, 'a.yml', bytes([255]))}")
    large = b"#" * 400_001
    assert "has 400001 bytes" in refused(world, f"playbook save {attach(world, 'a.yml', large)}")


@pytest.mark.parametrize("kind", ["status", "drop", "truncate", "empty"])
def test_a_file_that_does_not_come_saves_nothing(world: RoomsWorld, kind: str) -> None:
    where = attach(world, "a.yaml", yaml_of().encode())
    world.sandbox.mattermost.faults.add(kind, path=r"/files/[a-z0-9]{26}$", status=503)
    assert refused(world, f"playbook save {where}")
    assert kept(world) is None


def test_only_members_of_its_channel_may_name_a_post(world: RoomsWorld) -> None:
    world.chat.add_channel("secret", "Secret", private=True, members=["ada", "pagerduty"])
    world.chat.add_channel("closed", "Closed", private=True, members=["ada"])
    text = code_block(yaml_of(), "yaml")
    mine = link(world, text, channel="secret")
    assert "you are no member of its channel" in refused(world, f"playbook save {mine}", "mei")
    closed = link(world, text, channel="closed")
    assert "or the bot is not: invite it" in refused(world, f"playbook save {closed}")
    gone = f"{world.sandbox.mattermost.url}/ops/pl/{'x' * 26}"
    assert "there is no such post" in refused(world, f"playbook save {gone}")
    assert "which post?" in refused(world, "playbook save https://elsewhere.example.com/x")
    world.chat.remove_member("incidents", "mei")
    public = link(world, text)
    assert "you are no member" in refused(world, f"playbook save {public}", "mei")
    assert "is saved" in say(world, f"playbook save {mine}").message


# Who sees and edits what


def test_only_who_may_edit_saves_deletes_and_restores(world: RoomsWorld) -> None:
    more = 'who: {edit: ["@ada"]}\n'
    save(world, yaml_of(more=more), who="mei")
    told = "you may not change outage: it is for @ada"
    post = link(world, code_block(yaml_of(text="Worse")), who="mei")
    for line in (
        f"playbook save {post}",
        "playbook delete outage",
        "playbook history outage",
        "playbook restore outage",
    ):
        assert told in refused(world, line, "mei"), line
    assert kept(world).text == yaml_of(more=more)
    say(world, "playbook delete outage", "ada")
    assert told in refused(world, "playbook restore outage", "mei")
    assert "as version" in say(world, "playbook restore outage", "ada").message
    assert "as version" in save(world, yaml_of(text="Best"), who="admin").message


def test_who_may_neither_start_nor_edit_does_not_see_it(world: RoomsWorld) -> None:
    more = 'who: {start: ["@mei"], edit: ["@ada"]}\n'
    save(world, yaml_of(more=more), who="admin")
    for who, sees in (("ada", True), ("mei", True), ("linus", False), ("admin", True)):
        assert ("outage" in say(world, "playbook list", who).message) is sees, who
    unknown = refused(world, "playbook show outage", "linus")
    assert unknown == refused(world, "playbook show nothing", "linus").replace("nothing", "outage")
    post = link(world, code_block(yaml_of()), who="linus")
    assert "the name outage is taken" in refused(world, f"playbook save {post}", "linus")
    assert "name: outage" in say(world, "playbook show outage", "mei").message
    assert "you may not change outage" in refused(world, "playbook delete outage", "mei")


@pytest.mark.parametrize(
    ("entry", "may"),
    [
        ("@mei", True),
        ("@MEI", True),
        ("@linus", False),
        ("~incidents", True),
        ("~ops", False),
        ("~private", True),
        ("~nowhere", False),
        ("role:limited_user", True),
        ("role:owner", False),
        ("team:Payments", False),
        ("team:nothing", False),
    ],
)
def test_the_entries_of_who(world: RoomsWorld, entry: str, may: bool) -> None:
    """Of a channel its members, wherever they ask."""
    world.chat.remove_member("ops", "mei")
    world.chat.add_channel("private", "Private", private=True, members=["mei", "pagerduty"])
    text = yaml_of(more=f'who: {{start: ["{entry}"]}}\n')
    playbook = read_playbook(text).playbook
    assert playbook is not None
    command = Command("x", user=marked_id(world.user("mei")), channel="c" * 26)
    assert playbook_rights.may_start(world.context(), command, playbook) is may
    nobody = Command("x")
    assert not playbook_rights.may_start(world.context(), nobody, playbook)


def test_who_is_nobody_at_pagerduty_has_no_role(world: RoomsWorld) -> None:
    world.chat.add_user("stranger", "stranger@example.org", team="ops")
    playbook = read_playbook(yaml_of(more='who: {start: ["role:limited_user"]}\n')).playbook
    assert playbook is not None
    command = Command("x", user=marked_id(world.user("stranger")))
    assert not playbook_rights.may_start(world.context(), command, playbook)


def test_a_playbook_of_teams_is_for_their_members(world: RoomsWorld) -> None:
    world.chat.add_team("eng", "Engineering")
    for team, may in (("ops", True), ("eng", False), ("nowhere", False)):
        playbook = read_playbook(yaml_of(more=f"teams: [{team}]\n")).playbook
        assert playbook is not None
        command = Command("x", user=marked_id(world.user("mei")))
        assert playbook_rights.sees(world.context(), command, playbook) is may, team
        admin = Command("x", user=marked_id(world.user("admin")))
        assert playbook_rights.sees(world.context(), admin, playbook)


def test_a_private_channels_name_is_shown_to_its_members_alone(world: RoomsWorld) -> None:
    world.chat.add_channel("board", "Board", private=True, members=["ada", "pagerduty"])
    more = "# also to ~board\nupdates: {broadcast: [~board, ~incidents]}\n"
    save(world, yaml_of(more=more))
    assert "~board" in say(world, "playbook show outage").message
    shown = say(world, "playbook show outage", "mei").message
    assert "board" not in shown
    assert "broadcast: [unknown channel, ~incidents]" in shown
    say(world, "playbook new copy from outage", "mei")
    (file,) = [one for one in world.chat.state.files.values() if one.name == "copy.yaml"]
    assert b"board" not in file.content
    told = save(world, file.content.decode(), who="mei").message
    assert "unknown channel" in told
    told = save(world, yaml_of(more=more, text="Mine"), who="mei").message
    assert "unknown channel \\~board" in told.replace("\u200b", "") or "unknown channel" in told


def test_names_are_hidden_as_whole_words() -> None:
    text = "a: ~ops\nb: ~ops-team # x~ops ~ops, [~ops]\nc: /ops ops"
    assert without(text, ["~ops"]) == (
        "a: unknown channel\nb: ~ops-team # x~ops unknown channel, [unknown channel]\nc: /ops ops"
    )


# To begin with


def test_a_new_one_comes_as_a_file(world: RoomsWorld) -> None:
    assert "`outage.yaml` was sent to you" in say(world, "playbook new outage").message
    say(world, "playbook new mine from major-incident")
    files = {one.name: one.content.decode() for one in world.chat.state.files.values()}
    assert read_playbook(files["outage.yaml"]).problems == ()
    made = read_playbook(files["mine.yaml"])
    assert made.playbook is not None
    assert (made.playbook.name, made.playbook.title) == ("mine", "Major incident")
    assert kept(world, "mine") is None
    posts = world.chat.direct_posts("ada", "pagerduty")
    assert [len(post.file_ids) for post in posts] == [1, 1]
    say(world, "playbook new mine from major-incident")
    assert len(world.chat.direct_posts("ada", "pagerduty")) == 2
    assert "is taken" in refused(world, "playbook new major-incident")
    assert "is no name" in refused(world, "playbook new My Outage!")
    assert "no playbook 'x'" in refused(world, "playbook new y from x")


def test_a_long_one_is_sent_as_a_file(world: RoomsWorld) -> None:
    tasks = "".join(
        f"      - {{id: t{n}, text: Do, description: '{'x' * 1900}'}}\n" for n in range(8)
    )
    KeptPlaybooks(world.context().store).save("outage", yaml_of() + tasks, by="", at=NOW)
    shown = say(world, "playbook show outage").message
    assert "too long for a post: `/pd playbook new outage from outage`" in shown
    say(world, "playbook new outage from outage")
    (file,) = world.chat.state.files.values()
    assert file.content.decode() == yaml_of() + tasks


def test_one_that_can_not_be_used_is_counted(world: RoomsWorld) -> None:
    KeptPlaybooks(world.context().store).save("outage", "name: x", by="", at=NOW)
    assert "1 can't be used: `/pd health` says why" in say(world, "playbook list").message
    assert len(load(world.context()).broken) == 1


def test_nothing_of_a_playbook_acts_in_a_list(world: RoomsWorld) -> None:
    text = yaml_of().replace("title: Outage", "title: '@all **x** ](http://a.example)'")
    save(world, text)
    shown = say(world, "playbook list").message
    assert "@all" not in shown
    assert "**x**" not in shown


# Blocks of code


@pytest.mark.parametrize(
    ("message", "blocks"),
    [
        ("a\n```yaml\nx: 1\n```\nb", ["x: 1\n"]),
        ("```\nx: 1\n```", ["x: 1\n"]),
        ("~~~yml\nx: 1\n~~~", ["x: 1\n"]),
        ("````yaml\n```\nx\n```\n````", ["```\nx\n```\n"]),
        ("```YAML\nx: 1", ["x: 1\n"]),
        ("```js\nx: 1\n```", []),
        ("`x: 1`", []),
        ("x: 1", []),
        ("```yaml\n```", ["\n"]),
    ],
)
def test_blocks_of_code(message: str, blocks: Any) -> None:
    assert code_blocks(message) == blocks


@given(st.text(st.sampled_from("`~ab:\n #"), max_size=60))
def test_what_was_written_as_code_is_read_back(text: str) -> None:
    whole = text.strip("\n") + "\n"
    if text.strip("\n"):
        assert code_blocks(f"See:\n{code_block(whole, 'yaml')}\nthere") == [whole]
