"""The guard, end to end, on real input: one hour of three senders' mail, and then what no mail tells, played through a
local AWS and checked.

    python demo.py --programs TARGET/debug [--mode observe] [--story watched]

Needs the built functions and the tools of `requirements-demo.txt`; `make demo` brings both. Exit code 0: everything
held. 1: something did not; what is needed to find out why is kept in `.demo/`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import checks as check
import deploy
import story
from checks import Checks
from doctor import Doctor
from guard import Guard
from local_aws import ACCOUNT, REGION, LocalAws
from observed import Observed
from permissions import Permissions
from play import Play
from relay import Relay
from reputation import Reputation
from runbook import Runbook
from story import SETS
from timeline import Timeline
from watched import Watched

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    arguments = argparse.ArgumentParser(description="Plays an hour of mail through the guard in a local AWS.")
    arguments.add_argument("--programs", type=Path, required=True, help="folder of the built functions")
    arguments.add_argument("--mode", choices=("enforce", "observe"), default="enforce", help="the template's Mode")
    arguments.add_argument("--story", choices=("hour", "watched", "runbook", "doctor"), help="only this one; watched: what no mail tells; runbook: docs/OPERATIONS.md; doctor: ses-guard doctor")
    given = arguments.parse_args()
    stories = [given.story] if given.story else ["hour"] if given.mode == "observe" else ["hour", "watched"]
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _end)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]

    began = time.monotonic()
    timeline = Timeline()
    checks = Checks(timeline)
    folder = _run_folder()
    permissions = Permissions(ROOT / "template.yaml", deploy.STACK)
    try:
        for one in stories:
            _run(folder / one, one, given, timeline, checks, permissions)
        permissions.check(timeline, checks, complete=len(stories) == 2)
    except (KeyboardInterrupt, SystemExit) as end:
        shutil.rmtree(folder, ignore_errors=True)
        timeline.line("interrupted; nothing of it runs on")
        return int(end.code or 0) if isinstance(end, SystemExit) else 130
    except Exception as error:
        (folder / "error.log").write_text(traceback.format_exc(), encoding="utf-8")
        checks.that(False, "the demo came to its end", f"{type(error).__name__}: {error}")
    if checks.failed:
        timeline.line(
            f"The logs of the local AWS and of the functions are in {folder.relative_to(ROOT)}/ until the next run."
        )
    else:
        shutil.rmtree(folder, ignore_errors=True)
    timeline.line()
    timeline.line(f"{time.monotonic() - began:.0f} seconds")
    print(f"{checks.passed} passed, {checks.failed} failed", flush=True)
    return 1 if checks.failed else 0


def _run(
    folder: Path, which: str, given: argparse.Namespace, timeline: Timeline, checks: Checks, permissions: Permissions
) -> None:
    folder.mkdir()
    if which == "watched":
        timeline.title("ses-reputation-guard: what no mail tells")
    elif which == "runbook":
        timeline.title("ses-reputation-guard: the runbook's procedures")
    elif which == "doctor":
        timeline.title("ses-reputation-guard: what ses-guard doctor finds")
    else:
        timeline.title("ses-reputation-guard: one hour of mail from three senders, as the guard sees it")
        for name in SETS:
            timeline.fact(name, story.ABOUT[name])
    timeline.line()
    reputation = Reputation()
    with LocalAws(folder) as aws, Relay(aws.url, amend=reputation.amend) as relay:
        timeline.fact("local AWS", f"{aws.url}, account {ACCOUNT}, {REGION}")
        ses = aws.client("sesv2")
        for name in SETS:
            ses.create_configuration_set(ConfigurationSetName=name)
        more = {"Canary": "true"} if which == "doctor" else {}
        stack = deploy.deploy(aws, ROOT / "template.yaml", given.programs, SETS, given.mode, relay.url, **more)
        guard = Guard(aws, stack)
        try:
            timeline.fact(
                "template.yaml",
                f"deployed in {stack.seconds:.1f} s, {sum(map(len, stack.resources.values()))} resources",
            )
            check.template_is_the_real_one(checks, stack)
            if which == "runbook":
                Runbook(aws, guard, timeline, checks, given.programs, reputation).play()
            elif which == "doctor":
                Doctor(aws, guard, timeline, checks, given.programs).play()
            elif which == "watched":
                Watched(guard, timeline, checks, ROOT).play()
            else:
                play = Observed if given.mode == "observe" else Play
                play(guard, timeline, checks, ROOT).play()
        finally:
            permissions.note(relay.calls, stack)
            if checks.failed or sys.exc_info()[0] is not None:
                _keep_evidence(folder, guard)


def _keep_evidence(folder: Path, guard: Guard) -> None:
    """What a failed run leaves behind. Nothing here may hide the failure itself."""
    try:
        logs = "\n".join(f"{group} {line}" for group, line in guard.log_lines())
        (folder / "functions.log").write_text(logs, encoding="utf-8")
        for table in (guard.state_table, guard.ledger_table):
            text = "\n".join(json.dumps(item, default=repr) for item in guard.items(table))
            (folder / f"{table}.jsonl").write_text(text, encoding="utf-8")
    except Exception as error:
        print(f"  (could not keep everything: {error})", file=sys.stderr)


def _run_folder() -> Path:
    """A folder of this run alone, so that two may run at once; what dead runs left is thrown away."""
    home = ROOT / ".demo"
    home.mkdir(exist_ok=True)
    for old in home.glob("run-*"):
        if not _alive(old.name.removeprefix("run-")):
            shutil.rmtree(old, ignore_errors=True)
    folder = home / f"run-{os.getpid()}"
    folder.mkdir()
    return folder


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return int(pid) != os.getpid()


def _end(signum: int, _frame: Any) -> None:
    """Leaves through every `with` and `finally`, so that nothing runs on."""
    raise SystemExit(128 + signum)


if __name__ == "__main__":
    sys.exit(main())
