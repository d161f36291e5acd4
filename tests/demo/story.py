"""The story that the demo plays: three senders, one hour, twelve slices of five minutes.

Everything is decided here, from one seed, before the first event is published. What happens in the story depends on
the guard in one point only: a set that SES has paused sends no more mail.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import events
from events import Event, Mail

SHOP = "shop-receipts"
NEWSLETTER = "newsletter-small"
PROMO = "promo-blast"
SETS = (SHOP, NEWSLETTER, PROMO)

ABOUT = {
    SHOP: "3,000 receipts an hour, 1 % of them hard-bounce: healthy",
    NEWSLETTER: "40 mails an hour, one hard bounce (2.5 %): small",
    PROMO: "a bought list: 1,200 mails to hosts that bounce hours later, then 600 of which 18 % bounce at once",
}

SLICES = 12
SLICE = timedelta(minutes=5)
# The two waves of the bought list. Between them lies a quarter of an hour, so they never share a ledger bucket.
FIRST_WAVE = range(0, 3)
SECOND_WAVE = range(6, SLICES)

SOURCES = {
    SHOP: ("Example Shop <receipts@shop.example.com>", "Your receipt"),
    NEWSLETTER: ("Village Choir <news@choir.example.com>", "Rehearsal on Thursday"),
    PROMO: ("Great Offers <deals@offers.example.com>", "Only today"),
}
_HOSTS = ("inbox.example.net", "mail.example.org", "home.example.net")
# Every recipient starts with this word: the demo searches for it where no address may be.
ADDRESS_WORD = "rcpt-"


@dataclass
class Slice:
    """Five minutes of mail: what each set sends, and what comes back for it."""

    start: datetime
    mails: dict[str, list[Mail]] = field(default_factory=lambda: {name: [] for name in SETS})
    feedback: dict[str, list[tuple[datetime, Event]]] = field(default_factory=lambda: {name: [] for name in SETS})


class Writer:
    """Makes mails and outcomes, the same ones for the same seed."""

    def __init__(self, start: datetime, seed: int) -> None:
        self.rng = random.Random(seed)
        self.slices = [Slice(start + index * SLICE) for index in range(SLICES)]

    def write(self) -> list[Slice]:
        for index, part in enumerate(self.slices):
            self._shop(index, part)
            self._newsletter(index, part)
            self._promo(index, part)
            for name in SETS:
                part.mails[name].sort(key=lambda mail: mail.sent_at)
                part.feedback[name].sort(key=lambda entry: entry[0])
        return self.slices

    def _shop(self, index: int, part: Slice) -> None:
        mails = [self._mail(part, SHOP, self._people(2 if n % 25 == 0 else 1)) for n in range(250)]
        for mail in self._some(mails, 2 + index % 2):
            self._bounce(part, mail)
        first = mails[0]
        soon = first.sent_at + timedelta(seconds=40)
        # One thing in each slice that a naive counter would count, or miss.
        odd: dict[int, list[Event]] = {
            1: [events.bounce(mail, mail.recipients, soon, "Transient", "MailboxFull") for mail in mails[1:21]],
            2: [events.bounce(mail, mail.recipients, soon, subtype="OnAccountSuppressionList") for mail in mails[1:16]],
            3: [events.complaint(first, soon)],
            4: [events.complaint(first, soon, feedback="not-spam")],
            5: [events.complaint(mail, soon, None, "OnAccountSuppressionList") for mail in mails[1:9]],
            7: [events.bounce(mail, mail.recipients, soon, "Transient", "ContentRejected") for mail in mails[1:21]],
            8: [events.bounce(first, first.recipients, soon, subtype="Suppressed")],
            9: [events.bounce(mail, mail.recipients, soon, "Undetermined", "Undetermined") for mail in mails[1:11]],
            10: [events.bounce(first, first.recipients, soon, subtype="EmailValidationSuppressed")],
            11: [events.complaint(first, soon, feedback=None)],
        }
        for event in odd.get(index, []):
            part.feedback[SHOP].append((soon, event))
        if index == 6:
            for _ in range(20):
                tried = self._mail(part, SHOP, (f"bounce@{events.SIMULATOR}",))
                part.feedback[SHOP].append((soon, events.bounce(tried, tried.recipients, soon)))

    def _newsletter(self, index: int, part: Slice) -> None:
        for n in range(4 if index % 3 == 0 else 3):
            self._mail(part, NEWSLETTER, self._people(3 if n == 0 and index % 4 == 0 else 1))
        if index == 5:
            mail = part.mails[NEWSLETTER][-1]
            self._bounce(part, mail)
            # The same bounce again, the address in capitals: still one.
            at = mail.sent_at + timedelta(seconds=9)
            shouted = tuple(recipient.upper() for recipient in mail.recipients)
            part.feedback[NEWSLETTER].append((at, events.bounce(mail, shouted, at)))

    def _promo(self, index: int, part: Slice) -> None:
        if index in FIRST_WAVE:
            mails = [self._mail(part, PROMO, self._people(1)) for _ in range(400)]
            for mail in self._some(mails, 4):
                # Never twice: with the late bounces, these buckets hold more ids than the ledger keeps.
                self._bounce(part, mail, repeats=False)
        elif index in SECOND_WAVE:
            for _ in range(100):
                mail = self._mail(part, PROMO, self._people(1))
                if self.rng.random() < 0.18:
                    self._bounce(part, mail)

    def _mail(self, part: Slice, name: str, recipients: tuple[str, ...]) -> Mail:
        source, subject = SOURCES[name]
        sent_at = part.start + SLICE * self.rng.random()
        sent_at = sent_at.replace(microsecond=sent_at.microsecond // 1000 * 1000)
        tail = "-".join(self._hex(digits) for digits in (8, 4, 4, 4, 12))
        message_id = f"0102{int(sent_at.timestamp() * 1000):012x}-{tail}-000000"
        mail = Mail(name, message_id, sent_at, source, subject, recipients)
        part.mails[name].append(mail)
        return mail

    def _bounce(self, part: Slice, mail: Mail, repeats: bool = True) -> None:
        """A hard bounce some eight seconds after the mail; if it `repeats`, now and then it is published twice."""
        at = mail.sent_at + timedelta(seconds=self.rng.uniform(5, 11))
        event = events.bounce(mail, mail.recipients[:1], at, subtype=self.rng.choice(("General", "General", "NoEmail")))
        copies = 2 if repeats and self.rng.random() < 0.2 else 1
        part.feedback[mail.configuration_set] += [(at, event)] * copies

    def _people(self, count: int) -> tuple[str, ...]:
        return tuple(f"{ADDRESS_WORD}{self._hex(10)}@{self.rng.choice(_HOSTS)}" for _ in range(count))

    def _some(self, mails: list[Mail], count: int) -> list[Mail]:
        return self.rng.sample(mails, count)

    def _hex(self, digits: int) -> str:
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"


def write(start: datetime, seed: int = 4711) -> list[Slice]:
    """The hour that begins at `start`."""
    return Writer(start, seed).write()


def late_bounces(slices: list[Slice], count: int, at: datetime) -> list[Event]:
    """Hard bounces of `count` mails of the first wave that had not bounced so far."""
    wave = [slices[index] for index in FIRST_WAVE]
    bounced = {unit for part in wave for _, event in part.feedback[PROMO] for unit in event.units}
    mails = [
        mail for part in wave for mail in part.mails[PROMO] if (mail.message_id, mail.recipients[0]) not in bounced
    ]
    return [events.bounce(mail, mail.recipients, at) for mail in mails[:count]]
