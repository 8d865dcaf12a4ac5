// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/calls_detail.hpp"
#include "graph/worker/store_ops.hpp"
#include "store/item_refresh.hpp"

namespace heddle::graph {

void CallServer::storeBatch(Call call, const FrameView& frame) {
    const auto body = RawJson::parse(std::string(frame.body));
    if (!body) return refuse(call, "InvalidStoreOperation", body.error().detail);
    auto ops = readStoreOps(body->view());
    if (!ops) return refuse(call, "InvalidStoreOperation", ops.error().detail);

    const bool changes = changesItems(*ops);
    const auto length = searchesByMeaning(*ops) ? Length::kScan : Length::kRead;
    auto job = [ops = std::move(*ops), now = clock_.now()](sql::Connection& db) {
        return runStoreOps(db, ops, now);
    };
    const auto make = [this](StoreResults results) {
        store::refreshLater(loop_, db_, std::move(results.to_refresh), clock_.now());
        Answer answer;
        answer.fields.beginObject();
        answer.parts.push_back(std::move(results.json));
        return answer;
    };
    if (changes) {
        write(std::move(call), std::move(job), make);
    } else {
        read(std::move(call), std::move(job), make, length);
    }
}

}  // namespace heddle::graph
