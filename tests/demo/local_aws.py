"""A local AWS of the demo's own: MiniStack on a free port of the loopback address, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ACCOUNT = "111122223333"
REGION = "eu-west-1"


class LocalAws:
    """Use it in a `with`: whatever happens inside, nothing of it runs on afterwards."""

    START_SECONDS = 30

    def __init__(self, folder: Path, *, asks_iam: bool = False, batch: int = 10) -> None:
        """`asks_iam`: each call needs what the policies grant; else every caller may do everything. `batch`: how many
        messages a function is handed at once, at most."""
        self.folder = folder
        self.asks_iam = asks_iam
        self.batch = batch
        self.log = folder / "ministack.log"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> LocalAws:
        try:
            # Another program may take the port between our look and MiniStack's: then try another one.
            for _ in range(3):
                if self._start():
                    return self
            raise RuntimeError(f"MiniStack did not start within {self.START_SECONDS} s, see {self.log}")
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    def client(self, service: str) -> Any:
        """A client that can reach nothing but this local AWS."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="demo",
            aws_secret_access_key="demo",
            config=Config(retries={"max_attempts": 2}, connect_timeout=5, read_timeout=60, proxies={}),
        )

    def of_an_operator(self) -> dict[str, str]:
        """The environment in which `ses-guard` reaches nothing but this local AWS, and knows nothing of the user."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def stop(self) -> None:
        """Ends MiniStack and every Lambda process that it started; they share its process group."""
        process, self._process = self._process, None
        if process is None:
            return
        for how, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            try:
                os.killpg(process.pid, how)
            except ProcessLookupError:
                break
            if _gone(process, patience):
                break
        process.wait()

    def _start(self) -> bool:
        self.stop()
        self.port = _free_port()
        home = self.folder / "home"
        scratch = self.folder / "tmp"
        for folder in (home, scratch):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._program(),
                cwd=self.folder,
                env=self._environment(home, scratch),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + self.START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return False
            if self._healthy():
                return self._process.poll() is None
            time.sleep(0.05)
        return False

    def _program(self) -> list[str]:
        if self.batch > 10:
            return [sys.executable, "-B", str(Path(__file__).with_name("wide.py")), str(self.batch)]
        return [str(Path(sys.executable).parent / "ministack")]

    def _environment(self, home: Path, scratch: Path) -> dict[str, str]:
        """Only this reaches MiniStack, and through it the functions: no profile and no credentials of the user."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "TMPDIR": str(scratch),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo",
            "STATE_DIR": str(scratch / "state"),
            "S3_DATA_DIR": str(scratch / "s3"),
            # It would open ports of its own for these, and tidy up in a Docker daemon that isn't ours.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{scratch}/no-docker.sock",
            "AUTH": str(self.asks_iam).lower(),
        }

    def _healthy(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _gone(process: subprocess.Popen[bytes], patience: float) -> bool:
    """Whether the whole process group ended within `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        process.poll()
        try:
            os.killpg(process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return True
        time.sleep(0.05)
    return False
