# SPDX-License-Identifier: Apache-2.0
"""Fills the outbox of a stopped server: webhooks that are due (or will be), without the runs that would have made them."""
import contextlib
import json
import os
import sqlite3
import time

TIME = "2026-01-01T00:00:00.000000+00:00"  # run_ended_at is left out: it would mean nothing here
PLACEHOLDER = "0000-00-00T00:00:00.000000+00:00"

# The numbers from 0. Their UUIDs grow, as those of runs do.
NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)"
DELIVERIES = f"""
INSERT INTO deliveries (id, uuid, run_uuid, thread_uuid, url, lane, host, sent_at_offset, status, attempts, spent, leased,
                        due_at, created_at, queued_at, updated_at, last_error)
{NUMBERS} SELECT :first + n, printf('%08x-0000-5000-8000-%012x', n, :first), printf('%08x-0000-7000-8000-%012x', n, :first),
    '00000000-0000-7000-8000-000000000000', 'http://' || printf(:host, n >> 16, n >> 8 & 255, n & 255) || :port || '/hook',
    'http://' || printf(:host, n >> 16, n >> 8 & 255, n & 255) || :port, printf(:host, n >> 16, n >> 8 & 255, n & 255), :offset,
    'pending', 0, 0, 0, :due, :now, :now, :now, '' FROM numbers"""
BODIES = "INSERT INTO delivery_bodies (delivery, body) SELECT id, :body FROM deliveries WHERE id >= :first"
LANES = "INSERT INTO delivery_lanes (lane, next_due, held_until) SELECT lane, min(due_at), 0 FROM deliveries WHERE id >= :first GROUP BY lane"


def body(size):
    """A webhook's body of that many bytes, and where `webhook_sent_at` stands in it."""
    run = {"run_id": "00000000-0000-7000-8000-000000000000", "thread_id": "00000000-0000-7000-8000-000000000000",
           "status": "success", "created_at": TIME, "webhook_sent_at": PLACEHOLDER, "values": {"text": ""}, "error": None}
    short = json.dumps(run, separators=(",", ":"))
    run["values"]["text"] = "x" * (size - len(short))
    text = json.dumps(run, separators=(",", ":"))
    return text, text.index(PLACEHOLDER)


def fill(database, count, *, host, port="", size, due_in_s=0):
    """`host` is a printf format for the number of a delivery in three parts (its upper bits and its two lower bytes); one
    without % is the same for all of them."""
    text, offset = body(size)
    now = time.time_ns() // 1000
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000"):
            db.execute(f"PRAGMA {pragma}").fetchall()
        # Indexes are quicker made at the end.
        indexes = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'deliveries' AND sql IS NOT NULL").fetchall()
        db.execute("BEGIN")
        for name, _ in indexes:
            db.execute(f'DROP INDEX "{name}"')
        first = db.execute("SELECT coalesce(max(id), 0) + 1 FROM deliveries").fetchone()[0]
        given = {"count": count, "first": first, "host": host, "port": f":{port}" if port else "", "offset": offset, "body": text,
                 "due": now + due_in_s * 1_000_000, "now": now}
        for statement in (DELIVERIES, BODIES, LANES):
            db.execute(statement, given)
        for _, sql in indexes:
            db.execute(sql)
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL").fetchall()
    with open(database, "rb") as file:
        os.fsync(file.fileno())
