"""The committed files: `scripts/check_tree` finds nothing here, and finds what is planted."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def check_tree(folder: Path) -> subprocess.CompletedProcess[str]:
    script = ROOT / "scripts" / "check_tree"
    return subprocess.run(
        [sys.executable, str(script), str(folder)], capture_output=True, check=False, text=True
    )


@pytest.fixture
def tree(tmp_path):
    """A clean repository; `tree(name, content)` adds a file and returns what the check then prints."""

    def add(name: str, content: str | bytes) -> list[str]:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        subprocess.run(["git", "-C", str(tmp_path), "add", "--", name], check=True)
        result = check_tree(tmp_path)
        assert result.stderr == ""
        assert result.returncode == (result.stdout != "check_tree: nothing found.\n")
        return result.stdout.splitlines()

    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.0"\n')
    add(
        "CHANGELOG.md",
        "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-01\n\n## [1.1.0] - 2025-01-01\n",
    )
    return add


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_nothing_is_found_here():
    result = check_tree(ROOT)
    assert (result.stdout, result.returncode) == ("check_tree: nothing found.\n", 0)


def test_a_clean_tree_is_clean(tree):
    text = "#!/usr/bin/env bash\n# see https://example.org/home/page and ./tmp/x and a/work/b\n"
    assert tree("run", text) == ["check_tree: nothing found."]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "ok\nsee https://py" + "pi.org/simple",
            "notes.md:2: address of a package registry: 'py" + "pi.org'",
        ),
        ("--extra-index" + "-url x", "notes.md:1: address of a package registry: 'index" + "-url'"),
        ("data in /wo" + "rk/data", "notes.md:1: path of one machine: '/wo" + "rk/d'"),
        ('open("/tm' + 'p/x")', "notes.md:1: path of one machine: '/tm" + "p/x'"),
    ],
)
def test_addresses_and_paths_are_found(tree, text, finding):
    assert tree("notes.md", text) == [finding]


def test_compressed_files_are_looked_into_and_others_passed_over(tree):
    assert tree("picture.png", b"\x89PNG\0/tm" + b"p/x") == ["check_tree: nothing found."]
    found = tree("table.csv.gz", gzip.compress(b"a,/ho" + b"me/x\n"))
    assert found == ["table.csv.gz:1: path of one machine: '/ho" + "me/x'"]


def test_a_long_source_file_is_found_and_a_long_table_is_not(tree):
    assert tree("table.csv", "x\n" * 500) == ["check_tree: nothing found."]
    assert tree("right.py", "x = 1\n" * 400) == ["check_tree: nothing found."]
    assert tree("long.py", "x = 1\n" * 401) == ["long.py:401: longer than 400 lines"]


def test_the_changelog_must_name_the_version(tree):
    expected = "CHANGELOG.md:1: newest version is 1.1.0, but pyproject.toml says 1.2.0"
    assert tree("CHANGELOG.md", "## [1.1.0] - 2025-01-01\n\n## [1.2.0]\n") == [expected]
    assert tree("CHANGELOG.md", "nothing\n") == ['CHANGELOG.md:1: no heading "## [version]"']
