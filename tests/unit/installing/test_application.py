from __future__ import annotations

import socket
from typing import Any

import celery
import pytest
from celery import Celery, _state

from inception.authoring.errors import NotDurable
from inception.authoring.frame import current_frame
from inception.authoring.task import Task
from inception.installing import install
from inception.installing.errors import InstalledTooLate
from inception.runs.settings import Settings

SETTINGS = Settings(redis_url="redis://127.0.0.1:1/0")


@pytest.fixture(autouse=True)
def _only_celerys_own_shared_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every `shared_task` that some other test module declares would be bound here too."""
    own = {bind for bind in _state._on_app_finalizers if bind.__module__ == "celery.app.builtins"}
    assert own
    monkeypatch.setattr(_state, "_on_app_finalizers", own)


@pytest.fixture
def app() -> Celery:
    return Celery("project", set_as_current=False)


class Theirs(celery.Task):  # type: ignore[misc]
    mark = "theirs"


def test_tasks_of_an_installed_app_are_ours(app: Celery) -> None:
    install(app, SETTINGS)

    @app.task(name="one", shared=False)  # type: ignore[untyped-decorator]
    def one() -> None: ...

    assert isinstance(app.tasks["one"], Task)


def test_tasks_that_were_declared_and_not_yet_bound_are_ours(app: Celery) -> None:
    @app.task(name="one", shared=False)  # type: ignore[untyped-decorator]
    def one() -> None: ...

    install(app, SETTINGS)
    assert isinstance(app.tasks["one"], Task)


def test_an_app_whose_base_task_was_built_already_gets_a_new_one(app: Celery) -> None:
    assert not issubclass(app.Task, Task)
    install(app, SETTINGS)
    assert issubclass(app.Task, Task)


def test_a_base_task_of_the_projects_own_is_kept_behind_ours() -> None:
    app = install(Celery("project", task_cls=Theirs, set_as_current=False), SETTINGS)

    @app.task(name="one", shared=False)  # type: ignore[untyped-decorator]
    def one() -> None: ...

    assert isinstance(app.tasks["one"], Task)
    assert app.tasks["one"].mark == "theirs"


def test_an_app_whose_tasks_are_bound_is_refused_with_their_names(app: Celery) -> None:
    @app.task(name="one", shared=False)  # type: ignore[untyped-decorator]
    def one() -> None: ...

    assert one.name == "one"  # reading it binds it
    with pytest.raises(InstalledTooLate, match="one"):
        install(app, SETTINGS)


def test_a_finalized_app_without_tasks_of_its_own_is_no_trouble(app: Celery) -> None:
    app.finalize()
    install(app, SETTINGS)
    assert issubclass(app.Task, Task)


def test_installing_twice_is_installing_once(app: Celery) -> None:
    assert install(install(app, SETTINGS), SETTINGS) is app


def test_the_settings_that_promises_stand_on_are_set_over_the_projects_own(app: Celery) -> None:
    app.conf.update(task_track_started=True, result_expires=60, task_acks_late=True)
    install(app, SETTINGS)
    assert app.conf.task_track_started is False
    assert app.conf.result_backend_always_retry is True
    assert app.conf.broker_connection_max_retries is None
    assert app.conf.result_expires == 7 * 24 * 3600
    assert app.conf.task_acks_late is True


def test_redis_url_is_broker_and_backend_where_the_project_names_none(app: Celery) -> None:
    install(app, SETTINGS)
    assert app.conf.broker_url == SETTINGS.redis_url
    assert app.conf.result_backend == SETTINGS.redis_url


def test_a_broker_of_the_projects_own_is_kept() -> None:
    theirs = "redis://127.0.0.1:2/5"
    app = Celery("project", broker=theirs, backend=theirs, set_as_current=False)
    install(app, SETTINGS)
    assert app.conf.broker_url == theirs
    assert app.conf.result_backend == theirs


def test_send_task_is_refused_where_a_parent_runs(app: Celery) -> None:
    install(app, SETTINGS)
    frame: Any = object()
    token = current_frame.set(frame)
    try:
        with pytest.raises(NotDurable, match="send_task"):
            app.send_task("anything")
    finally:
        current_frame.reset(token)


def test_a_broker_connection_that_only_looks_alive_is_found_by_the_kernel(app: Celery) -> None:
    install(app, SETTINGS)
    options = app.conf.broker_transport_options
    assert options["socket_keepalive"] is True
    assert options["socket_keepalive_options"][socket.TCP_KEEPINTVL] == 5


def test_transport_options_of_the_projects_own_are_kept() -> None:
    app = Celery("project", broker="redis://127.0.0.1:1/3", set_as_current=False)
    app.conf.broker_transport_options = {"visibility_timeout": 7200, "socket_keepalive": False}
    install(app, SETTINGS)
    assert app.conf.broker_transport_options["visibility_timeout"] == 7200
    assert app.conf.broker_transport_options["socket_keepalive"] is False


def test_a_broker_that_is_no_redis_gets_none_of_its_options() -> None:
    app = Celery("project", broker="amqp://127.0.0.1:1//", set_as_current=False)
    install(app, SETTINGS)
    assert not app.conf.broker_transport_options
