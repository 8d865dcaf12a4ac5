# SPDX-License-Identifier: Apache-2.0
"""Hooks of schemathesis (SCHEMATHESIS_HOOKS): generated ids and graph names are mostly replaced by ones that exist, so that
requests get past "not found"; and nothing waits for long. test_schema.py runs it."""
import collections
import json
import random
import re
import uuid

import schemathesis

GRAPHS = ["native_echo", "native_fail", "echo", "human"]
NAMES = {"thread_id", "run_id", "assistant_id", "delivery_id", "checkpoint_id", "cron_id"}
POOL = 40
known = collections.defaultdict(lambda: collections.deque(maxlen=POOL))
chosen = random.Random(0)  # the order of the requests is fixed by schemathesis's seed


def is_uuid(value):
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


def replace_ids(values):
    """Puts known ids in place of generated ones; a run and its thread go together."""
    if not isinstance(values, dict) or chosen.random() < 0.1:
        return
    if is_uuid(values.get("thread_id")) and is_uuid(values.get("run_id")) and known["pair"]:
        values["thread_id"], values["run_id"] = chosen.choice(known["pair"])
        return
    for name in NAMES & set(values):
        if is_uuid(values[name]) and known[name]:
            values[name] = chosen.choice(known[name])


def replace_in_body(body):
    if isinstance(body, list):
        for each in body:
            replace_in_body(each)
    if not isinstance(body, dict):
        return
    replace_ids(body)
    replace_ids(body.get("checkpoint"))
    if isinstance(body.get("assistant_id"), str) and chosen.random() < 0.9:
        body["assistant_id"] = chosen.choice(GRAPHS)
    if isinstance(body.get("after_seconds"), (int, float)) and body["after_seconds"] > 0.2:
        body["after_seconds"] = 0.2
    if isinstance(body.get("webhook"), str) and chosen.random() < 0.7:
        body["webhook"] = "http://127.0.0.1:9/hook"


@schemathesis.hook
def before_call(context, case, kwargs):
    replace_ids(case.path_parameters)
    replace_ids(case.query)
    replace_in_body(case.body)


def learn(value):
    if isinstance(value, list):
        for each in value:
            learn(each)
    if isinstance(value, dict):
        for name in NAMES & set(value):
            if is_uuid(value[name]):
                known[name].append(value[name])
        if is_uuid(value.get("thread_id")) and is_uuid(value.get("run_id")):
            known["pair"].append((value["thread_id"], value["run_id"]))
        learn(value.get("deliveries"))


@schemathesis.hook
def after_call(context, case, response):
    where = response.headers.get("content-location") or [""]
    pair = re.fullmatch(r"/threads/([0-9a-f-]{36})/runs/([0-9a-f-]{36})", where[0])
    if pair:
        known["pair"].append(pair.groups())
    try:
        learn(json.loads(response.content))
    except ValueError:
        pass
