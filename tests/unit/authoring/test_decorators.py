from __future__ import annotations

from typing import TYPE_CHECKING, Any

import celery
import pytest

from inception import child, parent
from inception.authoring.decorators import _take_name
from inception.authoring.errors import DuplicateName, ResultIgnored
from inception.authoring.task import Task

if TYPE_CHECKING:
    from celery import Celery


@child
def bare() -> None:
    """Do nothing."""


@child(
    name="test.options", bind=True, throws=(KeyError,), time_limit=9, queue="gpu",
    autoretry_for=(OSError,), retry_backoff=True, max_retries=7, rerun_if_lost=False,
)  # fmt: skip
def with_options(self: Any) -> None:
    pass


@parent
def bare_parent(limit: int = 1) -> None:
    pass


@parent(steps=["One", "Two"], name="test.parent", soft_time_limit=4)
def parent_with_options() -> None:
    pass


def test_a_name_is_module_and_function(app: Celery) -> None:
    assert bare.name == f"{__name__}.bare"
    assert app.tasks[bare.name].inception_kind == "child"
    assert app.tasks[bare_parent.name].inception_kind == "parent"


def test_celerys_options_pass_through(app: Celery) -> None:
    task = app.tasks["test.options"]
    assert (task.throws, task.time_limit, task.queue) == ((KeyError,), 9, "gpu")
    assert (task.max_retries, task.retry_backoff, task.autoretry_for) == (7, True, (OSError,))
    assert task.rerun_if_lost is False


def test_children_and_parents_have_queues_of_their_own(app: Celery) -> None:
    assert app.tasks[bare.name].queue == "children"
    assert app.tasks[bare_parent.name].queue == "parents"
    assert app.tasks[bare.name].rerun_if_lost is True


def test_a_parent_names_its_steps(app: Celery) -> None:
    task = app.tasks["test.parent"]
    assert task.steps == ("One", "Two")
    assert task.soft_time_limit == 4
    assert app.tasks[bare_parent.name].steps is None


def test_it_still_has_its_docstring() -> None:
    assert bare.__doc__ == "Do nothing."


def test_a_base_class_of_ones_own_is_joined_with_ours(app: Celery) -> None:
    class Mine(celery.Task):  # type: ignore[misc]
        colour = "blue"

    @child(base=Mine, name="test.based")
    def based() -> int:
        return 1

    task = app.tasks["test.based"]
    assert isinstance(task, Mine)
    assert isinstance(task, Task)
    assert (task.colour, task.inception_kind, based()) == ("blue", "child", 1)


def test_a_name_that_is_taken_is_refused_and_both_places_are_named() -> None:
    @child(name="test.taken")
    def first() -> None:
        pass

    with pytest.raises(
        DuplicateName, match=r"test\.taken(.|\n)*test_decorators\.py:\d+"
    ) as refused:

        @parent(name="test.taken")
        def second() -> None:
            pass

    assert str(refused.value).count("test_decorators.py") == 2


def test_functions_made_by_one_factory_need_names_of_their_own() -> None:
    def make() -> object:
        @child(name="test.made")
        def made() -> None:
            pass

        return made

    make()
    with pytest.raises(DuplicateName):
        make()


def test_a_module_that_is_imported_twice_is_no_duplicate() -> None:
    source = "def task(): pass"
    first: dict[str, Any] = {"__name__": "twice"}
    second: dict[str, Any] = {"__name__": "twice"}
    code = compile(source, "twice.py", "exec")
    exec(code, first)
    exec(code, second)
    _take_name("twice.task", first["task"])
    _take_name("twice.task", second["task"])


@pytest.mark.parametrize("decorate", [child, parent])
def test_ignored_results_are_refused(decorate: Any) -> None:
    with pytest.raises(ResultIgnored, match="ignore_result"):

        @decorate(ignore_result=True, name="test.ignored")  # type: ignore[untyped-decorator]
        def ignored() -> None:
            pass


@pytest.mark.parametrize("decorate", [child, parent])
def test_async_functions_are_refused_with_what_to_write(decorate: Any) -> None:
    with pytest.raises(TypeError, match=r"test\.awaited is an `async def`.*asyncio\.run"):

        @decorate(name="test.awaited")  # type: ignore[untyped-decorator]
        async def awaited() -> None:
            pass


def test_steps_are_a_list_and_no_text_whose_letters_are_taken_for_steps() -> None:
    with pytest.raises(TypeError, match=r"\['Count'\]"):
        parent(steps="Count")


def test_a_parent_takes_its_arguments_by_name() -> None:
    with pytest.raises(TypeError, match="rest"):

        @parent(name="test.by_position")
        def by_position(*rest: int) -> None:
            pass

    with pytest.raises(TypeError, match="first"):

        @parent(name="test.positional_only")
        def positional_only(first: int, /) -> None:
            pass
