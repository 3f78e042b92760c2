"""The settings of the tests: the portal's own, read in the test environment."""

import os

os.environ.setdefault("TRIBUTARY_ENV", "test")

from portal.settings import *  # noqa: F403 - the environment must be named first

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # nobody asks for these rows after a power cut; the processes that are killed read the portal's settings
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"  # noqa: F405
else:
    # a lock that nobody gives back is an error with a name, not a run without an end
    DATABASES["default"]["OPTIONS"].setdefault("options", "-c lock_timeout=120s")  # noqa: F405
