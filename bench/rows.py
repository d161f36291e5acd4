"""Rows of the table, and what all parts share."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Row:
    """One line. `met` is none where there is no target, or nothing was measured."""

    order: int
    what: str
    measured: str
    target: str = ""
    met: bool | None = None
    against: str = ""


def part(rows: Callable[[], list[Row]]) -> None:
    """The whole of a part's `main`."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--json", type=Path, help="write the rows to this file instead of printing them")
    given = arguments.parse_args()
    found = rows()
    if given.json:
        given.json.write_text(json.dumps([vars(row) for row in found]), encoding="utf-8")
    else:
        print(table(found))


def table(found: list[Row]) -> str:
    """As Markdown, for a terminal and a page alike."""
    head = ("what", "measured", "target", "", "against, in the same run")
    said = {True: "met", False: "**not met**", None: ""}
    lines = [(row.what, row.measured, row.target, said[row.met], row.against) for row in found]
    widths = [max(len(line[n]) for line in [head, *lines]) for n in range(len(head))]
    drawn = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in [head, *lines]]
    return "\n".join([drawn[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *drawn[1:]])


def machine() -> str:
    """On what, and how busy it is with other things."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{platform.machine()}, {os.cpu_count()} cores, load {load}, {platform.system()} {platform.release()}"


def bench(*arguments: object) -> Any:
    """Asks `guard-bench`, which is built first where it is not."""
    done = subprocess.run([program(), *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.stdout else None


def program() -> Path:
    """`guard-bench`, optimised. `GUARD_BENCH` names one that is built already."""
    if built := os.environ.get("GUARD_BENCH"):
        return Path(built)
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "-p", "guard-bench"], cwd=ROOT, check=True)
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked"], cwd=ROOT, check=True, capture_output=True
    )
    return Path(json.loads(metadata.stdout)["target_directory"]) / "release" / "guard-bench"


def middle(values: list[float]) -> float:
    return statistics.median(values)


def count(value: float) -> str:
    return f"{value:,.0f}"
