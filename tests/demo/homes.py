"""Two accounts in two Regions of the local AWS, which asks IAM for each call: both templates, and a command to run between.

    python homes.py cargo test -p guard-tests --test roles in_local_aws

Of `template.yaml` it deploys what concerns other homes, as it is: queue, queue policy, roles' grants, subscription. The
roles themselves stand in for the functions' own, so that they can be taken on here. `member.yaml` is deployed whole. The
command runs as `actuate`, which finds the local AWS and its own credentials in the environment.

What the local AWS can't show: it emits no SES events (they are published to the topic as SES would), its CloudFormation
subscribes nothing across accounts (the same subscription is made by hand), it asks no topic's policy, and it has no bus that
forwards to another. `tests/template/test_member.py` asks these policies; that AWS does as they say is AWS's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from local_aws import ACCOUNT, REGION, LocalAws

ROOT = Path(__file__).resolve().parents[2]
MEMBER_ACCOUNT, MEMBER_REGION = "444455556666", "us-east-1"
SET = "promo"
ROLES = ("ActuateRole", "AlarmRole", "SweepRole", "OperateRole")
KEPT = ("EventsTopic", "EventsQueue", "EventsQueuePolicy", "EventsDeadLetterQueue")
# EventBusPolicy is a type that the local AWS does not know.
KEPT_OF_A_MEMBER = ("SwitchIn", "LookIn", "EventsOf")


class Home:
    """One account in one Region, as its administrator or as somebody with these credentials."""

    def __init__(self, aws: LocalAws, account: str, region: str, credentials: dict[str, str] | None = None) -> None:
        self.aws, self.account, self.region = aws, account, region
        # The local AWS takes an account's id for its administrator's key.
        self.credentials = credentials or {"AccessKeyId": account, "SecretAccessKey": account, "SessionToken": ""}

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.aws.url,
            region_name=self.region,
            aws_access_key_id=self.credentials["AccessKeyId"],
            aws_secret_access_key=self.credentials["SecretAccessKey"],
            aws_session_token=self.credentials["SessionToken"] or None,
        )

    def taking_on(self, role_arn: str, region: str | None = None, **more: str) -> Home:
        taken = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="guard-actuate", **more)
        return Home(self.aws, role_arn.split(":")[4], region or self.region, taken["Credentials"])

    def deploy(self, name: str, template: dict[str, Any], parameters: dict[str, str], *, anew: bool = False) -> dict[str, str]:
        cloudformation = self.client("cloudformation")
        call = cloudformation.update_stack if anew else cloudformation.create_stack
        call(
            StackName=name,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        for _ in range(300):
            stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                break
            time.sleep(0.1)
        check(f"{name} is deployed in {self.account}/{self.region}", stack["StackStatus"].endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")))
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def sends(self) -> bool:
        return self.client("sesv2").get_configuration_set(ConfigurationSetName=SET).get("SendingOptions", {}).get("SendingEnabled", True)


def main(command: list[str]) -> int:
    print("two accounts in a local AWS that asks IAM", flush=True)
    with tempfile.TemporaryDirectory() as folder, LocalAws(Path(folder), asks_iam=True) as aws:
        guard, member, outputs, there = deployed(aws)
        actuate = guard.taking_on(outputs["ActuateRoleArn"])
        roles_are_for_the_guard_alone(guard, actuate, outputs)
        a_tenant_keeps_to_its_own(guard)
        environment = {
            **os.environ,
            "GUARD_TEST_MEMBER": there["Home"],
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": actuate.credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": actuate.credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": actuate.credentials["SessionToken"],
        }
        status = subprocess.run(command, env=environment, check=False).returncode
        check("the guard paused the member's set, and not its own of the same name", (guard.sends(), member.sends()) == (True, False))
    print("and in one that does not, since queues want TLS", flush=True)
    with tempfile.TemporaryDirectory() as folder, LocalAws(Path(folder)) as aws:
        guard, member, outputs, there = deployed(aws)
        events_come_in(guard, member, outputs, there["EventsTopicArn"])
    return status


def deployed(aws: LocalAws) -> tuple[Home, Home, dict[str, str], dict[str, str]]:
    """In the order of the runbook: the guard alone, the member, and then the guard that lists it."""
    guard, member = Home(aws, ACCOUNT, REGION), Home(aws, MEMBER_ACCOUNT, MEMBER_REGION)
    for home in (guard, member):
        home.client("sesv2").create_configuration_set(ConfigurationSetName=SET)
    outputs = guard.deploy("guard", guards_part(), {})
    given = {name: outputs[name] for name in ("EventsQueueArn", "ActuateRoleArn", "LookingRoleArns")}
    whole = yaml_parse((ROOT / "member.yaml").read_text(encoding="utf-8"))
    there = member.deploy("member", whole, given)
    guard.deploy("guard", guards_part(), {"Accounts": there["Home"]}, anew=True)
    member.deploy("member", whole, given | {"ConfigurationSets": SET}, anew=True)
    return guard, member, outputs, there


def guards_part() -> dict[str, Any]:
    """Of the guard's template what concerns other homes, and a role for each function that only this account takes on."""
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    resources = {name: template["Resources"][name] for name in KEPT}
    trust = {"Effect": "Allow", "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}, "Action": "sts:AssumeRole"}
    stand_in = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    resources |= {name: {"Type": "AWS::IAM::Role", "Properties": stand_in} for name in ROLES}
    variable, accounts, member = template["Resources"]["Fn::ForEach::Members"]
    kept = {name: resource for name, resource in member.items() if name.startswith(KEPT_OF_A_MEMBER)}
    resources["Fn::ForEach::Members"] = [variable, accounts, kept]
    part = {name: template[name] for name in ("AWSTemplateFormatVersion", "Parameters", "Conditions")}
    outputs = ("EventsQueueArn", "EventsQueueUrl", "ActuateRoleArn", "LookingRoleArns")
    return part | {
        "Transform": "AWS::LanguageExtensions",
        "Resources": resources,
        "Outputs": {name: template["Outputs"][name] for name in outputs},
    }


def roles_are_for_the_guard_alone(guard: Home, actuate: Home, outputs: dict[str, str]) -> None:
    def role(name: str) -> str:
        return f"arn:aws:iam::{MEMBER_ACCOUNT}:role/ses-reputation-guard-{name}-{MEMBER_REGION}"

    sweep = guard.taking_on(outputs["LookingRoleArns"].split(",")[1])
    ours = {"ExternalId": f"{ACCOUNT}/{REGION}"}
    switch = actuate.taking_on(role("switch"), MEMBER_REGION, **ours)
    look = sweep.taking_on(role("look"), MEMBER_REGION, **ours)
    check("both roles see how a set stands", switch.sends() and look.sends())
    turn = {"ConfigurationSetName": SET, "SendingEnabled": True}
    switch.client("sesv2").put_configuration_set_sending_options(**turn)
    for what, call in {
        "sweep turns no switch": lambda: look.client("sesv2").put_configuration_set_sending_options(**turn),
        "sweep does not become what may": lambda: sweep.taking_on(role("switch"), **ours),
        "actuate does not become what looks": lambda: actuate.taking_on(role("look"), **ours),
        "not even actuate without its external id": lambda: actuate.taking_on(role("switch")),
        "nor with another's": lambda: actuate.taking_on(role("switch"), ExternalId=f"{MEMBER_ACCOUNT}/{REGION}"),
        "the role sends no mail": lambda: switch.client("sesv2").send_email(
            FromEmailAddress="a@example.com", Destination={"ToAddresses": ["b@example.com"]}, Content={"Raw": {"Data": b"x"}}
        ),
        "it does nothing in another Region": lambda: Home(
            guard.aws, MEMBER_ACCOUNT, REGION, switch.credentials
        ).client("sesv2").put_configuration_set_sending_options(**turn),
    }.items():
        check(what, denied(call))


def a_tenant_keeps_to_its_own(guard: Home) -> None:
    """With the policy that docs/OPERATIONS.md gives a tenant. Whom it sends as, and with which set, the local AWS does not ask:
    to it each mail is about everything. `tests/template/test_tenant_sender.py` does."""
    iam, admin = guard.client("iam"), guard.client("sesv2")
    admin.create_configuration_set(ConfigurationSetName="tenant-a")
    admin.create_email_identity(EmailIdentity="tenant-a.example")
    iam.create_user(UserName="tenant-a")
    policy = (ROOT / "docs/examples/tenant-sender.json").read_text(encoding="utf-8")
    iam.put_user_policy(UserName="tenant-a", PolicyName="sender", PolicyDocument=policy)
    key = iam.create_access_key(UserName="tenant-a")["AccessKey"]
    tenant = Home(guard.aws, ACCOUNT, REGION, {**key, "SessionToken": ""}).client("sesv2")
    own = {"ConfigurationSetName": "tenant-a"}
    for what, call in {
        "a tenant does not switch its set on": lambda: tenant.put_configuration_set_sending_options(**own, SendingEnabled=True),
        "makes no set of its own": lambda: tenant.create_configuration_set(ConfigurationSetName="tenant-a2"),
        "does not delete its set, to make it anew": lambda: tenant.delete_configuration_set(**own),
        "does not take the guard's ear away": lambda: tenant.delete_configuration_set_event_destination(**own, EventDestinationName="guard"),
        "and has no default set but its own": lambda: tenant.put_email_identity_configuration_set_attributes(
            EmailIdentity="tenant-a.example", ConfigurationSetName=SET
        ),
    }.items():
        check(what, denied(call))


def events_come_in(guard: Home, member: Home, outputs: dict[str, str], topic: str) -> None:
    sqs, url = guard.client("sqs"), outputs["EventsQueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    statements = {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}
    listed = statements["MemberTopicsSend"]["Condition"]["ArnLike"]["aws:SourceArn"]
    check("the queue lets the member's topic in", listed == [topic.replace(f":sns:{MEMBER_REGION}:", ":sns:*:").replace("arn:aws:", "arn:*:")])
    [destination] = member.client("sesv2").get_configuration_set_event_destinations(ConfigurationSetName=SET)["EventDestinations"]
    check("SES there publishes to the member's topic", destination["SnsDestination"]["TopicArn"] == topic)
    listener = Home(guard.aws, ACCOUNT, MEMBER_REGION).client("sns")
    raw = {"RawMessageDelivery": "true"}
    listener.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=outputs["EventsQueueArn"], Attributes=raw)
    record = json.dumps({"eventType": "Send", "mail": {"sendingAccountId": MEMBER_ACCOUNT}})
    member.client("sns").publish(TopicArn=topic, Message=record)
    messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", [])
    check("its events reach the guard's queue, across accounts and Regions, as they are", [m["Body"] for m in messages] == [record])


def denied(call: Any) -> bool:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException", "AuthorizationError")
    return False


def check(what: str, holds: bool) -> None:
    print(f"  {'ok   ' if holds else 'FAILED'} {what}", flush=True)
    if not holds:
        raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
