// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/calls.hpp"

namespace heddle::graph {

std::optional<Attempt> readAttempt(const FrameHeader& header) {
    const auto run = header.text("run_id");
    const auto number = header.integer("attempt");
    const auto id = run ? RunId::parse(*run) : std::nullopt;
    if (!id || !number) return std::nullopt;
    return Attempt{*id, *number};
}

CallServer::CallServer(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock,
                       Fenced fenced)
    : loop_(std::move(loop)), db_(db), clock_(clock), fenced_(std::move(fenced)) {}

std::int64_t CallServer::beginUpdate() {
    updates_.insert(++last_update_);
    return last_update_;
}

bool CallServer::serve(const std::shared_ptr<Channel>& channel, const FrameView& frame) {
    struct Entry {
        std::string_view method;
        void (CallServer::*serve)(Call, const FrameView&);
    };
    static constexpr Entry kMethods[] = {
        {"checkpoint.put", &CallServer::put},
        {"checkpoint.put_writes", &CallServer::putWrites},
        {"checkpoint.get", &CallServer::get},
        {"store.batch", &CallServer::storeBatch},
        {"checkpoint.list", &CallServer::list},
        {"checkpoint.delete", &CallServer::remove},
        {"checkpoint.copy", &CallServer::copy},
        {"checkpoint.prune", &CallServer::prune},
        {"checkpoint.delete_for_runs", &CallServer::removeForRuns},
    };
    const auto id = frame.header.integer("id");
    const auto method = frame.header.text("method");
    if (!id || !method) return false;
    for (const auto& entry : kMethods) {
        if (entry.method != *method) continue;
        Call call{channel, *id, readAttempt(frame.header)};
        const auto update = frame.header.integer("update");
        if (update && !updates_.contains(*update)) {
            refuse(call, "Fenced", "The state update is over");
        } else if (!call.attempt && frame.header.get("run_id")) {
            refuse(call, "InvalidRequest", "run_id and attempt do not name an attempt");
        } else {
            (this->*entry.serve)(std::move(call), frame);
        }
        return true;
    }
    return false;
}

void CallServer::refuse(const Call& call, std::string_view type, const std::string& why) {
    call.channel->fail(call.id, type, why);
}

void CallServer::send(const Call& call, Answer answer) {
    const bool sent = call.channel->reply(call.id, std::move(answer.fields), std::move(answer.parts));
    if (!sent) refuse(call, "TooLarge", "The answer does not fit a frame");
}

}  // namespace heddle::graph
