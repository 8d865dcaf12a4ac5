# SPDX-License-Identifier: Apache-2.0
"""No input of any kind gives a 5xx. 300 random requests; HEDDLE_TEST_SEED repeats a run, HEDDLE_FUZZ_ROUNDS adds seeds after it."""
import json
import os
import random
import re
import string
import uuid

import pytest

from sse import connect

SEED = int(os.environ.get("HEDDLE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
ROUNDS = int(os.environ.get("HEDDLE_FUZZ_ROUNDS", "1"))
SCRAPS = ["", "x", "\u0000", "ü😀", "..", "%2e%2e", "null", "9" * 40, "-1", "1e309", "' OR 1=1 --", "${{ env.X }}", "a" * 3000, "\r\nX: y",
          "echo", "native_echo", "http://127.0.0.1:1/", "/threads"]
WORDS = ["assistant_id", "input", "command", "config", "context", "metadata", "webhook", "stream_mode", "thread_id", "limit", "offset",
         "status", "ids", "values", "select", "sort_by", "ttl", "if_exists", "extract", "checkpoint", "checkpoint_id", "after_seconds",
         "interrupt_before", "durability", "feedback_keys", "configurable", "recursion_limit", "goto", "resume", "update"]


class Maker:
    def __init__(self, seed, thread, run):
        self.random = random.Random(seed)
        self.ids = [thread, run, str(uuid.UUID(int=7)), "bad", "%00", "..%2f.."]

    def value(self, depth=0):
        kind = self.random.randrange(9 if depth < 4 else 6)
        if kind == 0:
            return self.random.choice([None, True, False])
        if kind == 1:
            return self.random.choice([0, -1, 1, 1 << 63, 1 << 70, -0.0, 1.5, 1e308, 5e-324])
        if kind in (2, 3):
            return self.random.choice(SCRAPS)
        if kind in (4, 5):
            return self.random.choice([*self.ids, "native_echo", "values", "*"])
        if kind == 6:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        return {self.random.choice(WORDS + SCRAPS): self.value(depth + 1) for _ in range(self.random.randrange(5))}

    def body(self):
        kind = self.random.randrange(10)
        if kind == 0:
            return bytes(self.random.randrange(256) for _ in range(self.random.randrange(200)))
        value = self.value()
        if kind < 7:  # close to what is right
            value = {"assistant_id": "native_echo", **(value if isinstance(value, dict) else {"input": value})}
            value[self.random.choice(WORDS)] = self.value()
        text = json.dumps(value, ensure_ascii=self.random.random() < 0.5).encode("utf-8", "surrogatepass")
        if self.random.random() < 0.15 and text:
            cut = self.random.randrange(len(text))
            text = text[:cut] + self.random.choice([b"", b"\xff", b"\\", b'"', b"{", b",,"]) + text[cut + 1:]
        return text

    def target(self, paths):
        path = re.sub(r"\{[^}]*\}", lambda _: self.random.choice(self.ids), self.random.choice(paths))
        if self.random.random() < 0.3:
            name = self.random.choice(["limit", "offset", "status", "select", "action", "wait", "stream_mode", "format", "include", "%ff"])
            path += f"?{name}={self.random.choice(['', 'x', '-1', '%00', '%ff', 'a' * 2000, '1', 'true', '%'])}"
        if self.random.random() < 0.05:
            path += self.random.choice(["/", "//", "/../x", "%", ";a=b", "?" * 50, "/" + self.random.choice(string.ascii_letters) * 500])
        return path


def exchange(server, method, target, body):
    with connect(server.url, 20) as sock:
        text = (f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(body)}\r\n"
                "Connection: close\r\n\r\n").encode("latin-1", "replace") + body
        try:
            sock.sendall(text)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        try:
            while piece := sock.recv(65536):
                answer += piece
        except (ConnectionResetError, TimeoutError):
            pass
    return answer


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", range(SEED, SEED + ROUNDS))
def test_random_requests_never_give_a_5xx(native, seed):
    document = native.get("/openapi.json").json()
    paths = list(document["paths"])
    run = native.create_run("native_echo", {"text": "x"})
    maker = Maker(seed, run["thread_id"], run["run_id"])
    for number in range(300):
        method = maker.random.choice(["GET", "POST", "POST", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "HEAD"])
        target, body = maker.target(paths), maker.body()
        about = f"seed {seed}, request {number}: {method} {target[:200]} {body[:500]!r}"
        answer = exchange(native, method, target, body)
        status = re.match(rb"HTTP/1\.1 (\d\d\d)", answer)
        assert status, f"{about} -> {answer[:200]!r}"
        assert int(status[1]) < 500, f"{about} -> {answer[:400]!r}"
        if int(status[1]) >= 400 and method != "HEAD":
            assert b'{"detail":' in answer, f"{about} -> {answer[:400]!r}"
    assert native.alive() and native.get("/ok").status_code == 200
    assert native.wait_run("native_echo", {"text": "still here"})["out"] == "still here"


def test_odd_but_valid_json_comes_back_as_it_was(native):
    odd = '{"text":"x","big":1e5,"neg":-0.0,"huge":123456789012345678901234567890,"s":"\\u00e9\\/","e":{},"n":[[],[{}]]}'
    answer = native.http.post("/runs/wait", content=f'{{"assistant_id":"native_echo","input":{odd}}}'.encode())
    assert answer.text == odd[:-1] + ',"out":"x"}'
