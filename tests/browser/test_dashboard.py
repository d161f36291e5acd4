"""What a person sees and does on the dashboard."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ACTOR, CALM, HOSTILE, PAUSED, PICTURES, SETS, SPARE, WARNED, ready
from playwright.sync_api import Page, expect

HOSTILE_TEXT = "\"><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>&lt;b&gt;'"
WIDTHS = [1280, 480]
THEMES = ["light", "dark"]


def open_set(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    ready(page)


def order(page: Page, label: str, reason: str = "tried by a test", actor: str = ACTOR, confirmed: bool = True) -> None:
    page.get_by_label("Reason").fill(reason)
    page.get_by_label("Your name").fill(actor)
    expect(page.get_by_label("Reason")).to_have_value(reason)
    page.get_by_role("button", name=label, exact=True).click()
    question = page.locator("#confirm")
    expect(question).to_be_visible()
    question.get_by_role("button", name="Confirm" if confirmed else "Cancel").click()
    expect(question).not_to_be_visible()


def answer(page: Page, text: str | re.Pattern[str]) -> None:
    popup = page.locator("#popup")
    expect(popup).to_be_visible()
    expect(popup).to_contain_text(text)
    popup.get_by_role("button", name="Close").click()


def refreshed(page: Page, text: str) -> None:
    """The page of a set, until it says so: SES follows an order within seconds."""

    def shows() -> bool:
        page.get_by_role("button", name="Refresh").click()
        ready(page)
        return text in page.locator("#widget").inner_text()

    for _ in range(40):
        if shows():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"never showed {text}: {page.locator('#widget').inner_text()}")


def test_the_sets_are_ranked_by_their_distance_to_the_limit(open_page):
    page = open_page()
    names = page.locator("tbody th button").all_inner_texts()
    assert names[:2] == [PAUSED, WARNED], "what SES refuses, then what is nearest"
    assert sorted(names) == sorted(SETS)
    used = [int(text.rstrip(" %").replace(",", "")) for text in page.locator(".sg-used strong").all_inner_texts()]
    assert used[0] >= 100 > used[1] and used[1:] == sorted(used[1:], reverse=True), used
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("PAUSED")
    expect(first).to_contain_text(re.compile(r"Sending was paused: \d+ of the \d+ mails .* hard-bounced"))
    expect(page.locator(".sg-big")).to_contain_text("1 configuration set is paused.")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_pictures_and_accessibility(open_page, theme, width):
    """axe-core finds what is not named, not reachable or too faint; the pictures are for people."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = open_page(theme, width)
    for what in ("sets", "set"):
        if what == "set":
            open_set(page, PAUSED)
        page.screenshot(path=PICTURES / f"{what}-{theme}-{width}.png", full_page=True)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{what} is {wider} pixels too wide"
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_everything_is_reached_by_keyboard_alone(open_page, guard):
    page = open_page()

    def tab_to(role: str, name: str) -> None:
        wanted = page.get_by_role(role, name=name, exact=True)
        for _ in range(60):
            page.keyboard.press("Tab")
            if wanted.evaluate("one => one === document.activeElement"):
                return
        raise AssertionError(f"{name} is not reached")

    tab_to("button", PAUSED)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=PAUSED)).to_be_visible()
    ready(page)
    tab_to("textbox", "Reason (the records keep it)")
    page.keyboard.type("list cleaned, ticket 4711")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(ACTOR)
    tab_to("button", "Resume")
    page.keyboard.press("Space")
    expect(page.locator("#question")).to_contain_text(f"Resume {PAUSED}? SES will take its mail again.")
    page.keyboard.press("Escape")
    assert not guard.may_send(PAUSED), "Escape is no"
    expect(page.get_by_role("button", name="Resume", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    tab_to("button", "Confirm")
    page.keyboard.press("Enter")
    answer(page, "Done: resume.")
    guard.wait(lambda: guard.may_send(PAUSED), 30, "SES took the mail again")
    refreshed(page, "TRIAL")
    expect(page.locator("#widget")).to_contain_text("list cleaned, ticket 4711")


def test_pause_and_resume(open_page, guard):
    page = open_page()
    open_set(page, SPARE)
    order(page, "Pause", confirmed=False)
    expect(page.locator("#popup")).not_to_be_visible()
    assert guard.may_send(SPARE), "cancelled"
    order(page, "Pause", reason="")
    answer(page, "Refused: pause needs a non-empty reason")
    order(page, "Pause")
    answer(page, "Done: pause.")
    guard.wait(lambda: not guard.may_send(SPARE), 30, "SES refused the mail")
    refreshed(page, "PAUSED")
    order(page, "Resume")
    answer(page, "Done: resume.")
    guard.wait(lambda: guard.may_send(SPARE), 30, "SES took the mail")
    records = guard.operate({"action": "history", "configurationSet": SPARE})["records"]
    assert {(record["actor"], record.get("reason")) for record in records} == {(ACTOR, "tried by a test")}


def test_what_is_half_typed_is_kept(open_page):
    page = open_page()
    open_set(page, SPARE)
    reason = page.get_by_label("Reason")
    reason.focus()
    page.set_viewport_size({"width": 500, "height": 800})
    page.wait_for_timeout(1000)
    expect(reason).to_be_focused()
    reason.fill("half a \"reason\"")
    page.get_by_role("button", name="Refresh").click()
    ready(page)
    expect(page.get_by_label("Reason")).to_have_value("half a \"reason\"")


def test_hold_and_release(open_page, guard):
    page = open_page()
    open_set(page, WARNED)
    order(page, "Hold", reason="watched by hand")
    answer(page, "Done: hold.")
    refreshed(page, f"held by {ACTOR}")
    expect(page.locator("#widget")).to_contain_text("watched by hand")
    order(page, "Release")
    answer(page, "Done: release.")
    refreshed(page, "Hold")


def test_foreign_text_stays_text(open_page, guard):
    page = open_page()
    open_set(page, HOSTILE)
    order(page, "Hold", reason=HOSTILE_TEXT, actor="<b>ops</b>")
    answer(page, "Done: hold.")
    refreshed(page, HOSTILE_TEXT)
    assert page.locator("#widget img, #widget script, #widget b").count() == 0
    page.get_by_role("button", name="← All sets").click()
    ready(page)
    page.get_by_label("Find").fill(HOSTILE_TEXT[:100])
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#widget")).to_contain_text("No configuration set is like that.")
    ready(page)
    expect(page.get_by_label("Find")).to_have_value(HOSTILE_TEXT[:100].strip())
    assert "owned" not in page.title()
    order_in = guard.operate({"action": "release", "configurationSet": HOSTILE, "reason": "done", "actor": ACTOR})
    assert order_in["ok"], order_in


def test_search_phases_and_pages(open_page):
    page = open_page()
    page.get_by_label("Find").fill("RECEI")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("tbody th button")).to_have_text([CALM])
    ready(page)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("tbody th button")).to_have_count(len(SETS))
    ready(page)
    page.get_by_label("Rows").fill("2")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("tbody th button")).to_have_count(2)
    ready(page)
    expect(page.locator("#widget")).to_contain_text(f"1 to 2 of {len(SETS)} configuration sets")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#widget")).to_contain_text(f"3 to 4 of {len(SETS)} configuration sets")
    ready(page)
    page.get_by_role("button", name=re.compile("^WARNED|WARNED")).first.click()
    expect(page.locator("tbody th button")).to_have_text([WARNED])


def test_nobody_gets_in_without_the_key(browser, address):
    context = browser.new_context()
    page = context.new_page()
    without = page.goto(address.split("?")[0])
    assert without and without.status == 403
    assert "key" in page.inner_text("body")
    context.close()
