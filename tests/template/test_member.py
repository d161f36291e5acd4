"""member.yaml, and how the guard's own template meets it: what one grants, the other asks for, and nothing more."""

import json
import re

import pytest

import checks
import member
import policy
import stack
from checks import statements
from member import ACTUATE, ALARM, GUARD_ACCOUNT, GUARD_REGION, HOME, MEMBER_ACCOUNT, MEMBER_REGION, OPERATE, QUEUE, SWEEP
from policy import Request
from stack import as_list, of_type
from test_permissions import document, person, service
from test_stack import _passes

STRANGER = "999988887777"
BUS = f"arn:aws-test:events:{GUARD_REGION}:{GUARD_ACCOUNT}:event-bus/default"
ANY_TENANT = f"arn:aws-test:ses:{MEMBER_REGION}:{MEMBER_ACCOUNT}:tenant/*"
ANY_SET = f"arn:aws-test:ses:{MEMBER_REGION}:{MEMBER_ACCOUNT}:configuration-set/*"
TOPIC = f"arn:aws-test:sns:{MEMBER_REGION}:{MEMBER_ACCOUNT}:ses-reputation-guard-events-{MEMBER_REGION}"
RULES = [f"arn:aws-test:events:{MEMBER_REGION}:{MEMBER_ACCOUNT}:rule/ses-reputation-guard-{name}" for name in ("calls", "alarms", "tenants")]
OURS = {"StringEquals": {"sts:ExternalId": f"{GUARD_ACCOUNT}/{GUARD_REGION}"}}


@pytest.fixture(scope="module")
def there():
    """One member, with a set attached."""
    return member.deployed(ConfigurationSets="promo")


@pytest.fixture(scope="module")
def here():
    """The guard that lists it, and another Region of its own account."""
    return stack.deployed(Accounts=f"{HOME},{GUARD_ACCOUNT}/xx-test-2")


# ── The member's side ──


ROLES = {
    "SwitchRole": (
        {("ses:GetConfigurationSet", ANY_SET), ("ses:PutConfigurationSetSendingOptions", ANY_SET), ("ses:ListResourceTenants", ANY_SET)}
        | {("ses:GetReputationEntity", ANY_TENANT), ("ses:UpdateReputationEntityCustomerManagedStatus", ANY_TENANT)},
        {"Principal": {"AWS": ACTUATE}, "Condition": OURS},
    ),
    "LookRole": (
        {("ses:GetConfigurationSet", ANY_SET), ("ses:ListResourceTenants", ANY_SET)}
        | {("ses:GetReputationEntity", ANY_TENANT), ("ses:ListTenantResources", ANY_TENANT)}
        | {("ses:GetAccount", "*"), ("cloudwatch:GetMetricData", "*"), ("cloudwatch:DescribeAlarms", "*")},
        {"Principal": {"AWS": [ALARM, SWEEP, OPERATE]}, "Condition": OURS},
    ),
    "ForwardRole": (
        {("events:PutEvents", BUS)},
        {
            "Principal": {"Service": "events.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": MEMBER_ACCOUNT}, "ArnEquals": {"aws:SourceArn": RULES}},
        },
    ),
}


def test_a_member_s_roles_are_for_the_guard_and_for_nothing_else(there):
    roles = of_type(there, "AWS::IAM::Role")
    assert roles.keys() == ROLES.keys()
    assert not [n for n, r in there.items() if r["Type"].startswith("AWS::IAM::") and n not in ROLES]
    for name, (grants, trust) in ROLES.items():
        listed = list(statements(roles[name]))
        assert {(a, r) for s in listed for a in as_list(s["Action"]) for r in as_list(s["Resource"])} == grants
        assert all(s["Effect"] == "Allow" and "Condition" not in s for s in listed)
        assert roles[name]["AssumeRolePolicyDocument"]["Statement"] == [{"Effect": "Allow", "Action": "sts:AssumeRole", **trust}]


def test_a_member_has_no_fault_that_linters_miss(there):
    of_the_stack_itself = {checks.alarms, checks.event_sources, checks.queues, checks.tables, checks.roles}
    for check in set(checks.RESOURCE_CHECKS) - of_the_stack_itself:
        assert list(check(there)) == []
    assert list(checks.hard_coded(stack.expand(stack.MEMBER, ConfigurationSets="one", **member.GIVEN))) == []
    assert list(checks.yaml_aliases(stack.MEMBER.read_text())) == []


def _set(account=MEMBER_ACCOUNT, region=MEMBER_REGION):
    return f"arn:aws-test:ses:{region}:{account}:configuration-set/promo"


