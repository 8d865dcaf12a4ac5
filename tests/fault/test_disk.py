# SPDX-License-Identifier: Apache-2.0
"""A full disk: refusals instead of a crash, nothing acknowledged is lost, and writing goes on when there is room again."""
import os
import subprocess

import pytest

from server import SLOW
from waiting import until


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MiB. Needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("may not mount a file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder):
    with open(folder / "ballast", "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"\0" * 4096)
        except OSError:
            pass


def test_a_full_disk(serve, small_disk):
    server = serve.make()
    server.data_dir = small_disk / "data"
    server.start()
    kept = [server.thread(metadata={"n": n}) for n in range(5)]
    fill(small_disk)

    def refused():
        answer = server.post("/threads", {"metadata": {"x": "y" * 10_000}})
        if answer.status_code == 200:
            kept.append(answer.json()["thread_id"])
            return None
        return answer

    answer = until(refused, "a refusal", 20 * SLOW)
    assert answer.status_code in (503, 507) and answer.json()["detail"]
    assert server.alive() and server.get("/ok").status_code == 200
    assert server.get(f"/threads/{kept[0]}").status_code == 200
    os.unlink(small_disk / "ballast")
    until(lambda: server.post("/threads").status_code == 200, "writing to go on", 20 * SLOW)
    assert server.wait_run("native_echo", {"text": "x"})["out"] == "x"
    server.kill()
    server.start()
    assert all(server.get(f"/threads/{thread}").status_code == 200 for thread in kept)
