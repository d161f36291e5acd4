"""The checks themselves: each planted fault must be found, or a passing check means nothing."""

import copy

import pytest

import checks
import policy
import stack
from policy import Request


def plant(path, value):
    """A change of the deployed resources: `value` at `path`, or nothing there for None."""

    def fault(resources):
        *parents, last = [int(p) if p.isdigit() else p for p in path.split("/")]
        node = resources[parents[0]]["Properties"] if parents else resources
        for parent in parents[1:]:
            node = node[parent]
        if value is None:
            del node[last]
        else:
            node[last] = value

    return fault


def add(name, kind, **properties):
    return lambda resources: resources.update({name: {"Type": kind, "Properties": properties}})


ALARM, MAPPING, TABLE = "EventsLateAlarm", "IngestFunctionEvents", "LedgerTable"
GRANT = "ActuateRole/Policies/0/PolicyDocument/Statement"


def redraw(old, new):
    """Another text in the dashboard's body."""

    def fault(resources):
        properties = resources["GuardDashboard"]["Properties"]
        assert old in properties["DashboardBody"], old
        properties["DashboardBody"] = properties["DashboardBody"].replace(old, new, 1)

    return fault


FAULTS = [
    (checks.dashboards, redraw('"widgets": [', '"widgets": [,'), "no dashboard"),
    (checks.dashboards, redraw('"widgets"', '"widget"'), "no dashboard"),
    (checks.dashboards, redraw('"y": 15', '"y": 14'), "lies over Configuration sets"),
    (checks.dashboards, redraw('"x": 16', '"x": 17'), "lies over the edge"),
    (checks.dashboards, redraw("${WidgetFunction.Arn}", "${WidgetFunction}"), "calls"),
    (checks.dashboards, redraw("${SweepSilentAlarm.Arn}", "${SweepFunction.Arn}"), "shows"),
    (checks.dashboards, redraw("Reputation.BounceRate", "BounceRate"), "has no BounceRate"),
    (checks.dashboards, redraw('"${EventsQueue.QueueName}"', '"${EventsQueue}"'), "watches"),
    (checks.dashboards, redraw('"GlobalSecondaryIndexName", "todo"', '"GlobalSecondaryIndexName", "marks"'), "watches"),
    (checks.dashboards, redraw("judged / 1000", "judge / 1000"), "reckons with judge"),
    (checks.dashboards, redraw('"region": "xx-test-1"', '"region": "xx-test-2"'), "not of the stack's Region"),
    (checks.alarms, plant(f"{ALARM}/AlarmActions/0", "${NoticesTopic.TopicName}"), "no topic"),
    (checks.alarms, plant(f"{ALARM}/AlarmActions/0", "notices"), "no topic"),
    (checks.alarms, plant(f"{ALARM}/AlarmActions", ["${NoticesTopic}"] * 6), "five at most"),
    (checks.alarms, plant(f"{ALARM}/AlarmActions", []), "tells nobody"),
    (checks.alarms, plant(f"{ALARM}/DatapointsToAlarm", 4), "DatapointsToAlarm"),
    (checks.alarms, plant(f"{ALARM}/Period", 86400), "more than a day"),
    (checks.alarms, plant(f"{ALARM}/TreatMissingData", None), "TreatMissingData"),
    (checks.alarms, plant(f"{ALARM}/MetricName", "AgeOfOldestMessage"), "has no AgeOfOldestMessage"),
    (checks.alarms, plant(f"{ALARM}/Namespace", "SQS"), "has no"),
    (checks.alarms, plant(f"{ALARM}/Dimensions/0/Value", "${EventsQueue.Arn}"), "watches"),
    (checks.alarms, plant(f"{ALARM}/Dimensions/0/Value", "${Gone.QueueName}"), "watches"),
    (checks.alarms, plant(f"{ALARM}/Dimensions/0/Name", "Queue"), "watches"),
    (checks.alarms, plant("BounceRateAlarmtenantb/TreatMissingData", "notBreaching"), "a paused set has no data"),
    (checks.alarms, plant("BounceRateAlarmtenantb/Dimensions/0/Name", "ConfigurationSet"), "watches"),
    (checks.alarms, plant("BounceRateAlarmtenantb/MetricName", "BounceRate"), "has no BounceRate"),
    (checks.alarms, plant("BounceRateAlarmtenantb/AlarmActions/0", "${SweepFunction.Arn}"), "no function that alarms may call"),
    (checks.alarms, plant("AlarmActionPermission/Principal", "cloudwatch.amazonaws.com"), "no function that alarms may call"),
    (checks.event_sources, plant(f"{MAPPING}/MaximumBatchingWindowInSeconds", None), "needs a window"),
    (checks.event_sources, plant(f"{MAPPING}/FunctionResponseTypes", None), "whole batch"),
    (checks.event_sources, plant(f"{MAPPING}/ScalingConfig/MaximumConcurrency", 1), "below 2"),
    (checks.event_sources, plant("EventsQueue/RedrivePolicy/maxReceiveCount", 1), "dead-letter good messages"),
    (checks.event_sources, plant("EventsQueue/VisibilityTimeout", 179), "six time-outs"),
    (checks.event_sources, plant("RecheckQueue/VisibilityTimeout", None), "six time-outs"),
    (checks.event_sources, plant("JudgeFunction/Timeout", 31), "six time-outs"),
    (checks.event_sources, plant("JudgeFunctionMarks/StartingPosition", "LATEST"), "while it starts"),
    (checks.event_sources, plant("JudgeFunctionMarks/MaximumRecordAgeInSeconds", -1), "blocks its shard"),
    (checks.event_sources, plant("ActuateFunctionIntents/BisectBatchOnFunctionError", None), "takes its batch"),
    (checks.event_sources, plant("ActuateFunctionIntents/DestinationConfig", None), "no trace"),
    (checks.event_sources, plant("ActuateFunctionIntents/FilterCriteria/Filters/0/Pattern", "{"), "no JSON"),
    (checks.event_sources, plant("ActuateFunctionIntents/FilterCriteria", None), "no JSON"),
    (checks.event_sources, plant("StateTable/StreamSpecification/StreamViewType", "KEYS_ONLY"), "new images"),
    (checks.event_sources, plant(f"{MAPPING}/EventSourceArn", "${EventsQueue.QueueName}"), "reads from"),
    (checks.queues, plant("EventsQueue/SqsManagedSseEnabled", False), "not encrypted"),
    (checks.queues, plant("EventsQueue/RedrivePolicy/maxReceiveCount", 0), "below 1"),
    (checks.queues, plant("EventsQueue/RedrivePolicy/deadLetterTargetArn", "${EventsDeadLetterQueue}"), "dead letters go to"),
    (checks.queues, plant("EventsDeadLetterQueue/MessageRetentionPeriod", 345600), "no longer than"),
    (checks.queues, plant("RecheckQueuePolicy/PolicyDocument/Statement/0/Effect", "Allow"), "without TLS"),
    (checks.queues, plant("EventsQueuePolicy/Queues", []), "without TLS"),
    (checks.tables, plant(f"{TABLE}/TimeToLiveSpecification/AttributeName", None), "TTL"),
    (checks.tables, plant(f"{TABLE}/TimeToLiveSpecification/Enabled", False), "TTL"),
    (checks.tables, plant("StateTable/AttributeDefinitions/4", None), "definitions differ"),
    (checks.tables, plant("StateTable/SSESpecification", None), "not encrypted"),
    (checks.tables, lambda r: r[TABLE].pop("UpdateReplacePolicy"), "goes with the stack"),
    (checks.permissions, add("P", "AWS::Lambda::Permission", Principal="s3.amazonaws.com", SourceAccount="111122223333"), "no service"),
    (checks.permissions, add("P", "AWS::Lambda::Permission", Principal="*", SourceAccount="111122223333"), "no service"),
    (checks.permissions, add("P", "AWS::Lambda::Permission", Principal="sns.amazonaws.com"), "any account"),
    (checks.permissions, add("P", "AWS::Lambda::Permission", Principal="sns.amazonaws.com", SourceAccount="999988887777"), "any account"),
    (checks.rules, add("R", "AWS::Events::Rule", EventPattern={"source": "aws.ses"}), "must be a list"),
    (checks.event_destinations, plant("EventDestinationtenantb/EventDestination/MatchingEventTypes/0", "sent"), "SES has no"),
    (checks.event_destinations, plant("EventDestinationtenantb/EventDestination/MatchingEventTypes/0", None), "misses"),
    (checks.event_destinations, plant("EventDestinationtenantb/EventDestination/Enabled", False), "goes nowhere"),
    (checks.event_destinations, lambda r: r["EventDestinationtenantb"].pop("DependsOn"), "before it may publish"),
    (checks.roles, plant(f"{GRANT}/0/Resource", "*"), "does not act on"),
    (checks.roles, plant(f"{GRANT}/0/Action", "dynamodb:*"), "not an action"),
    (checks.roles, plant(f"{GRANT}/0/Resource", "${StateTable.Arn}"), "does not act on"),
    (checks.roles, plant(f"{GRANT}/0/Resource", "${Gone.StreamArn}"), "does not act on"),
    (checks.roles, plant(f"{GRANT}/2/Resource", "${StateTable}"), "does not act on"),
    (checks.roles, plant(f"{GRANT}/4/Resource", "arn:aws-test:ses:xx-test-1:111122223333:identity/*"), "does not act on"),
    (checks.roles, plant(f"{GRANT}/4/Action", "ses:PutAccountSuppressionAttributes"), "not an action"),
    (checks.roles, plant("JudgeRole/ManagedPolicyArns", ["arn"]), "every resource"),
]


