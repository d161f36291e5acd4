"""The deployed guard in a storm: killed functions, lost answers, a store that is away, an SES that throttles.

    python soak.py storm --programs TARGET/debug [--events 200000] [--kills 200] [--seed 1]
    python soak.py crowd --programs TARGET/debug [--sets 500] [--throttled 120] [--seed 1]

`make soak` plays both. Linux only: it finds the functions' processes in /proc to kill them. Exit code 0: everything held.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import deploy
import events
from checks import Checks
from events import Event, Mail
from guard import KINDS, SHARD, Books, Guard
from local_aws import LocalAws
from relay import Call, Delay, Drop, Fault, Relay, Throttle
from timeline import Timeline

ROOT = Path(__file__).resolve().parents[2]
WRITES = {"dynamodb:UpdateItem", "dynamodb:PutItem"}
# One call a second, and some to start with.
PACE = 1.0
# How many messages a function is handed at once, at most. A kill of `ingest` hits so many.
BATCH = 400
# Mail is of the last so many seconds.
SPREAD = 2_700


class Storm(threading.Thread):
    """Kills functions and spoils calls, from a seed, until it is told to stop."""

    def __init__(self, kills: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.kills = kills
        # How much of the story is told.
        self.progress = 0.0
        self.endpoint = ""
        self.killed: Counter[str] = Counter()
        self.store_is_away = False
        self.ses_throttles = False
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._calm = False

    def plan(self, call: Call) -> Fault | None:
        """What happens to a call. Rates are far above what AWS does."""
        if self._calm:
            return None
        with self._lock:
            throw = self._dice.random()
        if call.action.startswith("dynamodb:"):
            if self.store_is_away:
                return Drop(done=False)
            if call.action in WRITES:
                faults = ((0.01, Drop(done=True)), (0.02, Drop(done=False)), (0.04, Throttle()), (0.06, Delay(0.3)))
                return next((fault for below, fault in faults if throw < below), None)
        if call.action.startswith("ses:"):
            if self.ses_throttles:
                return Throttle()
            faults = ((0.05, Drop(done=True)), (0.10, Throttle()), (0.15, Delay(3.0)))
            return next((fault for below, fault in faults if throw < below), None)
        return None

    def run(self) -> None:
        """The kills are spread over the story: as much of them as of it."""
        while not self._ends.wait(self._dice.uniform(0.1, 2.0)):
            if self.killed.total() >= self.kills:
                return
            if self.killed.total() >= self.kills * self.progress:
                continue
            if running := _functions(self.endpoint):
                name, pid = self._dice.choice(sorted(running))
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                self.killed[name] += 1

    def end(self) -> None:
        self._calm = True
        self._ends.set()
        self.join()


def main() -> int:
    arguments = argparse.ArgumentParser(description="The deployed guard in a storm, in a local AWS.")
    arguments.add_argument("story", choices=("storm", "crowd"))
    arguments.add_argument("--programs", type=Path, required=True, help="folder of the built functions")
    arguments.add_argument("--events", type=int, default=200_000, help="storm: how many are published, at least")
    arguments.add_argument("--kills", type=int, default=200, help="storm: how many functions are killed")
    arguments.add_argument("--sets", type=int, default=500, help="crowd: how many are over at once")
    arguments.add_argument("--throttled", type=float, default=120.0, help="crowd: seconds in which SES refuses all")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    timeline = Timeline()
    checks = Checks(timeline)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    with LocalAws(folder, batch=BATCH) as aws:
        (storm if given.story == "storm" else crowd)(aws, given, timeline, checks)
    if checks.failed:
        timeline.line(f"The logs of the local AWS are in {folder}.")
    print(f"{checks.passed} passed, {checks.failed} failed", flush=True)
    return 1 if checks.failed else 0


# ── Storm ──


def storm(aws: LocalAws, given: argparse.Namespace, timeline: Timeline, checks: Checks) -> None:
    """Clean and bad sets, some events twice, all in disorder; whatever happens, the books balance and the bad are paused."""
    dice = random.Random(given.seed)
    rates = {f"clean-{n:02}": 0.01 for n in range(14)} | {f"bad-{n}": 0.2 for n in range(4)} | {f"small-{n}": 0.02 for n in range(2)}
    timeline.title(f"A storm over {given.events:,} events of {len(rates)} sets, seed {given.seed}")
    plan = Storm(given.kills, given.seed)
    with Relay(aws.url, plan.plan) as relay:
        plan.endpoint = relay.url
        guard = _deployed(aws, tuple(rates), given.programs, relay)
        books = Books()
        # With what was published twice: of that only recorded ids know.
        published: Counter[tuple[str, int, str]] = Counter()
        waves = _waves(rates, given.events, dice)
        plan.start()
        began = time.monotonic()
        for number, wave in enumerate(waves):
            plan.progress = (number + 1) / len(waves)
            plan.store_is_away = number == len(waves) // 3
            plan.ses_throttles = number == len(waves) // 2
            books.enter(wave)
            for event in wave:
                published[event.configuration_set, event.bucket, event.kind or ""] += len(event.units)
            _publish(guard, wave)
            if plan.store_is_away:
                timeline.happening("the store is away for two minutes", "warn")
                time.sleep(120)
                plan.store_is_away = False
            _wait(guard, lambda: guard.waiting("EventsQueue") < 4_000, 900)
            if number % 10 == 9:
                told = f"{books.published:,} events published, {plan.killed.total()} functions killed"
                timeline.happening(f"{told}, {guard.waiting('EventsDeadLetterQueue')} dead letters")
        _wait(guard, lambda: plan.killed.total() >= given.kills, 900)
        timeline.happening(f"{books.published:,} events published in {time.monotonic() - began:.0f} s, {books.repeated:,} of them twice")
        plan.end()
        timeline.happening(f"calm: {plan.killed.total()} functions killed {dict(plan.killed)}, faults {dict(relay.faults)}")
        put_back = _settle(guard, timeline)
        timeline.happening(f"{put_back} dead letters were put back; settled {time.monotonic() - began:.0f} s after the first event")
    checks.that(plan.killed.total() >= given.kills, f"{given.kills} functions were killed", plan.killed)
    paused = {name for name in rates if not guard.may_send(name)}
    checks.same(paused, {name for name in rates if name.startswith("bad")}, "exactly the bad sets are paused in SES")
    phases = {name: guard.states()[f"{name}"]["ph"]["S"] for name in paused}
    checks.same(set(phases.values()), {"PAUSED"}, "and the guard has them down so")
    _books(guard, books, published, timeline, checks)
    mails = [notice.text for notice in guard.new_notices() if ": paused " in notice.subject]
    named = set(re.findall(r"[A-Za-z0-9_-]+", " ".join(mails)))
    checks.same(paused - named, set(), f"people were told of each, in {len(mails)} mails")
    events_of = Counter(
        event["detail"]["configurationSet"] for event in guard.new_machine_notices() if event["detail"]["subject"] == "paused"
    )
    checks.same(set(events_of), paused, f"and machines of each by itself ({max(events_of.values(), default=0)} times at most)")


def _waves(rates: dict[str, float], count: int, dice: random.Random) -> list[list[Event]]:
    """All events in waves of 2,000. A bounce comes after its mail, but up to a wave later; 3 in 100 come twice."""
    now = datetime.now(timezone.utc)
    mails: list[list[Event]] = []
    total = 0
    while total < count:
        name = dice.choice(list(rates)) if dice.random() < 0.98 else "small-0"
        if name.startswith("small") and dice.random() < 0.95:
            continue
        trace = [events.send(mail := _mail(name, now - timedelta(seconds=dice.randrange(SPREAD))))]
        if dice.random() < rates[name]:
            trace.append(events.bounce(mail, mail.recipients, now))
        mails.append(trace)
        total += len(trace)
    waves: list[list[Event]] = [[]]
    late: list[Event] = []
    for trace in mails:
        if len(waves[-1]) >= 2_000:
            dice.shuffle(waves[-1])
            waves.append(late)
            late = []
        for event in trace:
            (late if event.kind == "bounce" and dice.random() < 0.5 else waves[-1]).append(event)
            if dice.random() < 0.03:
                late.append(event)
    waves.append(late)
    return waves


def _settle(guard: Guard, timeline: Timeline) -> int:
    """Until nothing waits any more, dead letters put back included: what a killed function held comes again after minutes."""
    put_back, queues = 0, guard.stack.all("AWS::SQS::Queue")
    for _ in range(3):
        _wait(guard, guard.counted, 1_800)
        letters = 0
        while messages := guard.sqs.receive_message(QueueUrl=queues["EventsDeadLetterQueue"], MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                guard.sqs.send_message(QueueUrl=queues["EventsQueue"], MessageBody=message["Body"])
                guard.sqs.delete_message(QueueUrl=queues["EventsDeadLetterQueue"], ReceiptHandle=message["ReceiptHandle"])
                letters += 1
        put_back += letters
        if not letters:
            break
    _wait(guard, guard.quiet, 600)
    return put_back


def _books(
    guard: Guard, books: Books, published: Counter[tuple[str, int, str]], timeline: Timeline, checks: Checks
) -> None:
    tallies = {key: held for key, held in guard.tallies().items() if not key[0].startswith(SHARD)}
    exact, wide = 0, 0
    wrong = {}
    for key in {*books.units, *tallies}:
        truth, held = len(books.units.get(key, ())), tallies.get(key)
        if held is None or held.receipts == held.recorded:
            exact += 1
            good = held is not None and held.ids == truth
        else:
            wide += 1
            good = held.lower <= published[key] and truth <= held.upper
        if not good:
            wrong[key] = (held, truth, published[key])
    sentence = f"{exact} counts whose ids are all recorded are exact, and {wide} others hold the truth within their bounds"
    checks.same(wrong, {}, sentence)
    for kind in KINDS[:2]:
        truth, all_of_it = (sum(n for key, n in of.items() if key[2] == kind) for of in (_sizes(books), published))
        held = [interval for key, interval in tallies.items() if key[2] == kind]
        low, high = sum(one.lower for one in held), sum(one.upper for one in held)
        timeline.fact(kind, f"{truth:,} of {all_of_it:,} published are different, {low:,} to {high:,} counted")
        checks.that(low <= all_of_it and truth <= high, f"no {kind} is lost, and none made up", (low, truth, high))


def _sizes(books: Books) -> dict[tuple[str, int, str], int]:
    return {key: len(units) for key, units in books.units.items()}


# ── Crowd ──


def crowd(aws: LocalAws, given: argparse.Namespace, timeline: Timeline, checks: Checks) -> None:
    """Many sets are over at once while SES refuses every call: then the worst are paused first, one a second."""
    names = tuple(f"bad-{n:03}" for n in range(given.sets))
    timeline.title(f"{given.sets} sets are over at once, and SES throttles for {given.throttled:.0f} s")
    throttling = threading.Event()
    throttling.set()
    order: list[tuple[float, str]] = []

    def plan(call: Call) -> Fault | None:
        if call.action != "ses:PutConfigurationSetSendingOptions":
            return None
        if throttling.is_set():
            return Throttle()
        order.append((time.monotonic(), call.resource))
        return None

    with Relay(aws.url, plan) as relay:
        guard = _deployed(aws, names, given.programs, relay)
        dice = random.Random(given.seed)
        # The local AWS polls for one function at a time: while actuate waits for SES, nothing would be counted or judged.
        [woken] = [
            mapping["UUID"]
            for mapping in guard.functions.list_event_source_mappings()["EventSourceMappings"]
            if mapping["FunctionArn"].endswith("-actuate")
        ]
        guard.functions.update_event_source_mapping(UUID=woken, Enabled=False)
        bad = {name: 12 + dice.randrange(200) for name in names}
        now = datetime.now(timezone.utc)
        began = time.monotonic()
        _publish(guard, [event for name in names for event in _sends(name, bad[name], now)])
        _wait(guard, guard.counted, 600)
        _publish(guard, [event for name in names for event in _bounces(name, bad[name], now)])
        _wait(guard, guard.counted, 600)
        pending = lambda: {name: item for name, item in guard.states().items() if "pend" in item}  # noqa: E731
        _wait(guard, lambda: len(pending()) == given.sets, 300)
        timeline.happening(f"all {given.sets} are to be paused, {time.monotonic() - began:.0f} s after the first event")
        priority = {name: int(item["prio"]["N"]) for name, item in pending().items()}
        guard.functions.update_event_source_mapping(UUID=woken, Enabled=True)
        time.sleep(given.throttled)
        ended = time.monotonic()
        throttling.clear()
        _wait(guard, lambda: not pending(), given.sets * PACE * 2 + 300)
        took = time.monotonic() - ended
        refused = relay.faults["Throttle", "ses:PutConfigurationSetSendingOptions"]
    timeline.happening(f"all are paused {took:.0f} s after SES obeys again; it had refused {refused} calls")
    checks.same([name for name in names if guard.may_send(name)], [], "all are paused in SES")
    # One a second, 20 s to find the pace again, and up to a minute until a set is free that was held when SES refused.
    allowed = given.sets * PACE + 20 + 60
    checks.that(took <= allowed, f"that took at most {allowed:.0f} s", took)
    first = {}
    for at, name in order:
        first.setdefault(name, at)
    tau = _kendall([(priority[name], -at) for name, at in first.items()])
    checks.that(tau > 0.95, f"the worst came first: Kendall's tau is {tau:.3f}", tau)


def _sends(name: str, count: int, now: datetime) -> list[Event]:
    return [events.send(mail) for mail in _crowd_mails(name, count, now)]


def _bounces(name: str, count: int, now: datetime) -> list[Event]:
    return [events.bounce(mail, mail.recipients, now) for mail in _crowd_mails(name, count, now)]


def _crowd_mails(name: str, count: int, now: datetime) -> list[Mail]:
    """As few messages as possible: up to 50 recipients each. The same ones for the sends and the bounces."""
    parts = [min(50, count - start) for start in range(0, count, 50)]
    return [
        Mail(name, f"0102-{name}-{n}", now, "shop@shop.example", "x", tuple(f"r{n}-{i}@inbox.example.net" for i in range(part)))
        for n, part in enumerate(parts)
    ]


def _kendall(pairs: list[tuple[float, float]]) -> float:
    """Kendall's tau-b: 1 is the same order, ties taken out."""
    concordant = discordant = ties_x = ties_y = 0
    for index, (x, y) in enumerate(pairs):
        for other_x, other_y in pairs[:index]:
            dx, dy = x - other_x, y - other_y
            ties_x += dx == 0
            ties_y += dy == 0
            concordant += dx * dy > 0
            discordant += dx * dy < 0
    total = len(pairs) * (len(pairs) - 1) / 2
    norm = ((total - ties_x) * (total - ties_y)) ** 0.5
    return (concordant - discordant) / norm if norm else 1.0


