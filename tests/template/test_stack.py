"""What the template deploys: names, settings and limits that other parts of the guard rely on."""

import json
import re

import pytest

import checks
import stack
from stack import of_type

FUNCTIONS = {
    #          memory, time-out
    "ingest": (512, 30),
    "judge": (256, 30),
    "actuate": (256, 120),
    "alarm": (256, 30),
    "sweep": (256, 55),
    "operate": (256, 30),
    "widget": (512, 30),
}
ENVIRONMENT = {
    "ingest": {
        "GUARD_LEDGER_TABLE", "GUARD_DIGEST_TABLE", "GUARD_STATE_TABLE", "GUARD_ACCOUNT_ID", "GUARD_ACCOUNTS", "GUARD_HASH_KEY",
        "GUARD_EVENTS_QUEUE_ARN", "GUARD_CANARY_SET",
    },
    "judge": {"GUARD_LEDGER_TABLE", "GUARD_DIGEST_TABLE", "GUARD_STATE_TABLE", "GUARD_MODE", "GUARD_POLICY", "GUARD_RECHECK_QUEUE_URL"},
    "actuate": {
        "GUARD_STATE_TABLE", "GUARD_ACCOUNT_ID", "GUARD_ACCOUNTS", "GUARD_NOTICES_TOPIC_ARN", "GUARD_CHAT_TOPIC_ARN",
        "GUARD_EVENT_BUS", "GUARD_RUNBOOK_URL", "GUARD_DASHBOARD",
    },
    "alarm": {
        "GUARD_LEDGER_TABLE", "GUARD_DIGEST_TABLE", "GUARD_STATE_TABLE", "GUARD_ACCOUNT_ID", "GUARD_ACCOUNTS", "GUARD_MODE", "GUARD_POLICY",
        "GUARD_RECHECK_QUEUE_URL",
    },
    "sweep": {
        "GUARD_LEDGER_TABLE", "GUARD_DIGEST_TABLE", "GUARD_STATE_TABLE", "GUARD_ACCOUNT_ID", "GUARD_ACCOUNTS", "GUARD_MODE", "GUARD_POLICY",
        "GUARD_RECHECK_QUEUE_URL", "GUARD_ACTUATE_FUNCTION", "GUARD_ON_DRIFT", "GUARD_EVENTS_TOPIC_ARN", "GUARD_EVENT_DESTINATION",
        "GUARD_HEARS_EVENT_BUS", "GUARD_ENROL_NEW_SETS", "GUARD_ACCOUNT_STOP", "GUARD_JUDGE_FUNCTION", "GUARD_EVENTS_QUEUE",
        "GUARD_EVENTS_DEAD_LETTER_QUEUE", "GUARD_WAKE_UP_DEAD_LETTER_QUEUE",
    },
    "operate": {
        "GUARD_LEDGER_TABLE", "GUARD_DIGEST_TABLE", "GUARD_STATE_TABLE", "GUARD_ACCOUNT_ID", "GUARD_ACCOUNTS", "GUARD_MODE", "GUARD_POLICY",
        "GUARD_EVENTS_TOPIC_ARN", "GUARD_EVENT_DESTINATION", "GUARD_HEARS_EVENT_BUS", "GUARD_ACCOUNT_STOP",
    },
    "widget": {
        "GUARD_LEDGER_TABLE", "GUARD_DIGEST_TABLE", "GUARD_STATE_TABLE", "GUARD_ACCOUNT_ID", "GUARD_ACCOUNTS", "GUARD_MODE", "GUARD_POLICY",
        "GUARD_OPERATE_FUNCTION_ARN",
    },
}
OUTPUTS = {
    "EventsTopicArn", "EventsQueueUrl", "EventsDeadLetterQueueUrl", "WakeUpDeadLetterQueueUrl", "LedgerTableName", "DigestTableName", "StateTableName",
    "IngestFunctionName", "JudgeFunctionName", "ActuateFunctionName", "OperateFunctionName", "NoticesTopicArn",
    "ChatTopicArn",
    "AlarmFunctionArn", "AlarmFunctionName", "SweepFunctionName", "EventsQueueArn", "ActuateRoleArn", "LookingRoleArns",
    "WidgetFunctionName",
}  # fmt: skip


