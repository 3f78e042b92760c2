"""The tables of docs/fraud.md, "What is found": between two marks each, made by the functions that count."""

from tests.house.source import ROOT

PAGE = ROOT / "docs" / "fraud.md"
WORLDS, SIZES = "worlds", "sizes"


def written(name: str) -> str:
    """Return the table of this name as it stands on the page."""
    start, end = _marks(name)
    return PAGE.read_text(encoding="utf-8").partition(start)[2].partition(end)[0].strip()


def write(name: str, table: str) -> None:
    """Put the table in the place of the one on the page."""
    start, end = _marks(name)
    before, _start, rest = PAGE.read_text(encoding="utf-8").partition(start)
    PAGE.write_text(f"{before}{start}\n\n{table}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- found: {name} -->", f"<!-- end of {name} -->"
