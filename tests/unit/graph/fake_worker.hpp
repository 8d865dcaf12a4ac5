// SPDX-License-Identifier: Apache-2.0
// A pool whose workers the test plays itself, over socket pairs in the same loop.
#pragma once

#include "graph/worker/pool.hpp"
#include "support.hpp"

#include <boost/asio/local/connect_pair.hpp>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::test {

// What was launched, for the test to look at and to end.
struct Launched {
    graph::ProcessSpec spec;
    graph::ProcessEnd on_end;
    bool alive = true;
    bool killed = false;

    [[nodiscard]] std::string variable(const std::string& name) const {
        for (const auto& entry : spec.environment) {
            if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
        }
        return {};
    }
};

class FakeLauncher final : public graph::Launcher {
  public:
    explicit FakeLauncher(std::vector<std::shared_ptr<Launched>>& launched) : launched_(launched) {}
    Result<std::unique_ptr<graph::Process>> launch(const graph::ProcessSpec& spec,
                                                   graph::ProcessEnd on_end) override {
        launched_.push_back(std::make_shared<Launched>(Launched{spec, std::move(on_end)}));
        return std::unique_ptr<graph::Process>(std::make_unique<FakeProcess>(launched_.back()));
    }

  private:
    class FakeProcess final : public graph::Process {
      public:
        explicit FakeProcess(std::shared_ptr<Launched> launched) : launched_(std::move(launched)) {}
        ~FakeProcess() override { launched_->on_end = nullptr; }
        void kill() override { launched_->killed = true; }

      private:
        std::shared_ptr<Launched> launched_;
    };
    std::vector<std::shared_ptr<Launched>>& launched_;
};

// The worker's side of a connection. Answers `load` and `ping` by itself.
class FakeWorker final : public graph::Channel::Handler {
  public:
    struct Frame {
        std::string method;
        std::map<std::string, std::string> header;  // raw JSON by key
        std::vector<std::string> parts;
        [[nodiscard]] std::string text(const std::string& key) const {
            return JsonView::trusted(header.at(key)).string().value();
        }
    };

    FakeWorker(asio::io_context& io, const Clock& clock, graph::WorkerExecutor& pool) : io_(io) {
        graph::Channel::Socket ours(io);
        graph::Channel::Socket theirs(io);
        asio::local::connect_pair(ours, theirs);
        pool.admit(std::move(theirs));
        channel = std::make_shared<graph::Channel>(std::move(ours), clock);
        channel->start(*this);
    }
    // Connects as a process does.
    FakeWorker(asio::io_context& io, const Clock& clock, const std::string& socket_path) : io_(io) {
        graph::Channel::Socket ours(io);
        ours.connect(asio::local::stream_protocol::endpoint(socket_path));
        channel = std::make_shared<graph::Channel>(std::move(ours), clock);
        channel->start(*this);
    }
    ~FakeWorker() override {
        channel->attach(nullptr);
        channel->close("test ends");
    }

    void hello(const std::string& token, std::int64_t protocol = 1) {
        JsonWriter header = graph::frameHeader("hello");
        header.key("token").string(token).key("protocol").integer(protocol).key("pid").integer(1);
        call(std::move(header));
    }
    // The reply's header and body, or the text "closed".
    struct Answer {
        bool done = false;
        std::string error;  // type
        std::string body;
        std::vector<std::string> parts;
        std::map<std::string, std::string> header;
    };
    std::shared_ptr<Answer> call(JsonWriter header, std::string body = {}) {
        auto answer = std::make_shared<Answer>();
        channel->call(std::move(header), std::move(body), [answer](const graph::FrameView* reply) {
            answer->done = true;
            if (reply == nullptr) {
                answer->error = "closed";
                return;
            }
            if (const auto error = graph::errorOf(*reply)) answer->error = error->first;
            answer->body = std::string(reply->body);
            answer->parts.assign(reply->parts.begin(), reply->parts.end());
            for (const auto* key : {"event_window", "checkpoint", "checkpoints"}) {
                if (const auto value = reply->header.get(key))
                    answer->header[key] = std::string(value->text());
            }
        });
        return answer;
    }
    Answer await(const std::shared_ptr<Answer>& answer) {
        runUntil(io_, [&] { return answer->done; });
        return *answer;
    }
    static JsonWriter of(std::string_view method, const heddle::Run& run) {
        JsonWriter header = graph::frameHeader(method);
        header.key("run_id").string(run.id.str()).key("attempt").integer(run.attempt);
        return header;
    }
    void event(const heddle::Run& run, std::string_view name, std::string data) {
        JsonWriter header = of("run.event", run);
        header.key("event").string(name);
        channel->notify(std::move(header), {std::move(data)});
    }
    void end(const heddle::Run& run, std::string_view status, std::string state = {}) {
        JsonWriter header = of("run.end", run);
        header.key("status").string(status).key("error").null().key("checkpoint_id").null();
        graph::Parts parts{std::move(state)};
        graph::writeParts(header, parts);
        channel->notify(std::move(header), std::move(parts));
    }
    // Waits for the next frame of this method and takes it.
    Frame next(std::string_view method) {
        Frame found;
        runUntil(io_, [&] {
            for (auto frame = frames.begin(); frame != frames.end(); ++frame) {
                if (frame->method != method) continue;
                found = std::move(*frame);
                frames.erase(frame);
                return true;
            }
            return false;
        });
        return found;
    }
    [[nodiscard]] std::size_t count(std::string_view method) const {
        std::size_t number = 0;
        for (const auto& frame : frames) number += frame.method == method ? 1 : 0;
        return number;
    }

    void onFrame(const std::shared_ptr<graph::Channel>&, const graph::FrameView& frame) override {
        Frame taken;
        taken.method = frame.header.text("method").value_or("");
        for (const auto* key : {"id", "run_id", "attempt", "update", "thread_id", "graph_id", "checkpoint",
                                "bytes", "deadline_ms"}) {
            if (const auto value = frame.header.get(key)) taken.header[key] = std::string(value->text());
        }
        taken.parts.assign(frame.parts.begin(), frame.parts.end());
        const auto id = frame.header.integer("id");
        if (id && taken.method == "load") {
            JsonWriter fields;
            fields.beginObject();
            channel->reply(*id, std::move(fields), {load_reply});
        } else if (id && (taken.method == "ping" || (taken.method == "loop.ping" && answers_loop))) {
            channel->fail(*id, "UnknownMethod", "");
        } else if (id && taken.method == "state.get" && !state_reply.empty()) {
            JsonWriter fields;
            fields.beginObject();
            channel->reply(*id, std::move(fields), {state_reply});
        } else if (id && taken.method == "store.embed" && !embed_fault.empty()) {
            channel->fail(*id, "EmbeddingError", embed_fault);
        } else if (id && taken.method == "store.embed") {
            JsonWriter fields;
            fields.beginObject();
            channel->reply(*id, std::move(fields), {embed_reply});
        }
        frames.push_back(std::move(taken));
    }
    void onClosed(const std::shared_ptr<graph::Channel>&, std::string_view) override { closed = true; }

    std::shared_ptr<graph::Channel> channel;
    std::deque<Frame> frames;
    std::string load_reply = R"({"graphs":[{"graph_id":"agent","ok":true}]})";
    std::string state_reply;
    std::string embed_reply;
    std::string embed_fault;
    bool answers_loop = true;
    bool closed = false;

  private:
    asio::io_context& io_;
};

}  // namespace heddle::test
