"""Reading and folding SES records, against CPython's `json` and `serde_json::Value` with the same file, turn by turn."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from rows import Row, bench, count, middle, part, program

EVENTS = 50_000
TURNS = 5
SECRET = b"ids are compared here and never shown"


def main() -> list[Row]:
    guard, value, alone, memory, python, json_alone = [], [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "events.ndjson"
        subprocess.run([program(), "hour", str(EVENTS), archive], check=True)
        lines = archive.read_text(encoding="utf-8").splitlines()
        for _ in range(TURNS):
            took = bench("reading", archive, 3)
            guard.append(took["guard"]["min"])
            value.append(took["value"]["min"])
            alone.append(took["value_alone"]["min"])
            memory.append(took["memory"]["min"])
            python.append(_python(lines))
            json_alone.append(_json(lines))
    size, events = took["bytes"], took["events"]
    best, usual = min(guard), middle(guard)
    ratio = {name: middle([other / own for other, own in zip(times, guard)]) for name, times in
             (("python", python), ("json", json_alone), ("value", value), ("alone", alone), ("memory", memory))}
    speed = f"{size / usual / 1e6:,.0f} MB/s, {count(events / usual)} records/s (best of {TURNS}: {size / best / 1e6:,.0f} MB/s)"
    return [
        Row(10, f"read and fold SES records of {size / events:,.0f} B, one core", speed, "≥ 500 MB/s, ≥ 400,000/s",
            size / usual >= 500e6 and events / usual >= 400_000,
            f"looking at each byte of memory: {1 / ratio['memory']:.0f} times as fast"),
        Row(11, "… against the same job with CPython's json", f"{ratio['python']:.1f} times as fast", "≥ 10 times", ratio["python"] >= 10,
            f"{count(events / middle(python))} records/s; json.loads alone, of which nothing is made: {ratio['json']:.1f} times our time"),
        Row(12, "… against the same job with serde_json::Value", f"{ratio['value']:.1f} times as fast", "≥ 3 times", ratio["value"] >= 3,
            f"{count(events / middle(value))} records/s; Value alone, of which nothing is made: {ratio['alone']:.1f} times our time"),
    ]  # fmt: skip


def _python(lines: list[str]) -> float:
    """Processor seconds for the same job, without any check: counts, and the keyed ids of recipients."""
    began = time.process_time()
    counts: Counter[tuple[str, str, str, int, str]] = Counter()
    ids: dict[tuple[str, str, str, int, str], set[bytes]] = defaultdict(set)
    for line in lines:
        event = json.loads(line)
        mail, kind = event["mail"], event["eventType"]
        units = {"Send": mail["destination"], "Bounce": [one["emailAddress"] for one in event.get("bounce", {}).get("bouncedRecipients", ())]}
        sent_at = datetime.fromisoformat(mail["timestamp"].replace("Z", "+00:00")).timestamp()
        name, region = mail["tags"]["ses:configuration-set"][0], mail["sourceArn"].split(":")[3]
        key = mail["sendingAccountId"], region, name, int(sent_at) // 900, kind
        for unit in units.get(kind) or [event["complaint"]["feedbackId"]]:
            counts[key] += 1
            ids[key].add(blake2b(f"{mail['messageId']}\0{unit.lower()}".encode(), digest_size=8, key=SECRET).digest())
    took = time.process_time() - began
    assert counts.total() == sum(map(len, ids.values())) == len(lines)
    return took


def _json(lines: list[str]) -> float:
    """Processor seconds for reading them, and nothing more."""
    began = time.process_time()
    for line in lines:
        json.loads(line)
    return time.process_time() - began


if __name__ == "__main__":
    part(main)
