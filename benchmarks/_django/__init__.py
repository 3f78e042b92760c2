"""A Django project of one view, under WSGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks._django.settings"
application = get_wsgi_application()
