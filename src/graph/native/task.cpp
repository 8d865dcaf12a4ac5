// SPDX-License-Identifier: Apache-2.0
#include "graph/native/task.hpp"

#include "graph/native/snapshot.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace heddle::graph {
namespace {

// LangGraph's channels and places of pending writes that are no node's output.
constexpr std::string_view kErrorChannel = "__error__";
constexpr std::string_view kInterruptChannel = "__interrupt__";
constexpr std::string_view kResumeChannel = "__resume__";
constexpr std::int64_t kErrorPlace = -1;
constexpr std::int64_t kInterruptPlace = -3;
constexpr std::int64_t kResumePlace = -4;  // of the first answer; those after it are below
constexpr std::size_t kQuestionIdChars = 32;

// Stable over retries: the task of a checkpoint.
Uuid taskOf(const Snapshot& snapshot) {
    const Uuid space = Uuid::parse(snapshot.key.id).value_or(Uuid());
    return Uuid::v5(space, snapshot.next.empty() ? "" : snapshot.next.front());
}

PendingWrite writeOf(const Snapshot& snapshot, std::string_view channel, std::int64_t place,
                     std::string json) {
    PendingWrite write;
    write.task_id = taskOf(snapshot).str();
    write.idx = place;
    write.channel = channel;
    write.value = {"json", std::move(json)};
    return write;
}

bool isQuestionId(std::string_view key) {
    return key.size() == kQuestionIdChars &&
           key.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

void writeQuestions(JsonWriter& out, const Snapshot& snapshot) {
    out.beginArray();
    if (const auto& question = snapshot.question) {
        out.beginObject().key("id").string(question->id).key("value").raw(question->value).endObject();
    }
    out.endArray();
}

void writeTask(JsonWriter& out, const Snapshot& snapshot, const std::string& name) {
    out.beginObject();
    out.key("id").string(taskOf(snapshot).str());
    out.key("name").string(name);
    out.key("path").beginArray().string("__pregel_pull").string(name).endArray();
    out.key("error");
    if (snapshot.task_error) {
        out.string(*snapshot.task_error);
    } else {
        out.null();
    }
    out.key("interrupts");
    writeQuestions(out, snapshot);
    out.key("checkpoint").null().key("state").null().key("result").null();
    out.endObject();
}

namespace {

struct Answer {
    RawJson value;
    std::string run_id;
};

void readWrite(Snapshot& snapshot, const PendingWrite& write, std::map<std::int64_t, Answer>& answers) {
    if (write.value.type != "json") return;
    const JsonView value = JsonView::trusted(write.value.bytes);
    if (write.channel == kErrorChannel) {
        snapshot.task_error = value.string();
    } else if (write.channel == kInterruptChannel) {
        auto& question = snapshot.question.emplace();
        question.id = value.stringAt("id").value_or("");
        question.value = RawJson::copy(value.get("value").value_or(JsonView()));
        const auto place = value.get("place");
        question.place = static_cast<std::size_t>(place ? place->integer().value_or(0) : 0);
    } else if (write.channel == kResumeChannel) {
        Answer& answer = answers[kResumePlace - write.idx];
        answer.value = RawJson::copy(value.get("value").value_or(JsonView()));
        answer.run_id = value.stringAt("run_id").value_or("");
    }
}

}  // namespace

void readWrites(Snapshot& snapshot, const std::vector<PendingWrite>& writes) {
    std::map<std::int64_t, Answer> answers;
    for (const auto& write : writes) readWrite(snapshot, write, answers);
    for (auto& [place, answer] : answers) {
        if (place != static_cast<std::int64_t>(snapshot.answers.values.size())) break;
        snapshot.answers.values.push_back(std::move(answer.value));
        snapshot.answers.run_id = std::move(answer.run_id);
    }
}

RawJson interruptOf(const Snapshot& snapshot) {
    JsonWriter out;
    out.beginArray();
    if (const auto& question = snapshot.question) {
        out.beginObject().key("value").raw(question->value).key("id").string(question->id);
        out.key("response_schema").null().endObject();
    }
    out.endArray();
    return RawJson::trusted(out.take());
}

PendingWrite fail(Snapshot& snapshot, const RunError& error) {
    snapshot.task_error = error.type + "('" + error.message + "')";
    return writeOf(snapshot, kErrorChannel, kErrorPlace, jsonString(*snapshot.task_error));
}

PendingWrite ask(Snapshot& snapshot, RawJson value) {
    Question question;
    question.place = snapshot.answers.values.size();
    question.id = Uuid::v5(taskOf(snapshot), "interrupt " + std::to_string(question.place)).str();
    std::erase(question.id, '-');
    question.value = std::move(value);
    JsonWriter json;
    json.beginObject().key("id").string(question.id).key("value").raw(question.value);
    json.key("place").integer(static_cast<std::int64_t>(question.place)).endObject();
    snapshot.question = std::move(question);
    return writeOf(snapshot, kInterruptChannel, kInterruptPlace, json.take());
}

std::vector<PendingWrite> answer(Snapshot& snapshot, ResumeValues answers, std::size_t first) {
    snapshot.answers = std::move(answers);
    const auto& [values, run_id] = snapshot.answers;
    std::vector<PendingWrite> writes;
    for (std::size_t place = first; place < values.size(); ++place) {
        JsonWriter json;
        json.beginObject().key("run_id").string(run_id).key("value").raw(values[place]).endObject();
        const auto idx = kResumePlace - static_cast<std::int64_t>(place);
        writes.push_back(writeOf(snapshot, kResumeChannel, idx, json.take()));
    }
    return writes;
}

std::optional<RawJson> answerIn(JsonView resume, const Snapshot& snapshot) {
    const auto fields = resume.fields();
    const bool by_id = !fields.empty() && std::all_of(fields.begin(), fields.end(), [](const auto& field) {
        return isQuestionId(field.key);
    });
    if (!by_id) return RawJson::copy(resume);
    if (!snapshot.question) return std::nullopt;
    const auto own = resume.get(snapshot.question->id);
    if (!own) return std::nullopt;
    return RawJson::copy(*own);
}

}  // namespace heddle::graph
