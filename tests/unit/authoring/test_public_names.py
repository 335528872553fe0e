from __future__ import annotations

import subprocess
import sys

import pytest

import inception


@pytest.mark.parametrize("name", [name for name in inception.__all__ if name != "install"])
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(inception, name) is not None
    assert name in dir(inception)


def test_the_public_names_are_those_of_the_design() -> None:
    names = (
        "child parent track report watch watch_all now random side_effect sleep Outcome "
        "ChildFailed ParentChanged RunRevoked install"
    )
    assert sorted(inception.__all__) == sorted(names.split())


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = inception.nothing


@pytest.mark.parametrize("module", ["celery", "flask", "eventlet", "redis"])
def test_importing_the_package_alone_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, inception; sys.exit({module!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def test_run_revoked_is_not_caught_by_a_plain_except() -> None:
    assert not issubclass(inception.RunRevoked, Exception)
