"""A Lambda function as it is usually written in Python: the clients at the top, a handler that is called for each event.

What the guard's functions are held against in `bench/parts/startup.py`. It asks the Runtime API by the standard library alone,
so it is started sooner than by AWS's own runtime for Python, and handles no error.
"""

import http.client
import os

import boto3

clients = [boto3.client(service) for service in os.environ["CLIENTS"].split(",")]


def handler(event: bytes) -> bytes:
    return b"null"


api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    invocation = api.getresponse()
    answer = handler(invocation.read())
    path = f"/2018-06-01/runtime/invocation/{invocation.headers['Lambda-Runtime-Aws-Request-Id']}/response"
    api.request("POST", path, answer)
    api.getresponse().read()
