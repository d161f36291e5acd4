"""Dollars at list prices of us-east-1: for a million mails, and for a month without mail. The arithmetic is in the rows.

`python bench/parts/money.py` alone prints each line of the bills.
"""

from __future__ import annotations

import re

from rows import ROOT, Row, bench, part

SECONDS = 60
# Read units of a decision's window: what a typical set may take at most.
WINDOW_READS = 25
MINUTES = 43_800

ALARM, METRIC, SECRET = 0.10, 0.30, 0.40
# Lambda asks an idle queue five times at once, each time for 20 seconds.
POLLS = 5 * 3 * MINUTES
SWEEP_SECONDS, SWEEP_GB = 0.3, 0.25
# Queries of what is pending, to be judged and on file, the policy, and every fifth minute the account's eight shards.
SWEEP_READS, SWEEP_WRITES = 8, 0.5


def main() -> list[Row]:
    [load] = [load for load in bench("units", SECONDS, WINDOW_READS) if load["name"] == "5,000/s in batches of 1,000"]
    lines = ", ".join(f"{line['what']} {line['dollars']:.2f}" for line in load["bill"])
    idle = idle_month()
    tenants = 0.005 * 1_000 + 0.005 * 1_000
    alarms = 2 * ALARM + 2 * METRIC
    return [
        Row(90, "cost of a million mails (5k/s)", f"${load['dollars']:.2f}", "≤ $1.50", load["dollars"] <= 1.5, lines),
        Row(91, "… with 1,000 sets and a million mails a month", f"${load['dollars'] + sum(idle.values()):.2f} a month", "", None,
            f"SES Tenants: ${tenants:.2f}; two alarms for each set and the metrics they watch: ${1_000 * alarms:,.0f}"),
        Row(92, "a month without mail (the dashboard, free in an account with fewer than three others, else $3 more)", f"${sum(idle.values()):.2f}", "", None, ", ".join(f"{what} {dollars:.2f}" for what, dollars in idle.items())),
    ]  # fmt: skip


def idle_month() -> dict[str, float]:
    """What the template makes, counted in its text. Lists of sets, members and options add to it."""
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    resources = lambda kind: len(re.findall(rf"^    Type: {kind}$", template, re.MULTILINE))  # noqa: E731
    polled = len(re.findall(r"^          Type: SQS$", template, re.MULTILINE))
    [metrics] = re.findall(r"(\w+) metrics, 8,640 times a month", (ROOT / "docs/adr/0014-what-the-guard-does-not-see.md").read_text())
    assert metrics == "Six", metrics
    found = {
        f"{resources('AWS::CloudWatch::Alarm')} alarms": resources("AWS::CloudWatch::Alarm") * ALARM,
        f"{polled} queues polled": polled * POLLS * 0.40e-6,
        "6 metrics read every 5 minutes": 6 * 8_640 * 0.01 / 1_000,
        "secret": resources("AWS::SecretsManager::Secret") * SECRET,
        "sweep's invocations": MINUTES * (0.20e-6 + SWEEP_SECONDS * SWEEP_GB * 0.000_013_333_4),
        "sweep's reads and writes": MINUTES * (SWEEP_READS * 0.125e-6 + SWEEP_WRITES * 0.625e-6),
        "logs": MINUTES * 600 / 1e9 * 0.50,
    }
    return found


if __name__ == "__main__":
    part(main)
