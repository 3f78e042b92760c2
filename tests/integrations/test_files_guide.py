"""The guide for files, followed by a manager in the console and an old system that writes its file every night."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import Enrollment
from commissions.models import Commission
from integrations import actions
from integrations.models import Connection, OrderFile
from tests.integrations.console import Console, Guide, follow, work
from tests.integrations.test_file_drop_web import FileServer
from tracking.models import Order, Refund

__all__ = ["follow"]  # a fixture
NAMED = {"Name": "Till in Lisbon", "Source": "lisbon"}


@pytest.fixture
def console(follow: Callable[[str], Console], anna: Enrollment) -> Console:
    return follow("files")


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    """Where the operator lets files be looked for."""
    settings.FILE_DROP_ROOT = str(tmp_path)
    return tmp_path


@pytest.fixture
def server(settings: Any) -> Iterator[FileServer]:
    """A machine that shows a file at an address."""
    with FileServer() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        settings.OUTBOUND_HTTP_ALLOWED = True
        yield running


def look(row: Connection, count: int = 2) -> None:
    """Look, as is done every minute."""
    row.refresh_from_db()
    for minute in range(count):
        actions.look(row, at=timezone.now() + timedelta(minutes=minute))
    work()


def filled(guide: Guide) -> tuple[dict[str, str], dict[str, str]]:
    """The guide's tables: which column fills which field of orders, and of refunds."""
    rows = re.findall(r"^\| `(.*?)` \| `(.*?)` \| `(.*?)` \| `(.*?)` \|$", guide.text, re.MULTILINE)
    return {row[0]: row[1] for row in rows}, {row[2]: row[3] for row in rows}


def test_folder_is_watched_and_the_example_is_taken_in(
    console: Console, root: Path, anna: Enrollment
) -> None:
    (text,) = console.guide.blocks("csv")
    row = console.connect("Files in a folder", {**NAMED, "Folder": "sales"})
    folder = root / str(row.program_id) / "sales"
    console.press("Test")
    console.sees("sales below the root for files can be read; 0 files wait in it.")
    assert folder.is_dir()

    (folder / "night.csv.tmp").write_text(text, encoding="utf-8")
    look(row)
    assert not OrderFile.objects.exists()
    (folder / "night.csv.tmp").rename(folder / "night.csv")
    look(row)

    orders, refunds = filled(console.guide)
    console.again(row)
    console.go("All versions")
    console.map("order", orders, when=("type", "sale"))
    console.go("Fields")
    console.map("refund", refunds, when=("type", "refund"))
    console.again(row)
    console.reads("Latest files")
    console.open(f"/admin/integrations/orderfile/{OrderFile.objects.get().pk}/change/")
    assert not Order.objects.exists()
    console.press("Take these sales in")
    work()

    order = Order.objects.get()
    assert (order.source, order.external_id, order.total, order.currency) == ("lisbon", "4711", 12990, "EUR")
    assert order.occurred_at.isoformat() == "2026-11-20T14:02:00+00:00"
    assert [refund.gross for refund in Refund.objects.all()] == [4000]
    assert {one.enrollment for one in Commission.objects.all()} == {anna}
    assert [path.name for path in (folder / "taken").iterdir()] == ["night.csv"]


def test_broken_file_is_put_aside_with_a_text_beside_it(console: Console, root: Path) -> None:
    row = console.connect("Files in a folder", {**NAMED, "Folder": "sales/lisbon"})
    console.press("Test")
    folder = root / str(row.program_id) / "sales" / "lisbon"
    (folder / "broken.json").write_text('{"a": ', encoding="utf-8")

    look(row)

    names = sorted(path.name for path in (folder / "refused").iterdir())
    assert names[0] == "broken.json"
    assert len(names) == 2


def test_known_columns_are_taken_in_at_once(console: Console, server: FileServer) -> None:
    row = console.connect(
        "A file at an address", {**NAMED, "Address": f"{server.url}/out.csv", "Token": "t0ken"}
    )
    console.press("Test")
    console.again(row)
    console.go("All versions")
    console.reads("Start from a known export")
    console.fill("Take it", {"Whose columns": "Our own columns"})
    console.again(row)
    console.fill("Change settings", {"New files": "are taken in at once"})
    look(row)

    assert [order.external_id for order in Order.objects.order_by("external_id")] == ["S-1", "S-2"]
    assert {each["Authorization"] for each in server.seen} == {"Bearer t0ken"}
