from __future__ import annotations

from typing import Any

import pytest
from celery import Celery, shared_task
from cryptography.fernet import Fernet
from pydantic import SecretStr

from inception import child, parent, watch
from inception.authoring.redaction import redacting
from inception.authoring.schema import schema_of
from inception.authoring.secret_arguments import HEADER, delivered, sealed_headers, sealed_message
from inception.authoring.starting import new_run
from inception.authoring.steps import step_of_call
from inception.runs.concealment import MASK
from inception.runs.errors import SecretsRefused, SecretsUnreadable
from inception.runs.vault import Vault
from tests.unit.authoring.conftest import JournalFrame

HUSH = SecretStr("hush")
KEY = Fernet.generate_key().decode()


@child
def sign_in(user: str, word: SecretStr, token: str | None = None) -> list[str]:
    assert isinstance(word, SecretStr)
    return [user, word.get_secret_value(), str(token)]


@child
def many(words: list[SecretStr]) -> list[str]:
    return [word.get_secret_value() for word in words]


@parent
def carry(word: SecretStr, plain: int = 1) -> Any:
    return watch(sign_in.s("ann", word, token="t0k3n")).value


@shared_task(base=__import__("celery").Task)
def foreign(password: str) -> None:
    pass


@pytest.fixture(autouse=True)
def vault(app: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "inception_vault", Vault([KEY]), raising=False)


def without_key(app: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "inception_vault", Vault(), raising=False)


def test_a_step_shows_masks_and_has_the_secrets_apart(app: Celery) -> None:
    step = step_of_call(app.tasks[sign_in.name], ("ann", SecretStr("hush")), {"token": "t"}, {})
    assert (step.args, step.kwargs) == (("ann", MASK), {"token": MASK})
    assert step.arguments() == (("ann", "hush"), {"token": "t"})
    assert "hush" not in repr(step)


def test_the_digest_of_a_step_tells_nothing_of_a_secret(app: Celery) -> None:
    task = app.tasks[sign_in.name]
    one, other = (step_of_call(task, ("ann", word), {}, {}) for word in ("hush", "other"))
    assert one.digest == other.digest


def test_test_mode_needs_no_key_and_gives_a_secretstr(
    app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_key(app, monkeypatch)
    assert carry(SecretStr("hush")) == ["ann", "hush", "t0k3n"]
    assert app.tasks[sign_in.name]("ann", "hush") == ["ann", "hush", "None"]


def test_secrets_within_an_argument_make_it_secret(app: Celery, frame: JournalFrame) -> None:
    assert watch(many.s(["a", SecretStr("b")])).value == ["a", "b"]
    step = step_of_call(app.tasks[many.name], (["a"],), {}, {})
    assert step.args == (MASK,)


def test_a_secret_that_is_passed_on_stays_one_whatever_it_is_called(app: Celery) -> None:
    task = app.tasks[sign_in.name]
    with redacting(["hush"]):
        step = step_of_call(task, ("hush", "other"), {}, {})
    assert step.args == (MASK, MASK)
    assert step_of_call(task, ("hush", "other"), {}, {}).args == ("hush", MASK)


def test_a_run_is_recorded_without_its_secrets(app: Celery) -> None:
    new = new_run(app.tasks[carry.name], "id", (SecretStr("hush"),), {})
    assert new.kwargs == {"word": MASK}
    assert "hush" not in repr(new)
    assert Vault([KEY]).open(new.sealed) == {"/word": "hush"}


def test_a_run_with_a_secret_is_refused_without_a_key(
    app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_key(app, monkeypatch)
    with pytest.raises(SecretsRefused, match="carry"):
        new_run(app.tasks[carry.name], "id", ("hush",), {})


def test_a_message_carries_secrets_sealed_and_they_are_opened(app: Celery) -> None:
    task = app.tasks[sign_in.name]
    message = sealed_message(task, ("ann", "hush"), {"token": None}, {"own": 1})
    assert message.args == ["ann", MASK]
    assert message.headers is not None
    assert message.headers["own"] == 1
    assert "hush" not in str(message)
    task.push_request(headers=message.headers)
    try:
        with delivered(task, message.args, message.kwargs) as opened:
            assert opened == (("ann", "hush"), {"token": None})
    finally:
        task.pop_request()


def test_a_message_that_is_sent_again_keeps_its_secrets(app: Celery) -> None:
    task = app.tasks[sign_in.name]
    first = sealed_message(task, ("ann", "hush"), {}, None)
    again = sealed_message(task, first.args, {"token": "new"}, first.headers)
    assert again.headers is not None
    opened = Vault([KEY]).open(again.headers[HEADER])
    assert opened == {"/args/1": "hush", "/kwargs/token": "new"}


def test_a_message_without_secrets_is_left_as_it_is(app: Celery) -> None:
    args = ("ann", None, None, object())
    message = sealed_message(app.tasks[sign_in.name], args, {}, None)
    assert message.headers is None
    assert message.args is args


def test_a_message_with_another_key_is_not_run(
    app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = app.tasks[sign_in.name]
    message = sealed_message(task, ("ann", "hush"), {}, None)
    without_key(app, monkeypatch)
    task.push_request(headers=message.headers)
    try:
        with pytest.raises(SecretsUnreadable), delivered(task, message.args, message.kwargs):
            pytest.fail("its body would run")
    finally:
        task.pop_request()


def test_a_task_that_could_not_open_secrets_is_given_none(app: Celery) -> None:
    with pytest.raises(SecretsRefused, match="foreign"):
        sealed_headers(app.tasks[foreign.name], {"/kwargs/password": "hush"})


def test_the_catalogue_says_what_is_secret_and_no_default_of_it(app: Celery) -> None:
    @parent(name="tests.with_default")
    def with_default(word: SecretStr = HUSH, api_key: str = "k3y", n: int = 1) -> None:
        pass

    properties: Any = schema_of(app.tasks[with_default.name])["properties"]
    assert properties["word"]["writeOnly"] is True
    assert properties["api_key"]["writeOnly"] is True
    assert properties["api_key"]["format"] == "password"
    assert "writeOnly" not in properties["n"]
    assert "hush" not in str(properties)
    assert "k3y" not in str(properties)


def test_what_does_not_fit_its_annotation_is_said_without_its_value(app: Celery) -> None:
    with pytest.raises(TypeError, match="word") as raised:
        app.tasks[sign_in.name]("ann", 5550199)
    assert "5550199" not in str(raised.value)
