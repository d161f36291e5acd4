"""Plays the story against the deployed guard, keeps the books of it, and tells what happens."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import checks as check
import events
import story
from checks import Checks
from dashboard import Dashboard
from events import Event
from guard import Books, Guard, Notice
from story import NEWSLETTER, PROMO, SETS, SHOP, SLICE, Slice
from timeline import Tally, Timeline

LATE_BOUNCES = 1_000
# Far above what it takes (tenths of a second), so that a busy machine doesn't fail; far below what would hurt.
PAUSE_SECONDS = 10.0
SETTLE_SECONDS = 120.0


class Play:
    """One run of the story. What it knows, it knows from publishing, from SES and from the notices."""

    def __init__(self, guard: Guard, timeline: Timeline, checks: Checks, root: Path) -> None:
        self.guard, self.timeline, self.checks, self.root = guard, timeline, checks, root
        self.books = Books()
        self.notices: list[Notice] = []
        self.machine: list[dict[str, Any]] = []
        self.chats: list[dict[str, Any]] = []
        start = datetime.now(timezone.utc) - story.SLICES * SLICE
        self.slices = story.write(start.replace(microsecond=0))
        # Mails that SES refused; when the one bounce too many was published, and when SES began to refuse.
        self.saved = 0
        self.crossed_at: float | None = None
        self.paused_at: float | None = None

    def play(self) -> None:
        self.hour()
        self.the_pause()
        Dashboard(self.guard, self.timeline, self.checks, self.root / ".demo").look(PROMO)
        self.the_resume()
        self.the_late_bounces()
        self.the_books()

    def hour(self) -> None:
        self.publish([events.validation()])
        self.timeline.columns(SETS)
        for part in self.slices:
            row = {name: self.send(part, name) for name in SETS}
            # What comes back comes after the mail, so the sends are counted by then.
            self.guard.wait(self.guard.counted, SETTLE_SECONDS, "all sends were counted")
            for name in SETS:
                if row[name].saved:
                    part.feedback[name].clear()
            self.come_back([entry for name in SETS for entry in part.feedback[name]])
            was_paused = self.paused_at is not None
            self.settle()
            for name in SETS:
                bounces = [event.units for _, event in part.feedback[name] if event.kind == "bounce"]
                row[name].bounced = len(frozenset().union(*bounces))
            self.timeline.slice(part.start, part.start + SLICE, [row[name] for name in SETS])
            if self.paused_at and not was_paused:
                self.timeline.happening(
                    f"SES refuses the mail of {PROMO} from now on: the guard paused it {self.latency:.1f} s after "
                    "the one bounce too many was published.",
                    "bad",
                )
            self.hear()

    def send(self, part: Slice, name: str) -> Tally:
        """Sends a set's mail of one slice, if SES takes it."""
        mails = part.mails[name]
        recipients = sum(len(mail.recipients) for mail in mails)
        if mails and not self.guard.may_send(name):
            self.saved += recipients
            return Tally(saved=recipients)
        self.publish([trace for n, mail in enumerate(mails) for trace in _traces(name, n, mail)])
        return Tally(sent=recipients)

    def come_back(self, entries: list[tuple[datetime, Event]]) -> None:
        """Publishes what comes back for one slice, and notes when the guard had to see that it is enough."""
        feedback = [event for _, event in sorted(entries, key=lambda entry: entry[0])]
        for event, at in zip(feedback, self.guard.publish(feedback)):
            self.books.enter([event])
            if self.crossed_at is None and check.is_over(self.books.quarters(PROMO)):
                self.crossed_at = at

    @property
    def latency(self) -> float:
        """Seconds from the one bounce too many, published, to SES refusing mail."""
        return (self.paused_at or 0.0) - (self.crossed_at or 0.0)

    def publish(self, some: list[Event]) -> list[float]:
        self.books.enter(some)
        return self.guard.publish(some)

    def settle(self) -> None:
        """Waits until the guard has nothing left to do, and looks at SES all the while."""

        def still() -> bool:
            if self.paused_at is None and not self.guard.may_send(PROMO):
                self.paused_at = time.time()
            return self.guard.quiet()

        self.guard.wait(still, SETTLE_SECONDS, "everything was counted, judged, done and told")

    def hear(self) -> None:
        """Takes the notices that came, and prints them in full."""
        for notice in self.guard.new_notices():
            self.notices.append(notice)
            self.timeline.happening("People are told:", "warn")
            self.timeline.letter(notice.subject, notice.text)
        self.machine += self.guard.new_machine_notices()
        self.chats += self.guard.new_chat_messages()

    def the_pause(self) -> None:
        healthy, small = (self.books.total(name, "send") for name in (SHOP, NEWSLETTER))
        self.timeline.line()
        self.timeline.happening(
            f"The hour is over. {self.saved:,} mails to the bought list were never sent; {SHOP} reached "
            f"{healthy:,} people and {NEWSLETTER} {small:,}, undisturbed.",
            "good",
        )
        self.timeline.line()
        check.only_the_bad_set_is_paused(self.checks, self.guard)
        timely = bool(self.crossed_at and self.paused_at) and 0.0 <= self.latency <= PAUSE_SECONDS
        found = f"crossed at {self.crossed_at}, paused at {self.paused_at}"
        after = f"{self.latency:.2f} s" if timely else "soon"
        self.checks.that(timely, f"paused {after} after the one bounce too many was published, and not before", found)
        self.checks.that(self.saved > 0, f"{self.saved:,} mails of the bought list were saved", self.saved)
        check.the_pause_is_told(self.checks, self.notices, self.machine, self.books)
        check.the_file_came_first(
            self.checks, self.guard.operate({"action": "history", "configurationSet": PROMO})["records"]
        )

    def the_resume(self) -> None:
        order = json.loads((self.root / "events/operate/resume.json").read_text(encoding="utf-8"))
        order["configurationSet"] = PROMO
        self.timeline.title("An operator resumes it, with the test event of events/operate/resume.json")
        self.timeline.happening(json.dumps(order), "faint")
        answer = self.guard.operate(order)
        self.checks.that(answer.get("ok") is True, "the guard obeys", answer)
        self.guard.wait(lambda: self.guard.may_send(PROMO), PAUSE_SECONDS, "SES took the mail of promo-blast again")
        self.settle()
        self.timeline.happening(f"SES takes the mail of {PROMO} again. {answer.get('sentence', '')}", "good")
        self.hear()
        told = [notice.subject for notice in self.notices if "resumed" in notice.subject]
        self.checks.same(told, [f"SES guard: resumed {PROMO}"], "people are told")
        self.checks.same(check.phases_of(self.guard.states()).get(PROMO), "TRIAL", "the set is on trial")

    def the_late_bounces(self) -> None:
        self.timeline.title(f"{LATE_BOUNCES:,} bounces of the first wave come back late")
        before = self.guard.states()[PROMO]
        late = story.late_bounces(self.slices, LATE_BOUNCES, datetime.now(timezone.utc) - timedelta(seconds=1))
        count = len({unit for event in late for unit in event.units})
        self.publish(late)
        self.timeline.happening(f"{count:,} hard bounces of the 1,200 mails that {PROMO} sent before it was paused.")
        self.settle()
        self.hear()
        self.checks.same(
            count, LATE_BOUNCES, f"that is {count / 12:.0f} % of them, where {check.limit(1_200)} pause a set"
        )
        after = self.guard.states()[PROMO]
        self.checks.that(self.guard.may_send(PROMO), "SES still takes the mail of promo-blast", "it is paused again")
        judged = int(after["dirty"]["N"]) > int(before["dirty"]["N"])
        self.checks.that(judged, "the guard was called upon to judge it", after)
        same = [state.get(key) for state in (before, after) for key in ("ph", "gen", "applied", "fresh")]
        self.checks.that(same[:4] == same[4:], "and changed nothing: phase, generation and fence are the same", same)
        paused = [notice.subject for notice in self.notices if "paused" in notice.subject]
        self.checks.same(len(paused), 1, "nobody was told of a second pause")

    def the_books(self) -> None:
        self.timeline.title("The books")
        published, repeated = self.books.published, self.books.repeated
        self.timeline.happening(f"{published:,} events were published, {repeated} of them for the second time.")
        uncounted = "; ".join(f"{times} x {what}" for what, times in self.books.uncounted.most_common())
        self.timeline.happening(f"These must not count: {uncounted}.", "faint")
        check.books_balance(self.checks, self.timeline, self.guard, self.books)
        check.nothing_is_left_over(self.checks, self.guard)
        check.what_is_told_is_as_published(self.checks, self.notices, self.machine, self.chats)
        check.no_address_got_out(self.checks, self.guard, self.notices, self.machine + self.chats)


def _traces(name: str, n: int, mail: events.Mail) -> list[Event]:
    """A mail's Send event, now and then its Delivery too, and for the small set now and then the Send twice."""
    traces = [events.send(mail)]
    if n % 20 == 0:
        traces.append(events.delivery(mail))
    # Only here: beyond 64 ids in a bucket the ledger can't tell a repeated send, and says so in its interval.
    if name == NEWSLETTER and n == 1:
        traces.append(events.send(mail))
    return traces
