"""The hot path: follow a link. A bare ASGI application, mounted in front of Django or run by itself."""

import os

import django
from django.apps import apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
if not apps.ready:
    django.setup()

from tracking.edge.app import Edge

application = Edge()

__all__ = ["Edge", "application"]
