"""The templates as CloudFormation sees them: expanded by the real SAM translator, offline, then with every parameter filled in."""

import copy
import json
import logging
import os
import re
from functools import cache
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")  # the translator asks for one and uses it nowhere here

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)  # it complains that nobody collects its metrics

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
MEMBER = ROOT / "member.yaml"

PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws-test",
    "AWS::Region": "xx-test-1",
    "AWS::StackName": "guard",
    "AWS::URLSuffix": "test.example",
}
NO_VALUE = object()


class NoManagedPolicies:
    """Every role is written out, so the translator never needs to look one up."""

    def load(self):
        return {}


@cache
def _source(file):
    return yaml_parse(file.read_text())


def source(file=TEMPLATE):
    """A template as written, intrinsics in their long form."""
    return copy.deepcopy(_source(file))


def parameters(file=TEMPLATE, /, **given):
    known = source(file)["Parameters"]
    unknown = given.keys() - known.keys()
    assert not unknown, f"no such parameter: {unknown}"
    values = {name: str(p["Default"]) for name, p in known.items() if "Default" in p} | given
    assert values.keys() == known.keys(), f"not given: {known.keys() - values.keys()}"
    return values


def expand(file=TEMPLATE, /, **given):
    """What AWS::LanguageExtensions and, where it is asked for, AWS::Serverless make of it, in this order."""
    template = source(file)
    template["Resources"] = _unroll(template["Resources"], parameters(file, **given))
    if "Globals" not in template:
        del template["Transform"]
        return json.loads(json.dumps(template))
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code.zip"  # as after `sam package`
    template["Transform"] = "AWS::Serverless-2016-10-31"
    return json.loads(json.dumps(transform(template, parameters(file, **given), NoManagedPolicies())))


def _unroll(resources, values):
    unrolled = {}
    for name, body in resources.items():
        if not name.startswith("Fn::ForEach::"):
            unrolled[name] = body
            continue
        variable, collection, fragment = body
        for item in values[collection["Ref"]].split(","):
            for key, resource in fragment.items():
                key = key.replace("&{%s}" % variable, re.sub("[^A-Za-z0-9]", "", item))
                assert key not in unrolled, f"two resources would be called {key}"
                unrolled[key] = _replace(copy.deepcopy(resource), {"Ref": variable}, item)
    return unrolled


def _replace(node, old, new):
    if node == old:
        return new
    if isinstance(node, dict):
        return {k: _replace(v, old, new) for k, v in node.items()}
    if isinstance(node, list):
        return [_replace(v, old, new) for v in node]
    return node


def resolve(expanded, values):
    """The resources that come to be, intrinsics computed. A reference to a resource reads ${Name} or ${Name.Attribute}."""
    resolver = _Resolver(expanded, values)
    return {
        name: resolver.value(body)
        for name, body in expanded["Resources"].items()
        if "Condition" not in body or resolver.condition(body["Condition"])
    }


def deployed(file=TEMPLATE, /, **given):
    return resolve(expand(file, **given), parameters(file, **given))


class _Resolver:
    def __init__(self, template, values):
        self.template = template
        self.values = values

    def condition(self, name):
        return self.truth(self.template["Conditions"][name])

    def truth(self, node):
        [(function, argument)] = node.items()
        match function:
            case "Fn::Not":
                return not self.truth(argument[0])
            case "Fn::Equals":
                left, right = (str(self.value(a)) for a in argument)
                return left == right
            case "Condition":
                return self.condition(argument)
        raise NotImplementedError(function)

    def value(self, node):
        if isinstance(node, list):
            return [v for v in map(self.value, node) if v is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(function, argument)] = node.items()
            match function:
                case "Ref":
                    return self.reference(argument)
                case "Fn::GetAtt":
                    return "${%s}" % ".".join(argument)
                case "Fn::Sub":
                    text, own = argument if isinstance(argument, list) else (argument, {})
                    own = self.value(own)
                    return re.sub(r"\$\{([^!}]+)\}", lambda m: own[m[1]] if m[1] in own else self.reference(m[1]), text)
                case "Fn::Join":
                    return argument[0].join(self.value(argument[1]))
                case "Fn::Split":
                    return self.value(argument[1]).split(argument[0])
                case "Fn::Select":
                    return self.value(argument[1])[int(argument[0])]
                case "Fn::If":
                    name, then, otherwise = argument
                    return self.value(then if self.condition(name) else otherwise)
            assert not function.startswith("Fn::"), f"cannot compute {function}"
        values = {k: self.value(v) for k, v in node.items()}
        return {k: v for k, v in values.items() if v is not NO_VALUE}

    def reference(self, name):
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.values:
            kind = self.template["Parameters"][name]["Type"]
            return self.values[name].split(",") if kind == "CommaDelimitedList" else self.values[name]
        assert name.split(".")[0] in self.template["Resources"], f"a reference to {name}, which is not there"
        return "${%s}" % name


def of_type(resources, kind):
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def as_list(value):
    return value if isinstance(value, list) else [value]
