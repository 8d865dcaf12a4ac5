# SPDX-License-Identifier: Apache-2.0
"""Fills a server through its API: many requests, each different, over a few connections."""
import asyncio
import json

from servers import Failed

CONNECTIONS = 32


def fill(server, requests, limit_s=120):
    """Sends each (method, path, body) once, CONNECTIONS at a time; every one of them must be answered with 2xx."""
    asyncio.run(asyncio.wait_for(_fill(server, iter(requests)), limit_s))


async def _fill(server, requests):
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_send(server, requests))


async def _send(server, requests):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        for method, path, body in requests:
            data = json.dumps(body).encode()
            writer.write(f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
                         f"content-length: {len(data)}\r\n\r\n".encode() + data)
            head = await reader.readuntil(b"\r\n\r\n")
            status = head.split(b" ", 2)[1]
            length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"content-length: 0")
            await reader.readexactly(int(length.partition(b":")[2]))
            if not status.startswith(b"2"):
                raise Failed(f"{server.label}: {method} {path} answers {status.decode()}; {server.log_end()[-600:]}")
    finally:
        writer.close()
