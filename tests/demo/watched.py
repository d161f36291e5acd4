"""What happens when no mail tells: an alarm goes off, the stream is lost, others turn the switch.

The sweeps are the deployed timer's own, one a minute, so this story takes three minutes, most of them waiting.
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import checks as check
import events
from checks import Checks
from guard import Guard, Notice
from local_aws import ACCOUNT, REGION
from story import ADDRESS_WORD, NEWSLETTER, PROMO, SHOP, SOURCES
from timeline import Timeline

# The set whose events never arrive.
SILENT = NEWSLETTER
TWO_SWEEPS = 130.0
# Two minutes until SES's answer is believed, then a sweep, and some to spare.
SETTLED = 200.0


class Watched:
    """One run of the story. The two streams that carry the guard's own wake-up calls are taken away in the middle."""

    def __init__(self, guard: Guard, timeline: Timeline, checks: Checks, root: Path) -> None:
        self.guard, self.timeline, self.checks, self.root = guard, timeline, checks, root
        self.notices: list[Notice] = []
        self.machine: list[dict[str, Any]] = []
        self.enabled_at = 0.0

    def play(self) -> None:
        self.the_alarm()
        self.every_form_of_alarm()
        self.the_lost_stream()
        self.the_stranger()
        self.the_operator()
        self.the_console()
        self.timeline.title("In the end")
        self.guard.wait(self.guard.quiet, TWO_SWEEPS, "nothing waited any more")
        check.nothing_is_left_over(self.checks, self.guard)
        check.no_address_got_out(self.checks, self.guard, self.notices, self.machine)

    def the_alarm(self) -> None:
        self.timeline.title(f"CloudWatch speaks for {SILENT}, whose events never arrive")
        child, now = "ses-bounce-rate", datetime.now(timezone.utc)
        self.guard.cloudwatch.put_metric_alarm(
            AlarmName=child,
            Namespace="AWS/SES",
            MetricName="Reputation.BounceRate",
            Dimensions=[{"Name": "ses:configuration-set", "Value": SILENT}],
            Statistic="Average",
            Period=300,
            EvaluationPeriods=1,
            Threshold=0.05,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
        self.guard.cloudwatch.set_alarm_state(AlarmName=child, StateValue="ALARM", StateReason="told by the demo")
        alarm = self._event("alarm/direct-composite.json")
        state = alarm["alarmData"]["state"]
        state["timestamp"] = now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{child}"
        state["reasonData"] = json.dumps({"triggeringAlarms": [{"arn": arn, "state": {"value": "ALARM"}}]})
        for _ in range(2):
            self._invoke("AlarmFunctionName", alarm)
        self.timeline.happening(f"A composite alarm goes off, and is reported twice. Its child watches {SILENT}.")
        self.checks.comes_true(self.guard, lambda: not self.guard.may_send(SILENT), 20.0, f"the guard pauses {SILENT} on the alarm's word")
        self._told(f"SES guard: paused {SILENT}", "and says why, once")
        self.checks.that(self.guard.may_send(SHOP), "its neighbours go on sending", "one is paused")
        # At once, so that the two minutes in which SES's answer is not believed pass meanwhile.
        self.guard.ses.put_configuration_set_sending_options(ConfigurationSetName=SILENT, SendingEnabled=True)
        self.enabled_at = time.monotonic()

    def every_form_of_alarm(self) -> None:
        files = [
            file
            for pattern in ("alarm/direct-*", "alarm/eventbridge-*", "sns/alarm-*")
            for file in sorted((self.root / "events").glob(f"{pattern}.json"))
        ]
        failed = [file.name for file in files if self._fails(file)]
        self.checks.same(failed, [], f"all {len(files)} files of alarms are taken up, however they arrive")

    def _fails(self, file: Path) -> bool:
        answer = self.guard.functions.invoke(
            FunctionName=self.guard.stack.outputs["AlarmFunctionName"], Payload=file.read_bytes()
        )
        return "FunctionError" in answer

    def the_lost_stream(self) -> None:
        self.timeline.title("The stream is lost")
        for mapping in self.guard.functions.list_event_source_mappings()["EventSourceMappings"]:
            if ":dynamodb:" in mapping["EventSourceArn"]:
                self.guard.functions.delete_event_source_mapping(UUID=mapping["UUID"])
        self.timeline.happening("Nothing wakes judge and actuate any more but the timer of sweep.", "warn")
        sent_at = datetime.now(timezone.utc) - timedelta(seconds=5)
        mails = [self._mail(sent_at) for _ in range(100)]
        self.guard.publish([events.send(mail) for mail in mails])
        self.guard.wait(self.guard.counted, 60.0, "the sends were counted")
        began = time.monotonic()
        self.guard.publish([events.bounce(mail, mail.recipients, datetime.now(timezone.utc)) for mail in mails[:40]])
        self.timeline.happening(f"40 of 100 mails of {PROMO} bounce.")
        self.checks.comes_true(self.guard, lambda: not self.guard.may_send(PROMO), TWO_SWEEPS, f"{PROMO} is paused within two sweeps")
        self.timeline.happening(f"That took {time.monotonic() - began:.0f} s.", "faint")
        self._told(f"SES guard: paused {PROMO}", "and people are told")

    def the_stranger(self) -> None:
        self.timeline.title(f"Somebody disables {SHOP} in the console")
        self.guard.ses.put_configuration_set_sending_options(ConfigurationSetName=SHOP, SendingEnabled=False)
        call = self._event("eventbridge/cloudtrail-put-configuration-set-sending-options.json")
        call["detail"]["requestParameters"] = {"configurationSetName": SHOP, "sendingEnabled": False}
        self._invoke("SweepFunctionName", call)
        noted = "the guard takes note of it, as CloudTrail reports it"
        self.checks.comes_true(self.guard, lambda: self._phase(SHOP) == "EXTERNAL", 20.0, noted)
        self._told(f"SES guard: found disabled: {SHOP}", "and tells")

    def the_operator(self) -> None:
        """While SES's answer is not believed yet. Nothing of it changes what the others play."""
        self.timeline.title("An operator asks and orders")
        answers = []
        for file in ("status", "list", "history", "policy", "set-policy", "clear-policy", "hold", "release"):
            order = self._event(f"operate/{file}.json")
            if "configurationSet" in order:
                order["configurationSet"] = SHOP
            answers.append((file, self.guard.operate(order)))
        refused = {file: answer["error"] for file, answer in answers if not answer["ok"]}
        self.checks.same(refused, {}, f"all {len(answers)} orders of events/operate/ are obeyed")

    def the_console(self) -> None:
        self.timeline.title(f"Somebody has enabled {SILENT}, which the guard paused")
        left = SETTLED - (time.monotonic() - self.enabled_at)
        self.checks.comes_true(self.guard, 
            lambda: not self.guard.may_send(SILENT),
            max(left, 1.0),
            "the sweep puts it right, once SES is to be believed",
        )
        self._told(f"SES guard: pausing again: {SILENT}", "and tells")
        self.checks.comes_true(self.guard, lambda: self._drifted() == {SHOP, SILENT}, 20.0, "machines hear of both, after people")
        left_alone = not self.guard.may_send(SHOP)
        self.checks.that(left_alone, f"{SHOP}, which somebody else disabled, is left alone", "it may send")

    def _told(self, subject: str, sentence: str) -> None:
        """Exactly once. Without the stream it takes one sweep more."""

        def heard() -> bool:
            self.notices += self.guard.new_notices()
            return any(notice.subject == subject for notice in self.notices)

        try:
            self.guard.wait(heard, TWO_SWEEPS, f"people were told: {subject}")
        except TimeoutError:
            pass
        told = [notice for notice in self.notices if notice.subject == subject]
        self.machine += self.guard.new_machine_notices()
        self.checks.same(len(told), 1, sentence)
        if told:
            self.timeline.letter(told[0].subject, told[0].text)

    def _drifted(self) -> set[str]:
        self.machine += self.guard.new_machine_notices()
        return {event["detail"]["configurationSet"] for event in self.machine if "Drifted" in event["detail-type"]}

    def _phase(self, name: str) -> str | None:
        return check.phases_of(self.guard.states()).get(name)

    def _invoke(self, output: str, event: dict[str, Any]) -> None:
        """As AWS does it: nobody waits for the answer."""
        self.guard.functions.invoke(
            FunctionName=self.guard.stack.outputs[output], InvocationType="Event", Payload=json.dumps(event).encode()
        )

    def _event(self, file: str) -> dict[str, Any]:
        return dict(json.loads((self.root / "events" / file).read_text(encoding="utf-8")))

    def _mail(self, sent_at: datetime) -> events.Mail:
        word = uuid.uuid4().hex[:10]
        source, subject = SOURCES[PROMO]
        recipients = (f"{ADDRESS_WORD}{word}@inbox.example.net",)
        return events.Mail(PROMO, f"0102-{word}-000000", sent_at, source, subject, recipients)
