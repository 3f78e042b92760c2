"""The settings of the tests: the portal's own, read in the test environment."""

import os

os.environ.setdefault("TRIBUTARY_ENV", "test")

from portal.settings import *  # noqa: F403 - the environment must be named first
