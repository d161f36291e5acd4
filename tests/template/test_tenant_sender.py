"""What a tenant may do that has the policy of docs/examples/tenant-sender.json, and nothing else."""

import json
from pathlib import Path

import pytest

from policy import Request, allows

DOCUMENT = json.loads((Path(__file__).resolve().parents[2] / "docs/examples/tenant-sender.json").read_text(encoding="utf-8"))
TENANT = "arn:aws:iam::111122223333:user/tenant-a"
HERE = "arn:aws:ses:eu-west-1:111122223333"
OWN_IDENTITY, OWN_SET = f"{HERE}:identity/tenant-a.example", f"{HERE}:configuration-set/tenant-a"


def may(action, *resources):
    """A call that names several resources needs the permission for each."""
    return all(allows(DOCUMENT, Request(TENANT, action, resource)) for resource in resources)


@pytest.mark.parametrize("action", ["ses:SendEmail", "ses:SendRawEmail", "ses:SendBulkEmail"])
@pytest.mark.parametrize(
    ("resources", "passes"),
    [
        ((OWN_IDENTITY, OWN_SET), True),
        # The identity's default set takes it: IAM has no key that demands that a set be named.
        ((OWN_IDENTITY,), True),
        ((OWN_IDENTITY, f"{HERE}:configuration-set/tenant-b"), False),
        ((OWN_IDENTITY, f"{HERE}:configuration-set/tenant-a2"), False),
        ((f"{HERE}:identity/tenant-b.example", OWN_SET), False),
        ((f"{HERE}:identity/tenant-b.example",), False),
        (("arn:aws:ses:us-east-1:111122223333:identity/tenant-a.example",), False),
    ],
)
def test_a_tenant_sends_with_its_own_set_and_identity_only(action, resources, passes):
    assert may(action, *resources) == passes


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ses:PutConfigurationSetSendingOptions", OWN_SET),
        ("ses:UpdateConfigurationSetSendingEnabled", "*"),
        ("ses:DeleteConfigurationSet", OWN_SET),
        ("ses:CreateConfigurationSet", f"{HERE}:configuration-set/tenant-a-new"),
        ("ses:DeleteConfigurationSetEventDestination", OWN_SET),
        ("ses:UpdateConfigurationSetEventDestination", OWN_SET),
        ("ses:PutEmailIdentityConfigurationSetAttributes", OWN_IDENTITY),
        ("ses:CreateEmailIdentity", f"{HERE}:identity/new.example"),
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:ses-reputation-guard-operate"),
    ],
)
def test_a_tenant_neither_lifts_its_pause_nor_goes_around_it(action, resource):
    assert not may(action, resource)
