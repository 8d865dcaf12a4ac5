# SPDX-License-Identifier: Apache-2.0
"""A webhook receiver for trying things out: prints its URL, then each body it gets, one a line."""

from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        print(body.decode(), flush=True)

    def log_message(self, *_: object) -> None:
        """The query of a webhook's URL may hold a secret: nothing is logged."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    print(f"http://127.0.0.1:{server.server_port}/hook", flush=True)
    server.serve_forever()
