"""Read units of a decision, by DynamoDB's rules, from the digests' own test, which plays a day for each kind of set."""

from __future__ import annotations

import re
import subprocess

from rows import ROOT, Row, part

BUSIEST, TYPICAL = "12,500 mails a second, all week", "20,000 mails in two hours a day"


def main() -> list[Row]:
    asked = ["cargo", "test", "--locked", "--quiet", "-p", "guard-local", "--test", "reads", "--", "--nocapture"]
    told = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    # A dot before a line says that the other test has passed.
    lines = [line.lstrip(".") for line in told.splitlines()]
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line.startswith("|")]
    found = {name: [float(number) for number in re.findall(r"[\d,.]*\d", " ".join(rest).replace(",", ""))] for name, *rest in cells}
    (before, _, usual, most), (small_before, _, small_usual, small_most) = (found[name][:4] for name in (BUSIEST, TYPICAL))
    return [
        Row(70, "read units per decision, the busiest set (12,500 mails/s)", f"{usual:g} on average, {most:g} at most", "≤ 90", most <= 90,
            f"reading each bucket: {before:g}"),
        Row(71, "… a typical one (20,000 mails a day)", f"{small_usual:g} on average, {small_most:g} at most", "≤ 25", small_most <= 25,
            f"reading each bucket: {small_before:g}"),
    ]  # fmt: skip


if __name__ == "__main__":
    part(main)
