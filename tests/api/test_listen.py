# SPDX-License-Identifier: Apache-2.0
"""`heddle listen` and `heddle secret`, as a person uses them."""
import queue
import re
import signal
import subprocess
import threading
import time

import httpx
import pytest
from standardwebhooks import Webhook

from server import BINARY, SLOW, START_S, environment, run_binary
from waiting import until


class Listener:
    """`with Listener("--status", "503") as listener:`; what it printed is in `text`."""

    def __init__(self, *args, env=None):
        self.args, self.env = args, env
        self.text = ""

    def __enter__(self):
        self.process = subprocess.Popen([str(BINARY), "listen", "--port", "0", *self.args], env=environment(self.env),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = queue.Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        first = lines.get(timeout=START_S)
        found = re.fullmatch(r"heddle listening (http://[\d.:\[\]a-z]+:\d+)\n", first or "")
        assert found, (first, self.process.stderr.read() if first is None else "")
        self.url = found.group(1)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _read(self, lines):
        for line in self.process.stdout:
            self.text += line
            lines.put(line)
        lines.put(None)

    def post(self, body, path="/hook", **headers):
        return httpx.post(self.url + path, content=body, headers=headers, timeout=20 * SLOW, trust_env=False)

    def until_printed(self, text):
        until(lambda: text in self.text, f"{text!r} to be printed", 10 * SLOW)


def signed(secret, body, ident="msg_1"):
    import datetime
    now = datetime.datetime.now(datetime.timezone.utc)
    return {"webhook-id": ident, "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(ident, now, body)}


def new_secret():
    done = run_binary("secret")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_secrets_are_new_and_what_the_libraries_take():
    first, second = new_secret(), new_secret()
    assert first != second and re.fullmatch(r"whsec_[A-Za-z0-9+/]{32}", first)
    assert Webhook(first)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_0(end):
    with Listener() as listener:
        listener.process.send_signal(end)
        assert listener.process.wait(10 * SLOW) == 0


def test_it_prints_a_webhook_and_answers_200():
    secret = new_secret()
    body = '{"run_id":"r1","thread_id":"t1","status":"error","values":{"text":"hi"},"error":{"error":"E","message":"m"}}'
    with Listener("--secret", new_secret(), "--secret", secret) as listener:
        assert listener.post(body, "/hook?token=hunter2", **signed(secret, body)).status_code == 200
        listener.until_printed('"text": "hi"\n')
        for line in ["POST /hook?…\n", "webhook-id  msg_1\n", "signature   ok\n", "run_id      r1\n", "status      error\n",
                     "error       E: m\n"]:
            assert line in listener.text, (line, listener.text)
        assert "hunter2" not in listener.text
        assert listener.post(body, **signed(secret, body)).status_code == 200
        listener.until_printed("(came 1 time before)")


def test_it_tells_bad_signatures_from_none():
    with Listener(env={"HEDDLE_WEBHOOK_SECRET": new_secret()}) as listener:
        listener.post("{}", **signed(new_secret(), "{}"))
        listener.until_printed("signature   bad: made with another secret")
        listener.post("{}")
        listener.until_printed("signature   none\n")


def test_it_answers_the_status_it_was_told_after_the_delay():
    with Listener("--status", "503", "--delay", "300ms") as listener:
        begun = time.monotonic()
        assert listener.post("{}").status_code == 503
        assert time.monotonic() - begun >= 0.3


def test_a_signal_does_not_wait_for_a_long_delay():
    with Listener("--delay", "10m") as listener:
        threading.Thread(target=lambda: pytest.raises(httpx.HTTPError, listener.post, "{}"), daemon=True).start()
        listener.until_printed("POST /hook")
        listener.process.send_signal(signal.SIGTERM)
        assert listener.process.wait(10 * SLOW) == 0


@pytest.mark.parametrize("args, code, says", [
    (["--secret", "hunter2"], 2, "--secret: a secret must start with whsec_"),
    (["--delay", "soon"], 2, "--delay: expected a time"),
    (["--status", "99"], 2, "--status"),
    (["--host", "192.0.2.1"], 1, "cannot listen on"),
])
def test_wrong_usage_is_told(args, code, says):
    done = run_binary("listen", "--port", "0", *args)
    assert done.returncode == code and says in done.stderr, (done.returncode, done.stderr)
    assert "hunter2" not in done.stderr and done.stdout == ""


def test_it_receives_what_the_server_sends(serve):
    secret = new_secret()
    server = serve({"graphs": {"echo": "heddle:echo"}, "webhooks": {"secrets": [secret]}})
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with Listener("--secret", secret) as listener:
        run = server.post("/runs", {"assistant_id": "echo", "input": {"text": "hi"}, "webhook": listener.url + "/hook?token=x"},
                          headers={"traceparent": trace}).json()
        listener.until_printed(f"run_id      {run['run_id']}\n")
        assert "signature   ok\n" in listener.text
