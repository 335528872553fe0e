"""Makes a Celery app one of ours: its base task, settings, discovery, and what its workers do.

`install(app)` is all that a project needs. What a worker becomes is decided when it starts, by
the queues it consumes: a watcher if `parents` is among them, a compute worker if not.
"""

from __future__ import annotations

from inception.installing.application import install

__all__ = ["install"]
