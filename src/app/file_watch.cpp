// SPDX-License-Identifier: Apache-2.0
#include "app/file_watch.hpp"

#include "app/change_burst.hpp"
#include "app/file_tree.hpp"
#include "app/inotify.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <optional>
#include <utility>

namespace heddle::app {
namespace asio = boost::asio;
namespace {

constexpr std::chrono::seconds kPoll{1};
constexpr std::chrono::milliseconds kTick{10};  // a file's time may be that much behind the clock
// From linux/magic.h, where they are: NFS, SMB, CIFS, SMB2, FUSE (Docker Desktop, sshfs), 9P (WSL),
// VirtualBox.
constexpr std::array<std::uint64_t, 7> kElsewhere{0x6969,     0x517B,     0xFF534D42, 0xFE534D42,
                                                  0x65735546, 0x01021997, 0x786F4256};

}  // namespace

// What the thread does. Only used on it, but for construction, stop() and destruction.
class FileWatch::Thread {
  public:
    Thread(asio::thread_pool& pool, asio::any_io_executor loop, const Clock& clock, const WatchRules& rules,
           By by, std::weak_ptr<bool> wanted, Changed changed)
        : loop_(std::move(loop)),
          clock_(clock),
          tree_(rules),
          by_(by),
          wanted_(std::move(wanted)),
          changed_(std::move(changed)),
          since_(clock.now() - kTick),
          burst_(ChangeBurst::Times()),
          notices_(pool),
          timer_(pool) {}
    ~Thread() {
        if (notices_.is_open()) notices_.release();  // the descriptor is inotify_'s
    }
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;

    // Ends what is going on soon: the loop waits for it.
    void stop() { stopped_ = true; }

    void begin() {
        if (by_ == By::kKernel) openKernel();
        lookAtAll([this](const std::string& file) { tree_.refresh(file); });
        if (stopped_) return;
        log::info("watch.started",
                  {{"by", by_ == By::kKernel ? "inotify" : "polling"}, {"files", tree_.size()}});
        // Workers may have read what these files held before.
        if (auto saved = tree_.savedSince(since_); !saved.empty()) tell(std::move(saved));
        if (by_ == By::kKernel) awaitNotices();
        arm();
    }

  private:
    void openKernel() {
        inotify_.emplace();
        if (inotify_->descriptor() >= 0) {
            notices_.assign(inotify_->descriptor());
            return;
        }
        inotify_.reset();
        by_ = By::kPolling;
        log::warning("watch.polls", {{"why", "the kernel's inotify instances are used up"},
                                     {"remedy", "raise fs.inotify.max_user_instances with sysctl"}});
    }

    // Also adds the kernel's watches where they are missing.
    void lookAtAll(const FileTree::Found& found) {
        for (const auto& folder : tree_.rules().places().folders) {
            look(folder, found);
            std::error_code unknown;
            if (inotify_ && !std::filesystem::is_directory(folder, unknown)) expect(folder);
        }
        for (const auto& file : tree_.rules().places().files) {
            const auto parent = std::filesystem::path(file).parent_path().string();
            if (enter(parent)) found(file);
        }
    }
    void look(const std::string& folder, const FileTree::Found& found) {
        tree_.walk(
            folder, [this](const std::string& each) { return !stopped_ && enter(each); },
            [&](const std::string& file) {
                if (!stopped_) found(file);
            });
    }

    bool enter(const std::string& folder) {
        if (by_ == By::kPolling) return true;
        const bool room = inotify_->size() < limits::kWatchedFolders;
        const auto added = room ? inotify_->add(folder) : Inotify::Added::kLimit;
        if (added == Inotify::Added::kLimit && !std::exchange(warned_, true)) {
            const auto remedy = room ? "raise fs.inotify.max_user_watches with sysctl, then start again"
                                     : "keep what is not the project's outside of its folder";
            log::warning("watch.incomplete",
                         {{"watched", inotify_->size()}, {"first_unwatched", folder}, {"remedy", remedy}});
        }
        return added == Inotify::Added::kYes;
    }

    void awaitNotices() {
        notices_.async_wait(
            asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code stopped) {
                if (stopped) return;
                inotify_->read([this](const Inotify::Notice& notice) { take(notice); },
                               [this] { touchAll(); }, [this](const std::string& folder) { lose(folder); });
                awaitNotices();
                arm();
            });
    }

    void take(const Inotify::Notice& notice) {
        if (notice.folder) {
            if (notice.gone) {
                inotify_->remove(notice.path);
                for (const auto& file : tree_.below(notice.path)) touch(file);
            } else if (tree_.rules().enters(notice.path) && isOurs(notice.path)) {
                look(notice.path, [this](const std::string& file) { touch(file); });
            }
        } else if (WatchRules::marksPackages(notice.path) && !notice.gone) {
            const auto folder = std::filesystem::path(notice.path).parent_path().string();
            if (tree_.rules().isNamed(folder)) return;
            inotify_->remove(folder);
            tree_.forget(folder);
            burst_.forget(folder);
        } else if (tree_.rules().matters(notice.path) && isOurs(notice.path)) {
            touch(notice.path);
        }
    }

