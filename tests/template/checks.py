"""Faults that neither cfn-lint nor `sam validate --lint` finds. Each check gives the faults it sees, as sentences."""

import json
import re

import yaml

from stack import as_list, of_type

QUEUE, TOPIC, TABLE = "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::DynamoDB::Table"
FUNCTION, MAPPING = "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping"

# What each action acts on. An action on anything else grants nothing, silently.
ARN = r"arn:aws-test:%s:xx-test-1:111122223333:"
ACTS_ON = {
    "dynamodb:GetItem": {TABLE},
    "dynamodb:PutItem": {TABLE},
    "dynamodb:UpdateItem": {TABLE},
    "dynamodb:Query": {TABLE, "index"},
    "dynamodb:Scan": {TABLE, "index"},
    "dynamodb:DescribeStream": {"stream"},
    "dynamodb:GetRecords": {"stream"},
    "dynamodb:GetShardIterator": {"stream"},
    "dynamodb:ListStreams": {"any stream"},
    "sqs:ReceiveMessage": {QUEUE},
    "sqs:DeleteMessage": {QUEUE},
    "sqs:GetQueueAttributes": {QUEUE},
    "sqs:SendMessage": {QUEUE},
    "sns:Publish": {TOPIC},
    "events:PutEvents": {"event bus"},
    "ses:GetConfigurationSet": {"configuration set"},
    "ses:GetConfigurationSetEventDestinations": {"configuration set"},
    "ses:CreateConfigurationSetEventDestination": {"configuration set"},
    "ses:PutConfigurationSetReputationOptions": {"configuration set"},
    "ses:ListConfigurationSets": {"everything"},
    "lambda:InvokeFunction": {FUNCTION},
    "ses:GetAccount": {"everything"},
    "ses:PutAccountSendingAttributes": {"everything"},
    "cloudwatch:DescribeAlarms": {"everything"},
    "cloudwatch:GetMetricData": {"everything"},
    "ses:ListEmailIdentities": {"everything"},
    "ses:GetEmailIdentity": {"identity"},
    "ses:PutConfigurationSetSendingOptions": {"configuration set"},
    "ses:ListResourceTenants": {"configuration set"},
    "ses:ListTenantResources": {"tenant"},
    "ses:GetReputationEntity": {"tenant"},
    "ses:UpdateReputationEntityCustomerManagedStatus": {"tenant"},
    "sts:AssumeRole": {"member's role"},
    "logs:CreateLogStream": {"AWS::Logs::LogGroup"},
    "logs:PutLogEvents": {"AWS::Logs::LogGroup"},
}
MEMBERS_ROLE = r"arn:aws-test:iam::\d{12}:role/ses-reputation-guard-(?:look|switch)-[a-z0-9-]+"
# Only these may end in *: SES sets come and go without the stack, and a stream's name holds its time of birth.
SHAPES = {
    r"\$\{(\w+)\.StreamArn\}": "stream",
    r"\$\{(\w+)\.Arn\}/stream/\*": "any stream",
    r"\$\{(\w+)\.Arn\}/index/\w+": "index",
    ARN % "events" + r"event-bus/[\w./-]+": "event bus",
    ARN % "ses" + r"configuration-set/\*": "configuration set",
    MEMBERS_ROLE: "member's role",
    ARN % "ses" + r"identity/\*": "identity",
    ARN % "ses" + r"tenant/\*": "tenant",
    r"\*": "everything",
}
METRICS = {
    "AWS/SQS": (
        "QueueName",
        {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "NumberOfMessagesSent", "NumberOfEmptyReceives"},
    ),
    "AWS/Lambda": ("FunctionName", {"Errors", "Throttles", "IteratorAge", "Duration", "Invocations"}),
    "AWS/SES": ("ses:configuration-set", {"Reputation.BounceRate", "Reputation.ComplaintRate"}),
}
# Those that dashboards show besides. SES's of the account have no dimension.
SHOWN = METRICS | {
    "AWS/SES": (None, {"Reputation.BounceRate", "Reputation.ComplaintRate", "Send", "Bounce", "Complaint"}),
    "AWS/DynamoDB": ("TableName", {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"}),
    "AWS/SNS": ("TopicName", {"NumberOfMessagesPublished"}),
}
OF_DIMENSION = {
    "QueueName": (QUEUE, "QueueName"),
    "FunctionName": (FUNCTION, None),
    "TableName": (TABLE, None),
    "TopicName": (TOPIC, "TopicName"),
}
# An account's first three dashboards are free if they show no more.
FREE_METRICS = 50
SES_EVENTS = {
    "send", "reject", "bounce", "complaint", "delivery", "open", "click", "renderingFailure", "deliveryDelay", "subscription",
}  # fmt: skip
CALLERS = {"events.amazonaws.com", "sns.amazonaws.com", "lambda.alarms.cloudwatch.amazonaws.com", "scheduler.amazonaws.com"}


def referenced(resources, text, attribute=None):
    """The type of the resource that ${Name} or ${Name.attribute} stands for."""
    found = re.fullmatch(r"\$\{(\w+)(?:\.(\w+))?\}", str(text))
    if found and found[2] == attribute and found[1] in resources:
        return resources[found[1]]["Type"]
    return None


def name_of(text):
    return re.match(r"\$\{(\w+)", text)[1]


def alarms(resources):
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        for kind in ("AlarmActions", "OKActions", "InsufficientDataActions"):
            actions = alarm.get(kind, [])
            if len(actions) > 5:
                yield f"{name}: {kind} may name five at most"
            for action in actions:
                if referenced(resources, action) != TOPIC and not _may_be_called_by_alarms(resources, action):
                    yield f"{name}: {kind} has {action}, which is no topic of the stack and no function that alarms may call"
        if not alarm.get("AlarmActions"):
            yield f"{name}: tells nobody"
        if alarm.get("DatapointsToAlarm", 1) > alarm["EvaluationPeriods"]:
            yield f"{name}: DatapointsToAlarm above EvaluationPeriods"
        if alarm["Period"] * alarm["EvaluationPeriods"] > 86400:
            yield f"{name}: looks back more than a day"
        if "TreatMissingData" not in alarm or not alarm.get("AlarmDescription"):
            yield f"{name}: needs TreatMissingData and AlarmDescription"
        yield from _alarm_metric(resources, name, alarm)


def _alarm_metric(resources, name, alarm):
    dimension, metrics = METRICS.get(alarm["Namespace"], (None, ()))
    if alarm["MetricName"] not in metrics:
        yield f"{name}: {alarm['Namespace']} has no {alarm['MetricName']}"
        return
    if alarm["Namespace"] == "AWS/SES":
        if alarm["TreatMissingData"] != "ignore":
            yield f"{name}: a paused set has no data, which says nothing about its health"
        if {d["Name"] for d in alarm.get("Dimensions", [])} - {dimension}:
            yield f"{name}: watches {alarm['Dimensions']}"
        return
    [watched] = alarm["Dimensions"]
    right = {"QueueName": (QUEUE, "QueueName"), "FunctionName": (FUNCTION, None)}[dimension]
    if watched["Name"] != dimension or referenced(resources, watched["Value"], right[1]) != right[0]:
        yield f"{name}: watches {watched}"


def _may_be_called_by_alarms(resources, action):
    if referenced(resources, action, "Arn") != FUNCTION:
        return False
    callers = {"lambda.alarms.cloudwatch.amazonaws.com"}
    permissions = of_type(resources, "AWS::Lambda::Permission").values()
    return any(p["Principal"] in callers and p["FunctionName"] == "${%s}" % name_of(action) for p in permissions)


def dashboards(resources):
    for name, dashboard in of_type(resources, "AWS::CloudWatch::Dashboard").items():
        try:
            widgets = json.loads(dashboard["DashboardBody"])["widgets"]
        except (ValueError, KeyError) as error:
            yield f"{name}: the body is no dashboard: {error}"
            continue
        taken, metrics = {}, set()
        for widget in widgets:
            title = widget["properties"].get("title", widget["type"])
            for cell in ((x, y) for x in range(widget["x"], widget["x"] + widget["width"]) for y in range(widget["y"], widget["y"] + widget["height"])):
                if cell in taken or cell[0] > 23:
                    yield f"{name}: {title} lies over {taken.get(cell, 'the edge')}"
                    break
                taken[cell] = title
            for fault in _widget(resources, widget, metrics):
                yield f"{name}: {title}: {fault}"
        if len(metrics) > FREE_METRICS:
            yield f"{name}: {len(metrics)} metrics, and {FREE_METRICS} are free"


def _widget(resources, widget, metrics):
    properties = widget["properties"]
    match widget["type"]:
        case "custom":
            if referenced(resources, properties["endpoint"], "Arn") != FUNCTION:
                yield f"calls {properties['endpoint']}"
        case "alarm":
            yield from (f"shows {a}" for a in properties["alarms"] if referenced(resources, a, "Arn") != "AWS::CloudWatch::Alarm")
        case "text":
            if not properties["markdown"].strip():
                yield "says nothing"
        case "metric":
            if properties.get("region") != "xx-test-1":
                yield "is not of the stack's Region"
            yield from _graph(resources, properties["metrics"], metrics)
        case other:
            yield f"is {other}, which no check here knows"


def _graph(resources, rows, metrics):
    options = [row[-1] if isinstance(row[-1], dict) else {} for row in rows]
    known = {option["id"] for option in options if "id" in option}
    for row, option in zip(rows, options):
        if "expression" in option:
            used = set(re.findall(r"\b[a-z]\w*\b", option["expression"])) - {option.get("id")}
            yield from (f"reckons with {one}, which is not there" for one in sorted(used - known))
            continue
        if "visible" in option and "id" not in option:
            yield f"hides {row} for nothing"
        namespace, metric, *dimensions = [part for part in row if isinstance(part, str)]
        dimension, published = SHOWN.get(namespace, (None, ()))
        if metric not in published:
            yield f"{namespace} has no {metric}"
        elif not _dimensions_are_right(resources, dimension, dimensions):
            yield f"watches {dimensions}"
        metrics.add((namespace, metric, *dimensions))


def _dimensions_are_right(resources, dimension, given):
    if dimension is None:
        return not given
    if given[:1] != [dimension] or len(given) < 2:
        return False
    kind, attribute = OF_DIMENSION[dimension]
    if referenced(resources, given[1], attribute) != kind:
        return False
    if kind == TABLE and given[2:3] == ["GlobalSecondaryIndexName"]:
        indexes = resources[name_of(given[1])]["Properties"].get("GlobalSecondaryIndexes", [])
        return given[3:] in [[index["IndexName"]] for index in indexes]
    return len(given) == 2


def event_sources(resources):
    for name, mapping in of_type(resources, MAPPING).items():
        function = resources[name_of(mapping["FunctionName"])]["Properties"]
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: one bad record would send its whole batch back"
        if referenced(resources, mapping["EventSourceArn"], "Arn") == QUEUE:
            yield from _queue_source(resources, name, mapping, function)
        elif referenced(resources, mapping["EventSourceArn"], "StreamArn") == TABLE:
            yield from _stream_source(resources, name, mapping)
        else:
            yield f"{name}: reads from {mapping['EventSourceArn']}"


def _queue_source(resources, name, mapping, function):
    queue = resources[name_of(mapping["EventSourceArn"])]["Properties"]
    if mapping["BatchSize"] > 10 and mapping.get("MaximumBatchingWindowInSeconds", 0) < 1:
        yield f"{name}: a batch above 10 needs a window"
    if int(mapping.get("ScalingConfig", {}).get("MaximumConcurrency", 2)) < 2:
        yield f"{name}: MaximumConcurrency below 2"
    if queue.get("VisibilityTimeout", 30) < 6 * function["Timeout"]:
        yield f"{name}: the queue shows messages again within six time-outs"
    if queue.get("RedrivePolicy", {}).get("maxReceiveCount", 0) < 5:
        yield f"{name}: throttling alone would dead-letter good messages"


def _stream_source(resources, name, mapping):
    table = resources[name_of(mapping["EventSourceArn"])]["Properties"]
    if table.get("StreamSpecification", {}).get("StreamViewType") != "NEW_IMAGE":
        yield f"{name}: the filter needs new images"
    if mapping["StartingPosition"] != "TRIM_HORIZON":
        yield f"{name}: misses what is written while it starts"
    if not mapping.get("BisectBatchOnFunctionError"):
        yield f"{name}: a record that kills the function takes its batch along"
    # -1 would be the day that a stream lasts, and then nothing would tell of the loss.
    if not 60 <= mapping.get("MaximumRecordAgeInSeconds", -1) < 86400:
        yield f"{name}: a bad record blocks its shard for a day"
    if referenced(resources, mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"), "Arn") != QUEUE:
        yield f"{name}: what it gives up leaves no trace"
    for rule in mapping.get("FilterCriteria", {}).get("Filters", [{"Pattern": "none"}]):
        try:
            json.loads(rule["Pattern"])
        except ValueError:
            yield f"{name}: the filter pattern is no JSON"


def queues(resources):
    policies = [(q, p["PolicyDocument"]) for p in of_type(resources, "AWS::SQS::QueuePolicy").values() for q in p["Queues"]]
    for name, queue in of_type(resources, QUEUE).items():
        if not queue.get("SqsManagedSseEnabled"):
            yield f"{name}: not encrypted"
        if not any(q == "${%s}" % name and _denies_plain_http(p, "${%s.Arn}" % name) for q, p in policies):
            yield f"{name}: may be reached without TLS"
        if "RedrivePolicy" not in queue:
            continue
        target = queue["RedrivePolicy"]["deadLetterTargetArn"]
        if referenced(resources, target, "Arn") != QUEUE:
            yield f"{name}: dead letters go to {target}"
        elif resources[name_of(target)]["Properties"]["MessageRetentionPeriod"] <= queue["MessageRetentionPeriod"]:
            yield f"{name}: dead letters are kept no longer than messages"  # their age counts from the first queue
        if queue["RedrivePolicy"]["maxReceiveCount"] < 1:
            yield f"{name}: maxReceiveCount below 1"


def _denies_plain_http(document, queue):
    wanted = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": queue}
    wanted["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    return any({k: v for k, v in s.items() if k != "Sid"} == wanted for s in document["Statement"])


# What a table holds that can be had again from another one.
CACHES = {"DigestTable"}


def tables(resources):
    for name, table in of_type(resources, TABLE).items():
        life = table.get("TimeToLiveSpecification")
        if life and not (life.get("Enabled") and life.get("AttributeName")):
            yield f"{name}: TTL needs an attribute"
        if table.get("BillingMode") != "PAY_PER_REQUEST" or not table.get("SSESpecification", {}).get("SSEEnabled"):
            yield f"{name}: not on demand or not encrypted"
        keys = [table["KeySchema"], *(i["KeySchema"] for i in table.get("GlobalSecondaryIndexes", []))]
        used = {k["AttributeName"] for schema in keys for k in schema}
        if used != {a["AttributeName"] for a in table["AttributeDefinitions"]}:
            yield f"{name}: key attributes and definitions differ"
        if name not in CACHES and not _outlives_the_stack(resources[name]):
            yield f"{name}: goes with the stack"


def _outlives_the_stack(table):
    return table.get("UpdateReplacePolicy") == "Retain" and table.get("DeletionPolicy", "").startswith("Retain")


def permissions(resources):
    """Who may call a function from outside: a service, in the name of this account."""
    for name, permission in of_type(resources, "AWS::Lambda::Permission").items():
        if permission["Principal"] not in CALLERS:
            yield f"{name}: {permission['Principal']} is no service that calls functions here"
        if permission.get("SourceAccount") != "111122223333" and "SourceArn" not in permission:
            yield f"{name}: any account may call"


def rules(resources):
    for name, rule in of_type(resources, "AWS::Events::Rule").items():
        if not isinstance(rule.get("EventPattern", {}).get("source", []), list):
            yield f"{name}: source must be a list"


def event_destinations(resources):
    for name, destination in of_type(resources, "AWS::SES::ConfigurationSetEventDestination").items():
        wanted = destination["EventDestination"]
        if unknown := set(wanted["MatchingEventTypes"]) - SES_EVENTS:
            yield f"{name}: SES has no {unknown}"
        if not {"send", "bounce", "complaint"} <= set(wanted["MatchingEventTypes"]):
            yield f"{name}: misses what is counted"
        if referenced(resources, wanted["SnsDestination"]["TopicARN"]) != TOPIC or not wanted.get("Enabled"):
            yield f"{name}: goes nowhere"
        if "EventsTopicPolicy" not in as_list(resources[name].get("DependsOn", [])):
            yield f"{name}: SES tries the topic before it may publish"


def statements(role):
    for policy in role.get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def roles(resources):
    granted = [(name, statements(role)) for name, role in of_type(resources, "AWS::IAM::Role").items()]
    granted += [(name, one["PolicyDocument"]["Statement"]) for name, one in of_type(resources, "AWS::IAM::Policy").items()]
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        if role.get("ManagedPolicyArns"):
            yield f"{name}: managed policies reach every resource of the account"
    for name, listed in granted:
        for statement in listed:
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield from _grant(resources, f"{name}.{statement['Sid']}", action, resource)


def _grant(resources, where, action, resource):
    if action not in ACTS_ON:
        yield f"{where}: {action} is not an action that the guard needs"
    elif _kind(resources, resource) not in ACTS_ON[action]:
        yield f"{where}: {action} does not act on {resource}"


def _kind(resources, resource):
    for shape, kind in SHAPES.items():
        if found := re.fullmatch(shape, resource):
            return kind if not found.groups() or resources.get(found[1], {}).get("Type") == TABLE else None
    return referenced(resources, resource, "Arn") or (referenced(resources, resource) == TOPIC and TOPIC)


def hard_coded(expanded):
    """Partitions, Regions and accounts written out. Takes the expanded template *before* parameters are filled in."""
    for path, text in _texts(expanded["Resources"]):
        if re.search(r"arn:aws\b", text):
            yield f"{path}: a partition in {text}"
        if re.search(r"\b(us|eu|ap|sa|ca|me|af|il|cn|mx)(-gov)?-(north|south|east|west|central)\w*-\d\b", text):
            yield f"{path}: a Region in {text}"
        if re.search(r"\b\d{12}\b", text):
            yield f"{path}: an account in {text}"


def _texts(node, path=""):
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield f"{path}/{key}", key
            yield from _texts(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _texts(value, f"{path}/{index}")


def yaml_aliases(text):
    """CloudFormation's YAML knows no anchors and aliases; every tool that reads the file here does."""
    for token in yaml.scan(text):
        if isinstance(token, (yaml.AnchorToken, yaml.AliasToken)):
            yield f"line {token.start_mark.line + 1}: CloudFormation has no aliases ({token.value})"


RESOURCE_CHECKS = [alarms, dashboards, event_sources, queues, tables, permissions, rules, event_destinations, roles]
