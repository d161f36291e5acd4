"""The dashboard's list of configuration sets, as the deployed functions draw it for CloudWatch's console.

The console is played here: the widget's function is called with the event that AWS documents, and an order is the JSON of a
button with the page's form fields beside it. Where a Chromium is found, the page is photographed.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from html import unescape
from pathlib import Path
from typing import Any

from checks import Checks
from guard import Guard
from story import PROMO, SETS, SHOP
from timeline import Timeline

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing of the user's, and no request to anywhere.
_ALONE = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
_SIZE = (1280, 900)
_FORBIDDEN = re.compile(r"<(script|iframe|use|link|img|object|embed)\b|\son\w+\s*=|javascript:|@import|url\(", re.IGNORECASE)
_ACTION = re.compile(r'<button[^>]*>([^<]*)</button><cwdb-action ([^>]*)>([^<]*)</cwdb-action>')


def browser() -> str | None:
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def context(theme: str = "light", **forms: str) -> dict[str, Any]:
    """What CloudWatch's console adds to each call."""
    return {
        "dashboardName": "ses-reputation-guard", "widgetId": "widget-1", "accountId": "111122223333", "locale": "en",
        "timezone": {"label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0}, "period": 300, "isAutoPeriod": True,
        "timeRange": {"mode": "relative", "start": 1627236199729, "end": 1627322599729, "relativeStart": 86400012},
        "theme": theme, "linkCharts": True, "title": "Configuration sets", "forms": {"all": forms},
        "params": {"rows": 20}, "width": 1248, "height": 600,
    }  # fmt: skip


class Dashboard:
    """Looks on, and gives orders as from a dashboard."""

    def __init__(self, guard: Guard, timeline: Timeline, checks: Checks, folder: Path) -> None:
        self.guard, self.timeline, self.checks, self.folder = guard, timeline, checks, folder

    def look(self, stopped: str | None) -> None:
        """`stopped`: the set that SES refuses."""
        self.timeline.title("The dashboard")
        page = self.shown({"rows": 20, "widgetContext": context()})
        described = self.shown({"describe": True})
        self.checks.that("``` yaml" in described, "the widget describes itself to whoever adds it", described)
        first = re.findall(r'sg-link">([^<]+)</button>', page)
        self.checks.same(sorted(first), sorted(SETS), "it lists the three sets")
        if stopped:
            self.checks.same(first[0], stopped, "the one that is paused comes first")
            told = self.guard.operate({"action": "status", "configurationSet": stopped})["sentence"]
            self.checks.that(told in unescape(page), "with the sentence of its pause", told)
        self.checks.same(_FORBIDDEN.findall(page), [], "nothing in it would be taken out by CloudWatch")
        self.order()
        self.photograph(stopped or PROMO)

    def order(self) -> None:
        """Both ways, so that nothing is changed in the end."""
        key = next(item["p"]["S"] for name, item in self.guard.states().items() if name == SHOP)
        for label, word in (("Hold", "hold"), ("Release", "release")):
            page = self.shown({"set": key, "widgetContext": context()})
            [(attributes, text)] = [(a, t) for found, a, t in _ACTION.findall(page) if unescape(found) == label]
            endpoint = re.search(r'endpoint="([^"]*)"', attributes)
            self.checks.that("confirmation=" in attributes, f"{label} asks first", attributes)
            button = json.loads(unescape(text))
            refused = self.call(endpoint[1], {**button, "widgetContext": context(actor="ops@example.com")})
            self.checks.that("Refused" in refused, f"{label} is refused without a reason", refused)
            said = context(actor="ops@example.com", reason="seen on the dashboard")
            done = self.call(endpoint[1], {**button, "widgetContext": said})
            self.checks.that(f"Done: {word}" in done, f"and obeyed with one, as from the dashboard of {SHOP}", done)

    def photograph(self, name: str) -> None:
        found = browser()
        if found is None:
            return self.timeline.happening("No picture of it: no Chromium was found here.", "faint")
        for theme, paper in (("light", "#ffffff"), ("dark", "#0f1b2a")):
            page = self.shown({"rows": 20, "widgetContext": context(theme)})
            picture = self.folder / f"dashboard-{theme}.png"
            picture.unlink(missing_ok=True)
            with tempfile.TemporaryDirectory() as scratch:
                file = Path(scratch) / "page.html"
                body = f'<!doctype html><meta charset="utf-8"><body style="margin:16px;background:{paper}">{page}'
                file.write_text(body, encoding="utf-8")
                width, height = _SIZE
                command = [found, *_ALONE, f"--user-data-dir={scratch}/profile", f"--window-size={width},{height}"]
                done = subprocess.run(
                    [*command, f"--screenshot={picture}", file.as_uri()], capture_output=True, timeout=120, check=False
                )
            taken = picture.exists() and picture.stat().st_size > 10_000
            self.checks.that(taken, f"a picture of it, {theme}: {_said(picture)}", done.stderr[-400:])

    def shown(self, event: dict[str, Any]) -> str:
        return self.call(self.guard.stack.outputs["WidgetFunctionName"], event)

    def call(self, function: str, event: dict[str, Any]) -> str:
        answer = self.guard.functions.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        body = json.loads(answer["Payload"].read())
        if answer.get("FunctionError") or not isinstance(body, str):
            raise RuntimeError(f"{function} did not answer with a page: {body}")
        return body


def _said(picture: Path) -> str:
    return str(Path(*picture.parts[-2:]))
