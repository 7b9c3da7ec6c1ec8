"""The small table of the READMEs, made from benchmarks/RESULTS.md: nobody copies a number by hand."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
BLOCK = re.compile(r"<!-- begin: benchmarks -->\n.*?<!-- end: benchmarks -->", re.DOTALL)
K_SHOT = "3"
SIZES = ("10", "50", "200", "all")

NAMES = {
    "en": {
        "ml-100k": "films (MovieLens 100k)",
        "goodbooks": "books (goodbooks-10k)",
        "complete-journey": "groceries (The Complete Journey)",
        "ibm-articles": "articles (IBM)",
        "uci-restaurant": "restaurants (UCI)",
        "all": "all",
    },
    "zh": {
        "ml-100k": "电影(MovieLens 100k)",
        "goodbooks": "图书(goodbooks-10k)",
        "complete-journey": "日用食品(The Complete Journey)",
        "ibm-articles": "文章(IBM)",
        "uci-restaurant": "餐厅(UCI)",
        "all": "全部",
    },
}
HEADS = {
    "en": "| data | people to learn from | fewrec | bestseller list | fewrec ahead by | best other system |",
    "zh": "| 数据 | 用来学习的人数 | fewrec | 畅销榜 | fewrec 领先 | 其他系统中最好的 |",
}
BELOW = {
    "en": "NDCG@10 with three interactions shown; the best of a row is bold; ± two standard errors. "
    "`scripts/bench quality`\nmeasures it. All results, other systems by name, one to ten interactions, and new items: "
    "[benchmarks/RESULTS.md](benchmarks/RESULTS.md).\n",
    "zh": "每人给出三条记录时的 NDCG@10;每行最好的为粗体;± 为两个标准误。测量命令:`scripts/bench quality`。\n"
    "完整结果(其他系统的名称、一到十条记录、新物品):[benchmarks/RESULTS.md](benchmarks/RESULTS.md)(英文)。\n",
}
NOTHING = {
    "en": "Not measured yet: `scripts/bench quality` writes benchmarks/RESULTS.md.\n",
    "zh": "尚未测量:`scripts/bench quality` 会写出 benchmarks/RESULTS.md。\n",
}


def filled(text: str, language: str, results: str | None) -> str:
    """The README with its block made anew from ``results``, the text of RESULTS.md, if there is one."""
    made = NOTHING[language] if results is None else table(results, language)
    return BLOCK.sub(lambda _: f"<!-- begin: benchmarks -->\n{made}<!-- end: benchmarks -->", text)


def table(results: str, language: str) -> str:
    """One row for each data set and number of training users; the best of a row is bold, whoever it is."""
    lines = [HEADS[language], "|---|---|---|---|---|---|"]
    names = NAMES[language]
    for name, rows in sections(results).items():
        for row in rows:
            if name in names and row["k"] == K_SHOT and row["n"] in SIZES:
                marks = max(row["its mean"], row.get("its mean there", ""), key=lambda text: float(text or 0))
                size = names.get(row["n"], row["n"])
                plain = [row["fewrec"], row["popularity"], marks]
                best = max(map(float, plain))
                mine, popular, other = (f"**{mark}**" if float(mark) == best else mark for mark in plain)
                cells = mine, popular, row["fewrec - popularity"].strip("*"), other
                lines.append(f"| {names[name]} | {size} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n\n" + BELOW[language]


def sections(results: str) -> dict[str, list[dict[str, str]]]:
    """Data set -> rows of its table, by column."""
    found = {}
    for section in re.split(r"^## ", results, flags=re.MULTILINE)[1:]:
        rows = [
            [cell.strip() for cell in line.strip("| ").split("|")]
            for line in section.splitlines()
            if line.startswith("|")
        ]
        if len(rows) > 2 and rows[0][:2] == ["n", "k"]:
            name = section.partition("\n")[0].strip()
            found[name] = [dict(zip(rows[0], row, strict=False)) for row in rows[2:]]
    return found


def results() -> str | None:
    """The text of RESULTS.md, ``None`` where nothing was measured yet."""
    return RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else None
