"""An authority of a test's own, and what it signs: what the network of a firm has."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Authority:
    """Keys and certificates in a folder; `certificate` is what one has to trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._key = folder / "authority.key"
        self.certificate = folder / "authority.pem"
        _openssl(
            *("-subj", "/CN=Authority of a test", "-addext", "keyUsage=critical,keyCertSign"),
            *("-keyout", str(self._key), "-out", str(self.certificate)),
        )

    def sign(self, name: str = "server") -> tuple[Path, Path]:
        """A key and a certificate of 127.0.0.1, in files of that name."""
        key, certificate = self._folder / f"{name}.key", self._folder / f"{name}.pem"
        _openssl(
            *("-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-CA", str(self.certificate), "-CAkey", str(self._key)),
            *("-keyout", str(key), "-out", str(certificate)),
        )
        return key, certificate


def _openssl(*words: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *words],
        check=True,
        capture_output=True,
    )
