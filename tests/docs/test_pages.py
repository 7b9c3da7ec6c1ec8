"""Every page prints what it says; and the runner that finds this out is held to planted pages."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

ROOT = Path(__file__).resolve().parents[2]


def load(name: str, path: Path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


pages = load("docs_pages", Path(__file__).with_name("pages.py"))


KERNELS = {str(one.get("architecture")) for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.skipif(
    {"Haswell"} != KERNELS,
    reason=f"The pages were printed with the kernel Haswell of OpenBLAS, which scripts/test asks for; here: {KERNELS}.",
)
@pytest.mark.parametrize("page", pages.all_pages(), ids=lambda page: page.name)
def test_a_page_prints_what_it_says(page):
    changed = [one.differs for one in pages.run(page) if one.differs]
    assert not changed, f"{page.name}: run scripts/update_docs and read what changed.\n" + "\n".join(changed)


def test_what_is_not_run_says_why():
    reasons = [block.not_run for page in pages.all_pages() for block in pages.blocks(page.read_text("utf-8"))]
    told = [reason for reason in reasons if reason]
    assert told
    assert all(len(reason) > 10 for reason in told)


def test_both_readmes_have_the_same_parts():
    english, chinese = (ROOT / name for name in ("README.md", "README.zh.md"))
    count = {page: page.read_text("utf-8").count("\n## ") for page in (english, chinese)}
    assert count[english] == count[chinese]


def written(tmp_path, text: str) -> Path:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


PAGE = """# A page

```python
name = "world"
```

```python
print("hello", name)
```

```text
hello moon
```

```console
$ fewrec --version
fewrec is old
```
"""


def test_blocks_share_their_names_and_a_wrong_output_is_found(tmp_path):
    silent, greeting, version = pages.run(written(tmp_path, PAGE))
    assert silent.differs is None
    assert greeting.got == "hello world\n"
    assert "-hello moon" in greeting.differs
    assert "+hello world" in greeting.differs
    assert version.differs


def test_the_page_is_mended_and_then_stays(tmp_path):
    page = written(tmp_path, PAGE)
    new = pages.updated(PAGE, pages.run(page))
    assert "```text\nhello world\n```" in new
    page.write_text(new, encoding="utf-8")
    told = pages.run(page)
    assert [one.differs for one in told] == [None, None, None]
    assert pages.updated(new, told) == new


def test_output_that_the_page_does_not_show_is_found_and_added(tmp_path):
    text = "```python\nprint(1)\n```\n\nAnd so on.\n"
    (one,) = pages.run(written(tmp_path, text))
    assert "does not show what is printed" in one.differs
    assert pages.updated(text, [one]) == "```python\nprint(1)\n```\n\n```text\n1\n```\n\nAnd so on.\n"


def test_a_block_that_fails_names_page_and_line(tmp_path):
    with pytest.raises(pages.PageError, match=r"page\.md, line 4: ZeroDivisionError"):
        pages.run(written(tmp_path, "# Page\n\n```python\n1 / 0\n```\n"))


def test_a_warning_fails(tmp_path):
    with pytest.raises(pages.PageError, match="old"):
        pages.run(written(tmp_path, '```python\nimport warnings\nwarnings.warn("old")\n```\n'))


def test_a_block_is_left_out_with_a_reason(tmp_path):
    told = pages.run(written(tmp_path, "<!-- not run: needs torch -->\n```python\nimport nothing\n```\n"))
    assert told == []


def test_a_command_other_than_fewrec_is_refused(tmp_path):
    with pytest.raises(pages.PageError, match=r"only `\$ fewrec \.\.\.` can be run, not 'rm -r x'"):
        pages.run(written(tmp_path, "```console\n$ rm -r x\n```\n"))


def test_a_page_reads_files_beside_it_and_writes_elsewhere(tmp_path):
    (tmp_path / "data.txt").write_text("seven")
    before = Path.cwd(), dict(os.environ)
    text = (
        "```python\nfrom pathlib import Path\n"
        'print(Path("data.txt").read_text(), Path("new.txt").write_text("new"))\n```\n'
    )
    (one,) = pages.run(written(tmp_path, text))
    assert one.got == "seven 3\n"
    assert not (tmp_path / "new.txt").exists()
    assert (Path.cwd(), dict(os.environ)) == before


@pytest.mark.parametrize(
    ("said", "got"),
    [
        ("score 1.50", "score 1.51"),
        ("score 112.3", "score 113.1"),  # within 2 %
        ("71 %", "72 %"),
        ("a   b\n─────", "a b\n───────"),
        ("one\n...\nfour", "one two three four"),
        ("...\nfour", "four"),
    ],
)
def test_outputs_that_say_the_same(said, got):
    assert pages.same(said, got)


@pytest.mark.parametrize(
    ("said", "got"),
    [
        ("score 1.50", "score 1.60"),
        ("score 1.50", "score -1.50"),
        ("liked by 14 of 138", "liked by 14 of 139"),
        ("71 %", "73 %"),
        ("1 Alien", "1 Aliens"),
        ("one", "one two"),
        ("one\n...\nfour", "one two three"),
        ("one\n...\nfive\n...\nfour", "one two three four"),
        ("item 7", "item 7a"),
    ],
)
def test_outputs_that_differ(said, got):
    assert not pages.same(said, got)


def test_shortened_output_is_not_overwritten(tmp_path):
    text = "```python\nprint('a\\nb\\nc')\n```\n\n```text\na\n...\nd\n```\n"
    (one,) = pages.run(written(tmp_path, text))
    with pytest.raises(pages.PageError, match="shortened with"):
        pages.updated(text, [one])
