# SPDX-License-Identifier: Apache-2.0
"""Comparing JSON with recorded shapes: ids and times masked, key order kept, the server's own context left out."""
import json
import re

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
HEX = re.compile(r"\b[0-9a-f]{32}\b")

# What a server may add to the config and metadata it gives a graph.
CONTEXT_KEYS = re.compile(r"langgraph_(auth|request_id|version|api|plan|host)|__|user_id$|run_attempt$|created_by$|heddle_")
# Objects whose key order nobody relies on: these, and what stands beside a message chunk.
LOOSE = ("metadata", "configurable")
CHUNK_METADATA_KEY = "langgraph_step"


def mask(text):
    return HEX.sub("<hex>", TIME.sub("<time>", UUID.sub("<uuid>", text)))


def shape(value, name=""):
    """A form that compares: objects as lists of pairs (order counts), masked strings, no context keys."""
    if isinstance(value, dict):
        loose = name in LOOSE or CHUNK_METADATA_KEY in value
        pairs = [(mask(key), shape(each, key)) for key, each in value.items() if not (loose and CONTEXT_KEYS.match(key))]
        return ["object", *(sorted(pairs, key=lambda pair: pair[0]) if loose else pairs)]
    if isinstance(value, list):
        return [shape(each, name) for each in value]
    return mask(value) if isinstance(value, str) else value


def shape_of_text(text):
    return json.loads(json.dumps(shape(json.loads(text))))


def is_uuid(text, version=None):
    return bool(UUID.fullmatch(text)) and (version is None or text[14] == str(version))


def is_time(text):
    return bool(TIME.fullmatch(text))
