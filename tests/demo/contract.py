"""Holds the ports' contracts against the local AWS: the tables of `template.yaml` and SES sets in it, and a command to run.

    python contract.py cargo test -p guard-tests --test contract --test inventory --test monitor in_local_aws

The command finds the tables by GUARD_TEST_ENDPOINT, GUARD_TEST_LEDGER_TABLE and GUARD_TEST_STATE_TABLE. No function is
deployed: one that woke up by what the tests write would take part in them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from local_aws import LocalAws

ROOT = Path(__file__).resolve().parents[2]
# What CreateTable takes of a table's properties in the template; the rest is about keeping data, not about its shape.
SHAPE = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


def make_inventory(ses) -> None:
    """What `tests/tests/inventory.rs` finds in SES: the port can't make it."""
    for number in range(1005):
        ses.create_configuration_set(ConfigurationSetName=f"inventory-{number:04}")
    for identity in ("inventory.example", "alone@inventory.example"):
        ses.create_email_identity(EmailIdentity=identity)


def publish_vitals(cloudwatch) -> None:
    """What `tests/tests/monitor.rs` finds in CloudWatch: the port can't make it."""
    begin = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
    of_queue, of_function = "QueueName", "FunctionName"
    for namespace, metric, dimension, second, value in (
        ("AWS/SES", "Send", None, 0, 150),
        ("AWS/SES", "Send", None, 300, 50),
        ("AWS/SES", "Send", None, 900, 100),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", (of_queue, "contract-events"), 0, 16),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", (of_queue, "contract-events"), 30, 3),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", (of_queue, "contract-events"), 60, 0),
        ("AWS/Lambda", "IteratorAge", (of_function, "contract-judge"), 60, 15001),
        ("AWS/Lambda", "IteratorAge", (of_function, "another"), 60, 99000),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", (of_queue, "contract-events-dead"), 120, 12),
    ):
        datum = {"MetricName": metric, "Timestamp": begin + timedelta(seconds=second), "Value": value}
        if dimension:
            datum["Dimensions"] = [dict(zip(("Name", "Value"), dimension))]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])


def main() -> int:
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder, LocalAws(Path(folder)) as aws:
        environment = {**os.environ, "GUARD_TEST_ENDPOINT": aws.url}
        for table in ("Ledger", "Digest", "State"):
            name, variable = f"{table}Table", f"GUARD_TEST_{table.upper()}_TABLE"
            properties = template["Resources"][name]["Properties"]
            shape = {key: properties[key] for key in SHAPE if key in properties}
            aws.client("dynamodb").create_table(TableName=name, **shape)
            environment[variable] = name
        make_inventory(aws.client("sesv2"))
        publish_vitals(aws.client("cloudwatch"))
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
