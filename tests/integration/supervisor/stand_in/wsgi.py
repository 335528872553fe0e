"""Stands in for the web: says that all is ready."""

from __future__ import annotations

import http.server
import os


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


address = (os.environ.get("INCEPTION_HOST", "127.0.0.1"), int(os.environ["INCEPTION_PORT"]))
http.server.ThreadingHTTPServer(address, Ready).serve_forever()
