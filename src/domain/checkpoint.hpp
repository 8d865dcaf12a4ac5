// SPDX-License-Identifier: Apache-2.0
// LangGraph checkpoints as workers send them: the server never looks into serde bytes.
#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace heddle {

// Bytes with LangGraph's serde type ("msgpack", "json", "bytes", "null", "empty").
struct TypedBlob {
    std::string type;
    std::string bytes;

    friend bool operator==(const TypedBlob&, const TypedBlob&) = default;
};

struct ChannelBlob {
    std::string channel;
    std::string version;
    TypedBlob value;

    friend bool operator==(const ChannelBlob&, const ChannelBlob&) = default;
};

struct PendingWrite {
    std::string task_id;
    std::int64_t idx = 0;
    std::string channel;
    std::string task_path;
    TypedBlob value;

    friend bool operator==(const PendingWrite&, const PendingWrite&) = default;
};

// Where a checkpoint lives. Thread ids are text here: outside the API they need not be UUIDs.
struct CheckpointKey {
    std::string thread_id;
    std::string ns;
    std::string id;

    friend bool operator==(const CheckpointKey&, const CheckpointKey&) = default;
};

struct CheckpointTuple {
    CheckpointKey key;
    std::optional<std::string> parent_id;
    TypedBlob checkpoint;  // without channel values
    RawJson metadata = RawJson::trusted("{}");
    std::vector<ChannelBlob> channels;
    std::vector<PendingWrite> writes;
};

// A checkpoint to store: every channel's version, and the values that are new.
struct CheckpointPut {
    CheckpointKey key;
    std::optional<std::string> parent_id;
    TypedBlob checkpoint;
    RawJson metadata = RawJson::trusted("{}");
    std::map<std::string, std::string> versions;
    std::vector<ChannelBlob> blobs;
};

}  // namespace heddle
