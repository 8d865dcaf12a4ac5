# SPDX-License-Identifier: Apache-2.0
"""The frame codec against the vectors that every implementation of the protocol runs."""

import json

import pytest
from conftest import REPOSITORY
from heddle_worker import frames

VECTORS = json.loads((REPOSITORY / "tests/vectors/worker-protocol/frames.json").read_text())


def named(section: str):
    return pytest.mark.parametrize("vector", VECTORS[section], ids=[v["name"] for v in VECTORS[section]])


@named("frames")
def test_encodes_and_decodes(vector):
    body = bytes.fromhex(vector["body_hex"])
    data = bytes.fromhex(vector["hex"])
    assert frames.encode(vector["header"], body) == data
    assert list(frames.Decoder().feed(data)) == [(vector["header"], body)]
    if "blobs_hex" in vector:
        blobs = [bytes.fromhex(blob) for blob in vector["blobs_hex"]]
        assert frames.split(vector["header"], body) == blobs
        assert frames.join(blobs) == (vector["header"]["parts"], body)


@named("frames")
def test_decodes_byte_by_byte(vector):
    decoder = frames.Decoder()
    data = bytes.fromhex(vector["hex"])
    found = [frame for at in range(len(data)) for frame in decoder.feed(data[at : at + 1])]
    assert found == [(vector["header"], bytes.fromhex(vector["body_hex"]))]
    assert decoder.pending_bytes == 0


def test_decodes_all_frames_of_one_read():
    data = b"".join(bytes.fromhex(vector["hex"]) for vector in VECTORS["frames"])
    assert [header for header, _ in frames.Decoder().feed(data)] == [v["header"] for v in VECTORS["frames"]]


@named("incomplete")
def test_waits_for_the_rest(vector):
    decoder = frames.Decoder()
    data = bytes.fromhex(vector["hex"])
    assert list(decoder.feed(data)) == []
    assert decoder.pending_bytes == len(data)


@named("bad")
def test_refuses_bad_frames(vector):
    seen = []
    with pytest.raises(frames.FrameError):
        for frame in frames.Decoder().feed(bytes.fromhex(vector["hex"])):
            seen.append(frame)
    assert len(seen) == vector.get("good_before", 0)


def test_never_sends_what_the_peer_would_refuse():
    with pytest.raises(frames.FrameError):
        frames.encode({"x": "y" * frames.HEADER_BYTES_MAX})
    with pytest.raises(frames.FrameError):
        frames.encode({}, bytes(frames.BODY_BYTES_MAX + 1))
