"""Holds the ports' contracts against the local AWS: the tables of `template.yaml` and SES sets in it, and a command to run.

    python contract.py cargo test -p guard-tests --test contract --test inventory in_local_aws

The command finds the tables by GUARD_TEST_ENDPOINT, GUARD_TEST_LEDGER_TABLE and GUARD_TEST_STATE_TABLE. No function is
deployed: one that woke up by what the tests write would take part in them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
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


def main() -> int:
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder, LocalAws(Path(folder)) as aws:
        environment = {**os.environ, "GUARD_TEST_ENDPOINT": aws.url}
        for name, variable in (("LedgerTable", "GUARD_TEST_LEDGER_TABLE"), ("StateTable", "GUARD_TEST_STATE_TABLE")):
            properties = template["Resources"][name]["Properties"]
            shape = {key: properties[key] for key in SHAPE if key in properties}
            aws.client("dynamodb").create_table(TableName=name, **shape)
            environment[variable] = name
        make_inventory(aws.client("sesv2"))
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
