"""What every door works with: links, shops, countries and networks that are known, and where rows are kept."""

import logging
from pathlib import Path

from django.conf import settings

from tracking.edge.answers import Scope
from tracking.edge.group import Full, Group
from tracking.edge.journal import Journal
from tracking.edge.known import Known
from tracking.edge.links import read_links, target_of
from tracking.edge.rows import Row
from tracking.edge.shops import Shop, read_shops, shop_of
from tracking.edge.targets import Target
from tracking.edge.writer import Replayer, Writer
from tracking.visits import Countries, NetworkFile, Visit, read_visit

log = logging.getLogger(__name__)


class Desk:
    """Holds the threads and files of one process; `folder` is where its journal stands."""

    def __init__(self, folder: Path | None = None) -> None:
        self.journal = Journal(folder or settings.VAR_DIR / "journal")
        self.links: Known[Target] = Known("links", read_links, target_of)
        self.shops: Known[Shop] = Known("shops", read_shops, shop_of)
        self.countries = Countries(settings.COUNTRY_DATABASE)
        self.networks = NetworkFile(settings.NETWORK_FILE)
        self.writer = Writer(self.journal)
        self.rows: Group[Row, None] = Group("rows", self.writer.write)
        self.overflow: Group[Row, None] = Group("overflow", self._write_aside)
        self.replayer = Replayer(self.journal)
        self._is_started = False

    def start(self) -> None:
        """Begin to bring home what an earlier process left in the journal."""
        if not self._is_started:
            self._is_started = True
            self.replayer.start()

    async def warm_up(self) -> None:
        """Learn what is asked for most, before anybody asks."""
        self.countries.of("")
        self.networks.kind_of("")
        await self.links.warm_up()
        await self.shops.warm_up()

    def stop(self) -> None:
        """Write what waits and end all threads."""
        for group in (self.links.group, self.shops.group, self.rows, self.overflow):
            group.stop()
        self.replayer.stop()
        self.journal.close()
        self._is_started = False

    def visit_of(self, scope: Scope) -> Visit:
        """Read who asks."""
        return read_visit(scope, settings.ALLAUTH_TRUSTED_PROXY_COUNT)

    async def keep(self, row: Row) -> bool:
        """Return True once the row is on a disk, False where none takes it."""
        try:
            await self.rows.ask(row)
        except Full:
            return await self._keep_aside(row)
        except Exception:
            log.exception("neither the database nor the journal takes rows")
            return False
        return True

    async def _keep_aside(self, row: Row) -> bool:
        """The database is too slow for what comes in: straight to the journal, in a line of its own."""
        try:
            await self.overflow.ask(row)
        except Exception as failure:
            log.error("a %s was not kept: %s", type(row).__name__, type(failure).__name__)
            return False
        return True

    def _write_aside(self, rows: list[Row]) -> list[None]:
        self.journal.append(rows)
        return [None] * len(rows)
