"""The procedures of docs/OPERATIONS.md, tried in the local AWS with `ses-guard` as an operator types it.

The sweeps are the deployed timer's own, what other hands do in SES is believed two minutes later, and a set that was resumed is
judged from the next quarter of an hour on, so this story takes fifteen to forty minutes, nearly all of them waiting. What the
local AWS lacks is played by hand and said where it is: it moves no dead letters by itself (`StartMessageMoveTask`), restores no
table to a point in time, and knows neither a review of the account nor a tenant's reputation (`reputation.py`).
"""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

import checks as check
import deploy
import events
from checks import Checks
from guard import Guard, Item
from local_aws import ACCOUNT, REGION, LocalAws
from reputation import AWS, CUSTOMER, DISABLED, ENABLED, Reputation
from story import NEWSLETTER, PROMO, SHOP, SOURCES
from timeline import Timeline

ROOT = Path(__file__).resolve().parents[2]
# Two minutes until SES's answer is believed, ten until a paused set is looked at in turn.
LOOKED_AT = 780.0
# Of the account SES is asked every five minutes.
ASKED = 400.0
# A set of a tenant of SES.
ACME = "acme-mail"
TENANTS = f"""
[profile.tenants]
pause_through = "tenant"
[[assign]]
sets = "{ACME}"
profile = "tenants"
"""
REASON = ("--reason", "list cleaned, ticket 4711", "--actor", "ops@example.com")


