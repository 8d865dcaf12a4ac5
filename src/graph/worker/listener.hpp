// SPDX-License-Identifier: Apache-2.0
// Where workers connect: a Unix socket in a private directory, and the one-time tokens that tell who
// connected.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "graph/worker/channel.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace heddle::graph {

// One-time tokens. Looking one up takes the same time whether or not it is there.
class Tokens {
  public:
    explicit Tokens(Random& random) : random_(random) {}
    // 64 hexadecimal digits that stand for `owner`; an older token of the same owner ends.
    std::string issue(std::size_t owner);
    // Whose token it is; it can be used no more.
    std::optional<std::size_t> redeem(std::string_view token);
    void revoke(std::size_t owner);

  private:
    struct Entry {
        std::size_t owner;
        std::string token;
    };
    Random& random_;
    std::vector<Entry> entries_;
};

// A directory of mode 0700 that goes, with what is in it, when this object goes.
class PrivateDirectory {
  public:
    // What servers that were killed have left beside it.
    enum class Leftovers { kRemove, kIgnore };
    // Below `parent`, or without one below $XDG_RUNTIME_DIR or /tmp. Throws std::system_error.
    explicit PrivateDirectory(const std::string& parent, Leftovers leftovers = Leftovers::kRemove);
    ~PrivateDirectory();
    PrivateDirectory(const PrivateDirectory&) = delete;
    PrivateDirectory& operator=(const PrivateDirectory&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// Connections of whom nothing is known yet: each one has to say hello in time. On the loop only.
class Doorway final : public Channel::Handler {
  public:
    // Called with the frame of a hello; it attaches another handler, or the connection ends.
    using Hello = std::function<void(const std::shared_ptr<Channel>&, const FrameView&)>;
    Doorway(boost::asio::any_io_executor loop, const Clock& clock, Hello hello);
    ~Doorway() override;

    // Takes a connection, unless there are too many strangers.
    void admit(Channel::Socket socket);

    void onFrame(const std::shared_ptr<Channel>& channel, const FrameView& frame) override;
    void onClosed(const std::shared_ptr<Channel>& channel, std::string_view why) override;

  private:
    struct Stranger {
        std::shared_ptr<Channel> channel;
        std::unique_ptr<boost::asio::steady_timer> patience;
    };

    boost::asio::any_io_executor loop_;
    const Clock& clock_;
    Hello hello_;
    std::unordered_map<Channel*, Stranger> strangers_;
};

// Accepts on a socket until it goes. On the loop only.
class Listener {
  public:
    using Accepted = std::function<void(Channel::Socket)>;
    // Throws std::system_error or boost::system::system_error.
    Listener(boost::asio::any_io_executor loop, const std::string& parent_directory, Accepted accepted,
             PrivateDirectory::Leftovers leftovers = PrivateDirectory::Leftovers::kRemove);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    struct State;
    static void accept(std::shared_ptr<State> state);

    PrivateDirectory directory_;
    std::string path_;
    std::shared_ptr<State> state_;
};

}  // namespace heddle::graph
