"""The roof: settings, pages, API, the managers' site, and the table of who follows what."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
