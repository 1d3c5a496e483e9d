"""Random tests try the same cases on every run, so that a red run is about the change and not about luck.

HYPOTHESIS_PROFILE=explore pytest … tries new ones, to look for what nobody thought of."""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
