// SPDX-License-Identifier: Apache-2.0
#include "run/event_page.hpp"

#include "base/limits.hpp"
#include "store/runs.hpp"

#include <algorithm>
#include <utility>

namespace heddle::run {

EventPage readEventPage(sql::Connection& db, const PageWanted& wanted) {
    auto found = store::findRunEvents(db, wanted.run, wanted.from, limits::kReplayPage);
    EventPage page;
    page.events = std::move(found.events);
    page.last = found.last;
    if (!page.last) return page;
    page.next = store::runEventNext(db, wanted.run);
    const auto run = store::findRun(db, wanted.run);
    if (!run || !hasFailed(run->status) || !run->error) return page;
    const auto newest = store::findRunEvents(db, wanted.run, std::max<std::int64_t>(page.next - 1, 0), 1);
    const bool stored = !newest.events.empty() && newest.events.back().event == "error";
    if (!stored) page.unstored = run->error;
    return page;
}

}  // namespace heddle::run
