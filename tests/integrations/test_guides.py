"""All guides: what they quote from the product stands in the product, and their links lead somewhere."""

import re
from pathlib import Path

import pytest

from integrations.connectors import CONNECTORS
from tests.integrations.console import DOCS, Guide
from tests.integrations.console_pages import same

ROOT = DOCS.parents[1]
WRITTEN = (
    "integrations",
    "templates/admin",
    "affiliates",
    "tracking",
    "commissions",
    "core",
    "portal/admin",
    "portal/api",
)
NAMES = sorted(path.stem for path in DOCS.glob("*.md"))
THEIR_OWN = (  # said by vendors and browsers
    "bad value for restricted picklist field",
    "… was not one of the allowed options",
    "has been blocked by CORS policy",
)
VENDORS = "|".join(sorted((str(kind.NAME) for kind in CONNECTORS.values()), key=len, reverse=True))


def written() -> str:
    """All sentences of the product, as they stand in its files; what is filled in is “…”."""
    files = [
        path
        for name in WRITTEN
        for kind in ("py", "html", "json")
        for path in sorted((ROOT / name).rglob(f"*.{kind}"))
    ]
    text = " ".join(path.read_text(encoding="utf-8") for path in files if "migrations" not in path.parts)
    joined = re.sub(r'["\']\s*\n\s*["\']', "", text)  # a sentence that is written over two lines
    return re.sub(r"%\(\w+\)s|\{\{.*?\}\}", "…", same(joined))


PRODUCT = written()


def pieces(quoted: str) -> list[str]:
    """The parts of a quotation between what is left out, filled in, or the vendor's own."""
    whole = re.sub(rf"\(.*?\)|\b({VENDORS})\b|“.*?”|\b\d+\b", "…", quoted.replace("...", "…"))
    return [part.strip(" .:“”") for part in re.split("…", whole) if len(part.strip(" .:“”")) > 3]


@pytest.mark.parametrize("name", NAMES)
def test_what_may_be_seen_when_something_is_wrong_is_what_the_product_says(name: str) -> None:
    missing = [
        quoted
        for quoted in Guide(name).troubles()
        if quoted not in THEIR_OWN and not all(same(part) in PRODUCT for part in pieces(quoted))
    ]

    assert missing == []


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_what_is_there(name: str) -> None:
    links = re.findall(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)", Guide(name).text)
    wrong = [
        f"{file}#{place}"
        for file, place in links
        if not file.startswith("http") and not _leads(name, file, place)
    ]

    assert wrong == []


def _leads(name: str, file: str, place: str) -> bool:
    path = (DOCS / file) if file else DOCS / f"{name}.md"
    if not path.exists():
        return False
    titles = re.findall(r"^#+ (.*)$", Path(path).read_text(encoding="utf-8"), re.MULTILINE)
    places = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return not place or place in places
