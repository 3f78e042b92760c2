"""Loads the demo, once, whole or not at all."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from affiliates.models import Merchant
from core import events
from portal.demo import afterwards, cast, payday, store, story
from portal.demo.agenda import Agenda
from portal.demo.chance import Chance
from portal.demo.screening import screen_sales
from portal.demo.simulator import Simulator
from portal.demo.stage import build

SEED = 20251


def find() -> Merchant | None:
    """Return the demo's company if it is there."""
    found: Merchant | None = Merchant.objects.filter(
        slug=cast.MERCHANT[1], members__user__email=cast.OWNER
    ).first()
    return found


@transaction.atomic
def load(now: datetime, scale: float = 1.0) -> tuple[Merchant, str]:
    """Tell the story up to `now` with so much of a full year's traffic; return the company and its API key's text.

    Nobody is told: the followers of the news are left out.
    """
    followers = {task for tasks in events.routes().values() for task in tasks}
    with events.muted(*followers):
        stage = build(now)
        agenda = Agenda(now)
        play = Simulator(stage, agenda, Chance(SEED), scale)
        play.plan_year()
        story.write(play)
        payday.plan_year(stage, agenda)
        key = store.write(play)
        payday.leave_open(stage, agenda)
        with _few_collections():
            agenda.run()
            play.followers.catch_up()
            afterwards.work(stage)
            screen_sales(play.programs, now)
    return stage.merchant, key


@contextmanager
def _few_collections() -> Iterator[None]:
    """Rows of a year hold no circles: looking for them all the time would take a tenth of the work."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
