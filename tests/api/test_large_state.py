# SPDX-License-Identifier: Apache-2.0
"""5 MiB of state: the server takes less than ten times as much memory for it, whatever is done with it."""
import pytest

from memory import Memory
from server import SLOW, native_config, wire_config

MIB = 1 << 20
STATE_MIB = 5
MOST_MIB = 10 * STATE_MIB


@pytest.fixture(params=["python", "native"])
def large(request, serve):
    """(server, graph that repeats `text` in `out`)"""
    python = request.param == "python"
    server = serve(wire_config() if python else native_config(), workers=1)
    return server, "echo" if python else "native_echo"


def streamed(server, thread, body):
    with server.http.stream("POST", f"/threads/{thread}/runs/stream", json=body) as answer:
        return sum(len(chunk) for chunk in answer.iter_bytes())


@pytest.mark.timeout(120 * SLOW)
def test_five_mebibytes_of_state_take_less_than_ten_times_as_much_memory(large, receiver):
    server, graph = large
    server.wait_run(graph, {"text": "small"})
    memory = Memory(server.process.pid)
    idle, taken = memory.reset(), {}

    def measure(what, act):
        memory.reset()
        result = act()
        taken[what] = (memory.peak_kb() - idle) / 1024
        return result

    for number in (1, 2):  # what the first round leaves in memory counts in the second
        text, thread = str(number) * (STATE_MIB * MIB // 2), server.thread()
        values = {"text": text, "out": text}
        body = {"assistant_id": graph, "input": {"text": text}, "stream_mode": ["values"]}
        assert measure(f"stream {number}", lambda: streamed(server, thread, body)) > STATE_MIB * MIB
        assert measure(f"wait {number}", lambda: server.wait_run(graph, {"text": text}, thread)) == values
        assert measure(f"state {number}", lambda: server.get(f"/threads/{thread}/state")).json()["values"] == values
        history = measure(f"history {number}", lambda: server.get(f"/threads/{thread}/history?limit=2")).json()
        assert history[0]["values"] == values
        old = measure(f"old state {number}", lambda: server.get(f"/threads/{thread}/state/{history[1]['checkpoint_id']}"))
        assert old.json() == history[1]
        changed = measure(f"update {number}", lambda: server.post(f"/threads/{thread}/state", {"values": {"text": text.replace(str(number), "x")}}))
        assert changed.status_code == 200
        row = measure(f"thread {number}", lambda: server.get(f"/threads/{thread}")).json()
        assert row["values"]["text"][0] == "x" and len(row["values"]["text"]) == len(text)

        def run_with_webhook():
            server.wait_run(graph, {"text": text}, thread, webhook=receiver.url(f"/{number}"))
            return receiver.one(f"/{number}")

        assert measure(f"webhook {number}", run_with_webhook).json()["values"] == values
    print({what: round(mib, 1) for what, mib in taken.items()})
    if SLOW == 1:  # a sanitizer keeps what is freed
        assert max(taken.values()) < MOST_MIB, taken
