from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from inception.runs.concealment import (
    MASK,
    conceal,
    is_secret_name,
    masked_places,
    reveal,
    secret_texts,
)
from inception.runs.jsontext import normalise
from inception.runs.settings import DEFAULT_SECRET_NAMES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b/~", "password", "api-key", ""]), inner)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "name", ["password", "db_password", "apiToken", "X-Api-Key", "API_KEY", "clientSecret"]
)
def test_a_name_that_ends_with_a_secret_word_is_secret(name: str) -> None:
    assert is_secret_name(name, DEFAULT_SECRET_NAMES)


@pytest.mark.parametrize("name", ["tokens", "max_tokens", "token_count", "passwordless", "key", ""])
def test_a_name_that_only_has_such_a_word_in_it_is_not(name: str) -> None:
    assert not is_secret_name(name, DEFAULT_SECRET_NAMES)


def test_secrets_are_found_by_name_by_type_and_as_marked() -> None:
    value = {"user": "ann", "password": "hush", "deep": [{"token": "t0"}, SecretStr("s")], "m": "x"}
    concealed = conceal(value, DEFAULT_SECRET_NAMES, {"/m"})
    assert concealed.shown == {
        "user": "ann",
        "password": MASK,
        "deep": [{"token": MASK}, MASK],
        "m": MASK,
    }
    assert concealed.hidden == {
        "/password": "hush",
        "/deep/0/token": "t0",
        "/deep/1": "s",
        "/m": "x",
    }


@pytest.mark.parametrize("nothing", [None, True, False])
def test_what_hides_nothing_stays(nothing: bool | None) -> None:
    assert conceal({"token": nothing}, DEFAULT_SECRET_NAMES).hidden == {}


def test_a_whole_mapping_may_be_secret() -> None:
    concealed = conceal({"credentials": {"user": "a", "words": [SecretStr("b")]}}, ("credentials",))
    assert concealed.shown == {"credentials": MASK}
    assert concealed.hidden == {"/credentials": {"user": "a", "words": ["b"]}}
    assert secret_texts(concealed.hidden) == {"a", "b"}


@given(JSON)
def test_what_is_revealed_is_what_was_concealed(value: object) -> None:
    concealed = conceal(value, DEFAULT_SECRET_NAMES)
    assert normalise(reveal(concealed.shown, concealed.hidden)) == normalise(value)


@given(JSON)
def test_nothing_secret_is_shown(value: object) -> None:
    shown = conceal(value, DEFAULT_SECRET_NAMES).shown
    assert conceal(shown, DEFAULT_SECRET_NAMES).hidden.keys() == masked_places(shown)


def test_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="place"):
        reveal({"a": [1]}, {"/a/1": "x"})
