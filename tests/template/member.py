"""A guard and one of its members, as both templates make them."""

import stack
from stack import PSEUDO

GUARD_ACCOUNT, GUARD_REGION = PSEUDO["AWS::AccountId"], PSEUDO["AWS::Region"]
MEMBER_ACCOUNT, MEMBER_REGION = "444455556666", "xx-other-2"
HOME = f"{MEMBER_ACCOUNT}/{MEMBER_REGION}"

QUEUE = f"arn:aws-test:sqs:{GUARD_REGION}:{GUARD_ACCOUNT}:guard-EventsQueue-1X2Y"
ACTUATE, ALARM, SWEEP, OPERATE = (
    f"arn:aws-test:iam::{GUARD_ACCOUNT}:role/guard-{name}Role-1X2Y" for name in ("Actuate", "Alarm", "Sweep", "Operate")
)
# What the guard's outputs say, once it is deployed.
GIVEN = {"EventsQueueArn": QUEUE, "ActuateRoleArn": ACTUATE, "LookingRoleArns": ",".join((ALARM, SWEEP, OPERATE))}


def deployed(**given):
    """The member's resources, in its own account and Region."""
    own = dict(PSEUDO)
    PSEUDO.update({"AWS::AccountId": MEMBER_ACCOUNT, "AWS::Region": MEMBER_REGION})
    try:
        return stack.deployed(stack.MEMBER, **GIVEN, **given)
    finally:
        PSEUDO.update(own)
