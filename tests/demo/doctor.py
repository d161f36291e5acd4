"""`ses-guard doctor` on the deployed stack: healthy, with each fault planted once, and with its canary.

Each fault is planted by hand as somebody's mistake would be, found by its check with a command that mends it, and taken
back. What the local AWS can't show is planted in the facts instead (`shared/core/src/doctor/tests.rs`): a function that is
not Active, a table that is going, a clock that is off, calls that are refused. Its SES publishes no events and takes the mail
of a paused set: the story publishes for it what it was sent, and of the refusal there is a test of its own
(`tests/tests/mailed.rs`).
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import events
from checks import Checks
from deploy import STACK
from guard import Guard
from local_aws import LocalAws
from story import PROMO, SHOP
from timeline import Timeline


@dataclass(frozen=True)
class Fault:
    """What somebody did, how it is taken back, which check finds it, and words of the command that mends it."""

    what: str
    check: str
    words: str
    plant: Callable[[], Any]
    mend: Callable[[], Any]


class Doctor:
    """One run of it."""

    def __init__(self, aws: LocalAws, guard: Guard, timeline: Timeline, checks: Checks, programs: Path) -> None:
        self.aws, self.guard, self.timeline, self.checks, self.programs = aws, guard, timeline, checks, programs

    def play(self) -> None:
        self.timeline.title("doctor: a stack that is well")
        before = self._faults()
        self.checks.that(not before, "nothing is wrong with the stack as the template makes it", before)
        code, said = self._run()
        self.checks.that(code == 0 and "nothing is wrong" in said, "exit code 0, and one line says so", said)
        self.timeline.title("doctor: each fault planted once")
        known = {self._key(one) for one in before}
        for fault in self._planted():
            self._try(fault, known)
        after = {self._key(one) for one in self._faults()}
        self.checks.that(after <= known, "all of them taken back, nothing is wrong any more", after - known)
        self.timeline.title("doctor: the canary, by events alone")
        self._canary((), "names no address", 5)
        self.timeline.title("doctor: the canary, from an address that SES does not know")
        self._canary(("--from", "nobody@example.org"), "not verified", 5)
        self.timeline.title("doctor: the canary, by mail")
        self.guard.ses.create_email_identity(EmailIdentity="ops@example.com")
        with self._ses_publishes():
            self._canary(("--from", "ops@example.com"), "whole way from the mail", 3)
        self.timeline.title("doctor: the canary, again at once")
        if self._fence() > time.time() + 20:
            self._canary(("--from", "ops@example.com"), "a moment ago", 5)
        else:
            self.timeline.happening("A quarter of an hour has just begun, so that it might fly by mail again: left out.", "faint")

    def _try(self, fault: Fault, known: set[tuple[str, str]]) -> None:
        fault.plant()
        try:
            found = [one for one in self._faults() if self._key(one) not in known]
            right = [one for one in found if one["check"] == fault.check and fault.words in one["fix"]]
            self.checks.that(len(right) == 1 and len(found) == 1, f"{fault.what}: {right[0]['fix'] if right else 'not found'}", found)
        finally:
            fault.mend()

    def _canary(self, how: tuple[str, ...], words: str, of_steps: int) -> None:
        before = set(self._sets())
        code, said = self._run("--canary", "--actor", "ops@example.com", "--json", *how)
        steps = json.loads(said).get("canary", []) if said.startswith("{") else []
        for step in steps:
            self.checks.that(step["ok"], f"{step['seconds']:.1f} s: {step['sentence']}", step)
        self.checks.that(code == 0 and len(steps) == of_steps, "the canary was paused and resumed, and the exit code is 0", said)
        self.checks.that(any(words in step["sentence"] for step in steps), "and it says which way was proved", said)
        self.checks.that(set(self._sets()) == before, "no configuration set is left behind", set(self._sets()) - before)

    @contextmanager
    def _ses_publishes(self) -> Iterator[None]:
        """What SES does with the canary's mail and the local AWS does not: events of each to the topic."""
        done, known = threading.Event(), len(self._mailed())

        def publish() -> None:
            seen = known
            while not done.wait(0.2):
                for letter in self._mailed()[seen:]:
                    seen += 1
                    mail = events.Mail(f"{STACK}-canary", letter["MessageId"], datetime.now(timezone.utc), letter["Source"], letter["Subject"], tuple(letter["To"]))
                    self.guard.publish([events.send(mail), events.bounce(mail, mail.recipients, datetime.now(timezone.utc))])

        player = threading.Thread(target=publish, daemon=True)
        player.start()
        try:
            yield
        finally:
            done.set()
            player.join()

    def _fence(self) -> int:
        """From when on mail of the canary is judged, epoch seconds."""
        return int(self.guard.states()[f"{STACK}-canary"]["fresh"]["N"])

    def _mailed(self) -> list[dict[str, Any]]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.aws.url}/_ministack/ses/messages", timeout=10) as answer:
            messages = json.load(answer)["messages"]
        return [letter for of_account in messages.values() for letter in of_account]

    def _planted(self) -> list[Fault]:
        guard, functions = self.guard, self.guard.functions
        topic, queue = guard.topic, guard.stack.all("AWS::SQS::Queue")["EventsQueue"]
        arn = guard.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        ingest, judge = self._mapping("ingest", ":sqs:"), self._mapping("judge", ":dynamodb:")
        policies = {
            "topic": guard.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"],
            "queue": guard.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]["Policy"],
        }
        dead = guard.stack.all("AWS::SQS::Queue")["EventsDeadLetterQueue"]
        wakes = guard.stack.all("AWS::SQS::Queue")["WakeUpDeadLetterQueue"]
        timer = self._timer()
        destination = self._destination()

        def switch(mapping: str, on: bool) -> Callable[[], Any]:
            return lambda: functions.update_event_source_mapping(UUID=mapping, Enabled=on)

        def publish_policy(text: str) -> Callable[[], Any]:
            return lambda: guard.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)

        def queue_policy(text: str) -> Callable[[], Any]:
            return lambda: guard.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": text})

        def open_to_all(text: str, action: str) -> str:
            document = json.loads(text)
            document["Statement"].insert(0, {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"})
            return json.dumps(document)

        def subscribe() -> None:
            answer = guard.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}, ReturnSubscriptionArn=True)
            self.subscription = answer["SubscriptionArn"]

        self.subscription = next(one["SubscriptionArn"] for one in guard.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] if one["Endpoint"] == arn)

        def attribute(name: str, value: str) -> Callable[[], Any]:
            return lambda: guard.sns.set_subscription_attributes(SubscriptionArn=self.subscription, AttributeName=name, AttributeValue=value)

        def destination_is(enabled: bool) -> Callable[[], Any]:
            given = {key: destination[key] for key in ("MatchingEventTypes", "SnsDestination")} | {"Enabled": enabled}
            return lambda: guard.ses.update_configuration_set_event_destination(ConfigurationSetName=SHOP, EventDestinationName=destination["Name"], EventDestination=given)

        def unpublish() -> None:
            guard.ses.delete_configuration_set_event_destination(ConfigurationSetName=PROMO, EventDestinationName=destination["Name"])

        def publish_again() -> None:
            given = {key: destination[key] for key in ("MatchingEventTypes", "SnsDestination")} | {"Enabled": True}
            guard.ses.create_configuration_set_event_destination(ConfigurationSetName=PROMO, EventDestinationName=destination["Name"], EventDestination=given)

        def letter(url: str) -> Callable[[], Any]:
            return lambda: guard.sqs.send_message(QueueUrl=url, MessageBody="{}")

        def purge(url: str) -> Callable[[], Any]:
            return lambda: guard.sqs.purge_queue(QueueUrl=url)

        alarm = f"{STACK}-events-late"
        iam = self.aws.client("iam")
        role = functions.get_function_configuration(FunctionName=f"{STACK}-judge")["Role"].rsplit("/", 1)[-1]
        granted = iam.get_role_policy(RoleName=role, PolicyName="judge")["PolicyDocument"]
        narrowed = {**granted, "Statement": [one for one in granted["Statement"] if one["Sid"] != "ReadMarks"]}

        def judge_may(document: dict[str, Any]) -> Callable[[], Any]:
            return lambda: iam.put_role_policy(RoleName=role, PolicyName="judge", PolicyDocument=json.dumps(document))

        mode = functions.get_function_configuration(FunctionName=f"{STACK}-judge")["Environment"]["Variables"]

        def mode_of_judge(to: str) -> Callable[[], Any]:
            def change() -> None:
                functions.update_function_configuration(FunctionName=f"{STACK}-judge", Environment={"Variables": mode | {"GUARD_MODE": to}})
                functions.get_waiter("function_updated_v2").wait(FunctionName=f"{STACK}-judge", WaiterConfig={"Delay": 1})
                functions.get_waiter("function_active_v2").wait(FunctionName=f"{STACK}-judge", WaiterConfig={"Delay": 1})

            return change

        return [
            Fault("ingest's mapping is disabled", "mapping", "update-event-source-mapping", switch(ingest, False), switch(ingest, True)),
            Fault("judge's stream is disabled", "mapping", "update-event-source-mapping", switch(judge, False), switch(judge, True)),
            Fault("SES may not publish to the topic", "topicPolicy", "sam deploy", publish_policy('{"Version": "2012-10-17", "Statement": []}'), publish_policy(policies["topic"])),
            Fault("anybody may publish to the topic", "topicPolicy", "sam deploy", publish_policy(open_to_all(policies["topic"], "sns:Publish")), publish_policy(policies["topic"])),
            Fault("the topic may not send to the queue", "queuePolicy", "sam deploy", queue_policy('{"Version": "2012-10-17", "Statement": []}'), queue_policy(policies["queue"])),
            Fault("anybody may send to the queue", "queuePolicy", "sam deploy", queue_policy(open_to_all(policies["queue"], "sqs:SendMessage")), queue_policy(policies["queue"])),
            Fault("the subscription keeps most events back", "subscription", "FilterPolicy", attribute("FilterPolicy", '{"kind": ["x"]}'), attribute("FilterPolicy", "{}")),
            Fault("the queue is not subscribed any more", "subscription", "aws sns subscribe", lambda: guard.sns.unsubscribe(SubscriptionArn=self.subscription), subscribe),
            Fault("a set's event destination is disabled", "eventDestinations", SHOP, destination_is(False), destination_is(True)),
            Fault("a set publishes nowhere", "eventDestinations", PROMO, unpublish, publish_again),
            Fault("an event could not be counted", "deadLetters", "start-message-move-task", letter(dead), purge(dead)),
            Fault("a wake-up was given up", "deadLetters", "purge-queue", letter(wakes), purge(wakes)),
            Fault("an alarm calls nobody", "alarm", "enable-alarm-actions", lambda: guard.cloudwatch.disable_alarm_actions(AlarmNames=[alarm]), lambda: guard.cloudwatch.enable_alarm_actions(AlarmNames=[alarm])),
            Fault("the timer is off", "timer", "aws events enable-rule", lambda: guard.events.disable_rule(Name=timer), lambda: guard.events.enable_rule(Name=timer)),
            Fault("judge has another mode than the others", "mode", "sam deploy", mode_of_judge("observe"), mode_of_judge(mode["GUARD_MODE"])),
            Fault("judge may not read the stream", "permission", "sam deploy", judge_may(narrowed), judge_may(granted)),
            Fault("alarm is switched off", "function", "delete-function-concurrency", lambda: functions.put_function_concurrency(FunctionName=f"{STACK}-alarm", ReservedConcurrentExecutions=0), lambda: functions.delete_function_concurrency(FunctionName=f"{STACK}-alarm")),
        ]

    def _mapping(self, function: str, service: str) -> str:
        mappings = self.guard.functions.list_event_source_mappings(FunctionName=f"{STACK}-{function}")["EventSourceMappings"]
        return str(next(one["UUID"] for one in mappings if service in one["EventSourceArn"]))

    def _timer(self) -> str:
        rules = self.guard.events.list_rules()["Rules"]
        return str(next(rule["Name"] for rule in rules if rule.get("ScheduleExpression")))

    def _destination(self) -> dict[str, Any]:
        destinations = self.guard.ses.get_configuration_set_event_destinations(ConfigurationSetName=SHOP)["EventDestinations"]
        return dict(destinations[0])

    def _sets(self) -> list[str]:
        return list(self.guard.ses.list_configuration_sets()["ConfigurationSets"])

    def _faults(self) -> list[dict[str, Any]]:
        _, said = self._run("--json")
        return [one for one in json.loads(said)["findings"] if one["severity"] == "fault"]

    @staticmethod
    def _key(finding: dict[str, Any]) -> tuple[str, str]:
        return finding["check"], finding["subject"]

    def _run(self, *arguments: str) -> tuple[int, str]:
        command = [str(self.programs / "ses-guard"), "doctor", *arguments]
        done = subprocess.run(command, env=self.aws.of_an_operator(), capture_output=True, text=True, timeout=400, check=False)
        return done.returncode, done.stdout or done.stderr
