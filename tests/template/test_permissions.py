"""Who may do what: each function's grants in full, and the topic and queue policies asked about forged events."""

import json

import pytest

import member
import policy
import stack
from checks import statements
from policy import Request
from stack import as_list

ANY_IDENTITY = "arn:aws-test:ses:xx-test-1:111122223333:identity/*"
ANY_TENANT = "arn:aws-test:ses:xx-test-1:111122223333:tenant/*"
ANY_SET = "arn:aws-test:ses:xx-test-1:111122223333:configuration-set/*"
# What each function needs: the list by which `ses-guard doctor` judges the deployed roles, too.
NEEDS = json.loads((stack.ROOT / "shared/core/src/doctor/grants.json").read_text())
# Its words for what is not a resource of the template by that name.
WORDS = {
    "*": "*",
    "configuration-set/*": ANY_SET,
    "identity/*": ANY_IDENTITY,
    "tenant/*": ANY_TENANT,
    "EventBus": "arn:aws-test:events:xx-test-1:111122223333:event-bus/default",
    "NoticesTopic": "${NoticesTopic}",
    "ChatTopic": "${ChatTopic}",
    "StateTable/stream": "${StateTable.StreamArn}",
}


def resource(word):
    name, slash, part = word.partition("/")
    return WORDS.get(word, "${%s.Arn}" % name + slash + part)


def needs(when, function):
    return {(action, resource(word)) for word, actions in NEEDS[when].get(function.lower(), {}).items() for action in actions}


def log(function):
    return {(f"logs:{a}", "${%sLogGroup.Arn}" % function) for a in ("CreateLogStream", "PutLogEvents")}


GRANTS = {function.capitalize(): needs("always", function) for function in NEEDS["always"]}
# Every condition in a role, so that none disappears unnoticed.
CONDITIONS = {
    "ReadPolicies": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["policy"]}},
    "Mark": {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["p", "k", "dirty", "todo"]},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]},
    },
    "NoteLateAdditions": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["late#*", "begun"]}},
    "KeepDigests": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["digest#*"]}},
    "TellMachines": {"StringEquals": {"events:source": "ses.reputation-guard"}},
}


@pytest.mark.parametrize("function", GRANTS)
def test_a_function_may_do_what_it_does_and_nothing_else(resources, function):
    role = resources[f"{function}Role"]["Properties"]
    granted = {(a, r) for s in statements(role) for a in as_list(s["Action"]) for r in as_list(s["Resource"])}
    assert granted == GRANTS[function] | log(function)
    assert {s["Effect"] for s in statements(role)} == {"Allow"}
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]


@pytest.mark.parametrize("function", GRANTS)
def test_chats_are_told_only_where_that_was_asked_for(function):
    role = stack.deployed(ChatNotices="true")[f"{function}Role"]["Properties"]
    granted = {(a, r) for s in statements(role) for a in as_list(s["Action"]) for r in as_list(s["Resource"])}
    assert granted == GRANTS[function] | log(function) | needs("chats", function)


@pytest.mark.parametrize("function", GRANTS)
def test_the_account_is_stopped_only_where_that_was_asked_for(function):
    resources = stack.deployed(AllowAccountStop="true")
    role = resources[f"{function}Role"]["Properties"]
    granted = {(a, r) for s in statements(role) for a in as_list(s["Action"]) for r in as_list(s["Resource"])}
    assert granted == GRANTS[function] | log(function) | needs("accountStop", function)
    for allowed, word in (("true", "allowed"), ("false", "forbidden")):
        environment = stack.deployed(AllowAccountStop=allowed)[f"{function}Function"]["Properties"]["Environment"]
        assert environment["Variables"].get("GUARD_ACCOUNT_STOP", word) == word


@pytest.mark.parametrize(
    ("enrols", "also"),
    [
        ("off", set()),
        ("events", needs("enrols", "Sweep")),
        ("events-and-metrics", needs("enrols", "Sweep") | needs("enrolsWithMetrics", "Sweep")),
    ],
)
def test_nothing_is_enrolled_without_being_asked_for(enrols, also):
    role = stack.deployed(EnrolNewSets=enrols)["SweepRole"]["Properties"]
    granted = {(a, r) for s in statements(role) for a in as_list(s["Action"]) for r in as_list(s["Resource"])}
    assert granted == GRANTS["Sweep"] | log("Sweep") | also


