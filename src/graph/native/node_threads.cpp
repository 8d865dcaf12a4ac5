// SPDX-License-Identifier: Apache-2.0
#include "graph/native/node_threads.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"

#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace heddle::graph {
namespace {

// Flushes standard output alone: a file that a thread reads meanwhile is locked for as long, and nothing
// waits in the log.
void leaveAtOnce(int status, void*) {
    if (ftrylockfile(stdout) == 0) std::fflush(stdout);
    _exit(status);
}

}  // namespace

// Kept alive by each thread, for those that are left behind.
struct NodeThreads::Shared {
    std::mutex mutex;
    std::condition_variable work;  // there is a job, or closing
    std::condition_variable left;  // a thread ended
    std::deque<std::function<void()>> jobs;
    std::size_t threads = 0;
    std::size_t idle = 0;
    bool closing = false;

    void serve() {
        std::unique_lock lock(mutex);
        for (;;) {
            ++idle;
            work.wait(lock, [this] { return closing || !jobs.empty(); });
            --idle;
            if (closing) break;
            auto job = std::move(jobs.front());
            jobs.pop_front();
            lock.unlock();
            job();
            job = nullptr;
            lock.lock();
        }
        --threads;
        left.notify_all();
    }
};

NodeThreads::NodeThreads(std::size_t most, Start start)
    : most_(most), start_(std::move(start)), shared_(std::make_shared<Shared>()) {}

NodeThreads::~NodeThreads() {
    std::unique_lock lock(shared_->mutex);
    shared_->closing = true;
    shared_->jobs.clear();
    shared_->work.notify_all();
    const auto none = [this] { return shared_->threads == 0; };
    if (shared_->left.wait_for(lock, limits::kNodeLeave, none)) return;
    log::warning("native.nodes_blocked", {{"threads", shared_->threads}});
    // The exit must not destroy what they still use: it ends with the first of its handlers, which is this
    // one.
    on_exit(leaveAtOnce, nullptr);
}

void NodeThreads::post(std::function<void()> job) {
    const std::lock_guard lock(shared_->mutex);
    shared_->jobs.push_back(std::move(job));
    if (shared_->idle < shared_->jobs.size() && shared_->threads < most_) {
        try {
            start_([shared = shared_] { shared->serve(); });
            ++shared_->threads;
        } catch (const std::system_error& error) {
            log::warning("native.no_thread", {{"threads", shared_->threads}, {"error", error.what()}});
            if (shared_->threads == 0) {
                shared_->jobs.pop_back();
                throw;
            }
        }
    }
    shared_->work.notify_one();
}

void NodeThreads::startDetached(std::function<void()> run) {
    std::thread(std::move(run)).detach();
}

}  // namespace heddle::graph