    // Who tells of changes in a folder of its own does not tell that there is one again.
    void lose(const std::string& folder) {
        for (const auto& file : tree_.below(folder)) touch(file);
        if (tree_.rules().isNamed(folder)) expect(folder);
    }
    void expect(const std::string& folder) {
        expected_.insert(folder);
        if (!expected_at_) expected_at_ = clock_.steady() + kPoll;
    }
    void lookForExpected() {
        for (const auto& folder : std::exchange(expected_, {})) {
            std::error_code unknown;
            if (std::filesystem::is_directory(folder, unknown)) {
                look(folder, [this](const std::string& file) { touch(file); });
            } else {
                expected_.insert(folder);
            }
        }
        expected_at_.reset();
        if (!expected_.empty()) expected_at_ = clock_.steady() + kPoll;
    }

    // Folders of single files are watched too, for that file only.
    [[nodiscard]] bool isOurs(const std::string& path) const {
        const auto& places = tree_.rules().places();
        const auto holds = [&](const std::string& folder) { return path.starts_with(folder + "/"); };
        return std::ranges::find(places.files, path) != places.files.end() ||
               std::ranges::any_of(places.folders, holds);
    }

    void touch(const std::string& file) { burst_.touched(file, clock_.steady()); }
    void touchAll() {
        for (const auto& folder : tree_.rules().places().folders) {
            for (const auto& file : tree_.below(folder)) touch(file);
        }
        lookAtAll([this](const std::string& file) { touch(file); });
    }
    void poll() {
        for (const auto& folder : tree_.rules().places().folders) {
            for (const auto& file : tree_.below(folder)) touchIfOther(file);
        }
        lookAtAll([this](const std::string& file) { touchIfOther(file); });
    }
    void touchIfOther(const std::string& file) {
        if (!stopped_ && tree_.looksChanged(file)) touch(file);
    }

    void arm() {
        const auto now = clock_.steady();
        auto at = burst_.dueAt();
        if (!at && by_ == By::kPolling) at = now + kPoll;
        if (expected_at_) at = std::min(at.value_or(*expected_at_), *expected_at_);
        if (!at) return;
        timer_.expires_after(std::max(*at - now, microseconds(0)));
        timer_.async_wait([this](boost::system::error_code cancelled) {
            if (!cancelled) tick();
        });
    }
    void tick() {
        if (by_ == By::kPolling && !burst_.dueAt()) poll();
        if (expected_at_ && *expected_at_ <= clock_.steady()) lookForExpected();
        std::set<std::string> changed;
        for (const auto& file : burst_.take(clock_.steady())) {
            if (!stopped_ && tree_.refresh(file)) changed.insert(file);
        }
        if (stopped_) return;
        if (!changed.empty()) tell(std::move(changed));
        arm();
    }
    void tell(std::set<std::string> changed) {
        asio::post(loop_, [wanted = wanted_, told = changed_, changed = std::move(changed)]() mutable {
            if (!wanted.expired()) told(std::move(changed));
        });
    }

    asio::any_io_executor loop_;
    const Clock& clock_;
    FileTree tree_;
    By by_;
    std::weak_ptr<bool> wanted_;
    Changed changed_;
    Timestamp since_;
    ChangeBurst burst_;
    std::optional<Inotify> inotify_;           // none: by polling
    std::set<std::string> expected_;           // named folders that are not there, with inotify
    std::optional<microseconds> expected_at_;  // when to look for them; nothing: there are none
    asio::posix::stream_descriptor notices_;
    asio::steady_timer timer_;
    bool warned_ = false;
    std::atomic<bool> stopped_ = false;
};

FileWatch::FileWatch(asio::any_io_executor loop, const Clock& clock, const WatchRules& rules, By by,
                     Changed changed) {
    thread_ = std::make_unique<Thread>(pool_, std::move(loop), clock, rules, by, alive_, std::move(changed));
    asio::post(pool_, [thread = thread_.get()] { thread->begin(); });
}

FileWatch::~FileWatch() {
    thread_->stop();
    pool_.stop();
    pool_.join();
    thread_.reset();
}

FileWatch::By FileWatch::suitedFor(const WatchedPlaces& places) {
    const auto elsewhere = [](const std::string& folder) {
        struct statfs info {};
        if (::statfs(folder.c_str(), &info) != 0) return false;
        const auto type = static_cast<std::uint64_t>(info.f_type) & 0xFFFFFFFFU;
        return std::ranges::find(kElsewhere, type) != kElsewhere.end();
    };
    return std::ranges::any_of(places.folders, elsewhere) ? By::kPolling : By::kKernel;
}

}  // namespace heddle::app
