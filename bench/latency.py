"""From an event published to the configuration set paused in SES, in the local AWS, under a steady load.

    .tools/demo/bin/python bench/latency.py --programs TARGET/debug [--pauses 20] [--rate 200]

Deploys the project's own template, publishes mail of ten healthy sets all the while, and takes one set after the other over
its line: the clock runs from the publication of the one bounce too many until SES says that it refuses the set's mail. What
the functions call in between is noted on its way, so each part of the time has a name. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "demo"))

import deploy  # noqa: E402
import events  # noqa: E402
from events import Event, Mail  # noqa: E402
from guard import Guard  # noqa: E402
from local_aws import LocalAws  # noqa: E402
from relay import Relay  # noqa: E402

# 10 + 5 % of 100 mails.
SENDS, LINE = 100, 15
HEALTHY = tuple(f"healthy-{n}" for n in range(10))
# What the template asks of SQS; the local AWS by itself hands out ten.
BATCH = 1000
PATIENCE = 120.0


class Watch(Relay):
    """Notes when a call was answered that is about one of the sets to be paused."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.seen: dict[str, list[tuple[float, str]]] = defaultdict(list)

    def forward(self, method, path, headers, body):
        answer = super().forward(method, path, headers, body)
        text = f"{path} {body.decode('utf-8', 'replace')}"
        if (at := text.find("bad-")) >= 0:
            operation = next((value for name, value in headers.items() if name.lower() == "x-amz-target"), f"{method} ses")
            table = "ledger" if "edger" in text else "state"
            self.seen[text[at : at + 7]].append((time.time(), f"{operation.rpartition('.')[2]} {table}"))
        return answer


class Load(threading.Thread):
    """Publishes healthy mail at a steady rate until it is told to stop."""

    def __init__(self, guard: Guard, rate: float) -> None:
        super().__init__(daemon=True)
        self.guard, self.rate = guard, rate
        self.published, self._ends, self.began = 0, threading.Event(), time.monotonic()

    def run(self) -> None:
        number = 0
        while not self._ends.is_set():
            batch = []
            for _ in range(10):
                number += 1
                mail = _mail(HEALTHY[number % len(HEALTHY)], number)
                batch.append(events.bounce(mail, mail.recipients, mail.sent_at) if number % 100 == 0 else events.send(mail))
            self.guard.publish(batch)
            self.published += len(batch)
            self._ends.wait(max(0.0, self.began + self.published / self.rate - time.monotonic()))

    def end(self) -> float:
        """Gives the rate that it came to."""
        self._ends.set()
        self.join()
        return self.published / (time.monotonic() - self.began)


def main() -> int:
    arguments = argparse.ArgumentParser(description="Event published to set paused, in the local AWS.")
    arguments.add_argument("--programs", type=Path, required=True, help="folder of the built functions")
    arguments.add_argument("--pauses", type=int, default=20)
    arguments.add_argument("--rate", type=float, default=200.0, help="events a second beside the pauses")
    given = arguments.parse_args()
    bad = [f"bad-{n:03}" for n in range(given.pauses)]
    with LocalAws(Path(tempfile.mkdtemp(prefix="latency-")), batch=BATCH) as aws, Watch(aws.url) as watch:
        ses = aws.client("sesv2")
        for name in (*HEALTHY, *bad):
            ses.create_configuration_set(ConfigurationSetName=name)
        guard = Guard(aws, deploy.deploy(aws, ROOT / "template.yaml", given.programs, bad[:1], "enforce", watch.url))
        # Functions start when they are first needed; SES's pause is one call a second.
        _pause(guard, watch, bad[0])
        load = Load(guard, given.rate)
        load.start()
        pauses = [_pause(guard, watch, name) for name in bad[1:]]
        rate = load.end()
        waiting = guard.waiting("EventsQueue")
    print(json.dumps({"pauses": pauses, "rate": rate, "waiting": waiting}))
    return 0


def _pause(guard: Guard, watch: Watch, name: str) -> dict[str, float]:
    """Seconds from the one bounce too many until the set is paused, and where they went."""
    mails = [_mail(name, n) for n in range(SENDS)]
    bounces = [events.bounce(mail, mail.recipients, mail.sent_at) for mail in mails[:LINE]]
    for part in ([events.send(mail) for mail in mails], bounces[:-1]):
        before = len(watch.seen[name])
        guard.publish(part)
        _quiet(watch, name, before)
    before = len(watch.seen[name])
    [published] = guard.publish(bounces[-1:])
    deadline = time.monotonic() + PATIENCE
    while guard.may_send(name):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} still sends: {watch.seen[name]}")
        time.sleep(0.02)
    paused = time.time()
    told = {"total": paused - published}
    for at, what in watch.seen[name][before:]:
        match what:
            case "UpdateItem ledger":
                told.setdefault("counted", at - published)
            case "UpdateItem state":
                told.setdefault("marked", at - published)
            case "Query ledger":
                told.setdefault("judged", at - published)
            case "TransactWriteItems state":
                told.setdefault("decided", at - published)
            case "PUT ses state":
                told.setdefault("paused", at - published)
    return told


def _quiet(watch: Watch, name: str, before: int) -> None:
    """Until something more of a set was counted, and nothing more came of it for a while."""
    deadline = time.monotonic() + PATIENCE
    seen, since = before, time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(0.05)
        if len(watch.seen[name]) != seen:
            seen, since = len(watch.seen[name]), time.monotonic()
        counted = any(what == "UpdateItem ledger" for _, what in watch.seen[name][before:])
        if counted and time.monotonic() - since > 2.0:
            return
    raise TimeoutError(f"the events of {name} were not counted within {PATIENCE:.0f} s: the local AWS can't keep up with this rate")


def _mail(name: str, number: int) -> Mail:
    now = datetime.now(timezone.utc) - timedelta(seconds=1)
    return Mail(name, f"0102-{name}-{number}", now, "shop@shop.example", "x", (f"reader{number}@inbox.example.net",))


if __name__ == "__main__":
    sys.exit(main())
