"""An invocation of the counting function with 1,000 messages, against the handler that one would write in Python."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime

from rows import Row, bench, middle, part, program

BATCHES, MESSAGES = 300, 1_000
FEW = 30


def main() -> list[Row]:
    took = bench("batch", BATCHES, MESSAGES)
    python = json.loads(
        subprocess.run([sys.executable, __file__, "--python"], check=True, capture_output=True, text=True).stdout
    )
    p99, memory = took["p99"] * 1e3, took["peak_bytes"] / 2**20
    ratio = python["median"] / took["runs"]["median"]
    return [
        Row(20, f"ingest: an invocation with {MESSAGES:,} messages, ledger in memory",
            f"p99 {p99:.1f} ms, median {took['runs']['median'] * 1e3:.1f} ms of processor time", "p99 < 20 ms", p99 < 20,
            f"plain Python handler: {python['median'] * 1e3:.0f} ms, {ratio:.1f} times as long"),
        Row(21, "… memory", f"{memory:.0f} MB at most", "≤ 64 MB", memory <= 64, f"Python: {python['peak'] / 2**20:.0f} MB"),
    ]  # fmt: skip


def _python() -> None:
    """The same job: an invocation's text in, counts per set, quarter of an hour and kind, an answer out."""
    made = subprocess.Popen([program(), "invocations", str(FEW), str(MESSAGES)], stdout=subprocess.PIPE, text=True)
    seconds, ledger = [], Counter()
    for invocation in made.stdout:
        began = time.process_time()
        answer = json.dumps(handler(json.loads(invocation), ledger))
        seconds.append(time.process_time() - began)
        assert answer == '{"batchItemFailures": []}'
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"median": middle(seconds), "peak": peak}))


def handler(event: dict, ledger: Counter) -> dict:
    """As one writes it: parse, group, count. It knows no repeats and checks nothing."""
    failures = []
    for record in event["Records"]:
        try:
            body = json.loads(record["body"])
            mail = body["mail"]
            sent_at = datetime.fromisoformat(mail["timestamp"].replace("Z", "+00:00")).timestamp()
            name, bucket = mail["tags"]["ses:configuration-set"][0], int(sent_at) // 900 * 900
            match body["eventType"]:
                case "Send":
                    ledger[name, bucket, "send"] += len(mail["destination"])
                case "Bounce" if body["bounce"]["bounceType"] == "Permanent":
                    ledger[name, bucket, "bounce"] += len(body["bounce"]["bouncedRecipients"])
                case "Complaint":
                    ledger[name, bucket, "complaint"] += 1
        except (KeyError, ValueError):
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


if __name__ == "__main__":
    if sys.argv[1:] == ["--python"]:
        _python()
    else:
        part(main)
