"""Reading and folding SES records, against CPython's `json` and `serde_json::Value` with the same file, turn by turn."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from pathlib import Path

from rows import Row, bench, count, middle, part, program
import subprocess

EVENTS = 50_000
TURNS = 5


def main() -> list[Row]:
    guard, value, memory, python = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "events.ndjson"
        subprocess.run([program(), "hour", str(EVENTS), archive], check=True)
        lines = archive.read_text(encoding="utf-8").splitlines()
        for _ in range(TURNS):
            took = bench("reading", archive, 3)
            guard.append(took["guard"]["min"])
            value.append(took["value"]["min"])
            memory.append(took["memory"]["min"])
            python.append(_python(lines))
    size, events = took["bytes"], took["events"]
    best, usual = min(guard), middle(guard)
    ratio = {name: middle([other / own for other, own in zip(times, guard)]) for name, times in
             (("python", python), ("value", value), ("memory", memory))}
    speed = f"{size / usual / 1e6:,.0f} MB/s, {count(events / usual)} records/s (best of {TURNS}: {size / best / 1e6:,.0f} MB/s)"
    return [
        Row(10, f"read and fold SES records of {size / events:,.0f} B, one core", speed, "≥ 500 MB/s, ≥ 400,000/s",
            size / usual >= 500e6 and events / usual >= 400_000,
            f"looking at each byte of memory: {1 / ratio['memory']:.0f} times as fast"),
        Row(11, "… against CPython's json", f"{ratio['python']:.1f} times as fast", "≥ 10 times", ratio["python"] >= 10,
            f"{count(events / middle(python))} records/s"),
        Row(12, "… against serde_json::Value", f"{ratio['value']:.1f} times as fast", "≥ 3 times", ratio["value"] >= 3,
            f"{count(events / middle(value))} records/s"),
    ]  # fmt: skip


def _python(lines: list[str]) -> float:
    """Processor seconds for the same count, without any check."""
    began = time.process_time()
    counts: Counter[tuple[str, str, str]] = Counter()
    for line in lines:
        event = json.loads(line)
        mail, kind = event["mail"], event["eventType"]
        units = {"Send": mail["destination"], "Bounce": event.get("bounce", {}).get("bouncedRecipients", ())}.get(kind, "1")
        counts[mail["tags"]["ses:configuration-set"][0], kind, mail["timestamp"][:13]] += len(units)
    took = time.process_time() - began
    assert counts.total() == len(lines)
    return took


if __name__ == "__main__":
    part(main)
