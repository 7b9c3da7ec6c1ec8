"""The page in a real browser: the whole first visit, from an empty store to a refused key."""

from __future__ import annotations

import json
import re
from urllib.request import Request, urlopen

import pytest

pytestmark = pytest.mark.slow

SCIENCE_FICTION = {"Alien", "Solaris", "The Matrix", "Arrival", "Moon", "Gravity"}


def test_the_first_visit(tab, tables):
    visit = tab()
    page = visit.go()

    # Nothing is there, and the page says what to do.
    page.get_by_text("Nothing is here yet").wait_for()
    page.get_by_role("link", name="Import a table").click()

    # Two files are looked at before anything is kept; a bad row is told with its place.
    page.set_input_files("#files", tables)
    films = page.get_by_role("region", name="films.csv", exact=True)
    films.get_by_text("1 of 21 rows left out").wait_for()
    assert "films.csv: 1 of 21 rows left out" in films.locator(".trouble").inner_text()
    assert "row 22" in films.locator(".trouble").inner_text()
    assert films.locator("select").input_value() == "items"
    assert "title" in films.locator(".columns").inner_text()
    sales = page.get_by_role("region", name="sales.csv", exact=True)
    assert sales.locator("select").input_value() == "interactions"
    films.get_by_role("button", name="Take in").click()
    films.get_by_text("Taken in: 20 items").wait_for()
    sales.get_by_role("button", name="Take in all 72 rows").click()
    sales.get_by_text("Taken in: 72 events").wait_for()

    # A model, and the first list: the bestsellers, which is said.
    page.get_by_role("button", name="Prepare the lists").click()
    page.get_by_role("link", name="Try the list").click()
    page.wait_for_selector(".row")
    before = visit.titles()
    assert len(before) == 10
    assert "nothing is known about this visitor" in page.locator(".sure").inner_text()

    # Three likes, and the list follows: what people like who like these films comes first.
    for title in ("Alien", "Solaris", "Moon"):
        page.fill("#sought", title)
        page.locator(".hits").get_by_role("button", name=f"I like {title}", exact=True).click()
        visit.settled()
    page.fill("#sought", "")
    after = visit.titles()
    assert after != before
    assert not {"Alien", "Solaris", "Moon"} & set(after)
    assert set(after[:3]) == SCIENCE_FICTION - {"Alien", "Solaris", "Moon"}
    assert page.locator(".chosen li").count() == 3
    assert page.locator("#live").inner_text().startswith("The list has changed")

    # The explanation opens, and its terms add up to the score.
    first = page.locator(".row").first
    first.locator("summary").click()
    terms = [float(re.sub("−", "-", term)) for term in first.locator(".amount").all_inner_texts() if term]
    score = float(re.search(r"score of (-?[\d.]+)", first.locator(".reasons").inner_text())[1])
    assert sum(terms) == pytest.approx(score, abs=0.01 * len(terms))
    assert re.search(r"\d+% chance of a like", first.inner_text())

    # A key is made; the page goes on with it.
    visit.follow("Keys")
    page.fill("#key-name", "Maria")
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator("#secret").inner_text()
    assert re.fullmatch(r"fewrec_[0-9a-f]{12}_[0-9a-f]{64}", secret)
    visit.follow("Try it")
    assert len(visit.titles()) == 10

    # Without it nobody gets in; a wrong key is refused; the right one opens.
    visit.follow("Keys")
    assert page.get_by_text(secret).count() == 0
    page.get_by_role("button", name="Forget this key").click()
    visit.follow("Try it")
    page.get_by_text("This service asks for a key.").wait_for()
    field = page.get_by_label("Key", exact=True)
    field.fill(secret[:-1] + ("0" if secret[-1] != "0" else "1"))
    page.get_by_role("button", name="Use this key").click()
    page.get_by_text("This key is wrong, or it was revoked.").wait_for()
    field.fill(secret)
    page.get_by_role("button", name="Use this key").click()
    page.wait_for_selector(".row")
    assert visit.titles() == after


