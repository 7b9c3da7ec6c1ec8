"""Health in a real browser: the lists are measured at a click, and the drawings say what the service has found."""

from __future__ import annotations

import json
import re
from urllib.request import Request, urlopen

import pytest

pytestmark = pytest.mark.slow


def test_the_lists_are_measured_and_drawn(tab, fill, service):
    fill()
    visit = tab(bypass_csp=True)  # axe comes in as a script
    page = visit.go("health")
    page.get_by_role("button", name="Measure the lists").click()
    page.locator(".chart").first.wait_for(timeout=120_000)
    with urlopen(f"{service.address}v1/evaluations/1", timeout=30) as answer:
        result = json.load(answer)["data"]["result"]
    curve = page.locator("figure").first
    assert (
        curve.locator("svg[role=img]").get_attribute("aria-label")
        == "How good are the lists, by how much is known?"
    )
    curve.locator("summary").click()
    rows = [row.locator("td").all_inner_texts() for row in curve.locator("tbody tr").all()]
    # Row by row what the service says: how much is known, the mean and two standard errors of each system.
    cells = {
        (cell["system"], cell["k_shot"]): cell for cell in result["cells"] if cell["metric"] == "ndcg@10"
    }
    shots = sorted({shot for _, shot in cells})
    assert [row[0] for row in rows] == [str(shot) for shot in shots]
    for row, shot in zip(rows, shots, strict=True):
        for text, system in zip(row[1:], ("fewrec", "popularity"), strict=True):
            mean, error = map(float, re.fullmatch(r"([\d.]+) ± ([\d.]+)", text).groups())
            assert mean == pytest.approx(cells[system, shot]["mean"], abs=6e-4)
            assert error == pytest.approx(2 * cells[system, shot]["se_users"], abs=6e-4)
    assert curve.locator("circle.ours").count() == curve.locator("circle.other").count() == len(shots)
    # As many dots as rows of its table; as many cases as were stated with the number known that is nearest to three.
    truth = page.locator("figure").nth(1)
    truth.locator("summary").click()
    counts = [int(text) for text in truth.locator("tbody td:nth-child(3)").all_inner_texts()]
    ours = [row for row in result["calibration"] if row["system"] == "fewrec"]
    shot = min((row["k_shot"] for row in ours), key=lambda one: abs(one - 3))
    assert sum(counts) == sum(part[2] for row in ours if row["k_shot"] == shot for part in row["bins"])
    assert truth.locator("circle.ours").count() == len(counts) <= 10
    page.get_by_role("button", name="Measure again").wait_for()
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    found = axe.run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_bars_are_shares_of_ten_and_what_is_measured_stands_below_both_columns(tab, fill, service):
    fill(each=6)
    with urlopen(f"{service.address}v1/measures", timeout=60) as answer:
        (row,) = json.load(answer)["data"]["curve"]
    page = tab().go("health")
    bars = page.locator(".curve .bar")
    bars.first.wait_for()
    page.wait_for_timeout(500)  # they grow
    shares = bars.evaluate_all("bars => bars.map(bar => bar.firstElementChild.clientWidth / bar.clientWidth)")
    assert shares == pytest.approx([row["hits"] / 10, row["bestsellers"] / 10], abs=0.01)
    sides = page.locator(".health > .halves > div")
    left, right = (sides.nth(at).bounding_box() for at in (0, 1))
    below = page.get_by_role("region", name="Measured on people never seen").bounding_box()
    assert below["y"] > max(side["y"] + side["height"] for side in (left, right))
    assert below["width"] > left["width"] + right["width"]


def test_why_nothing_could_be_measured_is_said(tab, service):
    rows = [{"user": f"u{at}", "item": "7", "event": "buy"} for at in range(3)]
    body = Request(
        f"{service.address}v1/interactions", json.dumps(rows).encode(), {"Content-Type": "application/json"}
    )
    urlopen(body, timeout=30).close()
    visit = tab()
    page = visit.go("health")
    page.get_by_role("button", name="Measure the lists").click()
    page.get_by_text("The lists could not be measured.").wait_for(timeout=120_000)
    assert (
        "people" in page.locator(".state .trouble").inner_text()
        or "users" in page.locator(".state").inner_text()
    )
    page.get_by_role("button", name="Measure again").wait_for()


@pytest.mark.parametrize(("said", "told"), [
    ("After 10 shown nothing was measured: only 19 users have something to look for beyond 10 interactions.",
     "已知 10 条的情形未测：已知 10 条之外还有可检验内容的用户只有 19 位。"),
    ("After 5 shown nothing was measured: nobody has something to look for beyond 5 interactions.",
     "已知 5 条的情形未测：已知 5 条之外还有可检验内容的用户一位也没有。"),
    ("Of ten suggestions made from 1 interaction, past users went on to like 1.6; of ten bestsellers 1.1.",
     "据 1 条互动推荐十件，过去的用户后来喜欢 1.6 件；畅销榜为 1.1 件。"),
    ("my films (2024).csv: 1 of 21 rows left out (row 22: no id).", "21 行中有 1 行未列入（row 22: no id）。"),
])  # fmt: skip
def test_what_the_service_says_is_said_in_chinese(tab, said, told):
    page = tab().go()
    asked = "said => import('/page/said.js').then(file => file.translated(said))"
    assert page.evaluate(asked, said) == told
