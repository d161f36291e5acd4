"""A replay of an archive, against jq and DuckDB that only count its events per set and kind.

`EVENTS=10000000` measures the archive that the target names (12 GB); else a tenth of it, and the figures are scaled.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    busy, packed_busy = (one.processor * scale for one in (own, own_packed))
    seconds = busy / THREADS
    memory = max(own.answer["peak_bytes"], own_packed.answer["peak_bytes"]) / 2**20
    times = lambda events, took: f"{took.processor / events / (own.processor / EVENTS):.1f} times our processor time"  # noqa: E731
    against = [f"DuckDB, counting only: {times(EVENTS, duck)}"]
    against.append(f"jq, counting only: {times(FOR_JQ, jq)}" if jq else "jq is not here")
    ratio = duck_packed.processor / own_packed.processor
    return [
        Row(30, f"backtest, {WANTED / 1e6:.0f} M events ({size * scale / 1e9:.1f} GB plain), {THREADS} cores",
            f"{busy:.0f} s of processor time{scaled}: {seconds:.0f} s on {THREADS} free cores ({own.wall * scale:.0f} s here)",
            "≤ 60 s", seconds <= 60, "; ".join(against)),
        Row(31, "… gzip", f"{packed_busy:.0f} s of processor time{scaled} ({own_packed.wall * scale:.0f} s here)", "", None,
            f"DuckDB, counting only: {ratio:.1f} times our processor time"),
        Row(32, "… memory", f"{memory:.0f} MB{scaled}", "< 1 GiB", memory < 1_024, f"DuckDB: {duck.answer / 2**20:.0f} MB"),
    ]  # fmt: skip


class _timed:
    """Processor time, of which two free cores do two seconds in one; a busy machine gives less."""

    def __init__(self, work: Callable[[], Any]) -> None:
        began, used = time.monotonic(), _used()
        self.answer = work()
        self.wall, self.processor = time.monotonic() - began, _used() - used


def _used() -> float:
    """Processor seconds of all programs that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _duckdb(archive: Path) -> int:
    """In a process of its own, for its memory; gives the most it held."""
    code = (
        "import duckdb, resource, sys\n"
        f"duckdb.sql('set threads = {THREADS}')\n"
        "duckdb.sql('set enable_progress_bar = false')\n"
        f"rows = duckdb.sql({SQL.format(archive=archive)!r}).fetchall()\n"
        f"assert sum(row[2] for row in rows) == {EVENTS}, rows[:3]\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"
    )
    return int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def _jq(archive: Path) -> None:
    counting = f"""jq -r '[.mail.tags["ses:configuration-set"][0], .eventType] | @tsv' {archive} | sort | uniq -c"""
    subprocess.run(counting, shell=True, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    part(main)
