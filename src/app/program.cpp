// SPDX-License-Identifier: Apache-2.0
#include "app/program.hpp"

#include "base/spawn.hpp"
#include "base/time.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <utility>

namespace heddle::app {
namespace {

constexpr std::size_t kKept = 1 << 20;  // bytes of each output
constexpr std::chrono::milliseconds kToLeave{5'000};
constexpr std::chrono::milliseconds kSecond{1'000};

sigset_t endingSignals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

// One of the program's outputs.
class Output {
  public:
    Output(FileDescriptor from, std::string& to, const std::function<void(std::string_view)>& on_line)
        : from_(std::move(from)), to_(to), on_line_(on_line) {
        ::fcntl(from_.get(), F_SETFL, O_NONBLOCK);
    }
    [[nodiscard]] int descriptor() const { return from_.get(); }  // -1: at its end
    // Takes what is there.
    void read() {
        std::array<char, 16 * 1024> buffer{};
        while (from_.get() >= 0) {
            const ssize_t size = ::read(from_.get(), buffer.data(), buffer.size());
            if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (size <= 0) return from_.close();
            take({buffer.data(), static_cast<std::size_t>(size)});
        }
    }

  private:
    void take(std::string_view bytes) {
        to_.append(bytes);
        if (to_.size() > 2 * kKept) to_.erase(0, to_.size() - kKept);
        if (!on_line_) return;
        line_.append(bytes);
        for (auto end = line_.find('\n'); end != std::string::npos; end = line_.find('\n')) {
            on_line_(std::string_view(line_).substr(0, end));
            line_.erase(0, end + 1);
        }
        if (line_.size() > kKept) line_.clear();
    }

    FileDescriptor from_;
    std::string& to_;
    const std::function<void(std::string_view)>& on_line_;
    std::string line_;
};

// A started program until it has ended.
class Running {
  public:
    Running(const ProgramCall& call, pid_t pid, FileDescriptor input, FileDescriptor out, FileDescriptor err)
        : call_(call),
          pid_(pid),
          input_(std::move(input)),
          out_(std::move(out), end_.output, call.on_line),
          err_(std::move(err), end_.errors, call.on_line) {
        ::fcntl(input_.get(), F_SETFL, O_NONBLOCK);
        if (call.input.empty()) input_.close();
    }
    ~Running() {
        if (pid_ > 0) end(SIGKILL);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    ProgramEnd untilEnd(int pidfd, int signals) {
        const auto begun = clock_.steady();
        auto told = begun;
        bool exited = false;
        while (!exited) {
            std::array<pollfd, 5> waits{{{pidfd, POLLIN, 0},
                                         {signals, POLLIN, 0},
                                         {out_.descriptor(), POLLIN, 0},
                                         {err_.descriptor(), POLLIN, 0},
                                         {input_.get(), POLLOUT, 0}}};
            ::poll(waits.data(), waits.size(), static_cast<int>(kSecond.count()));
            out_.read();
            err_.read();
            if (waits[4].revents != 0) write();
            if (waits[1].revents != 0) stop(signals);
            exited = waits[0].revents != 0;
            const auto now = clock_.steady();
            if (!exited && now - begun > call_.limit) {
                end_.late = true;
                ::kill(-pid_, SIGKILL);
            }
            if (call_.on_second && now - told >= kSecond) {
                told = now;
                call_.on_second();
            }
        }
        reap();
        out_.read();
        err_.read();
        return std::move(end_);
    }

  private:
    void write() {
        const ssize_t size =
            ::write(input_.get(), call_.input.data() + written_, call_.input.size() - written_);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (size > 0) written_ += static_cast<std::size_t>(size);
        if (size <= 0 || written_ == call_.input.size()) input_.close();
    }

    [[noreturn]] void stop(int signals) {
        signalfd_siginfo what{};
        [[maybe_unused]] const auto size = ::read(signals, &what, sizeof what);
        end(SIGTERM);
        throw Interrupted();
    }

    // Sends the signal to all of the group, then SIGKILL to what is left of it.
    void end(int signal) {
        ::kill(-pid_, signal);
        const auto until = clock_.steady() + kToLeave;
        while (signal != SIGKILL && clock_.steady() < until) {
            if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
                ::kill(-pid_, SIGKILL);
                pid_ = 0;
                return;
            }
            ::poll(nullptr, 0, 20);
        }
        ::kill(-pid_, SIGKILL);
        ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }

    void reap() {
        int status = 0;
        ::waitpid(std::exchange(pid_, 0), &status, 0);
        end_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    const ProgramCall& call_;
    SystemClock clock_;
    ProgramEnd end_;
    pid_t pid_;
    FileDescriptor input_;
    Output out_;
    Output err_;
    std::size_t written_ = 0;
};

Problem cannotStart(const ProgramCall& call, int error) {
    return Problem::unavailable("cannot start " + call.command.front() + ": " + std::strerror(error));
}

}  // namespace

struct HeldSignals::Mask {
    sigset_t set{};
};

HeldSignals::HeldSignals() : before_(std::make_unique<Mask>()) {
    const auto held = endingSignals();
    pthread_sigmask(SIG_BLOCK, &held, &before_->set);
}

HeldSignals::~HeldSignals() {
    pthread_sigmask(SIG_SETMASK, &before_->set, nullptr);
}

void HeldSignals::check() {
    const auto held = endingSignals();
    const timespec none{};
    if (sigtimedwait(&held, nullptr, &none) > 0) throw Interrupted();
}

Result<ProgramEnd> runProgram(const ProgramCall& call) {
    const HeldSignals held;
    Pipe in;
    Pipe out;
    Pipe err;
    if (!in.open() || !out.open() || !err.open()) return cannotStart(call, errno);
    const auto ending = endingSignals();
    const FileDescriptor signals(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
    if (signals.get() < 0) return cannotStart(call, errno);
    SpawnSettings spawn(ProcessGroup::kOwn);
    posix_spawn_file_actions_adddup2(&spawn.actions, in.read.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&spawn.actions, out.write.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&spawn.actions, err.write.get(), STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&spawn.actions, STDERR_FILENO + 1);
    if (!call.directory.empty()) posix_spawn_file_actions_addchdir_np(&spawn.actions, call.directory.c_str());
    pid_t pid = 0;
    const auto arguments = argumentPointers(call.command);
    const auto environment = argumentPointers(call.environment);
    std::signal(SIGPIPE, SIG_IGN);  // a program may end before it has read its input
    const int failed = ::posix_spawnp(&pid, call.command.front().c_str(), &spawn.actions, &spawn.attributes,
                                      arguments.data(), environment.data());
    if (failed != 0) return cannotStart(call, failed);
    in.read.close();
    out.write.close();
    err.write.close();
    Running running(call, pid, std::move(in.write), std::move(out.read), std::move(err.read));
    const FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (pidfd.get() < 0) return cannotStart(call, errno);
    return running.untilEnd(pidfd.get(), signals.get());
}

std::string findProgram(const std::string& name) {
    const auto usable = [](const std::string& path) {
        std::error_code none;
        return std::filesystem::is_regular_file(path, none) && ::access(path.c_str(), X_OK) == 0;
    };
    if (name.find('/') != std::string::npos) return usable(name) ? name : std::string();
    const char* path = std::getenv("PATH");
    std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
    while (!rest.empty()) {
        const auto folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
        auto whole = (std::filesystem::path(folder) / name).string();
        if (usable(whole)) return whole;
    }
    return {};
}

}  // namespace heddle::app
