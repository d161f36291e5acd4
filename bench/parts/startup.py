"""What a cold start costs: processor time from the start of a function's process to its first question for an invocation.

Each release build is started with its whole environment, each time followed by a Python handler that makes the same boto3
clients, against the same stand-in of Lambda's Runtime API. Processor time is the kernel's own count of the process and its
threads (`schedstat`, so Linux only), read when the question arrives.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rows import ROOT, Row, middle, part

ROUNDS = 20
TARGET = "≤ 5 ms, ≤ 1/20"
HANDLER = ROOT / "bench" / "python" / "handler.py"
NEXT = b"GET /2018-06-01/runtime/invocation/next "

# The clients that each function makes.
CLIENTS = {
    "ingest": ["dynamodb"],
    "judge": ["dynamodb", "sqs"],
    "actuate": ["dynamodb", "sesv2", "sns", "events"],
    "alarm": ["dynamodb", "sqs", "sesv2", "cloudwatch"],
    "sweep": ["dynamodb", "sqs", "sesv2", "lambda", "cloudwatch"],
    "operate": ["dynamodb", "sesv2"],
    "widget": ["dynamodb"],
}

# All that any of them reads, as the template sets it. No endpoint: the clients are made for AWS itself, with its TLS.
ENVIRONMENT = {
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_LAMBDA_LOG_LEVEL": "INFO",
    "GUARD_ACCOUNT_ID": "111122223333",
    "GUARD_ACCOUNTS": "",
    "GUARD_ACCOUNT_STOP": "forbidden",
    "GUARD_ACTUATE_FUNCTION": "guard-actuate",
    "GUARD_DIGEST_TABLE": "guard-digest",
    "GUARD_ENROL_NEW_SETS": "off",
    "GUARD_EVENTS_DEAD_LETTER_QUEUE": "guard-events-dead",
    "GUARD_EVENTS_QUEUE": "guard-events",
    "GUARD_EVENTS_QUEUE_ARN": "arn:aws:sqs:eu-west-1:111122223333:guard-events",
    "GUARD_EVENTS_TOPIC_ARN": "arn:aws:sns:eu-west-1:111122223333:guard-events",
    "GUARD_EVENT_BUS": "default",
    "GUARD_EVENT_DESTINATION": "ses-reputation-guard-guard",
    "GUARD_HASH_KEY": "0123456789abcdef0123456789abcdef",
    "GUARD_HEARS_EVENT_BUS": "false",
    "GUARD_JUDGE_FUNCTION": "guard-judge",
    "GUARD_LEDGER_TABLE": "guard-ledger",
    "GUARD_MODE": "enforce",
    "GUARD_NOTICES_TOPIC_ARN": "arn:aws:sns:eu-west-1:111122223333:guard-notices",
    "GUARD_OPERATE_FUNCTION_ARN": "arn:aws:lambda:eu-west-1:111122223333:function:guard-operate",
    "GUARD_ON_DRIFT": "reassert",
    "GUARD_POLICY": "",
    "GUARD_RECHECK_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/111122223333/guard-recheck",
    "GUARD_STATE_TABLE": "guard-state",
    "GUARD_WAKE_UP_DEAD_LETTER_QUEUE": "guard-wake-ups-dead",
    "PATH": os.environ.get("PATH", ""),
}


def main() -> list[Row]:
    # Where `make build` puts them.
    programs = Path(os.environ.get("GUARD_FUNCTIONS", ROOT / "target" / "lambda"))
    built = {name: programs / name / "bootstrap" for name in CLIENTS}
    if missing := [name for name, program in built.items() if not program.exists()]:
        return [Row(30, "start of a function", f"not measured: `make build` builds {', '.join(missing)}", TARGET)]
    api = RuntimeApi()
    found = [_started(api, 30 + n, name, program) for n, (name, program) in enumerate(built.items())]
    sizes = {name: program.stat().st_size / 1e6 for name, program in built.items()}
    told = ", ".join(f"{name} {size:.1f}" for name, size in sizes.items())
    return [*found, Row(39, "size of each function, MB", told, "≤ 7 MB each", max(sizes.values()) <= 7)]


def _started(api: RuntimeApi, order: int, name: str, program: Path) -> Row:
    clients = CLIENTS[name]
    of = {"AWS_LAMBDA_FUNCTION_NAME": f"guard-{name}", "CLIENTS": ",".join(clients)}
    command, peer = [str(program)], [sys.executable, str(HANDLER)]
    # The first start of each fills the page cache and Python's bytecode; it isn't counted.
    pairs = [(api.start(command, of), api.start(peer, of)) for _ in range(ROUNDS + 1)][1:]
    ours, python = (list(side) for side in zip(*pairs, strict=True))
    cpu, boto3 = (middle([start.cpu_ms for start in side]) for side in (ours, python))
    memory, theirs = (middle([start.rss_mb for start in side]) for side in (ours, python))
    return Row(
        order,
        f"start of `{name}`",
        f"{cpu:.1f} ms of processor time, {memory:.1f} MB of memory",
        TARGET,
        cpu <= 5 and boto3 / cpu >= 20,
        f"Python, boto3 clients: {len(clients)}: {boto3:.0f} ms, {theirs:.0f} MB; {boto3 / cpu:.0f} times as long",
    )


@dataclass
class Start:
    cpu_ms: float
    rss_mb: float


class RuntimeApi:
    """Lambda's Runtime API as far as a function sees it before its first invocation."""

    TIMEOUT_SECONDS = 60

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(self.TIMEOUT_SECONDS)
        self.address = "127.0.0.1:{}".format(self._socket.getsockname()[1])

    def start(self, command: list[str], environment: dict[str, str]) -> Start:
        """Starts the program, waits for its first question, looks at it, and ends it."""
        environment = ENVIRONMENT | environment | {"AWS_LAMBDA_RUNTIME_API": self.address}
        with subprocess.Popen(command, env=environment) as process:
            try:
                connection, _ = self._socket.accept()
                with connection:
                    connection.settimeout(self.TIMEOUT_SECONDS)
                    asked = b""
                    while b"\r\n\r\n" not in asked:
                        part = connection.recv(4096)
                        if not part:
                            raise RuntimeError(f"{command} asked for nothing: {asked!r}")
                        asked += part
                    start = Start(_cpu_ms(process.pid), _rss_mb(process.pid))
                    # While it still waits for the answer: else it would complain of us.
                    process.kill()
                if not asked.startswith(NEXT):
                    raise RuntimeError(f"{command} asked first for {asked[:80]!r}")
                return start
            except TimeoutError:
                raise RuntimeError(f"{command} did not ask for an invocation; it ended with {process.poll()}") from None
            finally:
                process.kill()


def _cpu_ms(pid: int) -> float:
    """On a processor until now, in the program and in the kernel for it: all threads that there are."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def _rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


if __name__ == "__main__":
    part(main)
