"""The deployed guard as the demo sees it from outside: its topic, its tables, SES, its notices, its logs."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deploy import Stack
from events import Event
from local_aws import ACCOUNT, REGION, LocalAws

SOURCE = "ses.reputation-guard"
# The account's own counts lie in shards, beside those of the sets.
SHARD = "*account*#"
_LETTERS = {"send": "s", "bounce": "b", "complaint": "c", "prevented": "u"}
KINDS = tuple(_LETTERS)

Item = dict[str, Any]


@dataclass(frozen=True)
class Notice:
    """What arrived on the notices topic."""

    subject: str
    text: str


@dataclass(frozen=True)
class Interval:
    """A count as the ledger keeps it: known to the last one, or between two bounds."""

    receipts: int
    recorded: int
    suspect: int
    ids: int

    @property
    def lower(self) -> int:
        return min(max(self.ids, self.receipts - self.suspect), self.upper)

    @property
    def upper(self) -> int:
        return self.ids + self.receipts - self.recorded


class Guard:
    """Asks and watches, and never writes into the guard's tables."""

    def __init__(self, aws: LocalAws, stack: Stack) -> None:
        self.stack = stack
        self.cloudwatch, self.dynamodb, self.events, self.functions, self.logs, self.ses, self.sns, self.sqs = (
            aws.client(name) for name in ("cloudwatch", "dynamodb", "events", "lambda", "logs", "sesv2", "sns", "sqs")
        )
        self.topic = stack.outputs["EventsTopicArn"]
        self.ledger_table = stack.outputs["LedgerTableName"]
        self.state_table = stack.outputs["StateTableName"]
        self._letters, self._messages, self._machine_letters = self._listen()

    def publish(self, events: list[Event]) -> list[float]:
        """Publishes to the topic, which is what SES does; gives the time at which each one was on its way."""
        times: list[float] = []
        for start in range(0, len(events), 10):
            batch = events[start : start + 10]
            entries = [
                {"Id": str(n), "Subject": "Amazon SES Email Event Notification", "Message": event.body}
                for n, event in enumerate(batch)
            ]
            now = time.time()
            answer = self.sns.publish_batch(TopicArn=self.topic, PublishBatchRequestEntries=entries)
            if answer.get("Failed"):
                raise RuntimeError(f"the events topic refused {answer['Failed']}")
            times += [now] * len(batch)
        return times

    def may_send(self, name: str) -> bool:
        """What SES itself says."""
        return bool(self.ses.get_configuration_set(ConfigurationSetName=name)["SendingOptions"]["SendingEnabled"])

    def was_switched_on(self, name: str) -> bool:
        """Whether the set was ever off and on again: SES starts its reputation metrics afresh then, and keeps when."""
        options = self.ses.get_configuration_set(ConfigurationSetName=name).get("ReputationOptions", {})
        return "LastFreshStart" in options

    def wait(self, until: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds:.0f} s in vain until {what}")
            time.sleep(0.02)

    def counted(self) -> bool:
        """No event waits to be counted, or is being counted."""
        return self.waiting("EventsQueue") == 0

    def quiet(self) -> bool:
        """Nothing waits to be counted, judged, done or told."""
        if not self.counted() or self.waiting("RecheckQueue") > 0:
            return False
        return not any(item.keys() & {"todo", "pend", "tell"} for item in self.states().values())

    def waiting(self, queue: str) -> int:
        """Messages in a queue of the stack, those out for processing and those not due yet included."""
        names = ["ApproximateNumberOfMessages" + suffix for suffix in ("", "NotVisible", "Delayed")]
        url = self.stack.all("AWS::SQS::Queue")[queue]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def states(self) -> dict[str, Item]:
        """Set → its state item."""
        return {_set_of(item): item for item in self.items(self.state_table) if item["k"]["S"] == "state"}

    def tallies(self) -> dict[tuple[str, int, str], Interval]:
        """(set or shard of the account, start of bucket, kind) → what the ledger holds; only what it holds."""
        found = {}
        for item in self.items(self.ledger_table):
            for kind, letter in _LETTERS.items():
                receipts, recorded, suspect = (int(item.get(letter + key, {"N": "0"})["N"]) for key in "nrx")
                ids = len(set(item.get(letter + "i", {"BS": []})["BS"]))
                if receipts or ids:
                    found[_set_of(item), int(item["k"]["S"]), kind] = Interval(receipts, recorded, suspect, ids)
        return found

    def items(self, table: str) -> list[Item]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    def operate(self, request: dict[str, Any]) -> dict[str, Any]:
        """Hands the operator's event to the function, as `sam remote invoke` does."""
        answer = self.functions.invoke(
            FunctionName=self.stack.outputs["OperateFunctionName"], Payload=json.dumps(request).encode()
        )
        body = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise RuntimeError(f"operate failed: {body}")
        return dict(body)

    def new_notices(self) -> list[Notice]:
        """What came on the notices topic since the last look. A CloudWatch alarm is a notice too."""
        return [
            Notice(envelope.get("Subject", ""), envelope["Message"])
            for envelope in map(json.loads, self._receive(self._letters))
        ]

    def new_chat_messages(self) -> list[dict[str, Any]]:
        """What came on the topic for chats since the last look."""
        return [json.loads(json.loads(envelope)["Message"]) for envelope in self._receive(self._messages)]

    def new_machine_notices(self) -> list[dict[str, Any]]:
        """What came on the event bus since the last look."""
        return [json.loads(body) for body in self._receive(self._machine_letters)]

    def log_lines(self) -> list[tuple[str, str]]:
        """(log group, line) of everything that the functions wrote."""
        lines = []
        for group in self.stack.all("AWS::Logs::LogGroup").values():
            for page in self.logs.get_paginator("filter_log_events").paginate(logGroupName=group):
                lines += [(group, event["message"]) for event in page["events"]]
        return lines

    def _listen(self) -> tuple[str, str, str]:
        people = self.sqs.create_queue(QueueName="demo-people")["QueueUrl"]
        chats = self.sqs.create_queue(QueueName="demo-chats")["QueueUrl"]
        machines = self.sqs.create_queue(QueueName="demo-machines")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}"
        for topic, queue in (("NoticesTopicArn", "demo-people"), ("ChatTopicArn", "demo-chats")):
            self.sns.subscribe(TopicArn=self.stack.outputs[topic], Protocol="sqs", Endpoint=f"{arn}:{queue}")
        self.events.put_rule(Name="demo-notices", EventPattern=json.dumps({"source": [SOURCE]}))
        self.events.put_targets(Rule="demo-notices", Targets=[{"Id": "demo", "Arn": f"{arn}:demo-machines"}])
        return people, chats, machines

    def _receive(self, queue: str) -> list[str]:
        bodies: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                bodies.append(message["Body"])
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return bodies


