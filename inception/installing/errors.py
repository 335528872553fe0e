"""What can be wrong with how a worker or an app is set up; each says what to do instead."""

from __future__ import annotations

from inception.runs.errors import InceptionError


class InstalledTooLate(InceptionError):
    """`install(app)` was called after tasks were bound to the app."""

    code = "installed_too_late"


class TasksNotFound(InceptionError):
    """A module of tasks could not be imported; names it, with the reason as its cause."""

    code = "tasks_not_found"


class WorkerRefused(InceptionError):
    """A worker that must not start as it was asked to; says why and what to do."""

    code = "worker_refused"
