// SPDX-License-Identifier: Apache-2.0
#include "run/copy.hpp"

#include "run/thread_state.hpp"
#include "store/checkpoints.hpp"
#include "store/threads.hpp"

#include <utility>

namespace heddle::run {

Result<Thread> copyThread(sql::Connection& db, const ThreadId& source, const ThreadId& target,
                          Timestamp now) {
    auto found = store::findThread(db, source);
    if (!found) return noThread(source);
    Thread copy = std::move(*found);
    copy.id = target;
    copy.temporary = false;
    copy.created_at = copy.updated_at = copy.state_updated_at = now;
    copy.state = renamedState(copy.state.view(), source.str(), target.str());
    if (copy.error) copy.error = RawJson();
    copy.status = restingStatus(copy.state.view());
    if (!store::insertThread(db, copy)) return Problem::conflict("The copy's id is taken");
    store::copyCheckpoints(db, source.str(), target.str());
    return copy;
}

}  // namespace heddle::run