@pytest.mark.parametrize(
    ("who", "principal", "action", "context", "passes"),
    [
        ("SES for a set of this home", "ses.amazonaws.com", "sns:Publish", service(_set(), MEMBER_ACCOUNT), True),
        ("SES for the guard's account", "ses.amazonaws.com", "sns:Publish", service(_set(GUARD_ACCOUNT), GUARD_ACCOUNT), False),
        ("SES in another Region", "ses.amazonaws.com", "sns:Publish", service(_set(region=GUARD_REGION), MEMBER_ACCOUNT), False),
        ("an administrator of this account", f"arn:aws-test:iam::{MEMBER_ACCOUNT}:role/admin", "sns:Publish", person("x"), False),
        ("the guard, publishing", ACTUATE, "sns:Publish", person(ACTUATE), False),
        ("the guard's queue", ACTUATE, "sns:Subscribe", {"sns:Protocol": "sqs", "sns:Endpoint": QUEUE}, True),
        ("another queue", ACTUATE, "sns:Subscribe", {"sns:Protocol": "sqs", "sns:Endpoint": QUEUE + "x"}, False),
        ("an address", ACTUATE, "sns:Subscribe", {"sns:Protocol": "email", "sns:Endpoint": "x@example.com"}, False),
        ("a stranger", f"arn:aws-test:iam::{STRANGER}:role/x", "sns:Subscribe", {"sns:Protocol": "sqs", "sns:Endpoint": QUEUE}, False),
        ("the guard's CloudFormation", f"arn:aws-test:iam::{GUARD_ACCOUNT}:role/x", "sns:GetTopicAttributes", {}, True),
        ("a stranger's", f"arn:aws-test:iam::{STRANGER}:role/x", "sns:GetTopicAttributes", {}, False),
    ],
)
def test_ses_publishes_to_a_member_s_topic_and_the_guard_s_queue_listens(there, who, principal, action, context, passes):
    request = Request(principal, action, "${EventsTopic}", context)
    own_administrator = principal.startswith(f"arn:aws-test:iam::{MEMBER_ACCOUNT}:")
    assert policy.allows(document(there, "EventsTopicPolicy"), request, own_administrator) == passes, who


def test_a_member_forwards_calls_alarms_and_words_of_tenants_and_nothing_else(there):
    rules = of_type(there, "AWS::Events::Rule")
    assert {r["Name"] for r in rules.values()} == {arn.rsplit("/", 1)[1] for arn in RULES}
    for rule in rules.values():
        assert rule["Targets"] == [{"Id": "guard", "Arn": BUS, "RoleArn": "${ForwardRole.Arn}"}]
    own = stack.deployed(HearAlarms="all")
    assert rules["CallsRule"]["EventPattern"] == own["SweepFunctionSwitchTurned"]["Properties"]["EventPattern"]
    assert rules["AlarmsRule"]["EventPattern"] == own["AlarmRule"]["Properties"]["EventPattern"]
    assert rules["TenantsRule"]["EventPattern"] == own["SweepFunctionTenantChanged"]["Properties"]["EventPattern"]


def test_a_member_attaches_the_sets_that_it_is_told(there):
    [destination] = of_type(there, "AWS::SES::ConfigurationSetEventDestination").values()
    assert destination["ConfigurationSetName"] == "promo"
    assert not of_type(member.deployed(), "AWS::SES::ConfigurationSetEventDestination")


# ── The guard's side ──


def test_without_other_accounts_nothing_is_there_for_them():
    alone = stack.deployed()
    assert not [n for n in alone if re.match("(SwitchIn|LookIn|EventsOf|WordOf|Member)", n)]
    assert "sts:AssumeRole" not in json.dumps([r for n, r in alone.items() if r["Type"] == "AWS::IAM::Policy"])
    assert [s["Sid"] for s in document(alone, "EventsQueuePolicy")["Statement"]] == ["EventsTopicSends", "NobodyForgesEvents", "OnlyOverTls"]


