"""What the person at the terminal reads: plain text in columns, and colour where a terminal shows it."""

from __future__ import annotations

import os
import sys
import textwrap
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TextIO

_WIDTH = 108
_COLUMN = 27

_COLOURS = {"good": "32", "bad": "31", "warn": "33", "faint": "2", "strong": "1"}


@dataclass
class Tally:
    """What one set did in one slice, in recipients."""

    sent: int = 0
    bounced: int = 0
    saved: int = 0

    def __str__(self) -> str:
        if self.saved:
            return f"{self.saved:>5} not sent: paused"
        if not self.sent:
            return "    - nothing"
        return f"{self.sent:>5} sent {self.bounced:>4} bounced"


class Timeline:
    """Prints as things happen. Times are UTC, as in the guard's own sentences."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.colour = self.out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def title(self, text: str) -> None:
        self._print(f"\n{self._paint('strong', text)}\n")

    def line(self, text: str = "") -> None:
        self._print(f"  {text}" if text else "")

    def fact(self, name: str, text: str) -> None:
        for index, part in enumerate(textwrap.wrap(text, _WIDTH - 22)):
            self._print(f"  {name if index == 0 else '':<19}{part}")

    def columns(self, names: tuple[str, ...]) -> None:
        heads = "".join(f"{name:<{_COLUMN}}" for name in names)
        self._print(self._paint("faint", f"\n  {'mail of (UTC)':<17}{heads}".rstrip()))

    def slice(self, start: datetime, end: datetime, tallies: list[Tally]) -> None:
        cells = "".join(f"{str(tally):<{_COLUMN}}" for tally in tallies)
        self._print(f"  {_clock(start)} - {_clock(end)}    {cells}".rstrip())

    def happening(self, text: str, tone: str = "strong") -> None:
        """One sentence, with the wall clock's time."""
        now = datetime.now(timezone.utc)
        stamp = f"{now:%H:%M:%S}.{now.microsecond // 100_000}"
        for index, part in enumerate(textwrap.wrap(text, _WIDTH - 14)):
            self._print(f"  {self._paint('faint', stamp) if index == 0 else ' ' * 10}  {self._paint(tone, part)}")

    def letter(self, subject: str, text: str) -> None:
        """A notice in full, as people get it."""
        edge = self._paint("faint", "            |")
        self._print(f"{edge} {self._paint('strong', 'Subject: ' + subject)}\n{edge}")
        for paragraph in text.rstrip().splitlines():
            for part in textwrap.wrap(paragraph, _WIDTH - 14, subsequent_indent="  ") or [""]:
                self._print(f"{edge} {part}".rstrip())
        self._print("")

    def check(self, passed: bool, sentence: str, detail: str) -> None:
        mark = self._paint("good", "  ok  ") if passed else self._paint("bad", "FAILED")
        rest = f" ({detail})" if detail else ""
        parts = textwrap.wrap(sentence + rest, _WIDTH - 10)
        self._print(f"  {mark}  {parts[0]}")
        for part in parts[1:]:
            self._print(f"          {part}")

    def table(self, rows: list[tuple[str, ...]]) -> None:
        """The first row is the head; the first column is text, the others are numbers."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for index, row in enumerate(rows):
            cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
            text = "  " + "   ".join(cells).rstrip()
            self._print(self._paint("faint", text) if index == 0 else text)

    def _paint(self, tone: str, text: str) -> str:
        return f"\x1b[{_COLOURS[tone]}m{text}\x1b[0m" if self.colour else text

    def _print(self, text: str) -> None:
        print(text, file=self.out, flush=True)


def _clock(at: datetime) -> str:
    return at.astimezone(timezone.utc).strftime("%H:%M")
