"""Stands between the functions and the local AWS: notes which function made which call, and gets in the way if asked.

The functions say who they are in the user agent (`app/<function>`), and the calls are named as IAM names them, so that
what was called can be held against what each role grants. A fault gets in the way of calls by their name.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

import urllib3

_APP = re.compile(r"\bapp/([\w.-]+)")
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
# `X-Amz-Target: <prefix>.<operation>`
_TARGETS = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "AWSEvents": "events"}
# REST: method and path → what IAM calls it.
_PATHS = (
    ("PUT", r"/v2/email/configuration-sets/([^/]+)/sending", "ses:PutConfigurationSetSendingOptions"),
    ("PUT", r"/v2/email/configuration-sets/([^/]+)/reputation-options", "ses:PutConfigurationSetReputationOptions"),
    ("GET", r"/v2/email/configuration-sets/([^/]+)/event-destinations", "ses:GetConfigurationSetEventDestinations"),
    ("POST", r"/v2/email/configuration-sets/([^/]+)/event-destinations", "ses:CreateConfigurationSetEventDestination"),
    ("GET", r"/v2/email/configuration-sets/([^/]+)", "ses:GetConfigurationSet"),
    ("POST", r"/v2/email/list-configuration-sets", "ses:ListConfigurationSets"),
    ("GET", r"/v2/email/identities/[^/]+", "ses:GetEmailIdentity"),
    ("POST", r"/v2/email/list-identities", "ses:ListEmailIdentities"),
    ("PUT", r"/v2/email/account/sending", "ses:PutAccountSendingAttributes"),
    ("GET", r"/v2/email/account", "ses:GetAccount"),
    ("POST", r"/v2/email/resources/tenants/list", "ses:ListResourceTenants"),
    ("POST", r"/v2/email/tenants/resources/list", "ses:ListTenantResources"),
    ("PUT", r"/v2/email/reputation/entities/RESOURCE/(.+)/customer-managed-status", "ses:UpdateReputationEntityCustomerManagedStatus"),
    ("GET", r"/v2/email/reputation/entities/RESOURCE/(.+)", "ses:GetReputationEntity"),
    ("POST", r"/2015-03-31/functions/[^/]+/invocations", "lambda:InvokeFunction"),
)


@dataclass(frozen=True)
class Call:
    """One call of a function."""

    function: str
    # As IAM names it: `ses:GetConfigurationSet`.
    action: str
    # The name of the table, queue, topic or configuration set, or the ARN of the tenant, if it is about one.
    resource: str = ""


@dataclass(frozen=True)
class Answer:
    """What the caller gets."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Throttle:
    """Too many calls: this one is refused, and not done."""


@dataclass(frozen=True)
class Drop:
    """The call is done, or not even passed on, and the answer is lost."""

    done: bool


@dataclass(frozen=True)
class Delay:
    """The call is passed on so much later."""

    seconds: float


Fault = Throttle | Drop | Delay
Plan = Callable[[Call], Fault | None]
# The call, its body, and what the local AWS answered → what is said instead.
Amend = Callable[[Call, bytes, Answer], Answer]


class Relay:
    """Use it in a `with`. `plan` decides for each call what happens to it; `None` lets it through. `amend` says what the local
    AWS can't."""

    def __init__(self, target: str, plan: Plan = lambda _: None, amend: Amend = lambda _call, _body, answer: answer) -> None:
        self.plan = plan
        self.amend = amend
        self.calls: Counter[Call] = Counter()
        self.faults: Counter[tuple[str, str]] = Counter()
        self._target = target
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=64, retries=False, timeout=urllib3.Timeout(30))
        self._lock = threading.Lock()
        relay = self

        class Handler(_Handler):
            owner = relay

        self._server = _Server(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Relay:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def note(self, calls: list[Call], fault: Fault | None) -> None:
        with self._lock:
            self.calls.update(calls)
            if fault is not None:
                self.faults[type(fault).__name__, calls[0].action] += 1

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = self._pool.request(method, self._target + path, body=body, headers=headers, decode_content=False)
        return Answer(answer.status, dict(answer.headers), answer.data)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A function that was ended hangs up in the middle of a call; that is its caller's to notice."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Relay

    def _relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        calls = _calls(self.command, self.path, self.headers, body)
        fault = self.owner.plan(calls[0])
        self.owner.note(calls, fault)
        if isinstance(fault, Throttle):
            return self._refuse(calls[0])
        if isinstance(fault, Delay):
            time.sleep(fault.seconds)
        if isinstance(fault, Drop) and not fault.done:
            return self._hang_up()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            answer = self.owner.forward(self.command, self.path, headers, body)
        except urllib3.exceptions.HTTPError:
            return self._hang_up()
        if isinstance(fault, Drop):
            return self._hang_up()
        return self._answer(self.owner.amend(calls[0], body, answer))

    do_GET = do_POST = do_PUT = do_DELETE = _relay

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _refuse(self, call: Call) -> None:
        """In the words of the service."""
        if call.action.startswith("dynamodb:"):
            error = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
            body = json.dumps({"__type": error}).encode()
            return self._answer(Answer(400, {"content-type": "application/x-amz-json-1.0"}, body))
        return self._answer(Answer(429, {"x-amzn-errortype": "TooManyRequestsException"}, b'{"message":"slow down"}'))

    def _hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: what matters is noted."""


def _calls(method: str, path: str, headers: Any, body: bytes) -> list[Call]:
    """One, but for a transaction: there IAM asks for each of its parts."""
    app = _APP.search(f"{headers.get('user-agent', '')} {headers.get('x-amz-user-agent', '')}")
    function = app.group(1) if app else ""
    prefix, _, operation = (headers.get("x-amz-target") or "").partition(".")
    if prefix in _TARGETS:
        request = json.loads(body)
        if operation == "TransactWriteItems":
            parts = [(f"{kind}Item", item) for part in request["TransactItems"] for kind, item in part.items()]
            return [Call(function, f"dynamodb:{kind}", item["TableName"]) for kind, item in parts]
        return [Call(function, f"{_TARGETS[prefix]}:{operation}", _resource(request))]
    bare = unquote(path.split("?")[0])
    if match := re.fullmatch(r"/service/GraniteServiceVersion\d+/operation/(\w+)", bare):
        return [Call(function, f"cloudwatch:{match.group(1)}")]
    for verb, pattern, action in _PATHS:
        if verb == method and (match := re.fullmatch(pattern, bare)):
            return [Call(function, action, match.group(1) if match.re.groups else "")]
    # SNS and STS: the query protocol.
    query = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
    service = {"2010-03-31": "sns", "2011-06-15": "sts"}.get(query.get("Version", ""), "unknown")
    return [Call(function, f"{service}:{query.get('Action', f'{method} {bare}')}", _resource(query))]


def _resource(request: dict[str, Any]) -> str:
    table, index = request.get("TableName", ""), request.get("IndexName")
    if table:
        return f"{table}/index/{index}" if index else str(table)
    return str(request.get("QueueUrl") or request.get("TopicArn") or "").replace(":", "/").rsplit("/", 1)[-1]
