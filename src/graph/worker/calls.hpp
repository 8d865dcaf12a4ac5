// SPDX-License-Identifier: Apache-2.0
// What workers ask the server for: checkpoints and store items, served from the database. On the loop only.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/run.hpp"
#include "graph/worker/channel.hpp"
#include "graph/worker/store_ops.hpp"
#include "graph/worker/tuples.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace heddle::graph {

// The attempt of a run that a frame belongs to.
struct Attempt {
    RunId run;
    std::int64_t number = 0;
};
// Nothing when the frame belongs to none.
[[nodiscard]] std::optional<Attempt> readAttempt(const FrameHeader& header);

// Each call is answered by itself, a write after its commit. Writes reach the database in the order of their
// frames. Calls that it cannot answer any more, because it has gone, are not answered.
class CallServer {
  public:
    // `fenced` is told of attempts whose write was refused, because they are no longer the current one.
    using Fenced = std::function<void(const Attempt&)>;
    CallServer(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock, Fenced fenced);

    // Takes a call; false when it is none of ours.
    bool serve(const std::shared_ptr<Channel>& channel, const FrameView& frame);

    // A state update begins: its number, for the `update` of the worker's calls. After endUpdate() what such
    // a call still writes is refused; what came before is in the writer's queue.
    std::int64_t beginUpdate();
    void endUpdate(std::int64_t number) { updates_.erase(number); }

  private:
    // Who is to be answered.
    struct Call {
        std::shared_ptr<Channel> channel;
        std::int64_t id = 0;
        std::optional<Attempt> attempt;
    };
    // How a call's answer looks: fields of the header and the body's blobs.
    struct Answer {
        JsonWriter fields;
        Parts parts;
    };
    struct Done {};

    void get(Call call, const FrameView& frame);
    void list(Call call, const FrameView& frame);
    void put(Call call, const FrameView& frame);
    void putWrites(Call call, const FrameView& frame);
    void remove(Call call, const FrameView& frame);
    void copy(Call call, const FrameView& frame);
    void prune(Call call, const FrameView& frame);
    void removeForRuns(Call call, const FrameView& frame);
    void storeBatch(Call call, const FrameView& frame);

    // `change(connection)` in one transaction, behind the fence. `make(result)` turns what it gives into the
    // answer.
    template <class Change, class Make>
    void write(Call call, Change change, Make make);
    template <class Change>
    void write(Call call, Change change);
    // `length`: a scan takes its turn with other scans.
    enum class Length { kRead, kScan };
    template <class Query, class Make>
    void read(Call call, Query query, Make make, Length length = Length::kRead);
    template <class Awaited, class Make>
    static boost::asio::awaitable<void> answer(CallServer* self, std::weak_ptr<bool> exists, Call call,
                                               Awaited job, Make make);

    void refuse(const Call& call, std::string_view type, const std::string& why);
    void send(const Call& call, Answer answer);

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    const Clock& clock_;
    Fenced fenced_;
    std::unordered_set<std::int64_t> updates_;  // under way
    std::int64_t last_update_ = 0;
    std::shared_ptr<bool> exists_ = std::make_shared<bool>(true);
};

}  // namespace heddle::graph
