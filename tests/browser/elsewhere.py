"""A site on another origin than the dashboard's, for what may be shown there and what may not."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shop:
    """A site of somebody else's, on an origin of its own; it serves `page`, under `policy`."""

    def __init__(self) -> None:
        shop = self
        self.page = ""
        self.policy = ""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if shop.policy:
                    self.send_header("Content-Security-Policy", shop.policy)
                self.end_headers()
                self.wfile.write(b"" if "favicon" in self.path else shop.page.encode())

            def log_message(self, *_words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
