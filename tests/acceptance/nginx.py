"""The documented nginx configuration, running: other ports and an authority of the test's own."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.acceptance.authority import Authority
from tests.documents import CHECKOUT

CONFIGURATION = CHECKOUT / "docs/deployment/nginx.conf"
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/inception.conf;
}}
"""


def find_nginx() -> str | None:
    """Where nginx is; Debian keeps it off the PATH of ordinary users."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


class Nginx:
    """nginx on a port of loopback, in front of two web processes."""

    def __init__(self, binary: str, folder: Path, port: int, webs: tuple[int, int]) -> None:
        folder.mkdir()
        authority = Authority(folder)
        authority.sign("runs.example")
        self.certificate = authority.certificate
        text = CONFIGURATION.read_text()
        for documented, ours in {
            "127.0.0.1:8001": f"127.0.0.1:{webs[0]}",
            "127.0.0.1:8002": f"127.0.0.1:{webs[1]}",
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "/etc/ssl/runs.example": f"{folder}/runs.example",
        }.items():
            assert documented in text
            text = text.replace(documented, ours)
        (folder / "inception.conf").write_text(text)
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
        self.url = f"https://127.0.0.1:{port}"
        self._log = folder / "error.log"
        self._process = subprocess.Popen(
            [binary, "-c", str(folder / "nginx.conf"), "-e", str(self._log)]
        )

    def stop(self) -> None:
        """End it and its workers."""
        self._process.terminate()
        self._process.wait(10)

    def complaints(self) -> list[str]:
        """What it logged as an error, save that a process was away when one was killed."""
        lines = self._log.read_text().splitlines()
        return [line for line in lines if re.search(r"\[(?:emerg|alert|crit)\]", line)]
