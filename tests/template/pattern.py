"""The part of Lambda's filter patterns that the template uses."""


def matches(pattern, event):
    """Whether the event passes. An attribute that the pattern doesn't name doesn't matter."""
    for key, wanted in pattern.items():
        assert not key.startswith("$"), f"not known: {key}"
        if isinstance(wanted, dict):
            if not isinstance(event, dict) or not matches(wanted, event.get(key, {})):
                return False
        elif not any(_is(rule, event, key) for rule in wanted):
            return False
    return True


def _is(rule, event, key):
    if isinstance(rule, dict):
        [(name, wanted)] = rule.items()
        assert name == "exists", f"not known: {name}"
        return (key in event) == wanted
    return key in event and event[key] == rule