def test_titles_are_data(tab, fill):
    """A title with tags in it is shown letter by letter, wherever it stands."""
    fill()
    visit = tab()
    page = visit.go()
    page.wait_for_selector(".row")
    page.fill("#sought", "script")
    hit = page.locator(".hits li").filter(has=page.get_by_role("button")).first
    assert "<script>window.broken = 1</script>" in hit.inner_text()
    hit.get_by_role("button").first.click()
    visit.settled()
    assert "<script>" in page.locator(".chosen").inner_text()
    visit.go("look/item/90")
    visit.settled()
    assert "<img src=x" in page.locator("h2").first.inner_text()
    assert page.evaluate("window.broken") is None
    assert page.locator("main script, main img").count() == 0
    answer = page.request.get(visit.address)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_what_is_not_there_is_said(tab, fill):
    fill()
    visit = tab()
    for part in ("look/item/nothing%20of%20this", "look/user/nobody"):
        page = visit.go(part)
        page.get_by_text("Nothing is known under this id.").wait_for()


def test_a_key_that_may_only_read_is_told_so(tab, fill):
    fill()
    visit = tab(locale="zh-CN")
    page = visit.go("keys")
    for name in ("Maria", "shop"):  # the first one is an admin key, whatever is chosen
        page.fill("#key-name", name)
        page.get_by_role("button", name="创建密钥").click()
        page.locator(".made p", has_text=name).wait_for()
    secret = page.locator("#secret").inner_text()
    page.get_by_role("button", name="忘记此密钥").click()
    box = page.get_by_role("region", name="本页的密钥")
    box.get_by_label("密钥", exact=True).fill(secret)
    box.get_by_role("button", name="使用此密钥").click()
    page.get_by_text("需要的权限是 admin，此密钥的权限是 read。").wait_for()
    page.get_by_role("link", name="试一试").click()  # lists it may ask for
    page.wait_for_selector(".row")


def test_questions_are_asked_and_answered_by_keyboard(tab, fill):
    fill()
    visit = tab()
    page = visit.go()
    page.wait_for_selector(".row")
    page.focus("#ask")
    page.keyboard.press("Enter")
    asked = page.locator(".question .asked strong")
    asked.wait_for()
    first = asked.inner_text()
    page.keyboard.press("Tab")  # from the question, over "Enough", to "Yes"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Yes"
    page.keyboard.press("Enter")
    page.locator(".asked strong").filter(has_not_text=first).wait_for()
    assert first in page.locator(".chosen").inner_text()
    visit.settled()
    assert first not in visit.titles()


def test_a_stopped_service_is_told_and_the_page_goes_on_when_it_is_back(tab, fill, service):
    fill()
    visit = tab()
    page = visit.go()
    page.wait_for_selector(".row")
    service.stop()
    page.locator(".row .like").first.click()
    page.locator("#offline").wait_for()
    assert "does not answer" in page.locator("#offline").inner_text()
    service.start()
    page.locator("#offline").wait_for(state="detached")
    assert len(visit.titles()) == 10
    assert page.locator(".chosen li").count() == 1
    assert [error for error in visit.errors if "ERR_CONNECTION" not in error] == []
    visit.errors.clear()


def test_a_newer_question_gives_up_the_one_before(tab, fill):
    """A slow answer to what was said before never replaces the list for what is said now."""
    fill()
    visit = tab()
    page = visit.go()
    page.wait_for_selector(".row")
    held = []
    page.route(
        "**/v1/recommendations", lambda route: route.continue_() if held else held.append(route.request)
    )
    page.fill("#taste", "crime")
    page.wait_for_selector('.list[aria-busy="true"]')  # half a second after the last key
    page.fill("#sought", "Alien")
    with page.expect_event("requestfailed", lambda request: request == held[0]):
        page.locator(".hits .like").first.click()
    assert "Alien" not in visit.titles()
    assert page.locator(".trouble").count() == 0


