// SPDX-License-Identifier: Apache-2.0
#include "http/client_pool.hpp"

#include "base/limits.hpp"
#include "base/time.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace heddle::http {
struct ClientPool::State : std::enable_shared_from_this<State> {
    struct Kept {
        std::shared_ptr<ClientConnection> connection;
        microseconds since;
    };

    explicit State(const boost::asio::any_io_executor& loop) : timer(loop) {}

    // Runs as long as something is kept.
    void arm() {
        is_armed = true;
        timer.expires_after(limits::kClientIdle);
        timer.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
            const auto self = weak.lock();
            if (!ec && self) self->expire();
        });
    }

    void expire() {
        const microseconds oldest = clock.steady() - limits::kClientIdle;
        for (auto at = kept.begin(); at != kept.end();) {
            auto& connections = at->second;
            while (!connections.empty() && connections.front().since <= oldest) {
                connections.front().connection->abort();
                connections.pop_front();
                --count;
            }
            at = connections.empty() ? kept.erase(at) : std::next(at);
        }
        is_armed = false;
        if (count > 0) arm();
    }

    void dropOldest() {
        const auto oldest =
            std::ranges::min_element(kept, {}, [](const auto& entry) { return entry.second.front().since; });
        oldest->second.front().connection->abort();
        oldest->second.pop_front();
        if (oldest->second.empty()) kept.erase(oldest);
        --count;
    }

    boost::asio::steady_timer timer;
    SystemClock clock;
    std::map<Key, std::deque<Kept>> kept;  // the oldest first
    std::size_t count = 0;
    bool is_armed = false;
};

ClientPool::ClientPool(const boost::asio::any_io_executor& loop) : state_(std::make_shared<State>(loop)) {}

ClientPool::~ClientPool() {
    clear();
}

std::shared_ptr<ClientConnection> ClientPool::take(const Key& key) {
    const auto at = state_->kept.find(key);
    if (at == state_->kept.end()) return nullptr;
    std::shared_ptr<ClientConnection> found;
    while (!at->second.empty() && !found) {
        auto connection = std::move(at->second.back().connection);
        at->second.pop_back();
        --state_->count;
        if (connection->looksAlive()) {
            found = std::move(connection);
        } else {
            connection->abort();
        }
    }
    if (at->second.empty()) state_->kept.erase(at);
    return found;
}

void ClientPool::put(Key key, std::shared_ptr<ClientConnection> connection) {
    const auto at = state_->kept.find(key);
    if (at != state_->kept.end() && at->second.size() >= limits::kWebhookLaneInFlight) {
        return connection->abort();
    }
    if (state_->count >= limits::kClientKept) state_->dropOldest();
    auto& connections = state_->kept[std::move(key)];
    connections.push_back({std::move(connection), state_->clock.steady()});
    ++state_->count;
    if (!state_->is_armed) state_->arm();
}

void ClientPool::clear() {
    for (auto& [key, connections] : state_->kept) {
        for (auto& kept : connections) kept.connection->abort();
    }
    state_->kept.clear();
    state_->count = 0;
    state_->timer.cancel();
    state_->is_armed = false;
}

std::size_t ClientPool::size() const {
    return state_->count;
}

}  // namespace heddle::http
