# SPDX-License-Identifier: Apache-2.0
"""Reading assistants and items of the store: beside the peer, and among 100,000 of them."""
import time

from bench import Row
from filling import fill
from rows import cpu_row, rate_row

CLIENTS, TARGET = 16, 10
MANY, MANY_P99_MS = 100_000, 50
FEW = 200  # that both servers hold when they are compared
ALL_ITEMS = {"namespace_prefix": ["users"], "limit": 10}


def assistant(at):
    return {"graph_id": "echo", "name": f"Assistant {at}", "metadata": {"owner": f"user-{at % 1000}", "tier": "gold" if at % 2 else "free"},
            "config": {"configurable": {"model": "small"}}}


def item(at):
    return {"namespace": ["users", f"user-{at % 1000}", "memories"], "key": f"memory-{at}",
            "value": {"kind": f"kind-{at % 5}", "score": at % 1000, "owner": f"user-{at % 1000}", "text": "What was said, " * 6}}


def reads(bench):
    """The same reads of both servers, which hold the same few things."""
    rows, data = [], {}
    with bench.both("reads") as servers:
        ids = {}
        for server in servers:
            fill(server, (("POST", "/assistants", assistant(at)) for at in range(FEW)))
            fill(server, (("PUT", "/store/items", item(at)) for at in range(FEW)))
            ids[server.label] = server.request_json("POST", "/assistants/search", {"limit": 1})[0]["assistant_id"]
        for name, path, body in (
                ("GET /assistants/{id}", "/assistants/{id}", None),
                ("POST /assistants/search by metadata", "/assistants/search", {"metadata": {"tier": "gold"}, "limit": 10}),
                ("GET /store/items", "/store/items?namespace=users.user-7.memories&key=memory-7", None),
                ("POST /store/items/search with a filter", "/store/items/search", dict(ALL_ITEMS, filter={"kind": "kind-3"}))):
            def measure(server, seconds, path=path, body=body):
                return bench.load(server, path.replace("{id}", ids[server.label]), body=body, seconds=seconds, connections=CLIENTS)
            for server in servers:
                measure(server, 0.3)
            found = data[name] = bench.alternate(servers, lambda server, measure=measure: measure(server, bench.seconds(2)))
            rows += [rate_row(f"{name}, {CLIENTS} clients", found, TARGET), cpu_row("… CPU per request", found)]
    return rows, data


SEARCHES = {
    "items": ("/store/items/search", {
        "a value that a fifth has": dict(ALL_ITEMS, filter={"kind": "kind-3"}),
        "a value that one in 1,000 has": dict(ALL_ITEMS, filter={"owner": "user-77"}),
        "a value that none has": dict(ALL_ITEMS, filter={"owner": "nobody"}),
        "$gt that a half has": dict(ALL_ITEMS, filter={"score": {"$gt": 499}}),
        "$gt that one in 1,000 has": dict(ALL_ITEMS, filter={"score": {"$gt": 998}}),
        "$gt that none has": dict(ALL_ITEMS, filter={"score": {"$gt": 5000}}),
        "$ne and $lt": dict(ALL_ITEMS, filter={"kind": {"$ne": "kind-3"}, "score": {"$lt": 3}}),
        "of one user": {"namespace_prefix": ["users", "user-77"], "limit": 10, "filter": {"kind": "kind-2"}},
        "without a filter": ALL_ITEMS,
    }),
    "assistants": ("/assistants/search", {
        "metadata that a half has": {"metadata": {"tier": "gold"}, "limit": 10},
        "metadata that one in 1,000 has": {"metadata": {"owner": "user-77"}, "limit": 10},
        "two metadata": {"metadata": {"owner": "user-77", "tier": "gold"}, "limit": 10},
        "part of a name": {"name": "99999", "limit": 10},
        "part of many names, by name": {"name": "assistant 1", "sort_by": "name", "sort_order": "asc", "limit": 10},
        "graph, page 5,000": {"graph_id": "echo", "offset": 50_000, "limit": 10},
        "all": {"limit": 10},
    }),
}


def among_many(bench):
    """One client searches 100,000 items and 100,000 assistants."""
    rows, data = [], {}
    count = MANY // 10 if bench.options.quick else MANY
    for kind, make, method, path in (("items", item, "PUT", "/store/items"), ("assistants", assistant, "POST", "/assistants")):
        with bench.heddle(f"many-{kind}") as server:
            began = time.monotonic()
            fill(server, ((method, path, make(at)) for at in range(count)))
            data[kind] = {"filled_s": time.monotonic() - began}
            worst = 0.0
            for name, body in SEARCHES[kind][1].items():
                bench.load(server, SEARCHES[kind][0], body=body, seconds=5, count=3)
                found = data[kind][name] = bench.load(server, SEARCHES[kind][0], body=body, seconds=bench.seconds(2))
                p50, p99 = (found["latency_us"][key] / 1000 for key in ("p50", "p99"))
                worst = max(worst, p99)
                rows.append(Row(f"… {name}: p50 / p99", f"{p50:.2f} / {p99:.2f} ms"))
            at = len(rows) - len(SEARCHES[kind][1])
            rows.insert(at, Row(f"search of {count} {kind}, the slowest p99", f"{worst:.1f} ms", target=f"≤ {MANY_P99_MS} ms",
                                reached=worst <= MANY_P99_MS))
    return rows, data