@pytest.mark.parametrize(("check", "fault", "said"), FAULTS, ids=lambda v: v if isinstance(v, str) else getattr(v, "__name__", ""))
def test_a_planted_fault_is_found(resources, check, fault, said):
    broken = copy.deepcopy(resources)
    fault(broken)
    assert any(said in sentence for sentence in check(broken)), list(check(broken))


def test_every_check_has_a_planted_fault():
    assert {check for check, _, _ in FAULTS} == set(checks.RESOURCE_CHECKS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("arn:aws:ses:${AWS::Region}:${AWS::AccountId}:identity/x", "a partition"),
        ("https://sqs.eu-central-1.amazonaws.com", "a Region"),
        ("us-gov-west-1", "a Region"),
        ("111122223333", "an account"),
    ],
)
def test_something_hard_coded_is_found(text, said):
    expanded = {"Resources": {"X": {"Properties": {"List": [{"Fn::Sub": text}]}}}}
    [found] = checks.hard_coded(expanded)
    assert said in found


def test_a_yaml_alias_is_found():
    assert len(list(checks.yaml_aliases("a: &x 1\nb: *x\n"))) == 2


@pytest.mark.parametrize(
    ("name", "statement", "condition"),
    [
        ("EventsTopicPolicy", 0, "aws:SourceAccount"),
        ("EventsTopicPolicy", 0, "aws:SourceArn"),
        ("EventsTopicPolicy", 1, "aws:PrincipalIsAWSService"),
        ("EventsQueuePolicy", 0, "aws:SourceArn"),
    ],
)
def test_the_evaluator_feels_the_loss_of_a_condition(resources, name, statement, condition):
    """With the condition emptied the statement applies to a request that it must not (an Allow) or must (a Deny) pass over."""
    entry = copy.deepcopy(resources[name]["Properties"]["PolicyDocument"]["Statement"][statement])
    principal = entry["Principal"] if entry["Principal"] == "*" else entry["Principal"]["Service"]
    context = {
        "aws:SourceAccount": "111122223333",
        "aws:SourceArn": "arn:aws-test:ses:xx-test-1:111122223333:configuration-set/x" if "Topic" in name else "${EventsTopic}",
        "aws:PrincipalIsAWSService": "false",
    }
    request = Request(principal, entry["Action"], entry["Resource"], context)
    wrong = Request(principal, entry["Action"], entry["Resource"], context | {condition: "something else"})
    assert policy.applies(entry, request)
    assert not policy.applies(entry, wrong)
    for keys in entry["Condition"].values():
        keys.pop(condition, None)
    assert policy.applies(entry, wrong)


def test_what_the_evaluator_does_not_know_stops_it():
    statement = {"Effect": "Deny", "Principal": "*", "Action": "x", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.1"}}}
    with pytest.raises(KeyError):
        policy.applies(statement, Request("anonymous", "x", "y", {"aws:SourceIp": "10.0.0.1"}))


def test_two_names_that_become_one_resource_are_refused():
    with pytest.raises(AssertionError, match="EventDestinationab"):
        stack.expand(ConfigurationSets="a-b,a_b")


def test_a_parameter_that_does_not_exist_is_refused():
    with pytest.raises(AssertionError, match="no such parameter"):
        stack.deployed(Colour="red")
