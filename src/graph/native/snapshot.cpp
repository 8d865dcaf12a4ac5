// SPDX-License-Identifier: Apache-2.0
#include "graph/native/snapshot.hpp"

#include "graph/native/task.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <span>

namespace heddle::graph {
namespace {

constexpr std::uint64_t kTicksBefore1970 = 0x01B21DD213814000ULL;

// The 60 bits of time of a version 6 UUID; 0 for other texts.
std::uint64_t ticksOf(std::string_view id) {
    const auto uuid = Uuid::parse(id);
    if (!uuid || (uuid->bytes()[6] >> 4) != 6) return 0;
    std::uint64_t ticks = 0;
    for (std::size_t i = 0; i < 6; ++i) ticks = ticks << 8 | uuid->bytes()[i];
    return ticks << 12 | (uuid->bytes()[6] & 0x0FU) << 8U | uuid->bytes()[7];
}

// Grows with each change; the checkpoint's id keeps the versions of two branches of a thread apart.
std::string versionOf(std::int64_t step, std::string_view checkpoint_id) {
    std::array<char, 24> count{};
    std::snprintf(count.data(), count.size(), "%012lld.", static_cast<long long>(step + 2));
    return count.data() + std::string(checkpoint_id);
}

void mergeChannel(Snapshot& snapshot, const JsonField& field, const std::string& version,
                  CheckpointPut& put) {
    ChannelBlob blob{field.key, version, {"json", std::string(field.value.text())}};
    const auto same = [&](const ChannelBlob& old) { return old.channel == field.key; };
    const auto old = std::find_if(snapshot.channels.begin(), snapshot.channels.end(), same);
    if (old == snapshot.channels.end()) {
        snapshot.channels.push_back(blob);
    } else if (old->value == blob.value) {
        return;
    } else {
        *old = blob;
    }
    put.blobs.push_back(std::move(blob));
}

// Back into the order in which the keys came: the database does not keep it.
void sortChannels(std::vector<ChannelBlob>& channels, const std::vector<JsonView>& order) {
    std::map<std::string, std::size_t, std::less<>> places;
    for (const JsonView name : order) places.emplace(name.string().value_or(""), places.size());
    const auto place = [&](const ChannelBlob& channel) {
        const auto found = places.find(channel.channel);
        return found == places.end() ? places.size() : found->second;
    };
    const auto before = [&](const ChannelBlob& a, const ChannelBlob& b) { return place(a) < place(b); };
    std::stable_sort(channels.begin(), channels.end(), before);
}

RawJson metadataOf(const Run& run, std::int64_t step, std::string_view source) {
    JsonWriter ours;
    ours.beginObject();
    ours.key("graph_id").string(run.graph_id);
    ours.key("run_id").string(run.id.str());
    ours.key("thread_id").string(run.thread_id.str());
    ours.key("run_attempt").integer(run.attempt);
    ours.key("source").string(source);
    ours.key("step").integer(step);
    ours.key("parents").raw("{}");
    ours.endObject();
    const std::string text = ours.take();
    const auto given = run.kwargs.config.view().get("metadata");
    return mergeObjects(given.value_or(JsonView()), JsonView::trusted(text));
}

void writeText(JsonWriter& out, const std::string& text) {
    if (text.empty()) {
        out.null();
    } else {
        out.string(text);
    }
}

// {"checkpoint_id"…}, or null for no id.
void writeCheckpointRef(JsonWriter& out, const CheckpointKey& key, const std::string& id) {
    if (id.empty()) {
        out.null();
        return;
    }
    out.beginObject();
    out.key("checkpoint_id").string(id);
    out.key("thread_id").string(key.thread_id);
    out.key("checkpoint_ns").string(key.ns);
    out.endObject();
}

}  // namespace

std::string CheckpointIds::next(std::string_view parent) {
    const auto micros = static_cast<std::uint64_t>(clock_.now().micros());
    std::uint64_t ticks = micros * 10 + kTicksBefore1970;
    ticks = std::max({ticks, last_ticks_ + 1, ticksOf(parent) + 1});
    last_ticks_ = ticks;
    Uuid::Bytes bytes{};
    random_.fill(std::span(bytes).subspan(8));
    for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(ticks >> (52 - 8 * i));
    bytes[6] = static_cast<std::uint8_t>(0x60U | (ticks >> 8 & 0x0FU));
    bytes[7] = static_cast<std::uint8_t>(ticks);
    bytes[8] = static_cast<std::uint8_t>(0x80U | (bytes[8] & 0x3FU));
    return Uuid(bytes).str();
}

Result<Snapshot> Snapshot::fromTuple(CheckpointTuple tuple) {
    const auto foreign = Problem::conflict("The thread's checkpoints were not written by a native graph");
    if (tuple.checkpoint.type != "json") return foreign;
    auto parsed = RawJson::parse(tuple.checkpoint.bytes);
    if (!parsed) return foreign;
    const JsonView checkpoint = parsed->view();
    Snapshot snapshot;
    snapshot.key = tuple.key;
    snapshot.parent_id = tuple.parent_id;
    snapshot.metadata = tuple.metadata;
    if (const auto step = checkpoint.get("step")) snapshot.step = step->integer().value_or(-1);
    if (const auto ts = checkpoint.get("ts")) snapshot.created_at = ts->string().value_or("");
    if (const auto next = checkpoint.get("next")) {
        for (const JsonView node : next->elements()) snapshot.next.push_back(node.string().value_or(""));
    }
    for (auto& channel : tuple.channels) {
        if (channel.value.type != "json") return foreign;
        snapshot.channels.push_back(std::move(channel));
    }
    if (const auto order = checkpoint.get("channels")) sortChannels(snapshot.channels, order->elements());
    if (const auto by = checkpoint.get("by")) snapshot.by = by->string().value_or("");
    readWrites(snapshot, tuple.writes);
    return snapshot;
}

namespace {

void writeValues(JsonWriter& out, const Snapshot& snapshot) {
    out.beginObject();
    for (const auto& channel : snapshot.channels) out.key(channel.channel).raw(channel.value.bytes);
    out.endObject();
}

}  // namespace

RawJson Snapshot::values() const {
    JsonWriter out;
    writeValues(out, *this);
    return RawJson::trusted(out.take());
}

RawJson Snapshot::output() const {
    if (!question) return values();
    JsonWriter out;
    out.beginObject();
    for (const auto& channel : channels) out.key(channel.channel).raw(channel.value.bytes);
    out.key("__interrupt__").raw(interruptOf(*this)).endObject();
    return RawJson::trusted(out.take());
}

RawJson Snapshot::threadState() const {
    JsonWriter out;
    out.beginObject();
    out.key("values");
    writeValues(out, *this);
    out.key("next").beginArray();
    for (const auto& node : next) out.string(node);
    out.endArray();
    out.key("tasks").beginArray();
    for (const auto& node : next) writeTask(out, *this, node);
    out.endArray();
    out.key("metadata").raw(metadata);
    const std::string parent = parent_id.value_or("");
    out.key("created_at");
    writeText(out, created_at);
    out.key("checkpoint");
    writeCheckpointRef(out, key, key.id);
    out.key("parent_checkpoint");
    writeCheckpointRef(out, key, parent);
    out.key("interrupts");
    writeQuestions(out, *this);
    out.key("checkpoint_id");
    writeText(out, key.id);
    out.key("parent_checkpoint_id");
    writeText(out, parent);
    out.endObject();
    return RawJson::trusted(out.take());
}

namespace {

CheckpointPut advanceWith(Snapshot& snapshot, RawJson metadata, const Step& step) {
    if (!snapshot.key.id.empty()) snapshot.parent_id = snapshot.key.id;
    snapshot.key.id = step.checkpoint_id;
    snapshot.step += 1;
    snapshot.next = step.next;
    snapshot.created_at = step.now.iso();
    snapshot.metadata = std::move(metadata);
    snapshot.by = step.by;
    snapshot.task_error.reset();
    snapshot.question.reset();
    snapshot.answers = {};

    CheckpointPut put;
    put.key = snapshot.key;
    put.parent_id = snapshot.parent_id;
    put.metadata = snapshot.metadata;
    const std::string version = versionOf(snapshot.step, step.checkpoint_id);
    for (const auto& field : step.update.fields()) mergeChannel(snapshot, field, version, put);
    for (const auto& channel : snapshot.channels) put.versions.emplace(channel.channel, channel.version);

    JsonWriter checkpoint;
    checkpoint.beginObject();
    checkpoint.key("v").integer(1);
    checkpoint.key("id").string(snapshot.key.id);
    checkpoint.key("ts").string(snapshot.created_at);
    checkpoint.key("step").integer(snapshot.step);
    checkpoint.key("next").beginArray();
    for (const auto& node : snapshot.next) checkpoint.string(node);
    checkpoint.endArray().key("by").string(snapshot.by).key("channels").beginArray();
    for (const auto& channel : snapshot.channels) checkpoint.string(channel.channel);
    checkpoint.endArray().endObject();
    put.checkpoint = {"json", checkpoint.take()};
    return put;
}

}  // namespace

CheckpointPut advance(Snapshot& snapshot, const Run& run, const Step& step) {
    return advanceWith(snapshot, metadataOf(run, snapshot.step + 1, step.source), step);
}

CheckpointPut advance(Snapshot& snapshot, std::string_view graph_id, const Step& step) {
    JsonWriter metadata;
    metadata.beginObject();
    metadata.key("graph_id").string(graph_id);
    metadata.key("thread_id").string(snapshot.key.thread_id);
    metadata.key("source").string(step.source);
    metadata.key("step").integer(snapshot.step + 1);
    metadata.key("parents").raw("{}");
    metadata.endObject();
    return advanceWith(snapshot, RawJson::trusted(metadata.take()), step);
}

}  // namespace heddle::graph
