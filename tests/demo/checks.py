"""What the demo holds against the guard. Each check is a sentence; one that fails says what was found instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from textwrap import shorten
from typing import Any

from jsonschema import Draft202012Validator

import story
from deploy import Stack
from guard import KINDS, SHARD, Books, Guard, Interval, Item, Notice
from story import PROMO, SETS
from timeline import Timeline

SCHEMAS = Path(__file__).resolve().parents[2] / "docs/schema"
# POLICY: ten hard bounces and 5 % of the mails.
SLACK = 10
LIMIT_PPM = 50_000

_NUMBERS = (
    r": (?P<events>[\d,]+) of the (?P<sends>[\d,]+) mails sent .+ hard-bounced "
    r"\((?P<rate>[\d.]+) %\); the limit for that many mails is (?P<limit>[\d,]+)"
)
# As JSON in AWS; MiniStack does not tell the functions of `LogFormat: JSON`, so there it is plain text.
_ERROR = re.compile(r'"level":\s*"ERROR"|^\s*ERROR\b|panicked at')


class Checks:
    """Counts what holds and what doesn't, and says so at once."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.passed = 0
        self.failed = 0

    def that(self, holds: bool, sentence: str, found: Any = "") -> None:
        self.passed += holds
        self.failed += not holds
        self.timeline.check(holds, sentence, "" if holds else f"found: {shorten(str(found), 500)}")

    def same(self, found: Any, expected: Any, sentence: str) -> None:
        self.that(found == expected, sentence, found)

    def comes_true(self, guard: Guard, until: Callable[[], bool], seconds: float, sentence: str) -> None:
        try:
            guard.wait(until, seconds, sentence)
        except TimeoutError as error:
            self.that(False, sentence, error)
        else:
            self.that(True, sentence)


