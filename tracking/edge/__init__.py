"""The hot path: links, advertisements, beacons. A bare ASGI application, before Django or by itself."""

import os

import django
from django.apps import apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
if not apps.ready:
    django.setup()

from tracking.edge.app import Edge, is_door

application = Edge()

__all__ = ["Edge", "application", "is_door"]