def test_no_role_but_the_functions_own_and_no_grant_beside_them(resources):
    roles = {n for n, r in resources.items() if r["Type"].startswith("AWS::IAM::")}
    assert roles == {f"{function}Role" for function in GRANTS}


# What AWS grants on every resource or not at all, by the Service Authorization Reference; and what is meant for all of a kind.
WILDCARDS = {
    "ses:ListConfigurationSets": "takes no resource",
    "ses:ListEmailIdentities": "takes no resource",
    "ses:GetAccount": "takes no resource",
    "ses:PutAccountSendingAttributes": "takes no resource",
    "cloudwatch:GetMetricData": "takes no resource",
    "cloudwatch:DescribeAlarms": "composite alarms are described only where it is granted on *",
}
ALL_OF_A_KIND = {
    ("ses", "configuration-set/*"): "which sets there are is decided by who sends",
    ("ses", "identity/*"): "the survey asks each identity",
    ("ses", "tenant/*"): "as for sets: which tenants there are is decided by whose sets go bad",
    ("dynamodb", "stream/*"): "a stream's name is the time at which it was made",
}


def wildcards(role):
    """Of each statement the action and the resource, where that has a wildcard: the name behind the account alone."""
    for s in statements(role):
        for action in as_list(s["Action"]):
            for resource in as_list(s["Resource"]):
                assert "*" not in action, action
                if "*" in str(resource):
                    yield action, str(resource)


def too_wide(role):
    for action, resource in wildcards(role):
        if resource == "*":
            narrow = action not in WILDCARDS
        else:
            kinds = [name for service, name in ALL_OF_A_KIND if action.startswith(f"{service}:")]
            narrow = not any(resource.endswith((f":{name}", f"/{name}")) and "*" not in resource.removesuffix(name) for name in kinds)
        if narrow:
            yield f"{action} on {resource}"


@pytest.mark.parametrize("function", GRANTS)
@pytest.mark.parametrize("options", [{}, {"AllowAccountStop": "true", "EnrolNewSets": "events-and-metrics", "Accounts": member.HOME}])
def test_nothing_is_granted_on_more_than_aws_makes_it(function, options):
    assert list(too_wide(stack.deployed(**options)[f"{function}Role"]["Properties"])) == []