def limit(sends: int) -> int:
    """The fewest bounces that pause a set which sent so many mails."""
    return SLACK + -(-sends * LIMIT_PPM // 1_000_000)


def stretches(quarters: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """(sends, bounces) of every run of quarters of an hour without a gap in the list."""
    runs = [quarters[start:end] for end in range(1, len(quarters) + 1) for start in range(end)]
    return [(sum(sends for sends, _ in run), sum(bounces for _, bounces in run)) for run in runs]


def is_over(quarters: list[tuple[int, int]]) -> bool:
    """Whether some stretch has too many bounces: the rule, written a second time and in its longest form."""
    return any(bounces >= limit(sends) for sends, bounces in stretches(quarters))


def only_the_bad_set_is_paused(checks: Checks, guard: Guard) -> None:
    sending = {name: guard.may_send(name) for name in SETS}
    checks.same(sending, {name: name != PROMO for name in SETS}, "SES itself says: exactly promo-blast is paused")
    phases = phases_of(guard.states())
    checks.same(phases.get(PROMO), "PAUSED", "the guard has it down as PAUSED")
    others = {name: phase for name, phase in phases.items() if name != PROMO and phase not in ("ACTIVE", "WARNED")}
    checks.same(others, {}, "and has nothing against the other two")


def the_pause_is_told(checks: Checks, notices: list[Notice], machine: list[dict[str, Any]], books: Books) -> None:
    """`books` as they were when SES began to refuse the set's mail."""
    quarters = books.quarters(PROMO)
    it_is_told(checks, notices, machine, quarters, "paused", "Sending was paused", "Configuration Set Paused")


def it_is_told(
    checks: Checks,
    notices: list[Notice],
    machine: list[dict[str, Any]],
    quarters: list[tuple[int, int]],
    subject: str,
    lead: str,
    detail_type: str,
) -> None:
    """Once, to people and machines alike, in a sentence that begins with `lead` and is true of `quarters`."""
    told = [notice for notice in notices if f": {subject} " in notice.subject]
    checks.same([notice.subject for notice in told], [f"SES guard: {subject} {PROMO}"], "one notice tells people")
    sentence = re.search(re.escape(lead) + _NUMBERS, told[0].text) if told else None
    found = {key: float(value.replace(",", "")) for key, value in (sentence.groupdict() if sentence else {}).items()}
    checks.that(bool(sentence), "its sentence has the numbers of the decision", told[0].text if told else "nothing")
    # The last bounces of a slice may have come while the guard decided, so it may have seen fewer than there are.
    sends, events = int(found.get("sends", 0)), int(found.get("events", 0))
    true = any(sends == sent and limit(sends) <= events <= bounced for sent, bounced in stretches(quarters))
    rate = bool(sends) and abs(100 * events / sends - found["rate"]) <= 0.05 and found["limit"] == limit(sends)
    checks.that(true and rate, "and they are true: so much was sent and bounced, and so much is the limit", found)
    heard = [event for event in machine if event["detail"].get("subject") == subject]
    facts = [(event["detail-type"], *map(event["detail"].get, ("configurationSet", "version"))) for event in heard]
    checks.same(facts, [(detail_type, PROMO, 1)], "one event on the event bus tells machines")
    same = bool(heard and told) and heard[0]["detail"].get("sentence", "?") in told[0].text
    checks.that(same, "and gives the same reason", heard)


def what_is_told_is_as_published(
    checks: Checks, notices: list[Notice], machine: list[dict[str, Any]], chats: list[dict[str, Any]]
) -> None:
    """By docs/schema, which others build on."""
    schemas = {name: json.loads((SCHEMAS / f"{name}.v1.json").read_text(encoding="utf-8")) for name in ("notice", "chat")}
    told = {"notice": [event["detail"] for event in machine], "chat": chats}
    faults = [
        f"{name}: {error.json_path}: {error.message}"
        for name, schema in schemas.items()
        for one in told[name]
        for error in Draft202012Validator(schema).iter_errors(one)
    ]
    checks.same(faults, [], f"{len(machine)} events and {len(chats)} messages for chats are by the schemas of docs/schema")
    # An alarm of CloudWatch's has a subject of its own.
    subjects = sorted(notice.subject for notice in notices if notice.subject.startswith("SES guard: "))
    in_chats = sorted(message["metadata"]["summary"] for message in chats)
    checks.same(in_chats, subjects, "chats are told what the mails tell")


def the_file_came_first(checks: Checks, records: list[dict[str, Any]]) -> None:
    """`records` are the audit records of the bad set, newest first."""
    acts = [record["act"] for record in reversed(records) if record["act"] != "warned"]
    checks.same(acts, ["pauseIntended", "paused"], "the decision was on file before SES was called")
    times = [record["at"] for record in reversed(records)]
    checks.that(times == sorted(times), "the file's times are in order", times)


def books_balance(checks: Checks, timeline: Timeline, guard: Guard, books: Books) -> None:
    """Every set, every quarter of an hour, every kind: the ledger against what was published."""
    all_counts = guard.tallies()
    ledger = {key: interval for key, interval in all_counts.items() if not key[0].startswith(SHARD)}
    account = {key: interval for key, interval in all_counts.items() if key[0].startswith(SHARD)}
    rows = [("in the ledger / published", *KINDS, "exact ids")]
    for name in SETS:
        cells = []
        for kind in KINDS:
            held = [interval for (of, _, what), interval in ledger.items() if (of, what) == (name, kind)]
            cells.append(f"{_range(held)} / {books.total(name, kind):,}")
        mine = [interval for (of, _, _), interval in ledger.items() if of == name]
        exact = sum(interval.receipts == interval.recorded for interval in mine)
        rows.append((name, *cells, f"{exact} of {len(mine)}"))
    cells = []
    for kind in KINDS:
        held = [interval for (_, _, what), interval in account.items() if what == kind]
        cells.append(f"{_range(held)} / {sum(books.total(name, kind) for name in SETS):,}")
    rows.append(("the account", *cells, ""))
    timeline.line()
    timeline.table(rows)
    timeline.line()
    wrong = {}
    for key in sorted({*ledger, *books.units}):
        interval, truth = ledger.get(key, Interval(0, 0, 0, 0)), len(books.units.get(key, ()))
        if not interval.lower == truth == interval.upper:
            wrong[key] = (interval, truth)
    # Suspect receipts (delivered more than once by the queue) widen an interval; the truth must lie in it all the same.
    widened = {k: v for k, v in wrong.items() if v[0].suspect and v[0].lower <= v[1] <= v[0].upper}
    missed = {k: v for k, v in wrong.items() if k not in widened}
    sentence = f"the books balance to the last mail, in {len(books.units)} buckets and kinds"
    if widened:
        sentence += f" ({len(widened)} of them as an interval that holds the truth: SQS delivered something twice)"
    checks.that(not missed, sentence, missed)
    off = {}
    for kind in KINDS:
        held = [interval for (_, _, what), interval in account.items() if what == kind]
        truth = sum(books.total(name, kind) for name in SETS)
        # Of sends the account keeps no ids: what SES itself publishes twice counts twice there.
        if not (sum(one.lower for one in held) <= books.delivered[kind] and truth <= sum(one.upper for one in held)):
            off[kind] = (_range(held), truth, books.delivered[kind])
    checks.same(off, {}, "and the account's own counts are those of its sets")


def nothing_is_left_over(checks: Checks, guard: Guard) -> None:
    left = {name: waiting for name in guard.stack.all("AWS::SQS::Queue") if (waiting := guard.waiting(name))}
    checks.same(left, {}, "all queues are empty, the dead-letter queues too")
    errors = [line for _, line in guard.log_lines() if _ERROR.search(line)]
    checks.same(errors[:3], [], "no function logged an error")


def no_address_got_out(checks: Checks, guard: Guard, notices: list[Notice], machine: list[dict[str, Any]]) -> None:
    places = {
        "the ledger": repr(guard.items(guard.ledger_table)),
        "the states": repr(guard.items(guard.state_table)),
        "the logs": "\n".join(line for _, line in guard.log_lines()),
        "the notices": repr(notices) + json.dumps(machine),
    }
    words = [story.ADDRESS_WORD, *(subject for _, subject in story.SOURCES.values())]
    found = {place: word for place, text in places.items() for word in words if word.lower() in text.lower()}
    lines = places["the logs"].count("\n")
    checks.same(found, {}, f"no recipient and no subject in the tables, the {lines:,} lines of logs, the notices")


def template_is_the_real_one(checks: Checks, stack: Stack) -> None:
    """`deploy.packaged` has compared the documents; a difference would have stopped the demo."""
    count = sum(map(len, stack.resources.values()))
    checks.that(
        count > 0,
        f"template.yaml was deployed as it is, {count} resources; only the code's address was filled in",
    )


def phases_of(states: dict[str, Item]) -> dict[str, str]:
    return {name: item.get("ph", {"S": "ACTIVE"})["S"] for name, item in states.items()}


def _range(held: list[Interval]) -> str:
    lower, upper = sum(one.lower for one in held), sum(one.upper for one in held)
    return f"{lower:,}" if lower == upper else f"{lower:,} to {upper:,}"
