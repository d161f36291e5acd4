"""Which changes of the state table wake judge, and which wake actuate."""

import json

import pytest

from pattern import matches

SET = {"p": {"S": "111122223333/xx-test-1/tenant-a"}, "k": {"S": "state"}}
COUNTED = {"dirty": {"N": "3"}}
MARKED = {"dirty": {"N": "4"}, "todo": {"S": "judge"}}
PENDING = {"pend": {"S": "pause"}, "prio": {"N": "12"}, "ph": {"S": "PAUSING"}}
UNTOLD = {"tell": {"SS": ["01JD3R6V6Y4T1J6Q9K2H0M5N7P"]}}  # a set of audit records
AUDIT = {"p": SET["p"], "k": {"S": "01JD3R6V6Y4T1J6Q9K2H0M5N7P"}}


def change(image, name="MODIFY"):
    return {"eventSource": "aws:dynamodb", "eventName": name, "dynamodb": {"Keys": SET, "NewImage": image}}


REMOVAL = {"eventSource": "aws:dynamodb", "eventName": "REMOVE", "dynamodb": {"Keys": SET}}


@pytest.mark.parametrize(
    ("what", "record", "judge", "actuate"),
    [
        ("a first mark", change(SET | MARKED, "INSERT"), True, False),
        ("another mark", change(SET | COUNTED | MARKED), True, False),
        ("judged, nothing to do", change(SET | COUNTED), False, False),
        ("pause intended", change(SET | COUNTED | PENDING), False, True),
        ("pause intended and marked again", change(SET | MARKED | PENDING), True, True),
        ("paused, people not yet told", change(SET | COUNTED | UNTOLD), False, True),
        ("marked, people not yet told", change(SET | MARKED | UNTOLD), True, True),
        ("audit record", change(AUDIT, "INSERT"), False, False),
        ("audit record with a state's attributes", change(AUDIT | MARKED | PENDING | UNTOLD, "INSERT"), False, False),
        ("item removed", REMOVAL, False, False),
    ],
)
def test_a_change_wakes_whom_it_concerns(resources, what, record, judge, actuate):
    assert (wakes(resources, "JudgeFunctionMarks", record), wakes(resources, "ActuateFunctionIntents", record)) == (judge, actuate), what


def wakes(resources, mapping, record):
    filters = resources[mapping]["Properties"]["FilterCriteria"]["Filters"]
    return any(matches(json.loads(f["Pattern"]), record) for f in filters)
