// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/calls_detail.hpp"
#include "store/checkpoints.hpp"

namespace heddle::graph {
namespace {

// The strings of a list; nothing when there is something else.
std::optional<std::vector<std::string>> readTexts(const FrameHeader& header, std::string_view key) {
    const auto list = header.get(key);
    if (!list || list->type() != JsonType::kArray) return std::nullopt;
    std::vector<std::string> texts;
    for (const JsonView element : list->elements()) {
        auto text = element.string();
        if (!text) return std::nullopt;
        texts.push_back(std::move(*text));
    }
    return texts;
}

}  // namespace

void CallServer::get(Call call, const FrameView& frame) {
    auto key = readKey(frame.header);
    if (!key) return refuse(call, "InvalidRequest", key.error().detail);
    auto query = [key = std::move(*key)](sql::Connection& db) -> Result<std::optional<CheckpointTuple>> {
        const auto id = key.id.empty() ? std::nullopt : std::optional<std::string>(key.id);
        return store::getCheckpoint(db, key.thread_id, key.ns, id);
    };
    read(std::move(call), std::move(query), [](std::optional<CheckpointTuple> tuple) {
        Answer answer;
        answer.fields.beginObject().key("checkpoint");
        if (tuple) {
            writeTuple(answer.fields, std::move(*tuple), answer.parts);
        } else {
            answer.fields.null();
        }
        writeParts(answer.fields, answer.parts);
        return answer;
    });
}

void CallServer::list(Call call, const FrameView& frame) {
    store::CheckpointQuery query;
    query.thread_id = frame.header.text("thread_id");
    query.ns = frame.header.text("checkpoint_ns");
    query.id = frame.header.text("checkpoint_id");
    query.before = frame.header.text("before");
    query.limit = frame.header.integer("limit");
    if (!frame.body.empty()) {
        auto filter = RawJson::parse(std::string(frame.body));
        if (!filter || !(filter->isNull() || filter->view().isObject())) {
            return refuse(call, "InvalidRequest", "The metadata filter must be a JSON object");
        }
        if (!filter->isNull()) query.metadata = std::move(*filter);
    }
    auto job = [query = std::move(query)](sql::Connection& db) -> Result<std::vector<CheckpointTuple>> {
        return store::listCheckpoints(db, query);
    };
    read(std::move(call), std::move(job), [](std::vector<CheckpointTuple> tuples) {
        Answer answer;
        answer.fields.beginObject().key("checkpoints").beginArray();
        for (auto& tuple : tuples) writeTuple(answer.fields, std::move(tuple), answer.parts);
        answer.fields.endArray();
        writeParts(answer.fields, answer.parts);
        return answer;
    });
}

void CallServer::put(Call call, const FrameView& frame) {
    auto put = readPut(frame);
    if (!put) return refuse(call, "InvalidRequest", put.error().detail);
    write(std::move(call), [put = std::move(*put)](sql::Connection& db) { store::putCheckpoint(db, put); });
}

void CallServer::putWrites(Call call, const FrameView& frame) {
    auto put = readWrites(frame);
    if (!put) return refuse(call, "InvalidRequest", put.error().detail);
    const auto run = call.attempt ? std::optional<std::string>(call.attempt->run.str()) : std::nullopt;
    write(std::move(call), [put = std::move(*put), run](sql::Connection& db) {
        store::putWrites(db, put.key, put.writes, run);
    });
}

void CallServer::remove(Call call, const FrameView& frame) {
    auto thread = frame.header.text("thread_id");
    if (!thread) return refuse(call, "InvalidRequest", "thread_id is missing");
    write(std::move(call),
          [thread = std::move(*thread)](sql::Connection& db) { store::deleteCheckpoints(db, thread); });
}

void CallServer::copy(Call call, const FrameView& frame) {
    auto source = frame.header.text("source_thread_id");
    auto target = frame.header.text("target_thread_id");
    if (!source || !target)
        return refuse(call, "InvalidRequest", "source_thread_id or target_thread_id is missing");
    write(std::move(call), [source = std::move(*source), target = std::move(*target)](sql::Connection& db) {
        store::copyCheckpoints(db, source, target);
    });
}

void CallServer::prune(Call call, const FrameView& frame) {
    auto threads = readTexts(frame.header, "thread_ids");
    const auto name = frame.header.text("strategy").value_or("keep_latest");
    if (!threads) return refuse(call, "InvalidRequest", "thread_ids must be a list of strings");
    if (name != "keep_latest" && name != "delete") {
        return refuse(call, "InvalidRequest", "strategy must be keep_latest or delete");
    }
    const auto strategy = name == "delete" ? store::Prune::kDelete : store::Prune::kKeepLatest;
    write(std::move(call), [threads = std::move(*threads), strategy](sql::Connection& db) {
        store::pruneCheckpoints(db, threads, strategy);
    });
}

void CallServer::removeForRuns(Call call, const FrameView& frame) {
    auto runs = readTexts(frame.header, "run_ids");
    if (!runs) return refuse(call, "InvalidRequest", "run_ids must be a list of strings");
    write(std::move(call),
          [runs = std::move(*runs)](sql::Connection& db) { store::deleteCheckpointsOfRuns(db, runs); });
}

}  // namespace heddle::graph
