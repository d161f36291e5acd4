"""Instructions, where valgrind is installed: the same in every run, however busy the machine."""

from __future__ import annotations

import re
import shutil
import subprocess

from rows import Row, count, part, program

EVENTS = 1_000


def main() -> list[Row]:
    what = "instructions to read and fold one record"
    if not shutil.which("valgrind"):
        return [Row(13, f"… {what}", "not counted: valgrind is not here")]
    once, thrice = (_instructions(rounds) for rounds in (1, 3))
    return [Row(13, f"… {what}", count((thrice - once) / 2 / EVENTS))]


def _instructions(rounds: int) -> int:
    asked = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program(), "once", str(EVENTS), str(rounds)]
    done = subprocess.run(asked, check=True, capture_output=True, text=True)
    [collected] = re.findall(r"Collected : (\d+)", done.stderr)
    return int(collected)


if __name__ == "__main__":
    part(main)
