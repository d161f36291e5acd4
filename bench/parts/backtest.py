"""A replay of an archive, against jq and DuckDB that only count its events per set and kind.

`EVENTS=10000000` measures the archive that the target names (12 GB); else a tenth of it, and the figures are scaled.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from rows import Row, bench, count, part, program

EVENTS = int(os.environ.get("EVENTS", 1_000_000))
WANTED = 10_000_000
FOR_JQ = 100_000
THREADS = 2
SQL = """select mail.tags."ses:configuration-set"[1] as name, eventType, count(*)
from read_json('{archive}', format = 'newline_delimited') group by all order by all"""


def main() -> list[Row]:
    scale = WANTED / EVENTS
    scaled = "" if scale == 1 else f", from {count(EVENTS)}"
    with tempfile.TemporaryDirectory() as folder:
        plain, packed, few = (Path(folder) / name for name in ("events.ndjson", "events.ndjson.gz", "few.ndjson"))
        subprocess.run([program(), "month", str(EVENTS), plain], check=True)
        own = _timed(lambda: bench("backtest", THREADS, plain))
        duck = _timed(lambda: _duckdb(plain))
        with few.open("wb") as out:
            subprocess.run(["head", "-n", str(FOR_JQ), plain], stdout=out, check=True)
        jq = _timed(lambda: _jq(few)) if shutil.which("jq") else None
        size = plain.stat().st_size
        plain.unlink()
        subprocess.run([program(), "month", str(EVENTS), packed], check=True)
        own_packed = _timed(lambda: bench("backtest", THREADS, packed))
        duck_packed = _timed(lambda: _duckdb(packed))
    fixed = own.answer["replay_seconds"]
    seconds, packed_seconds = (
        one.answer["read_seconds"] * scale + one.answer["replay_seconds"] for one in (own, own_packed)
    )
    memory = max(own.answer["peak_bytes"], own_packed.answer["peak_bytes"]) / 2**20
    rate = lambda events, took: f"{count(events / took.wall)} events/s, {took.wall / events / (own.wall / EVENTS):.1f} times as long"  # noqa: E731
    against = [f"DuckDB, counting only: {rate(EVENTS, duck)}"]
    against.append(f"jq, counting only: {rate(FOR_JQ, jq)}" if jq else "jq is not here")
    ratio = duck_packed.wall / own_packed.wall
    return [
        Row(30, f"backtest, {WANTED / 1e6:.0f} M events ({size * scale / 1e9:.1f} GB plain), {THREADS} cores",
            f"{seconds:.0f} s{scaled}, {fixed:.1f} s of it the replay", "≤ 60 s", seconds <= 60, "; ".join(against)),
        Row(31, "… gzip", f"{packed_seconds:.0f} s{scaled}", "", None, f"DuckDB, counting only: {ratio:.1f} times as long"),
        Row(32, "… memory", f"{memory:.0f} MB{scaled}", "< 1 GiB", memory < 1_024, f"DuckDB: {duck.memory / 2**20:.0f} MB"),
    ]  # fmt: skip


class _timed:
    """Wall time: two cores share the work."""

    def __init__(self, work) -> None:
        began = time.monotonic()
        self.answer = work()
        self.wall = time.monotonic() - began
        self.memory = self.answer if isinstance(self.answer, int) else 0


def _duckdb(archive: Path) -> int:
    """In a process of its own, for its memory; gives the most it held."""
    code = (
        "import duckdb, resource, sys\n"
        f"duckdb.sql('set threads = {THREADS}')\n"
        f"rows = duckdb.sql({SQL.format(archive=archive)!r}).fetchall()\n"
        f"assert sum(row[2] for row in rows) == {EVENTS}, rows[:3]\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"
    )
    import sys

    return int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def _jq(archive: Path) -> None:
    counting = f"""jq -r '[.mail.tags["ses:configuration-set"][0], .eventType] | @tsv' {archive} | sort | uniq -c"""
    subprocess.run(counting, shell=True, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    part(main)
