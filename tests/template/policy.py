"""Just enough of IAM's evaluation to ask a policy about a request. What it doesn't know it refuses to guess."""

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from stack import as_list


@dataclass(frozen=True)
class Request:
    principal: str  # a service's name, an ARN, or "anonymous"
    action: str
    resource: str
    context: dict = field(default_factory=dict)


def allows(document, request, identity_allows=False):
    """Whether the request passes. `identity_allows`: the caller's own account gave it the permission."""
    effects = {s["Effect"] for s in document["Statement"] if applies(s, request)}
    return "Deny" not in effects and ("Allow" in effects or identity_allows)


def applies(statement, request):
    assert not statement.keys() - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}, statement
    return (
        _is_principal(statement.get("Principal", "*"), request.principal)
        and any(_like(request.action.lower(), a.lower()) for a in as_list(statement["Action"]))
        and any(_like(request.resource, r) for r in as_list(statement["Resource"]))
        and _holds(statement.get("Condition", {}), request.context)
    )


def _is_principal(wanted, principal):
    if wanted == "*":
        return True
    [(kind, names)] = wanted.items()
    assert kind in ("Service", "AWS"), f"not known: principals of kind {kind}"
    return principal in as_list(names) or any(n.endswith(":root") and _account(n) == _account(principal) for n in as_list(names))


def _account(principal):
    """Of `arn:partition:iam::ACCOUNT:…`; None of anything else."""
    parts = principal.split(":")
    return parts[4] if len(parts) > 5 else None


def _like(value, pattern):
    return fnmatchcase(value, re.sub(r"\[", "[[]", pattern))


def _equal(value, wanted):
    return value == wanted


def _same_truth(value, wanted):
    return str(value).lower() == str(wanted).lower()


_OPERATORS = {"StringEquals": _equal, "ArnEquals": _like, "ArnLike": _like, "Bool": _same_truth}
_NEGATED = {"StringNotEquals": "StringEquals", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike"}


def _holds(condition, context):
    return all(
        _key_holds(operator, context.get(key), as_list(wanted))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _key_holds(operator, value, wanted):
    if operator.endswith("IfExists"):
        return value is None or _key_holds(operator.removesuffix("IfExists"), value, wanted)
    if operator.startswith("ForAllValues:"):
        # True for no value at all, as in IAM.
        single = operator.removeprefix("ForAllValues:")
        return all(_key_holds(single, v, wanted) for v in as_list(value or []))
    if operator in _NEGATED:
        # A key that is missing is not equal, as in IAM.
        return not _key_holds(_NEGATED[operator], value, wanted)
    matches = _OPERATORS[operator]
    return value is not None and any(matches(value, w) for w in wanted)