@pytest.mark.parametrize("check", checks.RESOURCE_CHECKS, ids=lambda c: c.__name__)
def test_no_fault_that_linters_miss(resources, check):
    assert list(check(resources)) == []


def test_nothing_is_tied_to_a_partition_region_or_account():
    assert list(checks.hard_coded(stack.expand(ConfigurationSets="one"))) == []


def test_the_file_uses_no_yaml_that_cloudformation_lacks():
    assert list(checks.yaml_aliases(stack.TEMPLATE.read_text())) == []


def test_there_are_exactly_the_functions_that_exist(resources):
    functions = of_type(resources, "AWS::Lambda::Function")
    assert {f["FunctionName"] for f in functions.values()} == {f"guard-{name}" for name in FUNCTIONS}
    for name in FUNCTIONS:
        source = stack.source()["Resources"][f"{name.capitalize()}Function"]["Metadata"]
        assert source == {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": name}}
        assert (stack.ROOT / "functions" / name / "Cargo.toml").is_file()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_its_size_its_role_and_its_log(resources, name):
    title = name.capitalize()
    function = resources[f"{title}Function"]["Properties"]
    assert (function["MemorySize"], function["Timeout"]) == FUNCTIONS[name]
    assert (function["Runtime"], function["Handler"], function["Architectures"]) == ("provided.al2023", "bootstrap", ["arm64"])
    assert function["Role"] == "${%sRole.Arn}" % title
    assert function["LoggingConfig"]["LogGroup"] == "${%sLogGroup}" % title
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert function["LoggingConfig"]["ApplicationLogLevel"] == "INFO"
    log = resources[f"{title}LogGroup"]["Properties"]
    assert log == {"LogGroupName": f"/aws/lambda/guard-{name}", "RetentionInDays": "30"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_told_what_it_reads_and_nothing_else(resources, name):
    title = f"{name.capitalize()}Function"
    variables = resources[title]["Properties"]["Environment"]["Variables"]
    assert variables.keys() == ENVIRONMENT[name]
    local = stack.deployed(EndpointUrl="http://127.0.0.1:4566")[title]["Properties"]["Environment"]["Variables"]
    assert local == variables | {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_told_what_its_code_asks_for(name):
    """From the Rust source: main.rs asks Settings, whose methods name their variable."""
    settings = (stack.ROOT / "shared/aws/src/settings.rs").read_text()
    variable_of = dict(re.findall(r"pub fn (\w+)\(&mut self\)[^{]*\{.*?\"(\w+)\"", settings, re.DOTALL))
    main = (stack.ROOT / "functions" / name / "src/main.rs").read_text()
    asked = {variable_of[method] for method in re.findall(r"settings\.(\w+)\(\)", main)}
    if "GUARD_ACCOUNTS" in asked:  # the homes are the stack's own and those listed
        asked |= {"GUARD_ACCOUNT_ID", "AWS_REGION"}
    assert asked - {"AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME"} == ENVIRONMENT[name], "those two come from Lambda"


def test_the_variables_say_what_their_names_say():
    resources = stack.deployed(
        Mode="observe", Policy="[bounce]", EventBusName="mail", OnDrift="adopt", HearEventBus="true", EnrolNewSets="events",
        AllowAccountStop="true", Canary="true", Accounts="444455556666/xx-test-1,111122223333/xx-test-2", ChatNotices="true",
        RunbookUrl="https://wiki.example.com/mail",
    )
    told = {}
    for function in of_type(resources, "AWS::Lambda::Function").values():
        for name, value in function["Environment"]["Variables"].items():
            assert told.setdefault(name, value) == value, f"{name} differs between functions"
    assert told == {
        "GUARD_ACCOUNT_STOP": "allowed",
        "GUARD_LEDGER_TABLE": "${LedgerTable}",
        "GUARD_DIGEST_TABLE": "${DigestTable}",
        "GUARD_STATE_TABLE": "${StateTable}",
        "GUARD_ACCOUNT_ID": "111122223333",
        "GUARD_ACCOUNTS": "444455556666/xx-test-1,111122223333/xx-test-2",
        "GUARD_HASH_KEY": "{{resolve:secretsmanager:${HashKey}}}",
        "GUARD_MODE": "observe",
        "GUARD_POLICY": "[bounce]",
        "GUARD_RECHECK_QUEUE_URL": "${RecheckQueue}",
        "GUARD_NOTICES_TOPIC_ARN": "${NoticesTopic}",
        "GUARD_CHAT_TOPIC_ARN": "${ChatTopic}",
        "GUARD_EVENT_BUS": "mail",
        "GUARD_RUNBOOK_URL": "https://wiki.example.com/mail",
        "GUARD_DASHBOARD": "guard",
        "GUARD_ACTUATE_FUNCTION": "${ActuateFunction}",
        "GUARD_ON_DRIFT": "adopt",
        "GUARD_EVENTS_TOPIC_ARN": "${EventsTopic}",
        "GUARD_EVENT_DESTINATION": "guard-guard",
        "GUARD_HEARS_EVENT_BUS": "true",
        "GUARD_ENROL_NEW_SETS": "events",
        "GUARD_JUDGE_FUNCTION": "${JudgeFunction}",
        "GUARD_EVENTS_QUEUE": "${EventsQueue.QueueName}",
        "GUARD_EVENTS_QUEUE_ARN": "${EventsQueue.Arn}",
        "GUARD_CANARY_SET": "${CanarySet}",
        "GUARD_EVENTS_DEAD_LETTER_QUEUE": "${EventsDeadLetterQueue.QueueName}",
        "GUARD_WAKE_UP_DEAD_LETTER_QUEUE": "${WakeUpDeadLetterQueue.QueueName}",
        "GUARD_OPERATE_FUNCTION_ARN": "${OperateFunction.Arn}",
    }


def test_events_reach_ingest_raw_in_big_batches(resources):
    subscription = resources["EventsSubscription"]["Properties"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("sqs", "${EventsQueue.Arn}")
    assert subscription["RawMessageDelivery"] is True
    assert subscription["RedrivePolicy"] == {"deadLetterTargetArn": "${EventsDeadLetterQueue.Arn}"}
    assert "FilterPolicy" not in subscription, "a filter deletes what it doesn't know"
    mapping = resources["IngestFunctionEvents"]["Properties"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (1000, 1)
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}
    assert "FilterCriteria" not in mapping, "a filter deletes what it doesn't know"
    queue = resources["EventsQueue"]["Properties"]
    assert (queue["VisibilityTimeout"], queue["RedrivePolicy"]["maxReceiveCount"]) == (180, 5)


def test_one_actuate_shares_the_budget_of_ses_calls_while_judges_work_side_by_side(resources):
    assert resources["ActuateFunctionIntents"]["Properties"]["ParallelizationFactor"] == 1
    assert resources["JudgeFunctionMarks"]["Properties"]["ParallelizationFactor"] == 2


def test_the_hash_key_is_long_and_plain_text(resources):
    assert resources["HashKey"]["Properties"]["GenerateSecretString"] == {"PasswordLength": 64, "ExcludePunctuation": True}


def test_more_ingest_invocations_on_request():
    mapping = stack.deployed(IngestConcurrency="50")["IngestFunctionEvents"]["Properties"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": "50"}


def test_functions_are_woken_by_what_concerns_them(resources):
    sources = {(m["FunctionName"], m["EventSourceArn"]) for m in of_type(resources, "AWS::Lambda::EventSourceMapping").values()}
    assert sources == {
        ("${IngestFunction}", "${EventsQueue.Arn}"),
        ("${JudgeFunction}", "${StateTable.StreamArn}"),
        ("${JudgeFunction}", "${RecheckQueue.Arn}"),
        ("${ActuateFunction}", "${StateTable.StreamArn}"),
    }
    permissions = of_type(resources, "AWS::Lambda::Permission").values()
    assert {(p["FunctionName"], p["Principal"], p["SourceArn"]) for p in permissions} == {
        ("${AlarmFunction}", "lambda.alarms.cloudwatch.amazonaws.com", "arn:aws-test:cloudwatch:xx-test-1:111122223333:alarm:*"),
        ("${AlarmFunction}", "sns.amazonaws.com", "arn:aws-test:sns:xx-test-1:111122223333:*"),
        ("${SweepFunction}", "events.amazonaws.com", "${SweepFunctionEachMinute.Arn}"),
        ("${SweepFunction}", "events.amazonaws.com", "${SweepFunctionSetChanged.Arn}"),
        ("${SweepFunction}", "events.amazonaws.com", "${SweepFunctionSwitchTurned.Arn}"),
        ("${SweepFunction}", "events.amazonaws.com", "${SweepFunctionTenantChanged.Arn}"),
    }, "nobody else calls a function but its sources and IAM"
    assert not of_type(resources, "AWS::Lambda::Url")


def test_a_sweep_comes_each_minute_and_when_a_switch_is_turned(resources):
    rules = of_type(resources, "AWS::Events::Rule")
    assert rules.keys() == {f"SweepFunction{name}" for name in ("EachMinute", "SwitchTurned", "SetChanged", "TenantChanged")}
    assert rules["SweepFunctionEachMinute"]["ScheduleExpression"] == "rate(1 minute)"
    assert {t["Arn"] for rule in rules.values() for t in rule["Targets"]} == {"${SweepFunction.Arn}"}
    call = json.loads((stack.ROOT / "events/eventbridge/cloudtrail-put-configuration-set-sending-options.json").read_text())
    assert _passes(rules["SweepFunctionSwitchTurned"]["EventPattern"], call)
    call["detail"]["eventName"] = "PutConfigurationSetTrackingOptions"
    assert not _passes(rules["SweepFunctionSwitchTurned"]["EventPattern"], call)
    created = json.loads((stack.ROOT / "events/eventbridge/cloudtrail-create-configuration-set.json").read_text())
    assert _passes(rules["SweepFunctionSetChanged"]["EventPattern"], created)
    for name in ("DeleteConfigurationSet", "GetConfigurationSetEventDestinations"):
        created["detail"]["eventName"] = name
        assert not _passes(rules["SweepFunctionSetChanged"]["EventPattern"], created), name
    for name, passes in (
        ("sending-status-disabled-tenant", True),
        ("sending-status-enabled-tenant", True),
        ("advisor-recommendation-open-tenant", True),
        ("email-sent", False),
    ):
        event = json.loads((stack.ROOT / f"events/eventbridge/{name}.json").read_text())
        assert _passes(rules["SweepFunctionTenantChanged"]["EventPattern"], event) == passes, name


def test_the_guard_enrols_under_the_name_that_the_stack_uses():
    resources = stack.deployed(ConfigurationSets="one")
    [attached] = of_type(resources, "AWS::SES::ConfigurationSetEventDestination").values()
    told = resources["SweepFunction"]["Properties"]["Environment"]["Variables"]
    assert attached["EventDestination"]["Name"] == told["GUARD_EVENT_DESTINATION"]
    assert attached["EventDestination"]["SnsDestination"]["TopicARN"] == told["GUARD_EVENTS_TOPIC_ARN"]


def test_a_guard_that_does_not_look_any_more_rings(resources):
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    assert [name for name, alarm in alarms.items() if alarm["TreatMissingData"] == "breaching"] == ["SweepSilentAlarm"]
    silent = alarms["SweepSilentAlarm"]
    assert (silent["MetricName"], silent["Statistic"], silent["Dimensions"][0]["Value"]) == ("Invocations", "Sum", "${SweepFunction}")
    assert (silent["ComparisonOperator"], silent["Threshold"]) == ("LessThanThreshold", 1)
    assert silent["Period"] * silent["EvaluationPeriods"] == 300
    assert silent["DatapointsToAlarm"] == silent["EvaluationPeriods"], "one minute without a sweep is none"
    assert silent["AlarmActions"] == ["${NoticesTopic}"], "past the guard, which may be dead"


def test_all_alarms_on_ses_metrics_are_heard_on_request():
    resources = stack.deployed(HearAlarms="all")
    rule = resources["AlarmRule"]["Properties"]
    assert [t["Arn"] for t in rule["Targets"]] == ["${AlarmFunction.Arn}"]
    assert resources["AlarmRulePermission"]["Properties"]["SourceArn"] == "${AlarmRule.Arn}"
    for name in ("eventbridge-metric", "eventbridge-metric-math"):
        alarm = json.loads((stack.ROOT / f"events/alarm/{name}.json").read_text())
        assert _passes(rule["EventPattern"], alarm), name
        alarm["detail"]["state"]["value"] = "OK"
        assert not _passes(rule["EventPattern"], alarm), name


def _passes(pattern, event):
    """EventBridge's matching, as far as it is used here: a field is one of the values, of a list some entry is."""
    if isinstance(event, list):
        return any(_passes(pattern, entry) for entry in event)
    if isinstance(pattern, list):
        return any(event not in p["anything-but"] if isinstance(p, dict) else event == p for p in pattern)
    if "$or" in pattern:
        rest = {k: v for k, v in pattern.items() if k != "$or"}
        return _passes(rest, event) and any(_passes(one, event) for one in pattern["$or"])
    return isinstance(event, dict) and all(key in event and _passes(wanted, event[key]) for key, wanted in pattern.items())


def test_what_is_invoked_without_an_answer_is_repeated_only_where_it_helps(resources):
    configs = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    settings = {
        c["FunctionName"]: (c["MaximumRetryAttempts"], c["MaximumEventAgeInSeconds"], c.get("DestinationConfig", {}).get("OnFailure"))
        for c in configs
    }
    assert settings == {
        "${ActuateFunction}": (0, 60, None),
        "${SweepFunction}": (0, 60, None),
        "${AlarmFunction}": (2, 21600, {"Destination": "${WakeUpDeadLetterQueue.Arn}"}),
    }


def test_ses_own_rates_are_watched(resources):
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    watched = {}
    for name, alarm in alarms.items():
        if alarm["Namespace"] != "AWS/SES":
            continue
        assert (alarm["Period"], alarm["Statistic"], alarm["TreatMissingData"]) == (300, "Average", "ignore"), name
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold", name
        of = [d["Value"] for d in alarm.get("Dimensions", [])]
        watched[(*of, alarm["MetricName"])] = (alarm["Threshold"], alarm["AlarmActions"])
    both, guard = ["${NoticesTopic}", "${AlarmFunction.Arn}"], ["${AlarmFunction.Arn}"]
    assert watched == {
        ("Reputation.BounceRate",): (0.04, both),
        ("Reputation.ComplaintRate",): (0.0008, both),
        ("marketing-weekly", "Reputation.BounceRate"): (0.05, guard),
        ("marketing-weekly", "Reputation.ComplaintRate"): (0.001, guard),
        ("tenant_b", "Reputation.BounceRate"): (0.05, guard),
        ("tenant_b", "Reputation.ComplaintRate"): (0.001, guard),
    }
    plain = of_type(stack.deployed(), "AWS::CloudWatch::Alarm")
    assert [n for n, a in plain.items() if a["Namespace"] == "AWS/SES"] == ["AccountBounceRateAlarm", "AccountComplaintRateAlarm"]


def test_actuate_runs_alone_unless_the_account_cannot_reserve():
    def reserved(**given):
        return stack.deployed(**given)["ActuateFunction"]["Properties"].get("ReservedConcurrentExecutions")

    assert reserved() == "1"
    assert reserved(ActuateConcurrency="0") is None


def test_the_ledger_forgets_and_the_state_does_not(resources):
    ledger, digests, state = (resources[t]["Properties"] for t in ("LedgerTable", "DigestTable", "StateTable"))
    for table in (ledger, digests):
        assert table["TimeToLiveSpecification"] == {"AttributeName": "t", "Enabled": True}
        assert "StreamSpecification" not in table and "PointInTimeRecoverySpecification" not in table
    assert "TimeToLiveSpecification" not in state
    assert state["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert state["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    for table in (ledger, digests, state):
        assert [k["AttributeName"] for k in table["KeySchema"]] == ["p", "k"]
    indexes = {i["IndexName"]: [k["AttributeName"] for k in i["KeySchema"]] for i in state["GlobalSecondaryIndexes"]}
    assert indexes == {"pending": ["pend", "prio"], "todo": ["todo", "p"], "phase": ["p", "ph"]}
    *others, phase = state["GlobalSecondaryIndexes"]
    assert all(i["Projection"] == {"ProjectionType": "KEYS_ONLY"} for i in others)
    store = (stack.ROOT / "tests/src/store.rs").read_text()
    assert f'"NonKeyAttributes": {json.dumps(phase["Projection"]["NonKeyAttributes"])}' in store, "the stores' tests know the same index"


@pytest.mark.parametrize(("parameter", "protected"), [("true", True), ("false", False)])
def test_tables_are_protected_unless_the_stack_is_thrown_away(parameter, protected):
    tables = of_type(stack.deployed(DeletionProtection=parameter), "AWS::DynamoDB::Table")
    assert {n: t.get("DeletionProtectionEnabled") for n, t in tables.items()} == {
        "LedgerTable": protected, "DigestTable": None, "StateTable": protected,
    }  # fmt: skip


def test_digests_go_with_the_ingest_that_notes_what_they_lack(resources):
    """An ingest of an older template adds to the ledger and notes nothing: what it leaves behind must not be believed after."""
    policies = {t: [resources[t].get(p) for p in ("DeletionPolicy", "UpdateReplacePolicy")] for t in ("LedgerTable", "DigestTable")}
    assert policies == {"LedgerTable": ["RetainExceptOnCreate", "Retain"], "DigestTable": ["Delete", "Delete"]}
    assert "TableName" not in resources["DigestTable"]["Properties"], "its next one has another name"


def test_a_dead_letter_is_forgotten_before_the_ledger_forgets_its_id(resources):
    fifteen_days = 15 * 86400
    for name in ("EventsQueue", "EventsDeadLetterQueue"):
        assert resources[name]["Properties"]["MessageRetentionPeriod"] < fifteen_days


VISIBLE, AGE = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
# (what, of what): above how much, statistic, in how many minutes of how many
ALARMS = {
    (VISIBLE, "${EventsDeadLetterQueue.QueueName}"): (0, "Maximum", 1, 1),
    (VISIBLE, "${WakeUpDeadLetterQueue.QueueName}"): (0, "Maximum", 1, 1),
    (AGE, "${EventsQueue.QueueName}"): (15, "Maximum", 3, 3),
    ("IteratorAge", "${JudgeFunction}"): (15_000, "Maximum", 2, 3),
    ("IteratorAge", "${ActuateFunction}"): (120_000, "Maximum", 2, 3),
    ("Errors", "${IngestFunction}"): (0, "Sum", 2, 5),
    ("Errors", "${JudgeFunction}"): (0, "Sum", 2, 5),
    ("Errors", "${ActuateFunction}"): (0, "Sum", 2, 5),
    ("Errors", "${AlarmFunction}"): (0, "Sum", 2, 5),
    ("Errors", "${SweepFunction}"): (0, "Sum", 2, 5),
    ("Errors", "${OperateFunction}"): (0, "Sum", 1, 1),
    ("Throttles", "${IngestFunction}"): (0, "Sum", 2, 5),
    ("Throttles", "${JudgeFunction}"): (0, "Sum", 2, 5),
}


def test_the_guard_tells_when_it_is_late_or_blind(resources):
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    del alarms["SweepSilentAlarm"]  # the only one that rings for missing data: above
    alarms = [a for a in alarms.values() if a["Namespace"] != "AWS/SES"]
    watched = {}
    for alarm in alarms:
        periods = alarm["EvaluationPeriods"]
        settings = (alarm["Threshold"], alarm["Statistic"], alarm.get("DatapointsToAlarm", periods), periods)
        watched[alarm["MetricName"], alarm["Dimensions"][0]["Value"]] = settings
        assert alarm["AlarmName"].startswith("guard-")
        assert (alarm["Period"], alarm["ComparisonOperator"], alarm["TreatMissingData"]) == (60, "GreaterThanThreshold", "notBreaching")
    assert watched == ALARMS
    assert len(alarms) == len(ALARMS)


def test_a_wake_up_call_is_repeated_for_a_quarter_of_an_hour(resources):
    for name in ("JudgeFunctionMarks", "ActuateFunctionIntents"):
        mapping = resources[name]["Properties"]
        assert (mapping["MaximumRetryAttempts"], mapping["MaximumRecordAgeInSeconds"]) == (-1, 900)
        assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (100, 0)


@pytest.mark.parametrize(
    ("sets", "attached"),
    [("", []), ("one", ["one"]), ("marketing-weekly,tenant_b", ["marketing-weekly", "tenant_b"])],
)
def test_listed_configuration_sets_are_attached(sets, attached):
    resources = stack.deployed(ConfigurationSets=sets)
    destinations = of_type(resources, "AWS::SES::ConfigurationSetEventDestination").values()
    assert [d["ConfigurationSetName"] for d in destinations] == attached


def test_the_canary_s_set_is_the_stack_s_own_and_heard_as_others_are():
    assert not of_type(stack.deployed(), "AWS::SES::ConfigurationSet")
    assert stack.deployed()["IngestFunction"]["Properties"]["Environment"]["Variables"]["GUARD_CANARY_SET"] == ""
    resources = stack.deployed(Canary="true", ConfigurationSets="one")
    assert of_type(resources, "AWS::SES::ConfigurationSet") == {"CanarySet": {"Name": "guard-canary"}}, "nothing that undoes a pause"
    heard = of_type(resources, "AWS::SES::ConfigurationSetEventDestination")
    assert heard["CanaryEventDestination"] == heard["EventDestinationone"] | {"ConfigurationSetName": "${CanarySet}"}


def test_an_address_for_notices_is_optional():
    assert "NoticesSubscription" not in stack.deployed()
    subscription = stack.deployed(NoticeEmail="ops@example.com")["NoticesSubscription"]["Properties"]
    assert subscription == {"TopicArn": "${NoticesTopic}", "Protocol": "email", "Endpoint": "ops@example.com"}


def test_a_dashboard_unless_it_is_not_wanted():
    without = stack.deployed(Dashboard="false")
    assert "GuardDashboard" not in without
    told = without["ActuateFunction"]["Properties"]["Environment"]["Variables"]["GUARD_DASHBOARD"]
    assert told == "", "notices have no link to it"
    dashboard = stack.deployed()["GuardDashboard"]["Properties"]
    assert dashboard["DashboardName"] == "guard"
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    [list_of_sets] = [w["properties"] for w in widgets if w["type"] == "custom"]
    assert list_of_sets["endpoint"] == "${WidgetFunction.Arn}"
    assert list_of_sets["updateOn"] == {"refresh": True, "resize": True, "timeRange": False}


def test_the_dashboard_shows_awss_lines_and_every_alarm_of_the_stack():
    resources = stack.deployed()
    widgets = json.loads(resources["GuardDashboard"]["Properties"]["DashboardBody"])["widgets"]
    lines = {
        row[1]: [line["value"] for line in w["properties"]["annotations"]["horizontal"]]
        for w in widgets
        if "annotations" in w["properties"]
        for row in w["properties"]["metrics"]
        if row[0] == "AWS/SES"
    }
    assert lines == {"Reputation.BounceRate": [5, 10], "Reputation.ComplaintRate": [0.1, 0.5]}, "in percent"
    [shown] = [w["properties"]["alarms"] for w in widgets if w["type"] == "alarm"]
    assert sorted(shown) == sorted("${%s.Arn}" % name for name in of_type(resources, "AWS::CloudWatch::Alarm"))


def test_what_lambda_costs_is_reckoned_with_each_functions_memory():
    body = stack.deployed()["GuardDashboard"]["Properties"]["DashboardBody"]
    [expression] = re.findall(r'"(\(0\.5\*[^"]+)"', body)
    ids = dict(re.findall(r'"Duration", "FunctionName", "\$\{(\w+)Function\}", \{"id": "(\w+)"', body))
    assert ids.keys() == {name.capitalize() for name in FUNCTIONS}
    terms = re.findall(r"([\d.]+)\*\(((?:FILL\(\w+,0\)\+?)+)\)", expression)
    groups = {float(gigabytes): set(re.findall(r"FILL\((\w+),0\)", part)) for gigabytes, part in terms}
    assert groups == {m / 1024: {ids[f.capitalize()] for f, (memory, _) in FUNCTIONS.items() if memory == m} for m in (256, 512)}


def test_chats_are_told_only_where_that_was_asked_for():
    resources = stack.deployed()
    assert not {"ChatTopic", "ChatTopicPolicy"} & resources.keys()
    assert resources["ActuateFunction"]["Properties"]["Environment"]["Variables"]["GUARD_CHAT_TOPIC_ARN"] == ""
    assert {"ChatTopic", "ChatTopicPolicy"} <= stack.deployed(ChatNotices="true").keys()


def test_outputs_and_parameters_explain_themselves():
    template = stack.source()
    assert template["Outputs"].keys() == OUTPUTS
    for name, entry in (template["Outputs"] | template["Parameters"]).items():
        assert entry["Description"], name
    for name, parameter in template["Parameters"].items():
        assert "Default" in parameter, f"{name}: a first deployment asks nothing"


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("ConfigurationSets", ["", "a", "A_b-9"], ["a b", "a.b", "a/b", "x" * 65]),
        ("Accounts", ["", "444455556666/us-gov-west-1"], ["444455556666", "us-east-1", "444455556666/*", "4444/us-east-1", "*/us-east-1"]),
        ("NoticeEmail", ["", "ops@example.com"], ["ops", "a b@c"]),
        ("RunbookUrl", ["", "https://wiki.example.com/mail"], ["wiki", "https://wiki.example.com/mail#orders", "https://a b"]),
        ("RedriveRoleArn", ["", "arn:aws-cn:iam::111122223333:role/x/y"], ["*", "arn:aws:iam::111122223333:user/x"]),
        ("EndpointUrl", ["", "http://127.0.0.1:4566", "https://x"], ["127.0.0.1:4566", "ftp://x"]),
        ("EventBusName", ["default", "mail/bus.1"], ["", "*", "a b"]),
    ],
)
def test_parameters_refuse_nonsense(parameter, good, bad):
    pattern = stack.source()["Parameters"][parameter]["AllowedPattern"]
    assert [v for v in good if not re.search(pattern, v)] == []
    assert [v for v in bad if re.search(pattern, v)] == []


def test_samples_of_the_expansion_are_what_aws_gets(resources):
    """The tests look at resolved text; a reference that resolved to nothing would make many of them vacuous."""
    text = json.dumps(resources)
    assert "Fn::" not in text and '"Ref"' not in text
