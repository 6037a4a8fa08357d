"""Random histories of those who lead: people take roles, give status updates, put them off, follow
and unfollow, end the playbook and go on, beside ticks; two processes at once and a round over
runs, killed at any of their requests; Mattermost's and PagerDuty's answers are lost. Afterwards
each update has reached each place once, each reminder that came due was posted once, and the room
was told of each act once.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import Any, Dict, List, Tuple

import pytest
from dying import Dying, Killed, dying_context
from runs_case import RunsWorld
from runs_world import PLAYBOOK, TASKS

from pagerduty_mattermost.chat.handle import handle
from pagerduty_mattermost.core.config.rooms import FEED_ACTS
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.post_keys import PROPS_KEY, post_key
from pagerduty_mattermost.playbooks.playbook import COMMANDER, Playbook, Role, Updates
from pagerduty_mattermost.runs import acts as kinds
from pagerduty_mattermost.runs import painting, tending
from pagerduty_mattermost.runs.due import due_tasks
from pagerduty_mattermost.runs.fold import fold
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.reminders import TIMES
from pagerduty_mattermost.runs.told_acts import told
from sandbox.mattermost.integrations import ResponseUrl, SlashCommand

NAMES = ("ada", "grace", "linus")
OUTSIDE = "mei"
"""She follows without being in the room."""
KILLED, LOST = 0.25, 0.05
REMIND_SECONDS = 1800.0
LED: Playbook = PLAYBOOK._replace(
    commander="@ada",
    roles=(
        Role(COMMANDER, "Commander", "Ask for numbers."),
        Role("scribe", "Scribe", "Write it down."),
    ),
    updates=Updates(
        remind_seconds=REMIND_SECONDS,
        broadcast=("~incidents",),
        pagerduty=True,
        template="So far:",
    ),
)
LIFE = (kinds.END, kinds.RESTART, kinds.MITIGATED, kinds.CANCELLED)


class LedWorld(RunsWorld):
    """People give updates by a command in the room, whose answer is their own post."""

    def hook(self, name: str) -> str:
        state, user = self.chat.state, self.user(name)
        command = SlashCommand(state.new_id(), "t" * 26, user, self.world.team.id, 0, 0)
        state.integrations.commands[command.id] = command
        channel = self.the_room.channel_id
        url = ResponseUrl(state.new_id(), command.id, user, channel, "", state.now())
        state.integrations.response_urls[url.id] = url
        return f"/hooks/commands/{url.id}"

    def all_posts(self) -> List[Any]:
        return list(self.chat.state.posts.values())


def something(chance: random.Random, number: int) -> str:
    """A line that somebody types."""
    name = chance.choice(NAMES)
    return chance.choice(
        (
            f"update So it is, number {number}",
            f"update We know {number} --next {chance.choice(('10m', '1h', 'off'))}",
            f"update Among us {number} --room-only",
            f"commander @{name}",
            "commander nobody",
            f"role scribe @{name}",
            f"remind {chance.choice(('10m', '45m', 'off'))}",
            "follow",
            "unfollow",
            "end --anyway",
            "restart",
            f"check {chance.choice(TASKS)} done",
            f"check 1.{chance.randrange(1, 4)}",
            "update-request",
        )
    )


def work(world: LedWorld, orders: List[Dict[str, Any]], seed: int, failed: List[str]) -> None:
    chance = random.Random(seed)
    for order in orders:
        try:
            for _ in range(2 if chance.random() < 0.1 else 1):
                handle(dying_context(world, Dying.by_chance(chance, KILLED, 14)), order)
            if chance.random() < 0.3:
                tending.tend(dying_context(world, Dying.by_chance(chance, KILLED, 20)))
        except (Killed, PackError):
            pass
        except Exception as error:
            failed.append(f"{type(error).__name__} {error}")


def correct(world: LedWorld, chance: random.Random) -> None:
    """Authors edit their updates or delete them, which is heard in the next round."""
    for post in world.posts(world.the_room.channel_id):
        own = post.props.get(PROPS_KEY) or {}
        if "update" not in own or post.delete_at or chance.random() > 0.2:
            continue
        if chance.random() < 0.5:
            world.chat.delete(post)
        else:
            with world.chat.lock:
                post.message += " (corrected)"
                post.edit_at = post.update_at = world.chat.state.now()


def history(world: LedWorld, seed: int) -> None:
    chance = random.Random(seed)
    world.case = world.incident(f"Slow {seed}")
    world.the_room = world.open(world.case, by=world.user("ada")).room
    for name in NAMES:
        world.join(name)
    world.start(order_id=f"start{seed}")
    if chance.random() < 0.5:
        path = r"/(posts(/[a-z0-9]+/patch)?|hooks/commands/[a-z0-9]+)$"
        world.sandbox.mattermost.faults.add("lost", path=path, probability=LOST, seed=seed)
        path = "/status_updates$"
        world.sandbox.pagerduty.faults.add("lost", path=path, probability=0.2, seed=seed)
    count = 0
    for _ in range(chance.randrange(1, 4)):
        batches: List[List[Dict[str, Any]]] = [[], []]
        for _ in range(chance.randrange(2, 6)):
            count += 1
            line = something(chance, count)
            name = chance.choice((*NAMES, OUTSIDE) if "follow" in line else NAMES)
            more = {"hook": world.hook(name)} if chance.random() < 0.7 else {}
            order = world.typed(name, line, **more)
            batches[chance.randrange(2)].append(order)
            world.clock.advance(chance.choice((0.0, 0.3, 2.5)))
        failed: List[str] = []
        workers = [
            threading.Thread(target=work, args=(world, batch, seed * 10 + n, failed))
            for n, batch in enumerate(batches)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert failed == [], seed
        correct(world, chance)
        world.clock.advance(chance.choice((1, 20, 400, 2000)))
        if chance.random() < 0.3:
            world.chat.forget_pending()
    world.sandbox.mattermost.faults.clear()
    world.sandbox.pagerduty.faults.clear()
    for _ in range(3):
        world.clock.advance(400)
        world.chat.forget_pending()
        report = tending.tend_one(world.context(), world.case.id)
        assert report.problems == [], seed
    check(world, seed)
    check_reminders(world, seed)


def keys(world: LedWorld) -> Counter[Tuple[str, str]]:
    """Channel and key of each post of this incident."""
    found: Counter[Tuple[str, str]] = Counter()
    for post in world.all_posts():
        own = post.props.get(PROPS_KEY) or {}
        if own.get("key"):
            found[post.channel_id, own["key"]] += 1
    return found


def check(world: LedWorld, seed: int) -> None:
    run, found = world.run(), keys(world)
    twice = [
        post.message
        for post in world.all_posts()
        if found[post.channel_id, (post.props.get(PROPS_KEY) or {}).get("key", "")] > 1
    ]
    assert not twice, (seed, twice)
    message, _ = painting.drawn(world.context(), run, run.state)
    assert world.post.message == message, seed
    assert world.is_shown(), seed
    check_told(world, run, seed)
    check_instructed(world, run, seed)
    for update in run.state.updates:
        places = list(update.targets)
        followers = [who.id for who in run.until(update.at).followers if who.id != update.by.id]
        for user in followers:
            places.append(world.context().mattermost.direct_channel(user).id)
        name = f"update {run.incident} {update.id}"
        room = post_key("update", run.incident, run.plan.channel, update.id)
        assert found[run.plan.channel, room] == 1 or update.deleted, (seed, update)
        for place in places:
            got = found[place, post_key("message", place, name)]
            assert got == 1 or update.deleted, (seed, update, place)
        check_pagerduty(world, run, update, seed)


def check_pagerduty(world: LedWorld, run: Run, update: Any, seed: int) -> None:
    first = next(act for act in run.acts if act.id == update.id)
    said = [one["message"] for one in world.case.status_updates].count(first.text)
    corrected = [one["message"] for one in world.case.status_updates].count(update.text)
    told = any("is not known" in post.message for post in world.posts(run.plan.channel))
    times = said if first.text == update.text else said + corrected
    assert times == 1 or (times == 0 and (told or update.deleted)), (seed, update, times)


def check_told(world: LedWorld, run: Run, seed: int) -> None:
    """Acts that the room is told of, ends and beginnings among them, once each."""
    posts = world.posts(world.the_room.channel_id)
    said = Counter(
        own["act"] for post in posts for own in [post.props.get(PROPS_KEY) or {}] if "act" in own
    )
    assert [name for name, times in said.items() if times > 1] == [], seed
    wanted = {one.act.id for one in told(run, FEED_ACTS)}
    for at, act in enumerate(run.acts):
        before, after = fold(run.plan, run.acts[:at]), fold(run.plan, run.acts[: at + 1])
        same = before._replace(acts=0, digest="") == after._replace(acts=0, digest="")
        if act.kind in LIFE and not same:
            wanted.add(act.id)
    assert wanted - set(said) == set(), (seed, [a for a in run.acts if a.id in wanted - set(said)])
    assert set(said) - {one.id for one in run.acts} == set(), seed


def check_instructed(world: LedWorld, run: Run, seed: int) -> None:
    """Who has a role was sent what it asks of them."""
    for role in run.state.roles.values():
        if role.who.id:
            direct = world.context().mattermost.direct_channel(role.who.id).id
            name = f"role {run.incident} {role.taken or f'{run.plan.id} {role.name}'}"
            assert keys(world)[direct, post_key("message", direct, name)] == 1, (seed, role)


def check_reminders(world: LedWorld, seed: int) -> None:
    """From now on nobody does anything: each reminder comes once, at its time, then no more."""
    state = world.state
    assert due_tasks(state, world.clock()) == [], seed
    before = Counter(reminders(world))
    since, every = state.remind_at, state.remind_seconds or 900.0
    wanted = [
        since + number * every
        for number in range(TIMES)
        if since and since + number * every > world.clock()
    ]
    leaderless = not state.commander.id and not state.is_over
    for _ in range(int(TIMES * every / 300) + 16):
        world.clock.advance(300)
        world.tend()
    new = Counter(reminders(world)) - before
    assert all(times == 1 for times in (new + before).values()), (seed, new)
    of_updates = [name for name in new if name.startswith("update due")]
    assert len(of_updates) == len(wanted), (seed, new, wanted)
    if leaderless:
        assert [name for name in (new + before) if name.startswith("no commander")], seed


def reminders(world: LedWorld) -> List[str]:
    return [
        own["reminder"]
        for post in world.posts(world.the_room.channel_id)
        for own in [post.props.get(PROPS_KEY) or {}]
        if "reminder" in own
    ]


def soak(count: int, first: int) -> None:
    with LedWorld(LED, feed_acts=list(FEED_ACTS), note=False, invite=[]) as world:
        for seed in range(first, first + count):
            history(world, seed)


def test_a_few_random_histories_of_those_who_lead() -> None:
    soak(6, 1)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_a_thousand_random_histories_of_those_who_lead(part: int) -> None:
    soak(100, 1000 + part * 100)
