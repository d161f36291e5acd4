"""SES events as SES publishes them to an SNS topic: the same fields, names and order, invented values.

One function per kind of event. Each gives an `Event`: the text for the topic, and what the guard's books must hold
because of it. The rules of what counts are written here a second time, on purpose: the demo checks the guard against
them, so it must not ask the guard.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from local_aws import ACCOUNT, REGION

BUCKET_SECONDS = 15 * 60
SIMULATOR = "simulator.amazonses.com"


@dataclass(frozen=True)
class Mail:
    """One message that SES accepted."""

    configuration_set: str
    message_id: str
    sent_at: datetime
    source: str
    subject: str
    recipients: tuple[str, ...]

    @property
    def bucket(self) -> int:
        """Start of its ledger bucket: epoch seconds of the quarter of an hour in which it was sent."""
        seconds = int(self.sent_at.timestamp())
        return seconds - seconds % BUCKET_SECONDS


@dataclass(frozen=True)
class Event:
    """A message for the topic, and the entries that it must make in the books."""

    body: str
    configuration_set: str = ""
    bucket: int = 0
    # `None`: an event that counts nothing, because of `what`.
    kind: str | None = None
    units: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    what: str = ""


def timestamp(at: datetime) -> str:
    """The way SES writes times: UTC, milliseconds, `Z`."""
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def validation() -> Event:
    """The first message on every new event destination: plain text, no JSON."""
    text = "Successfully validated SNS topic for Amazon SES event publishing."
    return Event(text, what="SES's own validation message")


def send(mail: Mail) -> Event:
    """Counts one send per recipient, those at the mailbox simulator excepted."""
    units = [r for r in mail.recipients if SIMULATOR not in r]
    return _event(
        mail,
        "Send",
        "send",
        {},
        counts="send" if units else None,
        recipients=units,
        what="mail to the simulator",
    )


def delivery(mail: Mail) -> Event:
    """Counts nothing."""
    at = mail.sent_at + timedelta(milliseconds=1284)
    detail = {
        "timestamp": timestamp(at),
        "processingTimeMillis": 1284,
        "recipients": list(mail.recipients),
        "smtpResponse": "250 2.0.0 OK  1763630043 abc123si4567890wmb.12 - gsmtp",
        "remoteMtaIp": "192.0.2.26",
        "reportingMTA": "b224-17.smtp-out.eu-west-1.amazonses.com",
    }
    return _event(mail, "Delivery", "delivery", detail, counts=None, what="a delivery")


def bounce(
    mail: Mail,
    recipients: tuple[str, ...],
    at: datetime,
    bounce_type: str = "Permanent",
    subtype: str = "General",
) -> Event:
    """Permanent ones count per recipient, as a bounce or, where SES never tried, as prevented mail."""
    status, diagnostic = _DIAGNOSTICS.get((bounce_type, subtype), ("5.0.0", "smtp; 554 refused"))
    detail: dict[str, Any] = {
        "feedbackId": _feedback_id(mail, at, subtype),
        "bounceType": bounce_type,
        "bounceSubType": subtype,
        "bouncedRecipients": [
            {
                "emailAddress": recipient,
                "action": "failed",
                "status": status,
                "diagnosticCode": diagnostic.replace("<>", f"<{recipient}>"),
            }
            for recipient in recipients
        ],
        "timestamp": timestamp(at),
        "remoteMtaIp": "192.0.2.55",
        "reportingMTA": "dns; b224-17.smtp-out.eu-west-1.amazonses.com",
    }
    units = [r for r in recipients if SIMULATOR not in r]
    if bounce_type != "Permanent":
        counts, what = None, f"a bounce that is not permanent ({bounce_type}, {subtype})"
    elif not units:
        counts, what = None, "a simulated bounce"
    elif subtype in _PREVENTED:
        counts, what = "prevented", ""
    else:
        counts, what = "bounce", ""
    return _event(mail, "Bounce", "bounce", detail, counts=counts, recipients=units, what=what)


def complaint(mail: Mail, at: datetime, feedback: str | None = "abuse", subtype: str | None = None) -> Event:
    """Counts 1, unless it takes a complaint back, or reports addresses to which SES sent nothing: prevented mail."""
    feedback_id = _feedback_id(mail, at, f"complaint-{feedback}-{subtype}")
    detail: dict[str, Any] = {
        "feedbackId": feedback_id,
        "complaintSubType": subtype,
        "complainedRecipients": [{"emailAddress": recipient} for recipient in mail.recipients],
        "timestamp": timestamp(at),
    }
    if feedback is not None:
        detail["userAgent"] = "Yahoo!-Mail-Feedback/2.0"
        detail["complaintFeedbackType"] = feedback
        detail["arrivalDate"] = timestamp(at)
    if feedback == "not-spam":
        return _event(mail, "Complaint", "complaint", detail, counts=None, what="a complaint taken back (not-spam)")
    if subtype in _PREVENTED:
        return _event(mail, "Complaint", "complaint", detail, counts="prevented", recipients=mail.recipients)
    return _event(mail, "Complaint", "complaint", detail, counts="complaint", recipients=[feedback_id])


_PREVENTED = {
    "OnAccountSuppressionList",
    "OnTenantSuppressionList",
    "EmailValidationSuppressed",
    "UnsubscribedRecipient",
}

_DIAGNOSTICS = {
    ("Permanent", "General"): ("5.1.1", "smtp; 550 5.1.1 <>: Recipient address rejected: User unknown"),
    ("Permanent", "NoEmail"): ("5.1.1", "smtp; 550 5.1.1 <>: no such user here"),
    ("Permanent", "Suppressed"): (
        "5.1.1",
        "Amazon SES has suppressed sending to this address because it has a recent history of bouncing.",
    ),
    ("Permanent", "OnAccountSuppressionList"): (
        "5.1.1",
        "Amazon SES did not send the message to this address because it is on the suppression list for your account.",
    ),
    ("Transient", "MailboxFull"): (
        "4.2.2",
        "smtp; 452 4.2.2 The email account that you tried to reach is over quota",
    ),
    ("Transient", "ContentRejected"): ("5.7.1", "smtp; 550 5.7.1 Message content rejected"),
}


def _event(
    mail: Mail,
    event_type: str,
    key: str,
    detail: dict[str, Any],
    counts: str | None,
    recipients: list[str] | tuple[str, ...] = (),
    what: str = "",
) -> Event:
    record = {"eventType": event_type, key: detail, "mail": _mail(mail)}
    units = frozenset((mail.message_id, unit.lower()) for unit in recipients) if counts else frozenset()
    body = json.dumps(record) + "\n"
    return Event(body, mail.configuration_set, mail.bucket, counts, units, "" if counts else what)


def _mail(mail: Mail) -> dict[str, Any]:
    domain = mail.source.rsplit("@", 1)[1].rstrip(">")
    return {
        "timestamp": timestamp(mail.sent_at),
        "source": mail.source,
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{domain}",
        "sendingAccountId": ACCOUNT,
        "messageId": mail.message_id,
        "destination": list(mail.recipients),
        "headersTruncated": False,
        "headers": [
            {"name": "From", "value": mail.source},
            {"name": "To", "value": ", ".join(mail.recipients)},
            {"name": "Subject", "value": mail.subject},
            {"name": "MIME-Version", "value": "1.0"},
            {
                "name": "Content-Type",
                "value": 'multipart/alternative;  boundary="----=_Part_41_19.1763630042118"',
            },
        ],
        "commonHeaders": {
            "from": [mail.source],
            "to": list(mail.recipients),
            "messageId": mail.message_id,
            "subject": mail.subject,
        },
        "tags": {
            "ses:source-tls-version": ["TLSv1.3"],
            "ses:operation": ["SendEmail"],
            "ses:configuration-set": [mail.configuration_set],
            "ses:source-ip": ["198.51.100.24"],
            "ses:from-domain": [domain],
            "ses:caller-identity": [f"{mail.configuration_set}-sender"],
        },
    }


def _feedback_id(mail: Mail, at: datetime, salt: str) -> str:
    """Unique per notification, as SES promises; the same again when the same notification is made again."""
    digest = hashlib.sha256(f"{mail.message_id} {salt}".encode()).hexdigest()
    return f"0102{int(at.timestamp() * 1000):012x}-{uuid.UUID(digest[:32])}-000000"