def test_a_newer_search_gives_up_the_one_before(tab, fill):
    fill()
    visit = tab()
    held = []
    visit.page.route("**/v1/items?search=Sol*", lambda route: held.append(route))
    page = visit.go()
    page.wait_for_selector(".row")
    page.fill("#sought", "Sol")
    page.locator(".hits").get_by_text("One moment …").wait_for()
    with page.expect_event("requestfailed", lambda request: "search=Sol" in request.url):
        page.fill("#sought", "ali")
    page.locator(".hits").get_by_role("button", name="I like Alien", exact=True).wait_for()
    assert len(held) == 1
    page.fill("#sought", "nothing of this")
    page.get_by_text("Nothing found.").wait_for()
    assert page.locator(".hits button").count() == 0


def test_an_item_beyond_the_first_page_is_found(tab, fill, service):
    """Nothing is read but what is asked for: of 3,000 items the last is found by a word of another column."""
    fill()
    rows = ",".join(
        f'{{"id":"z{at}","columns":{{"title":"Film {at}","cast":"actor{at}"}}}}' for at in range(3000)
    )
    body = Request(
        f"{service.address}v1/items", f"[{rows}]".encode(), {"Content-Type": "application/json"}, method="PUT"
    )
    urlopen(body, timeout=60).close()
    visit = tab()
    page = visit.go("look")
    page.fill("#lookup", "ACTOR2999")
    page.get_by_role("link", name="Film 2999").click()
    page.locator("h2", has_text="Film 2999").wait_for()
    assert page.get_by_text("actor2999").count() == 1


def test_what_a_list_was_worth_is_said_of_as_much_as_was_measured(tab, fill, service):
    """Where two things were said, what was measured with one is told as that."""
    fill(each=6)  # one shown and five to find: nothing but one known is measured
    with urlopen(f"{service.address}v1/measures", timeout=60) as answer:
        (row,) = json.load(answer)["data"]["curve"]
    assert row["known"] == 1
    page = tab().go()
    for title in ("Alien", "Solaris"):
        page.fill("#sought", title)
        page.locator(".hits").get_by_role("button", name=f"I like {title}", exact=True).click()
    page.get_by_text("A first idea, from 2 interactions.").wait_for()
    told = page.locator(".list").inner_text()
    assert f"made from 1 interaction, past users went on to like {row['hits']:.1f};" in told


def test_the_search_is_used_by_the_keyboard(tab, fill):
    """Down goes to the hits, Enter, too, before they are there; a letter that is being put together is no Enter."""
    fill()
    page = tab().go()
    page.wait_for_selector(".row")
    page.evaluate(
        "window.at = () => document.activeElement.getAttribute('aria-label') ?? document.activeElement.id"
    )
    page.focus("#sought")
    page.keyboard.type("ma")  # in "romance", the genre of six films
    page.keyboard.press("Enter")
    page.locator(".hits .thumb:focus").wait_for()
    hits = page.locator(".hits li strong").all_inner_texts()
    assert len(hits) == 5
    assert page.evaluate("at()") == f"I like {hits[0]}"
    for key, found in (
        ("ArrowDown", f"I like {hits[1]}"), ("ArrowRight", f"{hits[1]}: not for me"),
        ("ArrowDown", f"{hits[2]}: not for me"), ("ArrowLeft", f"I like {hits[2]}"), ("ArrowUp", f"I like {hits[1]}"),
        ("ArrowUp", f"I like {hits[0]}"), ("ArrowUp", "sought"), ("ArrowDown", f"I like {hits[0]}"),
        ("Escape", "sought"), ("ArrowDown", f"I like {hits[0]}"),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert page.evaluate("at()") == found, key
    page.keyboard.press("Enter")
    assert page.locator(".chosen li").inner_text().endswith(hits[0])
    assert page.evaluate("at()") == f"I like {hits[0]}"
    page.focus("#sought")
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true}))"
    )
    assert page.evaluate("at()") == "sought"
