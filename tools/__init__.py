"""What `make` runs before anything is installed: standard library alone, Python 3.11 or newer."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # the Python that a user happens to have
    sys.exit("inception: Python 3.11 or newer is needed; run `make PYTHON=/path/to/python3.11 ...`")