def test_nothing_is_granted_on_more_than_aws_makes_it_in_other_homes():
    roles = [r["Properties"] for r in member.deployed().values() if r["Type"] == "AWS::IAM::Role"]
    assert len(roles) >= 2
    for role in roles:
        assert list(too_wide(role)) == []


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:Query", "*"),
        ("ses:GetConfigurationSet", "*"),
        ("ses:GetConfigurationSet", "arn:aws:ses:*:111122223333:configuration-set/*"),
        ("sqs:SendMessage", "arn:aws:sqs:xx-test-1:111122223333:*"),
        ("sts:AssumeRole", "arn:aws:iam::*:role/switch"),
        ("logs:PutLogEvents", "arn:aws:logs:xx-test-1:111122223333:log-group:*"),
        ("dynamodb:ListStreams", "arn:aws:dynamodb:xx-test-1:111122223333:table/*"),
    ],
)
def test_what_is_too_wide_is_found(action, resource):
    role = {"Policies": [{"PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}}]}
    assert list(too_wide(role)) == [f"{action} on {resource}"]


def test_every_wildcard_of_the_table_is_used():
    options = {"AllowAccountStop": "true", "EnrolNewSets": "events-and-metrics"}
    resources = stack.deployed(**options)
    used = {action for function in GRANTS for action, resource in wildcards(resources[f"{function}Role"]["Properties"]) if resource == "*"}
    assert used == set(WILDCARDS)


def test_conditions_narrow_what_names_cannot(resources):
    conditions = [
        (s["Sid"], s["Condition"])
        for function in GRANTS
        for s in statements(resources[f"{function}Role"]["Properties"])
        if "Condition" in s
    ]
    assert dict(conditions) == CONDITIONS
    assert all(condition == CONDITIONS[sid] for sid, condition in conditions)


@pytest.mark.parametrize("function", ["Judge", "Alarm", "Sweep"])
def test_of_the_state_table_only_the_policies_are_listed(resources, function):
    document = resources[f"{function}Role"]["Properties"]["Policies"][0]["PolicyDocument"]
    for key, passes in (("policy", True), ("111122223333/xx-test-1/tenant-a", False)):
        request = Request("guard", "dynamodb:Query", "${StateTable.Arn}", {"dynamodb:LeadingKeys": [key]})
        assert policy.allows(document, request) == passes, key


@pytest.mark.parametrize(
    ("attributes", "returned", "passes"),
    [
        (["p", "k", "dirty", "todo"], "NONE", True),
        (["p", "k", "dirty", "todo"], None, True),
        (["p", "k", "dirty"], "UPDATED_NEW", True),
        (["p", "k", "dirty", "todo"], "ALL_NEW", False),
        (["p", "k", "want"], "NONE", False),
        (["p", "k", "dirty", "todo", "ph"], "NONE", False),
        (["p", "k", "pend", "prio"], "NONE", False),
    ],
)
def test_ingest_can_mark_a_set_and_neither_pause_nor_resume_nor_read_it(resources, attributes, returned, passes):
    document = resources["IngestRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    context = {"dynamodb:Attributes": attributes} | ({"dynamodb:ReturnValues": returned} if returned else {})
    request = Request("guard-ingest", "dynamodb:UpdateItem", "${StateTable.Arn}", context)
    assert policy.allows(document, request) == passes


# ── Topic and queue ──

ACCOUNT, OTHER_ACCOUNT = "111122223333", "999988887777"
ADMIN = f"arn:aws-test:iam::{ACCOUNT}:role/admin"
REDRIVER = f"arn:aws-test:iam::{ACCOUNT}:role/redriver"
STRANGER = f"arn:aws-test:iam::{OTHER_ACCOUNT}:role/admin"
OWN_SET = f"arn:aws-test:ses:xx-test-1:{ACCOUNT}:configuration-set/tenant-a"


def service(source_arn, account=ACCOUNT, tls=True):
    return {
        "aws:SourceArn": source_arn,
        "aws:SourceAccount": account,
        "aws:PrincipalIsAWSService": "true",
        "aws:SecureTransport": str(tls).lower(),
    }


def person(arn, tls=True):
    return {"aws:PrincipalArn": arn, "aws:PrincipalIsAWSService": "false", "aws:SecureTransport": str(tls).lower()}


def document(resources, name):
    return resources[name]["Properties"]["PolicyDocument"]


@pytest.mark.parametrize(
    ("who", "principal", "context", "granted_by_own_account", "passes"),
    [
        ("SES for a set of ours", "ses.amazonaws.com", service(OWN_SET), False, True),
        ("SES for another account", "ses.amazonaws.com", service(OWN_SET.replace(ACCOUNT, OTHER_ACCOUNT), OTHER_ACCOUNT), False, False),
        ("SES with a set's name of ours, another account", "ses.amazonaws.com", service(OWN_SET, OTHER_ACCOUNT), False, False),
        ("SES for an identity", "ses.amazonaws.com", service(OWN_SET.replace("configuration-set", "identity")), False, False),
        ("SES in another Region", "ses.amazonaws.com", service(OWN_SET.replace("xx-test-1", "xx-test-2")), False, False),
        ("SES without saying for whom", "ses.amazonaws.com", {"aws:PrincipalIsAWSService": "true"}, False, False),
        ("another service of ours", "events.amazonaws.com", service(OWN_SET), False, False),
        ("an administrator of ours", ADMIN, person(ADMIN), True, False),
        ("an administrator of another account", STRANGER, person(STRANGER), True, False),
        ("nobody", "anonymous", {}, False, False),
    ],
)
def test_only_ses_publishes_events(resources, who, principal, context, granted_by_own_account, passes):
    request = Request(principal, "sns:Publish", "${EventsTopic}", context)
    assert policy.allows(document(resources, "EventsTopicPolicy"), request, granted_by_own_account) == passes, who


@pytest.mark.parametrize(
    ("who", "principal", "context", "granted_by_own_account", "passes"),
    [
        ("SNS from our topic", "sns.amazonaws.com", service("${EventsTopic}"), False, True),
        ("SNS from our topic, without TLS", "sns.amazonaws.com", service("${EventsTopic}", tls=False), False, False),
        ("SNS from another topic", "sns.amazonaws.com", service("${NoticesTopic}"), False, False),
        ("SNS without saying from where", "sns.amazonaws.com", {"aws:PrincipalIsAWSService": "true"}, False, False),
        ("another service", "events.amazonaws.com", service("${EventsTopic}"), False, False),
        ("an administrator of ours", ADMIN, person(ADMIN), True, False),
        ("the role that puts dead letters back", REDRIVER, person(REDRIVER), True, True),
        ("the same role without TLS", REDRIVER, person(REDRIVER, tls=False), True, False),
        ("that role, but its own policy lacks it", REDRIVER, person(REDRIVER), False, False),
        ("an administrator of another account", STRANGER, person(STRANGER), True, False),
        ("nobody", "anonymous", {}, False, False),
    ],
)
def test_only_the_topic_and_the_redrive_send_events(who, principal, context, granted_by_own_account, passes):
    resources = stack.deployed(RedriveRoleArn=REDRIVER)
    request = Request(principal, "sqs:SendMessage", "${EventsQueue.Arn}", context)
    assert policy.allows(document(resources, "EventsQueuePolicy"), request, granted_by_own_account) == passes, who


def test_without_a_redrive_role_nobody_sends_but_the_topic(resources):
    queue = document(resources, "EventsQueuePolicy")
    for arn in (ADMIN, REDRIVER):
        assert not policy.allows(queue, Request(arn, "sqs:SendMessage", "${EventsQueue.Arn}", person(arn)), True)
    topic = Request("sns.amazonaws.com", "sqs:SendMessage", "${EventsQueue.Arn}", service("${EventsTopic}"))
    assert policy.allows(queue, topic)


def test_the_topic_may_dead_letter_what_the_queue_refuses(resources):
    dead_letters = document(resources, "EventsDeadLetterQueuePolicy")
    for topic, passes in (("${EventsTopic}", True), ("${NoticesTopic}", False)):
        request = Request("sns.amazonaws.com", "sqs:SendMessage", "${EventsDeadLetterQueue.Arn}", service(topic))
        assert policy.allows(dead_letters, request) == passes


def test_ingest_still_receives(resources):
    ingest = "arn:aws-test:sts::111122223333:assumed-role/guard-ingest/x"
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        request = Request(ingest, action, "${EventsQueue.Arn}", person(ingest))
        assert policy.allows(document(resources, "EventsQueuePolicy"), request, True)


@pytest.mark.parametrize(
    ("who", "principal", "context", "granted_by_own_account", "passes"),
    [
        ("an alarm of ours", "cloudwatch.amazonaws.com", service(f"arn:aws-test:cloudwatch:xx-test-1:{ACCOUNT}:alarm:guard-x"), False, True),
        (
            "an alarm of another account",
            "cloudwatch.amazonaws.com",
            service(f"arn:aws-test:cloudwatch:xx-test-1:{OTHER_ACCOUNT}:alarm:guard-x", OTHER_ACCOUNT),
            False,
            False,
        ),
        ("a rule of ours", "events.amazonaws.com", service(f"arn:aws-test:cloudwatch:xx-test-1:{ACCOUNT}:alarm:guard-x"), False, False),
        ("CloudWatch, but no alarm", "cloudwatch.amazonaws.com", service(f"arn:aws-test:cloudwatch:xx-test-1:{ACCOUNT}:x"), False, False),
        ("actuate", ADMIN, person(ADMIN), True, True),
        ("actuate without TLS", ADMIN, person(ADMIN, tls=False), True, False),
        ("nobody", "anonymous", {}, False, False),
    ],
)
def test_alarms_and_actuate_publish_notices(resources, who, principal, context, granted_by_own_account, passes):
    request = Request(principal, "sns:Publish", "${NoticesTopic}", context)
    assert policy.allows(document(resources, "NoticesTopicPolicy"), request, granted_by_own_account) == passes, who
