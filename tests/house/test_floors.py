"""Imports point down only, without circles, by the contract in pyproject.toml."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.source import APPS, ROOT, Source, python

LINTER = Path(sys.executable).with_name("lint-imports")


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    """Run the contract on a copy of the house."""
    return subprocess.run([LINTER, "--no-cache"], cwd=house, capture_output=True, text=True, check=False)


def imports(source: Source) -> set[str]:
    """The house's own modules that a file imports when it is loaded, whole or by name."""
    found: set[str] = set()
    for node in ast.walk(_without_late_imports(source.tree)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _without_late_imports(tree: ast.Module) -> ast.Module:
    """A function's own import happens later, and one under TYPE_CHECKING never: neither closes a circle."""
    early = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
    ]
    for node in (inner for top in early for inner in ast.walk(top)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [each for each in node.body if not isinstance(each, ast.Import | ast.ImportFrom)]
    return ast.Module(body=early, type_ignores=[])


def circles(sources: list[Source]) -> list[str]:
    """Modules that import each other, directly or by a round trip."""
    modules = {source.module for source in sources}
    below = {source.module: (imports(source) & modules) - {source.module} for source in sources}
    while leaves := {module for module, others in below.items() if not others & below.keys()}:
        below = {module: others for module, others in below.items() if module not in leaves}
    return sorted(module for module in below if any(module in others for others in below.values()))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    house = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", house)
    for app in APPS:
        shutil.copytree(ROOT / app, house / app, ignore=shutil.ignore_patterns("__pycache__", "static"))
    return house


def test_imports_point_down_only(copy: Path) -> None:
    found = lint(copy)

    assert found.returncode == 0, found.stdout


def test_a_planted_upward_import_breaks_the_contract(copy: Path) -> None:
    planted = copy / "core" / "planted.py"
    planted.write_text("import portal.settings\n")

    found = lint(copy)
    planted.unlink()

    assert found.returncode == 1
    assert re.findall(r"^-?\s*core\.planted -> portal\.settings", found.stdout, re.MULTILINE) != []


def test_every_app_has_its_floor() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    floors = next(contract for contract in contracts["contracts"] if contract["id"] == "floors")

    named = {name.strip() for layer in floors["layers"] for name in layer.split("|")}

    assert named == set(APPS) == set(contracts["root_packages"])


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles([source for source in python(*APPS) if not source.path.endswith("__init__.py")]) == []


def test_a_planted_circle_is_found() -> None:
    round_trip = [
        Source("core/a.py", "from core import b"),
        Source("core/b.py", "import core.c"),
        Source("core/c.py", "from core.a import x"),
        Source("core/leaf.py", "import core.a"),
    ]

    assert circles(round_trip) == ["core.a", "core.b", "core.c"]
