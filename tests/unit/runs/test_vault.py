from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from inception.runs.errors import SecretsRefused, SecretsUnreadable, SettingsError
from inception.runs.settings import DEFAULT_SECRET_NAMES, Settings
from inception.runs.vault import Vault

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
HIDDEN = {"/password": "hush"}


def test_what_is_sealed_is_opened_and_not_read_without() -> None:
    sealed = Vault([OLD]).seal(HIDDEN, "task")
    assert sealed is not None
    assert "hush" not in sealed
    assert Vault([OLD]).open(sealed) == HIDDEN


def test_nothing_secret_needs_no_key() -> None:
    assert Vault().seal({}, "task") is None
    assert Vault().open(None) == {}


def test_without_a_key_secrets_are_refused_field_by_field() -> None:
    with pytest.raises(SecretsRefused, match="INCEPTION_SECRET_KEYS") as refused:
        Vault().seal(HIDDEN, "task")
    assert [field["path"] for field in refused.value.fields] == ["/password"]
    assert "hush" not in str(refused.value)


def test_a_new_key_in_front_seals_and_the_old_one_still_opens() -> None:
    sealed = Vault([OLD]).seal(HIDDEN, "task")
    rotated = Vault([NEW, OLD])
    assert rotated.open(sealed) == HIDDEN
    assert Vault([NEW]).open(rotated.seal(HIDDEN, "task")) == HIDDEN


@pytest.mark.parametrize("keys", [[], [NEW]])
def test_what_no_key_opens_is_said(keys: list[str]) -> None:
    with pytest.raises(SecretsUnreadable, match="INCEPTION_SECRET_KEYS"):
        Vault(keys).open(Vault([OLD]).seal(HIDDEN, "task"))


def test_a_key_that_is_none_is_refused_without_being_shown() -> None:
    settings = Settings.from_environment({"INCEPTION_SECRET_KEYS": f"{NEW},almost-a-key"})
    with pytest.raises(SettingsError, match="INCEPTION_SECRET_KEYS") as refused:
        Vault.from_settings(settings)
    assert "almost" not in str(refused.value)


def test_the_settings_do_not_show_keys() -> None:
    assert NEW not in repr(Settings.from_environment({"INCEPTION_SECRET_KEYS": NEW}))


@pytest.mark.parametrize(
    ("text", "names"),
    [("", DEFAULT_SECRET_NAMES), ("PIN, Card-Number", ("pin", "card_number")), ("none", ())],
)
def test_the_words_of_secret_names_are_a_setting(text: str, names: tuple[str, ...]) -> None:
    assert Settings.from_environment({"INCEPTION_SECRET_NAMES": text}).secret_names == names