class Books:
    """What was published, counted by the demo itself."""

    def __init__(self) -> None:
        self.units: dict[tuple[str, int, str], set[tuple[str, str]]] = {}
        self.published = 0
        self.repeated = 0
        # As often as they were published, by kind.
        self.delivered: Counter[str] = Counter()
        self.uncounted: Counter[str] = Counter()

    def enter(self, events: list[Event]) -> None:
        for event in events:
            self.published += 1
            if event.kind is None:
                self.uncounted[event.what] += 1
                continue
            units = self.units.setdefault((event.configuration_set, event.bucket, event.kind), set())
            self.repeated += event.units <= units
            self.delivered[event.kind] += len(event.units)
            units |= event.units

    def quarters(self, name: str) -> list[tuple[int, int]]:
        """(sends, bounces) of each quarter of an hour in which the set sent mail, oldest first."""
        starts = sorted({start for of, start, _ in self.units if of == name})
        counts = [[len(self.units.get((name, start, kind), ())) for kind in ("send", "bounce")] for start in starts]
        return [(sends, bounces) for sends, bounces in counts]

    def total(self, name: str, kind: str) -> int:
        return sum(len(units) for (of, _, what), units in self.units.items() if (of, what) == (name, kind))


def _set_of(item: Item) -> str:
    """The keys are `account/region/set`."""
    account, region, name = item["p"]["S"].split("/")
    if (account, region) != (ACCOUNT, REGION):
        raise AssertionError(f"an item of another account or Region: {item['p']['S']}")
    return str(name)
