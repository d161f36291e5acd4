"""The linters, on the template as written and on what SAM makes of it: each finds faults that the other misses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tomlkit

import member
import stack

BIN = Path(sys.executable).parent
ENVIRONMENT = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1", "PATH": f"{BIN}:{os.environ['PATH']}"}


def run(*command):
    done = subprocess.run(command, cwd=stack.ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


TEMPLATES = [stack.TEMPLATE, stack.MEMBER]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.name)
def test_sam_validates_the_template(template):
    status, output = run(BIN / "sam", "validate", "--lint", "--template", template)
    assert status == 0, output


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.name)
def test_cfn_lint_finds_nothing_in_the_template(template):
    assert run(BIN / "cfn-lint", template) == (0, "")


@pytest.mark.parametrize("accounts", ["", "444455556666/eu-west-1,111122223333/us-east-1"])
@pytest.mark.parametrize("sets", ["", "one", "one,two-b,three_c"])
def test_cfn_lint_finds_nothing_in_the_expanded_template(tmp_path, sets, accounts):
    expanded = tmp_path / "expanded.json"
    expanded.write_text(json.dumps(stack.expand(ConfigurationSets=sets, Accounts=accounts)))
    assert run(BIN / "cfn-lint", expanded) == (0, "")


@pytest.mark.parametrize("sets", ["", "one,two-b"])
def test_cfn_lint_finds_nothing_in_the_expanded_member(tmp_path, sets):
    expanded = tmp_path / "expanded.json"
    expanded.write_text(json.dumps(stack.expand(stack.MEMBER, ConfigurationSets=sets, **member.GIVEN)))
    assert run(BIN / "cfn-lint", expanded) == (0, "")


def test_sam_is_told_about_the_loop():
    """Without the first `sam build` fails, without the second `sam deploy` does."""
    config = tomlkit.parse((stack.ROOT / "samconfig.toml").read_text())["default"]
    assert config["global"]["parameters"]["language_extensions"] is True
    assert config["deploy"]["parameters"]["capabilities"].split() == ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
