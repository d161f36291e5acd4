"""What SES knows of an account's standing and of a tenant's reputation. The local AWS does not, so the relay says it.

Tenants themselves, and which sets are theirs, the local AWS knows. In the shapes of the API: GetAccount's
`EnforcementStatus`; GetReputationEntity with its two statuses, of which a caller changes the customer's.
"""

from __future__ import annotations

import json
import time

from relay import Answer, Call

ENABLED, DISABLED = "ENABLED", "DISABLED"
CUSTOMER, AWS = "CustomerManagedStatus", "AwsSesManagedStatus"


class Reputation:
    """How AWS treats the account and its tenants, as a story has it."""

    def __init__(self) -> None:
        self.enforcement = "HEALTHY"
        # ARN of a tenant and whose status → the status. SES leaves out what nobody has set.
        self.statuses: dict[tuple[str, str], str] = {}

    def amend(self, call: Call, body: bytes, answer: Answer) -> Answer:
        """The local AWS's answer, with what it does not know."""
        if call.action == "ses:GetAccount" and answer.status == 200:
            return _json({**json.loads(answer.body), "EnforcementStatus": self.enforcement})
        if call.action == "ses:GetReputationEntity":
            entity = {"ReputationEntityReference": call.resource, "ReputationEntityType": "RESOURCE"}
            records = {
                whose: {"Status": status, "LastUpdatedTimestamp": int(time.time())}
                for (tenant, whose), status in self.statuses.items()
                if tenant == call.resource
            }
            return _json({"ReputationEntity": entity | records})
        if call.action == "ses:UpdateReputationEntityCustomerManagedStatus":
            self.statuses[call.resource, CUSTOMER] = json.loads(body)["SendingStatus"]
            return _json({})
        return answer


def _json(said: dict[str, object]) -> Answer:
    return Answer(200, {"content-type": "application/json"}, json.dumps(said).encode())
