# SPDX-License-Identifier: Apache-2.0
"""A proxy for clients that reconnect by themselves: it breaks the first connections after so many bytes of the answers."""
import socket
import socketserver
import threading
import urllib.parse


class Cutting:
    def __init__(self, url, cuts):
        parts = urllib.parse.urlsplit(url)
        self.cuts = list(cuts)
        cutting = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                left = cutting.cuts.pop(0) if cutting.cuts else None
                with socket.create_connection((parts.hostname, parts.port)) as far:
                    threading.Thread(target=self._requests, args=(far,), daemon=True).start()
                    while left != 0 and (piece := far.recv(left or 65536)):
                        self.request.sendall(piece)
                        left = left and left - len(piece)
                self.request.shutdown(socket.SHUT_RDWR)  # not close(): the thread that reads holds the socket

            def _requests(self, far):
                try:
                    while piece := self.request.recv(65536):
                        far.sendall(piece)
                except OSError:
                    pass  # cut

        class Proxy(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._proxy = Proxy(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._proxy.server_address[1]}{parts.path}"

    def __enter__(self):
        threading.Thread(target=self._proxy.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._proxy.shutdown()
        self._proxy.server_close()
