"""The doorbell. A Celery message only says "there is something"; what there is stands in the database."""

import logging

from celery import shared_task
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from core import jobs, periods
from core.failpoints import failpoint

log = logging.getLogger(__name__)


@shared_task(name="core.drain", ignore_result=True, expires=30)
def drain(limit: int = 500) -> int:
    """Run what is due; return how many jobs ran."""
    return jobs.drain(limit=limit)


@shared_task(name="core.tick", ignore_result=True, expires=30)
def tick() -> int:
    """Run what the clock asks for; return how many turns ran."""
    return periods.tick()


@shared_task(name="integrations.deliver", ignore_result=True, expires=60)
def errand(number: int) -> int:
    """Run the errand outside the house that the setting ERRAND names, for one number; return how much it did."""
    done: int = import_string(settings.ERRAND)(number)
    return done


def ring_errand(number: int) -> None:
    """Tell the workers that an errand is due; where there is no broker a thread of the worker sees by itself."""
    if not settings.CELERY_BROKER_URL:
        return
    try:
        errand.apply_async((number,), retry=False, ignore_result=True)
    except Exception as failure:
        log.warning("the doorbell is silent (%s); the ticker rings each second", type(failure).__name__)


def ring() -> None:
    """Tell the workers that there is something; a bell that fails is heard by the ticker a second later."""
    failpoint("bell.before_ring")
    if not settings.CELERY_BROKER_URL or connection.in_atomic_block:
        return
    try:
        drain.apply_async(retry=False, ignore_result=True)
    except Exception as failure:
        log.warning("the doorbell is silent (%s); the ticker rings each second", type(failure).__name__)
