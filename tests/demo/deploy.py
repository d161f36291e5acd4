"""Deploys the project's own `template.yaml` into the local AWS, the way `sam deploy` does it.

The template is taken as it is. The one change is the one that `sam build` and `sam package` make too: each function's
`CodeUri` becomes the S3 object that holds its built program. `packaged` proves that it changed nothing else.
"""

from __future__ import annotations

import copy
import io
import json
import platform
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from local_aws import REGION, LocalAws

STACK = "ses-reputation-guard"
_BUCKET = "ses-reputation-guard-artifacts"
_DEPLOY_SECONDS = 60


@dataclass(frozen=True)
class Stack:
    """What the stack says about itself."""

    outputs: dict[str, str]
    # Logical id → physical id, by resource type.
    resources: dict[str, dict[str, str]]
    seconds: float

    def all(self, resource_type: str) -> dict[str, str]:
        return self.resources.get(resource_type, {})


def deploy(
    aws: LocalAws, template: Path, programs: Path, configuration_sets: tuple[str, ...], mode: str, endpoint: str, **more: str
) -> Stack:
    """Uploads the built programs found in `programs`, then creates the stack through a change set.

    `endpoint` is where the functions find AWS; `more` are other parameters of the template.
    """
    began = time.monotonic()
    aws.client("s3").create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    parameters = {
        "Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
        "ChatNotices": "true",
        "ConfigurationSets": ",".join(configuration_sets),
        "DeletionProtection": "false",
        "EndpointUrl": endpoint,
        "Mode": mode,
    } | more
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    stack = _change(aws, template, programs, "CREATE", given)
    cloudformation = aws.client("cloudformation")
    resources: dict[str, dict[str, str]] = {}
    for entry in cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]:
        resources.setdefault(entry["ResourceType"], {})[entry["LogicalResourceId"]] = entry["PhysicalResourceId"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return Stack(outputs, resources, time.monotonic() - began)


def update(aws: LocalAws, template: Path, programs: Path, parameters: dict[str, str]) -> None:
    """What `sam deploy` does to a stack that is there: the programs anew, these parameters changed, all others kept."""
    kept = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["Parameters"]
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    given += [
        {"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in kept if one["ParameterKey"] not in parameters
    ]
    _change(aws, template, programs, "UPDATE", given)


def _change(aws: LocalAws, template: Path, programs: Path, kind: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """Creates or updates the stack through a change set, and gives it as it is then."""
    text = template.read_text(encoding="utf-8")
    body = packaged(text, _upload(aws, functions(yaml_parse(text)), programs))
    cloudformation, name = aws.client("cloudformation"), f"demo-{kind.lower()}"
    cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName=name,
        ChangeSetType=kind,
        TemplateURL=_store(aws, "template.json", body.encode()),
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    change_set = _settled(lambda: cloudformation.describe_change_set(StackName=STACK, ChangeSetName=name), "Status")
    if change_set["Status"] != "CREATE_COMPLETE":
        raise RuntimeError(f"the change set failed: {change_set.get('StatusReason')}")
    cloudformation.execute_change_set(StackName=STACK, ChangeSetName=name)
    stack = _settled(lambda: cloudformation.describe_stacks(StackName=STACK)["Stacks"][0], "StackStatus")
    if stack["StackStatus"] != f"{kind}_COMPLETE":
        raise RuntimeError(f"the stack is {stack['StackStatus']}: {_reasons(cloudformation)}")
    return stack


def functions(template: dict[str, Any]) -> dict[str, str]:
    """Logical id → name of the program, of every function in the template."""
    return {
        name: resource["Metadata"]["BuildProperties"]["Binary"]
        for name, resource in template["Resources"].items()
        if isinstance(resource, dict) and resource.get("Type") == "AWS::Serverless::Function"
    }


def packaged(text: str, code: dict[str, str]) -> str:
    """The template as JSON with each function's code at its `s3://` address, and not one other difference."""
    source = yaml_parse(text)
    target = copy.deepcopy(source)
    for name, address in code.items():
        target["Resources"][name]["Properties"]["CodeUri"] = address
    body = json.dumps(target, indent=1)
    allowed = {f"Resources.{name}.Properties.CodeUri" for name in code}
    changed = set(differences(source, json.loads(body)))
    if changed != allowed:
        raise AssertionError(f"packaging changed more than the code's address: {sorted(changed - allowed)}")
    return body


def differences(left: Any, right: Any, at: str = "") -> list[str]:
    """The paths at which two documents differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        found = []
        for key in sorted({*left, *right}, key=str):
            path = f"{at}.{key}" if at else str(key)
            found += differences(left[key], right[key], path) if key in left and key in right else [path]
        return found
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return [path for n, pair in enumerate(zip(left, right)) for path in differences(*pair, f"{at}[{n}]")]
    return [] if left == right else [at]


def _upload(aws: LocalAws, programs_of: dict[str, str], programs: Path) -> dict[str, str]:
    for program in sorted(set(programs_of.values())):
        _store(aws, f"{program}.zip", _zipped(programs / program))
    return {name: f"s3://{_BUCKET}/{program}.zip" for name, program in programs_of.items()}


def _store(aws: LocalAws, key: str, body: bytes) -> str:
    """Puts an object where `sam deploy` puts its own, and gives its URL."""
    aws.client("s3").put_object(Bucket=_BUCKET, Key=key, Body=body)
    return f"{aws.url}/{_BUCKET}/{key}"


def _zipped(program: Path) -> bytes:
    """A deployment package: the program as an executable `bootstrap`."""
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compresslevel=1) as package:
        package.writestr(entry, program.read_bytes(), compresslevel=1)
    return packed.getvalue()


def _settled(describe: Any, status: str) -> dict[str, Any]:
    deadline = time.monotonic() + _DEPLOY_SECONDS
    while True:
        answer: dict[str, Any] = describe()
        if not answer[status].endswith(("IN_PROGRESS", "PENDING")):
            return answer
        if time.monotonic() > deadline:
            raise RuntimeError(f"deploying did not end within {_DEPLOY_SECONDS} s: {answer[status]}")
        time.sleep(0.1)


def _reasons(cloudformation: Any) -> str:
    try:
        events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    except ClientError as error:
        return str(error)
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    return "; ".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '?')}" for event in failed)
