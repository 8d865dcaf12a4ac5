# SPDX-License-Identifier: Apache-2.0
"""One story for both clients of the Python SDK, and which of their methods it leaves out."""
import asyncio
import inspect
import pathlib
import re

from langgraph_sdk import get_client, get_sync_client

KINDS = {"asynchronous": get_client, "synchronous": get_sync_client}


class Resource:
    """client.threads, client.runs… of either client, as coroutines and asynchronous iterators."""

    def __init__(self, wrapped):
        self._wrapped = wrapped

    def __getattr__(self, method):
        def call(*args, **named):
            found = getattr(self._wrapped, method)(*args, **named)
            if hasattr(found, "__anext__") or hasattr(found, "__next__"):
                return self._parts(found)
            return self._answer(found)

        return call

    @staticmethod
    async def _answer(found):
        return await found if inspect.isawaitable(found) else found

    @staticmethod
    async def _parts(found):
        if hasattr(found, "__anext__"):
            return [part async for part in found]
        return await asyncio.to_thread(list, found)


def tell(kind, url, coroutine, *resources):
    """Runs a coroutine function of these resources of a client of that kind."""
    async def main():
        client = KINDS[kind](url=url, api_key=None)
        await coroutine(*(Resource(getattr(client, name)) for name in resources))

    asyncio.run(main())


def untold(resource, file):
    """The methods of client.RESOURCE that the file does not call."""
    client = getattr(get_client(url="http://127.0.0.1:1", api_key=None), resource)
    public = {name for name in dir(client) if not name.startswith("_") and callable(getattr(client, name))}
    return public - set(re.findall(rf"\b{resource}\.(\w+)\(", pathlib.Path(file).read_text()))
