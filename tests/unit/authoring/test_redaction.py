from __future__ import annotations

import logging
import threading

import pytest
from celery.exceptions import Retry

from inception.authoring.redaction import Redacted, redact, redact_all, redacting
from inception.runs.concealment import MASK

SECRET = 'hush "hush"'


def test_a_secret_is_kept_out_of_texts_while_it_is_known() -> None:
    with redacting([SECRET]):
        assert redact(f"it is {SECRET}") == f"it is {MASK}"
        assert redact_all({"message": [SECRET]}) == {"message": [MASK]}
    assert redact(SECRET) == SECRET


def test_a_secret_is_found_as_json_writes_it() -> None:
    with redacting([SECRET]):
        assert "hush" not in redact(r'{"password": "hush \"hush\""}')


def test_a_secret_of_several_lines_is_found_a_line_at_a_time() -> None:
    with redacting(["first line\nsecond line"]):
        assert redact("second line") == MASK


def test_two_tasks_may_have_the_same_secret() -> None:
    with redacting(["hush"]):
        with redacting(["hush"]):
            pass
        assert redact("hush") == MASK


def test_what_is_too_short_to_be_told_from_words_is_left() -> None:
    with redacting(["abc"]):
        assert redact("abc") == "abc"


def test_another_thread_tells_it_no_more_than_the_task() -> None:
    said: list[str] = []
    with redacting(["hush"]):
        thread = threading.Thread(target=lambda: said.append(redact("hush")))
        thread.start()
        thread.join(5)
    assert said == [MASK]


def test_an_error_that_tells_it_leaves_as_one_that_does_not() -> None:
    with pytest.raises(Redacted, match="ValueError") as raised, redacting(["hush"]):
        raise ValueError("wrong: hush")
    assert "hush" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_an_error_whose_cause_tells_it_is_replaced_too() -> None:
    with pytest.raises(Redacted), redacting(["hush"]):
        try:
            raise KeyError("hush")
        except KeyError as cause:
            raise ValueError("wrong") from cause


@pytest.mark.parametrize("kind", [ValueError, SystemExit])
def test_any_other_error_leaves_as_it_is(kind: type[BaseException]) -> None:
    with pytest.raises(kind, match="wrong"), redacting(["hush"]):
        raise kind("wrong")


def test_a_retry_stays_a_retry_without_it() -> None:
    with pytest.raises(Retry) as raised, redacting(["hush"]):
        raise Retry(exc=ValueError("hush"))
    assert "hush" not in str(raised.value) + repr(raised.value.exc)


def test_nothing_is_logged_of_it(caplog: pytest.LogCaptureFixture) -> None:
    with redacting(["hush"]):
        try:
            raise ValueError("hush")
        except ValueError:
            logging.getLogger("some.library").exception("it was %s", "hush")
    assert caplog.records[-1].getMessage() == f"it was {MASK}"
    assert "hush" not in caplog.text