def test_the_guard_assumes_the_roles_that_members_made_and_no_other(here, there):
    granted = {}
    for entry in of_type(here, "AWS::IAM::Policy").values():
        [statement] = entry["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
        granted[statement["Resource"]] = entry["Roles"]
    role = "arn:aws-test:iam::%s:role/ses-reputation-guard-%s-%s"
    switch, look = ["${ActuateRole}"], ["${AlarmRole}", "${SweepRole}", "${OperateRole}"]
    assert granted == {
        role % (MEMBER_ACCOUNT, "switch", MEMBER_REGION): switch,
        role % (MEMBER_ACCOUNT, "look", MEMBER_REGION): look,
        role % (GUARD_ACCOUNT, "switch", "xx-test-2"): switch,
        role % (GUARD_ACCOUNT, "look", "xx-test-2"): look,
    }
    names = {r: there[f"{r}Role"]["Properties"]["RoleName"] for r in ("Switch", "Look")}
    assert names == {r: f"ses-reputation-guard-{r.lower()}-{MEMBER_REGION}" for r in names}
    source = (stack.ROOT / "shared/aws/src/homes.rs").read_text()
    assert '=> "ses-reputation-guard-look"' in source and '=> "ses-reputation-guard-switch"' in source
    assert list(checks.roles(here)) == []


def test_the_guard_s_queue_is_subscribed_to_each_member_s_topic(here, there):
    subscriptions = {s["TopicArn"]: s for n, s in of_type(here, "AWS::SNS::Subscription").items() if n.startswith("EventsOf")}
    assert subscriptions.keys() == {TOPIC, f"arn:aws-test:sns:xx-test-2:{GUARD_ACCOUNT}:ses-reputation-guard-events-xx-test-2"}
    assert subscriptions[TOPIC] == {
        "TopicArn": TOPIC, "Region": MEMBER_REGION, "Protocol": "sqs", "Endpoint": "${EventsQueue.Arn}", "RawMessageDelivery": True,
    }  # fmt: skip
    assert there["EventsTopic"]["Properties"] == {"TopicName": TOPIC.rsplit(":", 1)[1]}


@pytest.mark.parametrize(
    ("who", "topic", "passes"),
    [
        ("a member's topic", TOPIC, True),
        ("the guard's own", "${EventsTopic}", True),
        ("another topic of the member", TOPIC + "x", False),
        ("the member's account in a Region that is not listed", TOPIC.replace(MEMBER_REGION, "xx-other-3"), False),
        ("the same name elsewhere", TOPIC.replace(MEMBER_ACCOUNT, STRANGER), False),
    ],
)
def test_the_guard_s_queue_takes_events_from_listed_homes_only(here, who, topic, passes):
    for tls in (True, False):
        request = Request("sns.amazonaws.com", "sqs:SendMessage", "${EventsQueue.Arn}", service(topic, tls=tls))
        assert policy.allows(document(here, "EventsQueuePolicy"), request) == (passes and tls), who
    forger = Request(f"arn:aws-test:iam::{MEMBER_ACCOUNT}:role/x", "sqs:SendMessage", "${EventsQueue.Arn}", person("x"))
    assert not policy.allows(document(here, "EventsQueuePolicy"), forger, True)


@pytest.mark.parametrize(
    ("who", "account", "rule", "passes"),
    [
        ("its calls", MEMBER_ACCOUNT, RULES[0], True),
        ("its alarms", MEMBER_ACCOUNT, RULES[1], True),
        ("its words of tenants", MEMBER_ACCOUNT, RULES[2], True),
        ("another rule of it", MEMBER_ACCOUNT, RULES[0] + "x", False),
        ("its rule in a Region that is not listed", MEMBER_ACCOUNT, RULES[0].replace(MEMBER_REGION, "xx-other-3"), False),
        ("a stranger's rule of that name", STRANGER, RULES[0].replace(MEMBER_ACCOUNT, STRANGER), False),
        ("a stranger with its rule", STRANGER, RULES[0], False),
    ],
)
def test_the_guard_s_bus_takes_the_word_of_listed_homes_only(here, who, account, rule, passes):
    words = [w for w in of_type(here, "AWS::Events::EventBusPolicy").values()]
    assert {w["EventBusName"] for w in words} == {"default"}
    assert len({w["StatementId"] for w in words}) == len(words) == 2
    assert all(re.fullmatch("[A-Za-z0-9_-]{1,64}", w["StatementId"]) for w in words)
    request = Request(f"arn:aws-test:iam::{account}:role/forward", "events:PutEvents", BUS, {"aws:SourceArn": rule})
    assert policy.allows({"Statement": [w["Statement"] for w in words]}, request) == passes, who


def test_alarms_that_members_forward_reach_the_guard_and_its_own_come_as_before(here):
    rule = here["MemberAlarmRule"]["Properties"]
    assert [t["Arn"] for t in rule["Targets"]] == ["${AlarmFunction.Arn}"]
    assert here["MemberAlarmRulePermission"]["Properties"]["SourceArn"] == "${MemberAlarmRule.Arn}"
    alarm = json.loads((stack.ROOT / "events/alarm/eventbridge-metric.json").read_text())
    for account, region, passes in [
        (MEMBER_ACCOUNT, MEMBER_REGION, True),
        (MEMBER_ACCOUNT, GUARD_REGION, True),
        (GUARD_ACCOUNT, MEMBER_REGION, True),
        (GUARD_ACCOUNT, GUARD_REGION, False),
    ]:
        alarm |= {"account": account, "region": region}
        assert _passes(rule["EventPattern"], alarm) == passes, (account, region)
    alarm["account"] = MEMBER_ACCOUNT
    alarm["detail"]["state"]["value"] = "OK"
    assert not _passes(rule["EventPattern"], alarm)


def test_the_guard_says_what_a_member_asks_for():
    outputs = stack.source()["Outputs"]
    required = {n for n, p in stack.source(stack.MEMBER)["Parameters"].items() if "Default" not in p}
    assert required == member.GIVEN.keys() and required <= outputs.keys()
    template = stack.source(stack.MEMBER)
    for name, entry in (template["Outputs"] | template["Parameters"]).items():
        assert entry["Description"], name
    for name, value in member.GIVEN.items():
        pattern = template["Parameters"][name]["AllowedPattern"]
        assert all(re.search(pattern, one) for one in value.split(",")), name
        assert not re.search(pattern, "*")
