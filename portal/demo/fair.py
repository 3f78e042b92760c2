"""Sales that no browser made: a file from a fair that was taken in, and one that waits to be looked at."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from integrations import actions as integrations
from portal.demo import cast

if TYPE_CHECKING:
    from portal.demo.simulator import Simulator

HEADS = "receipt,date,total,tax,code,product,quantity,net\r\n"


def write(play: Simulator) -> None:
    """Put both files down in the agenda."""
    play.agenda.put(play.stage.ago(37, 9), partial(_taken, play))
    play.agenda.put(play.stage.ago(1, 10), partial(_waiting, play))


def _taken(play: Simulator, at: datetime) -> None:
    """The mountain fair: whoever named a partner's code at the till got ten per cent off."""
    rows = _rows(play, at, (cast.STAR, "Peak Weekly", "Gearkompass", "Trail & Tarn"))
    file = integrations.upload_file(
        play.stage.shops["northwind"].program,
        name="mountain-fair.csv",
        source="fair",
        channel="fair",
        content=(HEADS + rows).encode(),
        actor=play.stage.people["manager"],
        at=at,
    )
    later = at + timedelta(minutes=3)
    integrations.confirm_file(file, actor=play.stage.people["manager"], at=later)
    integrations.take_file(file, at=later)


def _waiting(play: Simulator, at: datetime) -> None:
    """The telephone's week, with a row that nobody can read and a code that nobody has."""
    odd = f"T-9,the other day,49.00,7.82,,Enamel mug,2,41.18\r\nT-10,{at:%Y-%m-%d},24.90,3.98,NOBODY5,Wax,1,20.92\r\n"
    integrations.upload_file(
        play.stage.shops["northwind"].program,
        name="telephone-week.csv",
        source="phone",
        channel="phone",
        content=(HEADS + _rows(play, at, ("Tom Okafor", cast.STAR), "T") + odd).encode(),
        actor=play.stage.people["manager"],
        at=at,
    )


def _rows(play: Simulator, at: datetime, names: tuple[str, ...], letter: str = "F") -> str:
    """One sale for each name, by the coupon if there is one."""
    promoters = play.stage.shops["northwind"].promoters
    lines = []
    for place, name in enumerate(names, start=1):
        coupon = promoters[name].coupon
        when = f"{at - timedelta(days=1, hours=place):%Y-%m-%d %H:%M}"
        lines.append(
            f"{letter}-{place},{when},134.00,21.39,{coupon.code if coupon else ''},Trekking pack,1,112.61\r\n"
        )
    return "".join(lines)
