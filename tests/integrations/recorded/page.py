"""The table of recordings as docs/integrations/recorded.md has it, and the files themselves."""

import json
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

TESTS = Path(__file__).parents[2]
PAGE = TESTS.parent / "docs" / "integrations" / "recorded.md"
OURS = TESTS / "payloads"
ELSEWHERE = Path(os.environ.get("TRIBUTARY_PAYLOADS") or "/nowhere")
HEADERS = ".headers.json"
# files of the folder that nobody sends, and the names that ours have of some
NO_MESSAGES = {"README.md", "expected.json", "SOURCES.md"}
OWN_NAMES = {
    "pipedrive/v2.change.deal.json": "pipedrive/change.deal.json",
    "stripe/v2.thin-event.reconstructed.json": "stripe/v2.thin-event.json",
}
ROW = re.compile(r"\| `([^`]+)` \| (.+?) \| (.+?) \|")


@dataclass(frozen=True)
class Recording:
    """One line of the table: a file of a vendor's, what it is, and what becomes of it when it comes alone."""

    vendor: str
    file: str
    about: str
    result: str

    @property
    def name(self) -> str:
        """The file with its folder."""
        return f"{self.vendor}/{self.file}"

    @property
    def is_ours(self) -> bool:
        """Whether its bytes lie with the code; those of others do not."""
        return self.about.startswith("ours")

    @cached_property
    def path(self) -> Path | None:
        """Where its bytes are; None for those of others while TRIBUTARY_PAYLOADS names no folder that has them."""
        ours, theirs = OURS / OWN_NAMES.get(self.name, self.name), ELSEWHERE / self.name
        path = ours if self.is_ours else theirs
        return path if path.is_file() else None

    @property
    def body(self) -> bytes:
        """The exact bytes."""
        assert self.path is not None
        return self.path.read_bytes()

    @property
    def headers(self) -> dict[str, str]:
        """The headers that it came with, in small letters, as far as they were written down."""
        assert self.path is not None
        beside = self.path.with_name(self.path.name.removesuffix(self.path.suffix) + HEADERS)
        told = json.loads(beside.read_text()) if beside.is_file() else {}
        pairs = told["headers"] if "headers" in told else told.items()
        return {name.lower(): value for name, value in pairs}


def recordings() -> list[Recording]:
    """All lines of the page, vendor by vendor, in its order."""
    found, vendor = [], ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            vendor = line.removeprefix("## ").partition(" ")[0].lower()
        elif match := ROW.fullmatch(line):
            found.append(Recording(vendor, *match.groups()))
    return found


def files_in(folder: Path) -> set[str]:
    """The messages that lie in a folder of vendors, with their vendor, without their headers."""
    files = (path for vendor in VENDORS for path in (folder / vendor).glob("*"))
    return {
        f"{path.parent.name}/{path.name}"
        for path in files
        if path.name not in NO_MESSAGES and not path.name.endswith(HEADERS)
    }


VENDORS = sorted({one.vendor for one in recordings()})
