// SPDX-License-Identifier: Apache-2.0
#include "run/replay.hpp"

#include <utility>

namespace heddle::run {

std::string Replay::take(std::size_t) {
    return std::exchange(page_, {});
}

std::optional<PageWanted> Replay::wanted() const {
    if (complete_ || dropped_ || !page_.empty()) return std::nullopt;
    return PageWanted{run_, next_};
}

void Replay::accept(EventPage page) {
    for (const auto& event : page.events) {
        next_ = event.seq + 1;
        if (wantsEvent(modes_, event.event))
            appendEvent(page_, event.event, event.data, id_prefix_, event.seq);
    }
    if (!page.last) return;
    complete_ = true;
    end_ = page.next;
    if (!page.unstored) return;
    if (next_ <= end_) appendEvent(page_, "error", page.unstored->json().text(), id_prefix_, end_);
    ++end_;
}

}  // namespace heddle::run
