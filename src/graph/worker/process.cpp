// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/process.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/spawn.hpp"
#include "graph/worker/lines.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <optional>

namespace heddle::graph {
namespace asio = boost::asio;
namespace {

constexpr std::string_view kStderr = "stderr";
constexpr std::string_view kUnfit = "heddle_worker: ";

using Descriptor = asio::posix::stream_descriptor;

std::string describeEnd(const siginfo_t& info) {
    if (info.si_code == CLD_EXITED) return "exit status " + std::to_string(info.si_status);
    return "signal " + std::to_string(info.si_status);
}

// Reads one output stream of a process to its end, which may come after the process's own.
class OutputReader : public std::enable_shared_from_this<OutputReader> {
  public:
    OutputReader(asio::any_io_executor loop, int descriptor, std::string worker, std::string_view stream,
                 std::shared_ptr<Told> told)
        : input_(std::move(loop), descriptor),
          lines_(limits::kWorkerOutputLine,
                 [worker = std::move(worker), stream, told = std::move(told)](std::string_view line) {
                     if (stream == kStderr && line.starts_with(kUnfit)) {
                         line.remove_prefix(kUnfit.size());
                         const bool news = told->first(std::string(line), 1);
                         log::write(news ? log::Level::kError : log::Level::kDebug, "worker.unfit",
                                    {{"worker", worker}, {"problem", line}});
                         return;
                     }
                     log::info("worker.output", {{"worker", worker}, {"stream", stream}, {"text", line}});
                 }) {}

    void read() {
        input_.async_read_some(asio::buffer(buffer_),
                               [self = shared_from_this()](auto error, std::size_t bytes) {
                                   self->lines_.feed({self->buffer_.data(), bytes});
                                   if (error) {
                                       self->lines_.finish();
                                   } else {
                                       self->read();
                                   }
                               });
    }

  private:
    Descriptor input_;
    LineSplitter lines_;
    std::array<char, 16 * 1024> buffer_{};
};

class SystemProcess final : public Process {
  public:
    SystemProcess(asio::any_io_executor loop, int pidfd, ProcessEnd on_end)
        : pidfd_(std::make_shared<Descriptor>(std::move(loop), pidfd)),
          on_end_(std::make_shared<ProcessEnd>(std::move(on_end))) {
        // A pidfd becomes readable when the process has exited.
        pidfd_->async_wait(Descriptor::wait_read,
                           [fd = pidfd_, end = on_end_](boost::system::error_code error) {
                               if (error) return;
                               siginfo_t info{};
                               ::waitid(P_PIDFD, static_cast<id_t>(fd->native_handle()), &info, WEXITED);
                               if (*end) (*end)(describeEnd(info));
                           });
    }
    ~SystemProcess() override {
        *on_end_ = nullptr;
        kill();
        // What waits on the pidfd still reaps it if the loop goes on.
    }
    void kill() override {
        if (pidfd_->is_open()) ::syscall(SYS_pidfd_send_signal, pidfd_->native_handle(), SIGKILL, nullptr, 0);
    }

  private:
    std::shared_ptr<Descriptor> pidfd_;
    std::shared_ptr<ProcessEnd> on_end_;
};

Problem cannotStart(const ProcessSpec& spec, int error) {
    return Problem::unavailable("cannot start '" + spec.command.front() + "': " + std::strerror(error));
}

}  // namespace

Result<std::unique_ptr<Process>> SystemLauncher::launch(const ProcessSpec& spec, ProcessEnd on_end) {
    Pipe out;
    Pipe err;
    if (!out.open() || !err.open()) return cannotStart(spec, errno);
    SpawnSettings spawn(ProcessGroup::kOurs);
    posix_spawn_file_actions_addopen(&spawn.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&spawn.actions, out.write.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&spawn.actions, err.write.get(), STDERR_FILENO);
    // Nothing of the server's: a listener or a client's socket in a worker would outlive the server.
    posix_spawn_file_actions_addclosefrom_np(&spawn.actions, STDERR_FILENO + 1);
    if (!spec.directory.empty()) posix_spawn_file_actions_addchdir_np(&spawn.actions, spec.directory.c_str());

    pid_t pid = 0;
    const auto arguments = argumentPointers(spec.command);
    const auto environment = argumentPointers(spec.environment);
    const int failed = ::posix_spawnp(&pid, spec.command.front().c_str(), &spawn.actions, &spawn.attributes,
                                      arguments.data(), environment.data());
    if (failed != 0) return cannotStart(spec, failed);
    // Nobody else reaps our children, so the pid is still this process.
    const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) {
        const int error = errno;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return cannotStart(spec, error);
    }
    for (auto* pipe : {&out, &err}) {
        const std::string_view stream = pipe == &out ? "stdout" : kStderr;
        std::make_shared<OutputReader>(loop_, pipe->read.release(), spec.name, stream, told_)->read();
    }
    return std::unique_ptr<Process>(std::make_unique<SystemProcess>(loop_, pidfd, std::move(on_end)));
}

std::vector<std::string> workerEnvironment(const std::vector<std::string>& base,
                                           const std::vector<std::pair<std::string, std::string>>& more) {
    const auto overridden = [&](std::string_view name) {
        for (const auto& [key, value] : more) {
            if (key == name) return true;
        }
        return name.starts_with("HEDDLE_");
    };
    std::vector<std::string> out;
    for (const auto& entry : base) {
        if (!overridden(std::string_view(entry).substr(0, entry.find('=')))) out.push_back(entry);
    }
    for (const auto& [key, value] : more) out.push_back(key + "=" + value);
    return out;
}

std::vector<std::string> ownEnvironment() {
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) out.emplace_back(*entry);
    return out;
}

}  // namespace heddle::graph
