"""Event published to set paused in the local AWS, and where the time goes. Linux or macOS; five minutes."""

from __future__ import annotations

import json
import os
import subprocess

from rows import ROOT, Row, middle, part

PAUSES, RATE = 20, int(os.environ.get("RATE", 200))
PARTS = (("counted", "published to counted"), ("judged", "to read again"), ("decided", "to decided, on file"), ("paused", "to SES"))


def main() -> list[Row]:
    tools = subprocess.run([ROOT / "scripts/tools.sh", "demo"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    functions = [folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir()]
    wanted = [argument for name in functions for argument in ("-p", name)]
    subprocess.run(["cargo", "build", "--locked", "--quiet", *wanted], cwd=ROOT, check=True)
    metadata = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked"]
    target = json.loads(subprocess.run(metadata, cwd=ROOT, check=True, capture_output=True).stdout)["target_directory"]
    asked = ["--programs", f"{target}/debug", "--pauses", str(PAUSES), "--rate", str(RATE)]
    done = subprocess.run([f"{tools}/python", "-B", ROOT / "bench/latency.py", *asked], check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        what = f"event published → SES paused, local AWS, {RATE} events/s beside it"
        return [Row(80, what, "not measured: the local AWS could not keep up, see above", "p50 ≤ 1.5 s, p99 ≤ 3 s")]
    return rows(json.loads(done.stdout))


def rows(took: dict) -> list[Row]:
    totals = sorted(one["total"] for one in took["pauses"])
    p50, p99 = middle(totals), totals[-1]
    spent, before = [], 0.0
    for name, said in PARTS:
        times = [one[name] for one in took["pauses"] if name in one]
        if times:
            spent.append(f"{said} {max(0.0, middle(times) - before):.2f} s")
            before = middle(times)
    return [
        Row(80, f"event published → SES paused, local AWS, {took['rate']:.0f} events/s beside it", f"p50 {p50:.2f} s, slowest of {len(totals)} {p99:.2f} s",
            "p50 ≤ 1.5 s, p99 ≤ 3 s", p50 <= 1.5 and p99 <= 3.0,
            "alarm at a period of 1 or 5 minutes: 30 s or 150 s on average until the period ends, up to 60 s until it is looked at"),
        Row(81, "… where it goes (medians)", ", ".join(spent)),
    ]  # fmt: skip


if __name__ == "__main__":
    part(main)
