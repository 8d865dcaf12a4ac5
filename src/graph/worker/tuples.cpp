// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/tuples.hpp"

#include <utility>

namespace heddle::graph {
namespace {

void writeOptional(JsonWriter& out, const std::optional<std::string>& text) {
    if (text) {
        out.string(*text);
    } else {
        out.null();
    }
}

Problem broken(std::string_view what) {
    return Problem::invalid("The frame has no valid " + std::string(what));
}

// A field of an object inside the header.
std::optional<std::string> textOf(JsonView object, std::string_view key) {
    const auto field = object.get(key);
    return field ? field->string() : std::nullopt;
}

std::string runJson(const RunKwargs& kwargs) {
    JsonWriter out;
    out.beginObject();
    out.key("input").raw(kwargs.input);
    out.key("command").raw(kwargs.command);
    out.key("config").raw(kwargs.config);
    out.key("context").raw(kwargs.context);
    out.key("stream_mode").beginArray();
    for (const auto& mode : kwargs.stream_mode) out.string(mode);
    out.endArray();
    out.key("interrupt_before").raw(kwargs.interrupt_before);
    out.key("interrupt_after").raw(kwargs.interrupt_after);
    out.key("subgraphs").boolean(kwargs.subgraphs);
    out.key("durability").string(kwargs.durability);
    out.key("feedback_keys").raw(kwargs.feedback_keys);
    out.endObject();
    return out.take();
}

}  // namespace

void writeParts(JsonWriter& out, const Parts& parts) {
    out.key("parts").beginArray();
    for (const auto& part : parts) out.integer(static_cast<std::int64_t>(part.size()));
    out.endArray();
}

void writeTuple(JsonWriter& out, CheckpointTuple&& tuple, Parts& parts) {
    parts.reserve(parts.size() + 2 + tuple.channels.size() + tuple.writes.size());
    out.beginObject();
    out.key("thread_id").string(tuple.key.thread_id);
    out.key("checkpoint_ns").string(tuple.key.ns);
    out.key("checkpoint_id").string(tuple.key.id);
    out.key("parent_checkpoint_id");
    writeOptional(out, tuple.parent_id);
    out.key("type").string(tuple.checkpoint.type);
    parts.push_back(std::move(tuple.checkpoint.bytes));
    parts.push_back(std::move(tuple.metadata).take());
    out.key("channels").beginArray();
    for (auto& channel : tuple.channels) {
        out.beginObject();
        out.key("channel").string(channel.channel);
        out.key("version").string(channel.version);
        out.key("type").string(channel.value.type);
        out.endObject();
        parts.push_back(std::move(channel.value.bytes));
    }
    out.endArray();
    out.key("writes").beginArray();
    for (auto& write : tuple.writes) {
        out.beginObject();
        out.key("task_id").string(write.task_id);
        out.key("idx").integer(write.idx);
        out.key("channel").string(write.channel);
        out.key("type").string(write.value.type);
        out.key("task_path").string(write.task_path);
        out.endObject();
        parts.push_back(std::move(write.value.bytes));
    }
    out.endArray();
    out.endObject();
}

StartFrame startFrame(RunStart&& start) {
    StartFrame frame;
    JsonWriter& out = frame.header;
    out.beginObject();
    out.key("method").string("run.start");
    out.key("run_id").string(start.run.id.str());
    out.key("thread_id").string(start.run.thread_id.str());
    out.key("attempt").integer(start.run.attempt);
    out.key("graph_id").string(start.run.graph_id);
    frame.parts.push_back(runJson(start.run.kwargs));
    out.key("checkpoint");
    if (start.checkpoint) {
        writeTuple(out, std::move(*start.checkpoint), frame.parts);
    } else {
        out.null();
    }
    writeParts(out, frame.parts);
    return frame;
}

Result<RunEnd> readRunEnd(const FrameView& frame) {
    RunEnd end;
    const auto status = frame.header.text("status");
    if (status == "success") {
        end.status = RunEnd::Status::kSuccess;
    } else if (status == "error") {
        end.status = RunEnd::Status::kError;
    } else if (status == "interrupted") {
        end.status = RunEnd::Status::kInterrupted;
    } else {
        return broken("status");
    }
    end.checkpoint_id = frame.header.text("checkpoint_id");
    if (const auto error = frame.header.get("error")) {
        end.error =
            RunError{textOf(*error, "error").value_or("Error"), textOf(*error, "message").value_or("")};
    } else if (end.status == RunEnd::Status::kError) {
        end.error = RunError{"Error", ""};
    }
    const auto& parts = frame.parts;
    if (parts.empty() || parts.front().empty()) return end;
    auto state = RawJson::parse(std::string(parts.front()));
    if (state) {
        end.state = std::move(*state);
    } else if (end.status == RunEnd::Status::kSuccess) {
        end.status = RunEnd::Status::kError;
        end.error = RunError{"InvalidState", "The final state cannot be kept: " + state.error().detail};
    }
    return end;
}

Result<CheckpointKey> readKey(const FrameHeader& header) {
    auto thread = header.text("thread_id");
    auto ns = header.text("checkpoint_ns");
    if (!thread) return broken("thread_id");
    return CheckpointKey{std::move(*thread), ns.value_or(""), header.text("checkpoint_id").value_or("")};
}

Result<CheckpointPut> readPut(const FrameView& frame) {
    auto key = readKey(frame.header);
    if (!key) return key.error();
    const auto type = frame.header.text("type");
    const auto versions = frame.header.get("versions");
    const auto blobs = frame.header.get("blobs").value_or(JsonView()).elements();
    const auto& parts = frame.parts;
    if (key->id.empty()) return broken("checkpoint_id");
    if (!type) return broken("type");
    if (!versions || !versions->isObject()) return broken("versions");
    if (parts.size() != blobs.size() + 2) return broken("parts");

    CheckpointPut put;
    put.key = std::move(*key);
    put.parent_id = frame.header.text("parent_checkpoint_id");
    put.checkpoint = {*type, std::string(parts[0])};
    auto metadata = RawJson::parse(std::string(parts[1]));
    if (!metadata || !metadata->view().isObject()) return broken("metadata");
    put.metadata = std::move(*metadata);
    for (const auto& field : versions->fields()) {
        auto version = field.value.string();
        if (!version) return broken("versions");
        put.versions.emplace(field.key, std::move(*version));
    }
    put.blobs.reserve(blobs.size());
    for (std::size_t i = 0; i < blobs.size(); ++i) {
        auto channel = textOf(blobs[i], "channel");
        auto version = textOf(blobs[i], "version");
        auto blob_type = textOf(blobs[i], "type");
        if (!channel || !version || !blob_type) return broken("blobs");
        TypedBlob value{std::move(*blob_type), std::string(parts[i + 2])};
        put.blobs.push_back({std::move(*channel), std::move(*version), std::move(value)});
    }
    return put;
}

Result<WritesPut> readWrites(const FrameView& frame) {
    auto key = readKey(frame.header);
    if (!key) return key.error();
    const auto task = frame.header.text("task_id");
    const auto writes = frame.header.get("writes").value_or(JsonView()).elements();
    const auto& parts = frame.parts;
    if (key->id.empty()) return broken("checkpoint_id");
    if (!task) return broken("task_id");
    // An empty body may come without parts: no write at all.
    if (parts.size() != writes.size() && !(writes.empty() && frame.body.empty())) return broken("parts");

    WritesPut put;
    put.key = std::move(*key);
    const std::string path = frame.header.text("task_path").value_or("");
    put.writes.reserve(writes.size());
    for (std::size_t i = 0; i < writes.size(); ++i) {
        const auto idx = writes[i].get("idx");
        auto channel = textOf(writes[i], "channel");
        auto type = textOf(writes[i], "type");
        if (!idx || !idx->integer() || !channel || !type) return broken("writes");
        TypedBlob value{std::move(*type), std::string(parts[i])};
        put.writes.push_back({*task, *idx->integer(), std::move(*channel), path, std::move(value)});
    }
    return put;
}

}  // namespace heddle::graph