class Runbook:
    """One run of it. The procedures follow each other as a bad day would have them."""

    def __init__(
        self, aws: LocalAws, guard: Guard, timeline: Timeline, checks: Checks, programs: Path, reputation: Reputation
    ) -> None:
        self.aws, self.guard, self.timeline, self.checks = aws, guard, timeline, checks
        self.programs, self.reputation = programs, reputation

    def play(self) -> None:
        self.a_tenant_calls()
        self.dead_letters()
        self.an_upgrade()
        self.a_review_of_the_account()
        self.code_that_fights_the_guard()
        self.a_stack_of_sets()
        self.a_tenant_of_ses()
        self.a_resume_is_refused()
        self.a_lost_state_table()
        self.a_lost_ledger()
        self.uninstalling()

    # ── A tenant calls ──

    def a_tenant_calls(self) -> None:
        self.timeline.title("A tenant calls: my mail is refused")
        self._over(PROMO)
        code, said = self._ses_guard("status", PROMO)
        self._has(code == 0, said, ("PAUSED", "hard-bounced", "the limit for that many"), "status says the phase and why, with the numbers")
        code, said = self._ses_guard("history", PROMO)
        self._has(code == 0, said, ("paused",), "history says what was decided and when")
        code, said = self._ses_guard("resume", PROMO, "--actor", "ops@example.com")
        self._has(code == 2 and not self.guard.may_send(PROMO), said, ("--reason",), "no resume without a reason")
        code, said = self._ses_guard("resume", PROMO, *REASON)
        self._has(code == 0, said, (PROMO,), "a resume with reason and name is taken")
        self.checks.comes_true(self.guard, lambda: self.guard.may_send(PROMO), 30.0, "SES takes its mail again")
        self.checks.comes_true(self.guard, lambda: self._phase(PROMO) == "TRIAL", 30.0, "and it is on trial")

    # ── Dead letters ──

    def dead_letters(self) -> None:
        self.timeline.title("The dead-letter queue fills")
        sent_at = datetime.now(timezone.utc) - timedelta(minutes=1)
        counted, lost = self._mail(NEWSLETTER, sent_at), self._mail(NEWSLETTER, sent_at)
        self.guard.publish([events.send(counted)])
        self.guard.wait(self.guard.counted, 60.0, "the mail was counted")
        before = self._sends(NEWSLETTER)
        foreign = events.send(lost).body.replace("111122223333", "999999999999")
        dead = self._queue("EventsDeadLetterQueue")
        for body in (events.send(counted).body, events.send(lost).body, foreign, '{"eventType": "Bou'):
            self.guard.sqs.send_message(QueueUrl=dead, MessageBody=body)
        self.timeline.happening("Four dead letters: counted before, not yet counted, another account's, and a broken one.", "warn")
        put_back = thrown_away = 0
        while letters := self.guard.sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"):
            for letter in letters:
                _, said = self._ses_guard("inspect", "--account", "111122223333", "-", given=letter["Body"])
                good = json.loads(said.splitlines()[0])["outcome"] == "signals"
                if good:
                    # As the task of SQS does it, which the local AWS hasn't got.
                    self.guard.sqs.send_message(QueueUrl=self._queue("EventsQueue"), MessageBody=letter["Body"])
                put_back, thrown_away = put_back + good, thrown_away + (not good)
                self.guard.sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])
        self.checks.same((put_back, thrown_away), (2, 2), "inspect tells which can be put back")
        self.guard.wait(self.guard.counted, 60.0, "what was put back was counted")
        self.checks.same(self._sends(NEWSLETTER), before + 1, "what was counted before counts no second time, the other one does")

    # ── Upgrading ──

    def an_upgrade(self) -> None:
        self.timeline.title("An upgrade while mail flows, and a set is paused")
        self._over(PROMO)
        before, sent_at = self._sends(SHOP), datetime.now(timezone.utc) - timedelta(minutes=1)
        self.guard.publish([events.send(self._mail(SHOP, sent_at)) for _ in range(200)])
        deploy.update(self.aws, ROOT / "template.yaml", self.programs, {"NoticeEmail": "ops@example.com"})
        self.guard.publish([events.send(self._mail(SHOP, sent_at)) for _ in range(200)])
        # What a function held when its program was replaced comes again three minutes later.
        self.checks.comes_true(self.guard, lambda: self.guard.counted() and self._holds(SHOP, before + 400), 400.0, "not one mail is lost, or counted twice")
        self.checks.same((self._phase(PROMO), self.guard.may_send(PROMO)), ("PAUSED", False), "what was paused stays paused")
        code, said = self._ses_guard("status")
        self._has(code == 0, said, ("enforce",), "status answers with the mode")

    # ── A review of the account ──

    def a_review_of_the_account(self) -> None:
        self.timeline.title("SES puts the account under review")
        self.guard.new_notices()
        self._treated("PROBATION")
        self.checks.comes_true(self.guard, lambda: self._is_told("AWS changed how it treats"), 30.0, "and people are told")
        for arguments, words, sentence in (
            (("list", "--phase", "paused"), (PROMO,), "list names who failed"),
            (("list", "--phase", "warned"), (), "and who nears its limit"),
            (("list", "--unheard"), (), "and who is not heard"),
            (("evidence", "--account", "--since", "14d"), ("PROBATION", PROMO), "evidence has the review, and who was paused"),
            (("evidence", PROMO, "--since", "14d"), ("hard-bounced",), "and of one set its numbers"),
        ):
            code, said = self._ses_guard(*arguments)
            self._has(code == 0, said, words, sentence)
        code, said = self._ses_guard("doctor")
        self._has(code == 1, said, ("PROBATION", "evidence --account"), "doctor names the review")
        self._treated("SHUTDOWN")
        code, said = self._ses_guard("resume", PROMO, *REASON)
        self._has(code == 1 and not self.guard.may_send(PROMO), said, ("Support Center",), "no set is resumed while AWS stops the account")
        self._treated("HEALTHY")
        code, said = self._ses_guard("status", PROMO)
        self._has(code == 0, said, ("PAUSED",), "when AWS lifts it, what was paused still is")

    def _treated(self, enforcement: str) -> None:
        self.reputation.enforcement = enforcement
        self.timeline.happening(f"To AWS the account is {enforcement}.", "warn")
        self.checks.comes_true(self.guard, lambda: enforcement in self._ses_guard("status")[1], ASKED, f"status says {enforcement}")

    # ── Infrastructure code ──

    def code_that_fights_the_guard(self) -> None:
        self.timeline.title("Infrastructure code switches a paused set on")
        self.guard.ses.put_configuration_set_sending_options(ConfigurationSetName=PROMO, SendingEnabled=True)
        self.checks.comes_true(self.guard, lambda: not self.guard.may_send(PROMO), LOOKED_AT, "the guard switches it off again")
        self.checks.comes_true(self.guard, lambda: self._phase(PROMO) == "PAUSED", 30.0, "and has it down so")

    def a_stack_of_sets(self) -> None:
        self.timeline.title("CloudFormation has a set of its own, as the runbook writes it")
        cloudformation, name = self.aws.client("cloudformation"), "tenant-c"
        resource = yaml_parse(_block("OPERATIONS.md", "yaml", "TenantC:"))
        topic = {"Another": {"Type": "AWS::SNS::Topic", "Properties": {}}}

        def deployed(how: str, resources: dict[str, Any]) -> None:
            body = json.dumps({"Resources": resources})
            getattr(cloudformation, f"{how}_stack")(StackName="tenants", TemplateBody=body)
            cloudformation.get_waiter(f"stack_{how}_complete").wait(StackName="tenants", WaiterConfig={"Delay": 1})

        deployed("create", resource)
        code, said = self._ses_guard("pause", name, *REASON)
        self._has(code == 0, said, (name,), "a person pauses it")
        self.checks.comes_true(self.guard, lambda: self._phase(name) == "PAUSED" and not self.guard.may_send(name), 30.0, "and it is paused")
        deployed("update", resource | topic)
        self.checks.that(not self.guard.may_send(name), "a deployment that has nothing new of the set leaves it paused", "it may send")
        resource["TenantC"]["Properties"]["ReputationOptions"]["ReputationMetricsEnabled"] = True
        deployed("update", resource | topic)
        if self.guard.may_send(name):
            self._tell_of(name, on=True)
            self.timeline.happening("A deployment that changes something else of the set has switched it on.", "warn")
        self.checks.comes_true(self.guard, lambda: not self.guard.may_send(name), LOOKED_AT, "one that changes something else of it does not last")

    # ── A tenant of SES ──

    def a_tenant_of_ses(self) -> None:
        self.timeline.title("A tenant of SES is disabled")
        ses = self.guard.ses
        ses.create_configuration_set(ConfigurationSetName=ACME)
        tenant = ses.create_tenant(TenantName="acme")["TenantArn"]
        arn = f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/{ACME}"
        ses.create_tenant_resource_association(TenantName="acme", ResourceArn=arn)
        code, said = self._ses_guard("policy", "push", "-", *REASON, given=TENANTS)
        self._has(code == 0, said, (), "the policy has the set paused through its tenant")
        self._over(ACME, lambda: self.reputation.statuses.get((tenant, CUSTOMER)) != DISABLED)
        self.checks.that(self.guard.may_send(ACME), "its own switch is left alone", "off")
        code, said = self._ses_guard("status", ACME)
        self._has(code == 0, said, ("PAUSED", "acme"), "status names the tenant")
        self.reputation.statuses[tenant, AWS] = DISABLED
        self._tell_of_tenant(tenant, DISABLED)
        self.checks.comes_true(self.guard, lambda: "disabled by AWS" in self._ses_guard("status")[1], 60.0, "AWS disables the tenant, too, and status says so")
        _, said = self._ses_guard("doctor")
        self._has("acme" in said, said, ("disabled since",), "doctor, too")
        code, said = self._ses_guard("resume", ACME, *REASON)
        self._has(code == 1, said, ("Support Center",), "no resume while AWS keeps it disabled")
        self.reputation.statuses[tenant, AWS] = ENABLED
        self._tell_of_tenant(tenant, ENABLED)
        code, said = self._ses_guard("resume", ACME, *REASON)
        self._has(code == 0, said, (ACME,), "once AWS has enabled it, a resume is taken")
        self.checks.comes_true(self.guard, lambda: self.reputation.statuses[tenant, CUSTOMER] == ENABLED, 30.0, "and enables the tenant")
        self._settled()
        # What SES says so soon after a call of the guard's is not believed yet.
        time.sleep(125)
        self.reputation.statuses[tenant, CUSTOMER] = DISABLED
        self._tell_of_tenant(tenant, DISABLED, "CUSTOMER_MANAGED")
        self.checks.comes_true(self.guard, lambda: self._phase(ACME) == "EXTERNAL", LOOKED_AT, "somebody else disables it: the set is noted as that")
        code, said = self._ses_guard("resume", ACME, *REASON)
        self._has(code == 1, said, ("--force",), "the guard does not undo what it did not do")
        code, said = self._ses_guard("resume", ACME, "--force", *REASON)
        self.checks.comes_true(self.guard, lambda: code == 0 and self.reputation.statuses[tenant, CUSTOMER] == ENABLED, 30.0, "but with --force")

    # ── A resume is refused ──

    def a_resume_is_refused(self) -> None:
        self.timeline.title("A resume is refused")
        code, said = self._ses_guard("resume", SHOP, *REASON)
        self._has(code == 1, said, (SHOP,), "of a set that is not paused")
        code, said = self._ses_guard("resume", "tenant of nobody", *REASON)
        self._has(code == 2, said, ("configuration set",), "of a name that SES does not allow")
        self.guard.ses.put_configuration_set_sending_options(ConfigurationSetName=NEWSLETTER, SendingEnabled=False)
        self._tell_of(NEWSLETTER, on=False)
        # Where a sweep is looking at it in that very moment, the next one does: a minute later.
        self.checks.comes_true(self.guard, lambda: self._phase(NEWSLETTER) == "EXTERNAL", 90.0, "somebody else disables a set")
        code, said = self._ses_guard("resume", NEWSLETTER, *REASON)
        self._has(code == 1, said, ("--force",), "the guard does not undo what it did not do, and says how")
        code, said = self._ses_guard("resume", NEWSLETTER, "--force", *REASON)
        self._has(code == 0, said, (NEWSLETTER,), "by name, and with --force, it does")
        self.checks.comes_true(self.guard, lambda: self.guard.may_send(NEWSLETTER), 30.0, "and SES takes its mail")

    # ── Disaster ──

    def a_lost_state_table(self) -> None:
        self.timeline.title("The state table is lost, and restored")
        self._settled()
        kept = self.guard.items(self.guard.state_table)
        self._empty(self.guard.state_table)
        self.timeline.happening(f"All {len(kept)} items of the state table are gone.", "warn")
        self.checks.that(not self.guard.may_send(PROMO), f"SES still refuses the mail of {PROMO}", "it may send")
        code, said = self._ses_guard("status", PROMO)
        self._has(code == 0, said, ("ACTIVE",), "the guard knows nothing of it")
        self._tell_of(PROMO, on=False)
        self.checks.comes_true(self.guard, lambda: self._phase(PROMO) == "EXTERNAL", 60.0, "once something brings it up, it is found disabled, and left so")
        self.checks.that(not self.guard.may_send(PROMO), "nothing enables it", "it may send")
        self._empty(self.guard.state_table)
        self._write(self.guard.state_table, kept)
        self.timeline.happening("The items are written back, as from a restored copy.")
        self.checks.same((self._phase(PROMO), self.guard.may_send(PROMO)), ("PAUSED", False), "phase and switch agree")
        code, said = self._ses_guard("history", PROMO)
        self._has(code == 0, said, ("paused",), "and the file is there again")
        self._over_again_is_paused()

    def _over_again_is_paused(self) -> None:
        code, _ = self._ses_guard("resume", PROMO, *REASON)
        self.checks.comes_true(self.guard, lambda: code == 0 and self.guard.may_send(PROMO), 30.0, "the guard goes on: a resume is carried out")

    def a_lost_ledger(self) -> None:
        self.timeline.title("The ledger is lost")
        self._settled()
        self._empty(self.guard.ledger_table)
        self.timeline.happening("Nothing is known of mail that was sent.", "warn")
        sent_at = datetime.now(timezone.utc) - timedelta(minutes=3)
        late = [self._mail(SHOP, sent_at) for _ in range(40)]
        self.guard.publish([events.bounce(mail, mail.recipients, datetime.now(timezone.utc)) for mail in late])
        self.checks.comes_true(self.guard, lambda: self.guard.counted() and self.guard.quiet(), 120.0, "bounces of mail that is no longer known come in")
        self.checks.that(self.guard.may_send(SHOP), "and pause nobody: more failures than sends is a fault of the counts", "paused")
        self._over(NEWSLETTER)
        self.checks.same(self._phase(NEWSLETTER), "PAUSED", "new mail is counted and judged as ever")

    # ── Uninstalling ──

    def uninstalling(self) -> None:
        self.timeline.title("Uninstalling")
        code, said = self._ses_guard("list", "--phase", "paused")
        self._has(code == 0, said, (NEWSLETTER,), "list names what is still paused")
        cloudformation = self.aws.client("cloudformation")
        cloudformation.delete_stack(StackName=deploy.STACK)
        self.checks.comes_true(self.guard, lambda: self._is_deleted(cloudformation), 60.0, "the stack is deleted")
        tables = self.aws.client("dynamodb").list_tables()["TableNames"]
        kept = {self.guard.ledger_table, self.guard.state_table} <= set(tables)
        self.checks.that(kept, "both tables stay, with the file of what was decided", tables)
        self.checks.that(not self.guard.may_send(NEWSLETTER), "and what is paused in SES stays paused", "it may send")
        code, said = self._ses_guard("status")
        self._has(code == 1, said, ("no function",), "ses-guard says that nobody is there")

    # ── What the procedures are made of ──

    def _over(self, name: str, may_send: Callable[[], bool] | None = None) -> None:
        """Half of a hundred mails bounce, and the guard pauses the set."""
        may_send = may_send or (lambda: self.guard.may_send(name))
        sent_at = datetime.now(timezone.utc) - timedelta(seconds=5)
        start = int(self.guard.states().get(name, {}).get("fresh", {"N": "0"})["N"])
        if sent_at.timestamp() < start:
            # What a resume in the same quarter of an hour forgives lies before its fence.
            wait = start + 6 - time.time()
            self.timeline.happening(f"The fence of {name} is {wait:.0f} s ahead: the guard is blind for it until then.", "faint")
            time.sleep(max(wait, 0.0))
            sent_at = datetime.now(timezone.utc) - timedelta(seconds=5)
        mails = [self._mail(name, sent_at) for _ in range(100)]
        self.guard.publish([events.send(mail) for mail in mails])
        self.guard.wait(self.guard.counted, 60.0, "the sends were counted")
        self.guard.publish([events.bounce(mail, mail.recipients, datetime.now(timezone.utc)) for mail in mails[:50]])
        self.checks.comes_true(self.guard, lambda: not may_send(), 120.0, f"half of 100 mails of {name} bounce, and it is paused")
        self.checks.comes_true(self.guard, lambda: self._phase(name) == "PAUSED", 30.0, "which is on file")

    def _ses_guard(self, *arguments: str, given: str | None = None) -> tuple[int, str]:
        """Exit code, and what it said, errors included."""
        done = subprocess.run(
            [str(self.programs / "ses-guard"), *arguments], env=self.aws.of_an_operator(), input=given, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def _has(self, holds: bool, said: str, words: tuple[str, ...], sentence: str) -> None:
        self.checks.that(holds and all(word in said for word in words), sentence, said)

    def _settled(self) -> None:
        self.guard.wait(self.guard.quiet, 180.0, "nothing waited any more")

    def _phase(self, name: str) -> str | None:
        return check.phases_of(self.guard.states()).get(name)

    def _sends(self, name: str) -> int:
        return sum(held.upper for (of, _, kind), held in self.guard.tallies().items() if (of, kind) == (name, "send"))

    def _holds(self, name: str, sends: int) -> bool:
        """Whether the ledger's bounds hold so many sends: what came twice may have widened them."""
        held = [interval for (of, _, kind), interval in self.guard.tallies().items() if (of, kind) == (name, "send")]
        return sum(one.lower for one in held) <= sends <= sum(one.upper for one in held)

    def _queue(self, name: str) -> str:
        return self.guard.stack.all("AWS::SQS::Queue")[name]

    def _is_told(self, words: str) -> bool:
        return any(words in notice.subject for notice in self.guard.new_notices())

    def _tell_of(self, name: str, *, on: bool) -> None:
        """CloudTrail's event of somebody's call, which the local AWS does not make."""
        file = ROOT / "events/eventbridge/cloudtrail-put-configuration-set-sending-options.json"
        call: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        call["detail"]["requestParameters"] = {"configurationSetName": name, "sendingEnabled": on}
        self._sweep_hears(call)

    def _tell_of_tenant(self, arn: str, status: str, origin: str = "AWS_MANAGED") -> None:
        """SES's event of a tenant's status, which the local AWS does not make."""
        file = ROOT / f"events/eventbridge/sending-status-{status.lower()}-tenant.json"
        event: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        now = datetime.now(timezone.utc)
        event |= {"resources": [arn], "time": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
        updated = [now.year, now.month, now.day, now.hour, now.minute, now.second, now.microsecond * 1000]
        event["detail"]["data"]["origin"] = origin
        event["detail"]["data"]["record"] |= {"status": status, "lastUpdatedTimestamp": updated}
        self._sweep_hears(event)

    def _sweep_hears(self, event: dict[str, Any]) -> None:
        name = self.guard.stack.outputs["SweepFunctionName"]
        self.guard.functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode())

    def _empty(self, table: str) -> None:
        for item in self.guard.items(table):
            self.guard.dynamodb.delete_item(TableName=table, Key={"p": item["p"], "k": item["k"]})

    def _write(self, table: str, items: list[Item]) -> None:
        for item in items:
            self.guard.dynamodb.put_item(TableName=table, Item=item)

    def _is_deleted(self, cloudformation: Any) -> bool:
        stacks = cloudformation.describe_stacks()["Stacks"]
        return all(stack["StackName"] != deploy.STACK or stack["StackStatus"] == "DELETE_COMPLETE" for stack in stacks)

    def _mail(self, name: str, sent_at: datetime) -> events.Mail:
        word = uuid.uuid4().hex[:10]
        source, subject = SOURCES.get(name, SOURCES[PROMO])
        return events.Mail(name, f"0102-{word}-000000", sent_at, source, subject, (f"rcpt-{word}@inbox.example.net",))


def _block(document: str, language: str, word: str) -> str:
    """What a document of docs/ shows in this language that has this word in it."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    blocks = [part.split("```")[0] for part in text.split(f"```{language}\n")[1:]]
    [block] = [block for block in blocks if word in block]
    return block