# ── Both ──


def _deployed(aws: LocalAws, names: tuple[str, ...], programs: Path, relay: Relay) -> Guard:
    ses = aws.client("sesv2")
    for name in names:
        ses.create_configuration_set(ConfigurationSetName=name)
    # Only one is listed: a stack has room for 500 resources. The events come to the topic all the same.
    return Guard(aws, deploy.deploy(aws, ROOT / "template.yaml", programs, names[:1], "enforce", relay.url))


def _publish(guard: Guard, wave: list[Event]) -> None:
    parts = [wave[start : start + 100] for start in range(0, len(wave), 100)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(guard.publish, parts))


def _mail(name: str, sent_at: datetime) -> Mail:
    word = uuid.uuid4().hex[:12]
    return Mail(name, f"0102-{word}-000000", sent_at, "shop@shop.example", "x", (f"{word}@inbox.example.net",))


def _wait(guard: Guard, until: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s in vain")
        time.sleep(0.5)


def _functions(endpoint: str) -> list[tuple[str, int]]:
    """The processes of the functions that call this endpoint, so that no other local AWS is hit."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and (folder / "exe").readlink().name == "bootstrap":
                environment = (folder / "environ").read_bytes().split(b"\0")
                if f"AWS_ENDPOINT_URL={endpoint}".encode() not in environment:
                    continue
                names = [entry.split(b"=", 1)[1].decode() for entry in environment if entry.startswith(b"AWS_LAMBDA_FUNCTION_NAME=")]
                found += [(name, int(folder.name)) for name in names]
        except OSError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
