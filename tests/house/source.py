"""The house as text: its files, and what stands in them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = (
    "core",
    "affiliates",
    "tracking",
    "commissions",
    "fraud",
    "payouts",
    "integrations",
    "reports",
    "portal",
)
APPS = tuple(name for name in FLOORS if (ROOT / name).is_dir())
CODE = tuple(name for name in (*FLOORS, "deploy", "benchmarks", "plugins") if (ROOT / name).is_dir())
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: where it stands (relative, with slashes) and what it says."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def python(*folders: str, root: Path = ROOT) -> list[Source]:
    """The Python files of the folders, migrations left out."""
    found = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    return [
        Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in found
        if "migrations" not in path.parts
    ]


def files(folder: str, *endings: str, root: Path = ROOT) -> list[tuple[str, str]]:
    """Path and text of the files under a folder that end so."""
    found = sorted(path for path in (root / folder).rglob("*") if path.suffix in endings)
    return [(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in found]


def functions(source: Source) -> list[Function]:
    """Every function of a file, nested ones and methods among them."""
    return [node for node in ast.walk(source.tree) if isinstance(node, Function)]


def definitions(source: Source) -> Iterator[Function | ast.ClassDef]:
    """Every function and class of a file."""
    return (node for node in ast.walk(source.tree) if isinstance(node, Function | ast.ClassDef))


def public(source: Source) -> Iterator[Function | ast.ClassDef]:
    """The functions and classes of a file's top floor that others may use."""
    return (
        node for node in source.tree.body if isinstance(node, Function | ast.ClassDef) and node.name[0] != "_"
    )


def where(source: Source, node: Function | ast.ClassDef | ast.expr | ast.stmt) -> str:
    """File, line and name, as an editor opens them."""
    return f"{source.path}:{node.lineno} {getattr(node, 'name', '')}".rstrip()
