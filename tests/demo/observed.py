"""The same hour with `Mode=observe`: the guard counts, judges and tells, and SES is left alone."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import checks as check
from checks import Checks
from guard import Guard
from play import PAUSE_SECONDS, Play
from story import NEWSLETTER, PROMO, SETS, SHOP
from timeline import Timeline

SPARED = "the guard observes only"
ENFORCE = {
    "action": "setPolicy",
    "policy": 'mode = "enforce"\n',
    "reason": "would it pause anybody?",
    "actor": "ops@example.com",
}


class Observed(Play):
    """The story to its end, since nobody is stopped; then what an operator sees of it."""

    def __init__(self, guard: Guard, timeline: Timeline, checks: Checks, root: Path) -> None:
        super().__init__(guard, timeline, checks, root)
        # What was sent and bounced when people were told.
        self.told_of: list[tuple[int, int]] = []

    def play(self) -> None:
        self.hour()
        self.the_telling()
        self.the_status()
        self.the_push()
        self.nothing_was_done()
        self.the_books()

    def hear(self) -> None:
        super().hear()
        if not self.told_of and any("would pause" in notice.subject for notice in self.notices):
            self.told_of = self.books.quarters(PROMO)

    def the_telling(self) -> None:
        sent, bounced = (self.books.total(PROMO, kind) for kind in ("send", "bounce"))
        self.timeline.line()
        self.timeline.happening(
            f"The hour is over. {PROMO} sent {sent:,} mails to the bought list, {bounced:,} of them bounced, and "
            f"nobody stopped it; {SHOP} and {NEWSLETTER} sent theirs.",
            "warn",
        )
        self.timeline.line()
        may_send = {name: self.guard.may_send(name) for name in SETS}
        self.checks.same(may_send, dict.fromkeys(SETS, True), "SES itself says: nobody is paused")
        planned = sum(len(mail.recipients) for part in self.slices for mail in part.mails[PROMO])
        self.checks.same((sent, self.saved), (planned, 0), "the mail of promo-blast went on to the end")
        check.it_is_told(
            self.checks,
            self.notices,
            self.machine,
            self.told_of,
            "would pause",
            f"Would have paused ({SPARED})",
            "Configuration Set Warned",
        )
        told = {notice.subject.rsplit(" ", 1)[-1] for notice in self.notices}
        heard = {event["detail"].get("configurationSet") for event in self.machine}
        self.checks.same(told | heard, {PROMO}, "of the neighbours nobody was told anything")
        records = self.guard.operate({"action": "history", "configurationSet": PROMO})["records"]
        decided = [_seconds(record["at"]) for record in records if record["act"] == "wouldPause"]
        after = (decided or [0.0])[-1] - (self.crossed_at or 0.0)
        timely = len(decided) == 1 and 0.0 <= after <= PAUSE_SECONDS
        soon = f"{after:.2f} s" if timely else "soon"
        self.checks.that(timely, f"it was decided {soon} after the one bounce too many was published", decided)
        others = [record["act"] for record in records if record["act"] not in ("warned", "wouldPause")]
        self.checks.same(others, [], "on file is what it would have done, and no intent to do it")

    def the_status(self) -> None:
        self.timeline.title("What ses-guard status says")
        guard = self.guard.operate({"action": "status"})
        stands = (guard.get("mode"), guard.get("pending"))
        self.checks.same(stands, ("observe", 0), "the guard observes, and has nothing to carry out")
        answer = self.guard.operate({"action": "status", "configurationSet": PROMO})
        self.timeline.happening(str(answer.get("sentence")), "warn")
        stands = (answer.get("phaseAfter"), answer.get("sendingEnabled"), answer.get("judgedBy", {}).get("mode"))
        self.checks.same(stands, ("WARNED", True, "observe"), "promo-blast is WARNED, may send, and is only observed")
        same = any(answer.get("sentence", "?") in notice.text for notice in self.notices)
        self.checks.that(same, "for the reason that people were told", answer)

    def the_push(self) -> None:
        """No file is stronger than `Mode=observe`."""
        self.timeline.title('An operator pushes a policy that says mode = "enforce", after a plan of it')
        plan = self.guard.operate({**ENFORCE, "plan": True})
        rows = plan.get("wouldPause", [])
        for row in rows:
            line = f"would pause ({row['spared']})  {row['configurationSet']}: {row['sentence']}"
            self.timeline.happening(line, "warn")
        named = [(row["configurationSet"], row["spared"]) for row in rows]
        self.checks.same(named, [(PROMO, SPARED)], "the plan names promo-blast, and why it is spared all the same")
        policy = self.guard.operate({"action": "policy"})
        changed = (policy.get("policySource"), policy.get("versions"))
        self.checks.same(changed, ("builtIn", []), "the plan changed nothing")
        pushed = self.guard.operate(ENFORCE)
        done = (pushed.get("policyVersion"), pushed.get("marked"))
        self.checks.same(done, (1, len(SETS)), "it is pushed as version 1, and all three are judged anew")
        self.settle()
        self.hear()
        guard = self.guard.operate({"action": "status"})
        stands = (guard.get("policySource"), guard.get("policyVersion"), guard.get("mode"))
        self.checks.same(stands, ("stored", 1, "observe"), "version 1 is in force, and the guard observes as before")
        told = sum("would pause" in notice.subject for notice in self.notices)
        self.checks.same(told, 1, "nobody was told a second time")

    def nothing_was_done(self) -> None:
        """By SES's own word: it is on, and was never off. Asked again at the end, after the push."""
        stand = {name: (self.guard.may_send(name), self.guard.was_switched_on(name)) for name in SETS}
        self.checks.same(stand, dict.fromkeys(SETS, (True, False)), "SES takes the mail of all three, and always did")
        self.timeline.line()
        self.timeline.line("Nothing was paused, so nothing is resumed here. What pauses: deploying with Mode=enforce.")


def _seconds(at: str) -> float:
    """An instant as the file writes it, in any number of decimals."""
    whole, _, rest = at.removesuffix("Z").partition(".")
    return datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp() + float(f"0.{rest or 0}")
