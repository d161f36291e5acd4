"""The dashboard in a real browser, over a real stack in the local AWS: `scripts/demo.sh browser`.

`ses-guard dashboard` stands in for CloudWatch's console, which is nobody's to run: it does what AWS documents of custom widgets
(`cli/src/dashboard/console.js`). The functions behind it are the deployed ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/demo"))

import dashboard  # noqa: E402
import deploy  # noqa: E402
import events  # noqa: E402
from guard import Guard  # noqa: E402
from local_aws import ACCOUNT, REGION, LocalAws  # noqa: E402

PROGRAMS = Path(os.environ["GUARD_PROGRAMS"])
PICTURES = ROOT / ".demo" / "browser"
PAUSED, WARNED, CALM, SPARE, HOSTILE = SETS = ("bought-list", "weekly-digest", "receipts", "spare", "hostile")
ACTOR = "ops@example.com"
# Ours, and what the demo's own headless browser is started with.
ARGUMENTS = [one for one in dashboard._ALONE if one != "--headless"]


def mail(name: str, sent_at: datetime) -> events.Mail:
    word = uuid.uuid4().hex[:12]
    return events.Mail(name, f"0102-{word}-000000", sent_at, "Shop <shop@example.com>", "Hello", (f"rcpt-{word}@inbox.example.net",))


def week(guard: Guard, name: str, days: list[tuple[float, int, int]]) -> None:
    """(days ago, mails, hard bounces of them)."""
    now = datetime.now(timezone.utc)
    sent, bounced = [], []
    for ago, count, failed in days:
        at = now - timedelta(days=ago, seconds=90)
        mails = [mail(name, at) for _ in range(count)]
        sent += [events.send(one) for one in mails]
        bounced += [events.bounce(one, one.recipients, now) for one in mails[:failed]]
    guard.publish(sent)
    guard.wait(guard.counted, 120, f"the mail of {name} was counted")
    guard.publish(bounced)


@pytest.fixture(scope="session")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    with LocalAws(tmp_path_factory.mktemp("aws")) as aws:
        ses = aws.client("sesv2")
        for name in SETS:
            ses.create_configuration_set(ConfigurationSetName=name)
        stack = deploy.deploy(aws, ROOT / "template.yaml", PROGRAMS, SETS, "enforce", aws.url)
        guard = Guard(aws, stack)
        guard.operator = aws.of_an_operator()
        week(guard, CALM, [(day, 60, 1 if day % 3 == 0 else 0) for day in range(6, -1, -1)])
        week(guard, WARNED, [(6, 80, 2), (4, 60, 5), (2, 40, 4), (1, 60, 6), (0, 40, 4)])
        week(guard, PAUSED, [(5, 100, 3), (3, 100, 6), (1, 60, 5), (0, 100, 17)])
        week(guard, SPARE, [(2, 30, 0), (0, 20, 1)])
        week(guard, HOSTILE, [(2, 30, 0), (0, 20, 1)])
        guard.wait(guard.quiet, 120, "everything was judged and done")
        guard.wait(lambda: not guard.may_send(PAUSED), 60, "the bought list was paused")
        yield guard


@pytest.fixture(scope="session")
def address(guard: Guard) -> Iterator[str]:
    command = [str(PROGRAMS / "ses-guard"), "dashboard", "--stack", deploy.STACK]
    with subprocess.Popen(command, env=guard.operator, stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout
            yield served.stdout.readline().strip()
        finally:
            served.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = dashboard.browser()
    assert found, "no Chromium on this machine (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=ARGUMENTS, env={"HOME": "/tmp", **_path()})
        yield started
        started.close()


def _path() -> dict[str, str]:
    return {"PATH": os.environ["PATH"]}


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Any]:
    """Opens the dashboard; a script that fails, or is refused by the page's policy, fails the test."""
    contexts, troubles = [], []

    def opened(theme: str = "light", width: int = 1280) -> Page:
        context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, reduced_motion="reduce")
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("dialog", lambda box: (troubles.append(f"a script asked: {box.message}"), box.dismiss()))
        page.goto(address)
        ready(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


def ready(page: Page) -> None:
    expect(page.locator("#widget")).to_have_attribute("aria-busy", "false", timeout=30_000)
    expect(page.locator("#busy")).to_have_text("")


def key_of(name: str) -> str:
    return f"{ACCOUNT}/{REGION}/{name}"
