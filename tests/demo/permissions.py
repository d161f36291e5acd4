"""What each function called, held against what its role in template.yaml lets it call: the local AWS asks no policy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from checks import Checks
from deploy import Stack
from relay import Call
from timeline import Timeline

# An action, and the logical id of what it acts on (with the index), or "" where SES and others have no name for it.
Grant = tuple[str, str]

# Lambda itself does these in the role's name: it polls, it writes logs, it puts what failed into a queue.
_BY_LAMBDA = {
    "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
    "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
    "logs:CreateLogStream", "logs:PutLogEvents",
}  # fmt: skip
# What the demo's parameters bring about.
_CONDITIONS = {"TellsChats"}
# The others act on what is not the stack's own.
_NAMED = ("dynamodb:", "sqs:", "sns:")
_DEAD_LETTER: Grant = ("sqs:SendMessage", "WakeUpDeadLetterQueue")
# Only where sends are counted late, which no story plays: tests/tests/stories.rs and sweeps.rs do.
_LOOK_AGAIN: Grant = ("sqs:SendMessage", "RecheckQueue")
# Only of sets that have been at rest for some minutes: tests/tests/hearing.rs does.
_HEARING: Grant = ("ses:GetConfigurationSetEventDestinations", "")
# Only of sets with more than 8 KB of mail older than an hour and a half: tests/tests/digests.rs does.
_DIGESTS: Grant = ("dynamodb:PutItem", "DigestTable")
# Not while a pause waits, and no story has identities: tests/tests/sight.rs does.
_SURVEY: set[Grant] = {("ses:ListEmailIdentities", ""), ("ses:GetEmailIdentity", "")}
# Only by a policy that names tenants: the runbook's story has one, tests/tests/tenants.rs too.
_TENANTS: set[Grant] = {
    ("ses:ListResourceTenants", ""),
    ("ses:ListTenantResources", ""),
    ("ses:GetReputationEntity", ""),
    ("ses:UpdateReputationEntityCustomerManagedStatus", ""),
}


class Permissions:
    """Collects the calls of all stories."""

    def __init__(self, template: Path, stack: str) -> None:
        resources = yaml_parse(template.read_text(encoding="utf-8"))["Resources"]
        self._granted: dict[str, set[Grant]] = {
            f"{stack}-{resource['Metadata']['BuildProperties']['Binary']}": set(_grants(resources[_role(resource)]))
            for resource in resources.values()
            if isinstance(resource, dict) and resource.get("Type") == "AWS::Serverless::Function"
        }
        self._called: Counter[tuple[str, Grant]] = Counter()

    def note(self, calls: Counter[Call], stack: Stack) -> None:
        logical = {
            physical.replace(":", "/").rsplit("/", 1)[-1]: name
            for kind in ("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SNS::Topic")
            for name, physical in stack.all(kind).items()
        }
        for call, times in calls.items():
            name, slash, index = call.resource.partition("/")
            resource = logical.get(name, name) + slash + index if call.action.startswith(_NAMED) else ""
            self._called[call.function, (call.action, resource)] += times

    def check(self, timeline: Timeline, checks: Checks, complete: bool) -> None:
        """`complete`: all stories were played, so that what was not called then is not needed."""
        timeline.title("What the functions called")
        denied = {
            f"{function or 'somebody'} called {_said(grant)}"
            for function, grant in self._called
            if grant not in self._granted.get(function, set())
        }
        sentence = f"each of the {self._called.total():,} calls is one that the role of the function grants"
        checks.same(sorted(denied), [], sentence)
        if complete:
            idle = {
                f"{function} has {_said(grant)}"
                for function, grants in self._granted.items()
                for grant in grants
                if grant[0] not in _BY_LAMBDA
                and grant not in {_DEAD_LETTER, _LOOK_AGAIN, _HEARING, _DIGESTS, *_SURVEY, *_TENANTS}
                and not self._called[function, grant]
            }
            checks.same(sorted(idle), [], "and no role grants what was never called")


def _said(grant: Grant) -> str:
    return " on ".join(filter(None, grant))


def _role(function: dict[str, Any]) -> str:
    return str(function["Properties"]["Role"]["Fn::GetAtt"][0])


def _grants(role: dict[str, Any]) -> Iterator[Grant]:
    for policy in role["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if "Fn::If" in statement:
                condition, statement, _ = statement["Fn::If"]
                if condition not in _CONDITIONS:
                    continue  # granted by a parameter that the demo leaves off
            for action in _listed(statement["Action"]):
                for resource in _listed(statement["Resource"]):
                    yield action, _named(action, resource)


def _named(action: str, resource: Any) -> str:
    """The logical id in `!GetAtt Table.Arn`, `!Ref Topic` or `!Sub "${Table.Arn}/index/todo"`."""
    if not action.startswith(_NAMED):
        return ""
    [(function, value)] = resource.items()
    if function == "Fn::GetAtt":
        return str(value[0])
    return re.sub(r"\$\{(\w+)(\.\w+)?\}", r"\1", str(value))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
