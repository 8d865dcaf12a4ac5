# SPDX-License-Identifier: Apache-2.0
"""A page of a website of our own on loopback, opened in headless Chromium: what its script reports."""
import http.server
import json
import queue
import shutil
import subprocess
import tempfile
import threading

from server import SLOW

# Its own sandbox needs rights that containers do not give; nothing but loopback can be reached.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*"]
HTML = "text/html; charset=utf-8"
FRAME = '''<!doctype html><meta charset="utf-8"><title>A website</title><script type="module">
const given = %s;
async function attempt(act) {
  try { return await act(); } catch (error) { return `${error.name}: ${error.message}`; }
}
const found = await attempt(async () => {
%s
});
await fetch('/found', {method: 'POST', body: JSON.stringify(found)});
</script>'''


class Website:
    """Serves one page at `origin`; the page's script posts what it found. `files`: (status, type, body) of other paths."""

    def __init__(self, host, files=None):
        self._found = queue.Queue()
        self._page = b""
        website = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self._answer(*(files or {}).get(self.path, (200, HTML, website._page if self.path == "/" else b"")))

            def do_POST(self):
                website._found.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self._answer(200, HTML, b"")

            def _answer(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.origin = f"http://{host}:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def visit(self, script, given, timeout_s=40.0):
        """Opens the page in a browser of its own; what `script` (the body of an async function that sees `given`) returns."""
        self._page = (FRAME % (json.dumps(given), script)).encode()
        chromium = shutil.which("chromium")
        assert chromium, "the Debian package chromium is missing; ./dev test api installs it"
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            browser = subprocess.Popen([chromium, *FLAGS, f"--user-data-dir={profile}", self.origin + "/"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"HOME": profile, "PATH": "/usr/bin:/bin"})
            try:
                return self._found.get(timeout=timeout_s * SLOW)
            except queue.Empty:
                browser.kill()
                raise AssertionError(f"the page did not report:\n{browser.stderr.read()[-3000:].decode(errors='replace')}") from None
            finally:
                browser.terminate()
                browser.communicate(timeout=20 * SLOW)
