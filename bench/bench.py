"""Measures everything and prints one table: `make bench`.

    python bench/bench.py [--only reading,units] [--json FILE] [--rounds 5]

Each file of `bench/parts/` measures one thing and is a program of its own, `PART.py --json FILE`: it writes the rows it has
for the table (see `rows.py`). Whoever adds a file there adds rows. A part that cannot run here (no local AWS, no jq) says so
in its rows and does not stop the others.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import rows

PARTS = Path(__file__).resolve().parent / "parts"


def main() -> int:
    arguments = argparse.ArgumentParser(description="Measures what the guard takes, and prints one table.")
    arguments.add_argument("--only", default="", help="parts, separated by commas; else all")
    arguments.add_argument("--json", type=Path, help="write the rows to this file, too")
    given = arguments.parse_args()
    only = set(filter(None, given.only.split(",")))
    parts = [part for part in sorted(PARTS.glob("*.py")) if not only or part.stem in only]
    if unknown := only - {part.stem for part in parts}:
        arguments.error(f"no such part: {', '.join(sorted(unknown))}")
    found: list[rows.Row] = []
    began = rows.machine()
    for part in parts:
        print(f"{part.stem} …", file=sys.stderr, flush=True)
        found += _measured(part)
    found.sort(key=lambda row: row.order)
    print(rows.table(found))
    print(f"\n{began}\nAt the end: {rows.machine()}")
    if given.json:
        given.json.write_text(json.dumps([vars(row) for row in found], indent=1), encoding="utf-8")
    return 0


def _measured(part: Path) -> list[rows.Row]:
    with tempfile.NamedTemporaryFile(suffix=".json") as answer:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "PYTHONDONTWRITEBYTECODE": "1"}
        ended = subprocess.run([sys.executable, part, "--json", answer.name], env=environment, check=False)
        text = Path(answer.name).read_text(encoding="utf-8")
        if ended.returncode != 0 or not text:
            return [rows.Row(999, part.stem, f"not measured: the part ended with {ended.returncode}, see above")]
        return [rows.Row(**row) for row in json.loads(text)]


if __name__ == "__main__":
    sys.exit(main())
