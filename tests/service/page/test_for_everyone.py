"""The page for everyone: an accessibility scan, both languages, both lights, a phone and a desk."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow

PARTS = ["try", "look", "look/user", "look/item/0", "look/user/sc0", "health", "import", "keys"]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.mark.parametrize(("width", "light", "language"), [
    (DESK, "light", "en-GB"), (DESK, "dark", "zh-CN"), (PHONE, "dark", "en-GB"), (PHONE, "light", "zh-CN"),
], ids=["desk-light-en", "desk-dark-zh", "phone-dark-en", "phone-light-zh"])  # fmt: skip
def test_no_serious_findings_and_nothing_sticks_out(tab, fill, tables, width, light, language):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    fill()
    visit = tab(
        viewport=width, color_scheme=light, locale=language, bypass_csp=True
    )  # axe comes in as a script
    for part in PARTS:
        page = visit.go(part)
        visit.settled()
        if part == "try":
            page.wait_for_selector(".row")
            page.locator(".row .like").first.click()
            visit.settled()
            page.fill("#sought", "title")
            page.click("#ask")
            page.locator(".asked").wait_for()
            page.locator("summary").first.click()
        if part == "import":
            page.set_input_files("#files", tables)
            page.locator(".file .take").nth(1).wait_for()
        page.wait_for_timeout(400)  # colours that fade have arrived
        found = axe.run(page).response["violations"]
        serious = [
            (part, one["id"], [node["html"][:200] for node in one["nodes"][:3]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width["width"], part
        if language == "zh-CN":
            assert page.locator("html").get_attribute("lang") == "zh-CN"
            assert page.locator('main [lang="en"]').all_inner_texts() == []  # sentences that stayed English


def test_the_switches_are_remembered(tab, service):
    visit = tab()
    page = visit.go("keys")
    page.get_by_role("button", name="中文").click()
    assert page.get_by_role("heading", level=1).inner_text() == "密钥"
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    day = page.evaluate(ground)
    page.get_by_role("button", name="明暗").click()  # day
    assert page.evaluate(ground) == day
    page.get_by_role("button", name="明暗").click()  # night
    assert page.evaluate(ground) != day
    page.reload()
    assert page.get_by_role("heading", level=1).inner_text() == "密钥"
    assert page.evaluate(ground) != day


def test_the_keyboard_reaches_everything(tab, fill):
    """By Tab alone: to the content and on; every control that Tab stops at can be seen and has a name."""
    fill()
    visit = tab()
    page = visit.go()
    page.wait_for_selector(".row")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    names = []
    for _ in range(12):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("""() => {
            const at = document.activeElement, box = at.getBoundingClientRect();
            if (box.bottom < 0 || box.top > innerHeight || !box.width) return null;
            return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
        }""")
        )
    assert all(names), names
    assert any(name.startswith("I like") for name in names)
