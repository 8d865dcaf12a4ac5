// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/listener.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace heddle::graph {
namespace asio = boost::asio;
namespace {

constexpr std::chrono::seconds kHelloTime{10};
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::size_t kTokenDigits = 64;
constexpr std::string_view kFolderPrefix = "heddle-";
constexpr const char* kSocketName = "workers.sock";

// Folders that a server left behind when it was killed: ours, a minute old, and nobody listens in them.
void removeAbandoned(const std::string& parent) {
    namespace fs = std::filesystem;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(parent, error)) {
        const std::string name = entry.path().filename().string();
        const std::string socket = entry.path().string() + "/" + kSocketName;
        struct stat info {};
        if (name.size() != kFolderPrefix.size() + 6 || !name.starts_with(kFolderPrefix)) continue;
        if (::lstat(socket.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode) || info.st_uid != ::geteuid())
            continue;
        const auto age = fs::file_time_type::clock::now() - entry.last_write_time(error);
        if (error || age < std::chrono::minutes(1)) continue;
        asio::io_context unused;
        Channel::Socket probe(unused);
        boost::system::error_code refused;
        probe.connect(asio::local::stream_protocol::endpoint(socket), refused);
        if (refused == asio::error::connection_refused) fs::remove_all(entry.path(), error);
    }
}

}  // namespace

std::string Tokens::issue(std::size_t owner) {
    revoke(owner);
    std::array<std::uint8_t, kTokenDigits / 2> bytes{};
    random_.fill(bytes);
    std::string token = hexDigits(bytes);
    entries_.push_back({owner, token});
    return token;
}

std::optional<std::size_t> Tokens::redeem(std::string_view token) {
    if (token.size() != kTokenDigits) return std::nullopt;
    std::optional<std::size_t> owner;
    for (const auto& entry : entries_) {
        if (CRYPTO_memcmp(entry.token.data(), token.data(), kTokenDigits) == 0) owner = entry.owner;
    }
    if (owner) revoke(*owner);
    return owner;
}

void Tokens::revoke(std::size_t owner) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.owner == owner; });
}

PrivateDirectory::PrivateDirectory(const std::string& parent, Leftovers leftovers) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const bool has_runtime = runtime != nullptr && *runtime != '\0';
    path_ = !parent.empty() ? parent : has_runtime ? runtime : "/tmp";
    if (leftovers == Leftovers::kRemove) removeAbandoned(path_);
    path_ += "/" + std::string(kFolderPrefix) + "XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), path_);
}

PrivateDirectory::~PrivateDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Doorway::Doorway(asio::any_io_executor loop, const Clock& clock, Hello hello)
    : loop_(std::move(loop)), clock_(clock), hello_(std::move(hello)) {}

Doorway::~Doorway() {
    for (auto& [key, stranger] : strangers_) {
        stranger.channel->attach(nullptr);
        stranger.channel->close("shutting down");
    }
}

void Doorway::admit(Channel::Socket socket) {
    if (strangers_.size() >= limits::kWorkerStrangers) return;
    auto channel = std::make_shared<Channel>(std::move(socket), clock_);
    auto timer = std::make_unique<asio::steady_timer>(loop_, kHelloTime);
    timer->async_wait([weak = std::weak_ptr(channel)](boost::system::error_code cancelled) {
        const auto late = weak.lock();
        if (!cancelled && late) late->close("no hello");
    });
    strangers_.emplace(channel.get(), Stranger{channel, std::move(timer)});
    channel->start(*this);
}

void Doorway::onFrame(const std::shared_ptr<Channel>& channel, const FrameView& frame) {
    strangers_.erase(channel.get());
    channel->attach(nullptr);
    const bool hello = frame.header.text("method") == "hello" && frame.header.integer("id").has_value();
    if (hello) {
        hello_(channel, frame);
    } else {
        channel->close("not a hello");
    }
}

void Doorway::onClosed(const std::shared_ptr<Channel>& channel, std::string_view why) {
    strangers_.erase(channel.get());
    log::warning("worker.stranger", {{"reason", why}});
}

struct Listener::State {
    State(asio::any_io_executor loop, const std::string& path, Accepted on_accepted)
        : acceptor(loop, asio::local::stream_protocol::endpoint(path)),
          pause(loop),
          accepted(std::move(on_accepted)) {}
    asio::local::stream_protocol::acceptor acceptor;
    asio::steady_timer pause;  // when there are no descriptors left
    Accepted accepted;
};

Listener::Listener(asio::any_io_executor loop, const std::string& parent_directory, Accepted accepted,
                   PrivateDirectory::Leftovers leftovers)
    : directory_(parent_directory, leftovers), path_(directory_.path() + "/" + kSocketName) {
    state_ = std::make_shared<State>(std::move(loop), path_, std::move(accepted));
    accept(state_);
}

Listener::~Listener() {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
    state_->pause.cancel();
}

void Listener::accept(std::shared_ptr<State> state) {
    auto& acceptor = state->acceptor;
    acceptor.async_accept(
        [state = std::move(state)](boost::system::error_code error, Channel::Socket socket) {
            if (error == asio::error::operation_aborted || !state->acceptor.is_open()) return;
            if (!error) {
                state->accepted(std::move(socket));
                accept(state);
                return;
            }
            log::error("worker.accept_failed", {{"error", error.message()}});
            state->pause.expires_after(kAcceptPause);
            state->pause.async_wait([state](boost::system::error_code stopped) {
                if (!stopped) accept(state);
            });
        });
}

}  // namespace heddle::graph
