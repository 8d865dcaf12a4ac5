// SPDX-License-Identifier: Apache-2.0
#include "run/thread_state.hpp"

#include <array>
#include <utility>

namespace heddle::run {
namespace {

// {task_id: [{id, value}…]} of the tasks that wait for input.
RawJson interruptsByTask(JsonView state) {
    JsonWriter writer;
    writer.beginObject();
    const auto tasks = state.get("tasks");
    for (const auto& task : tasks ? tasks->elements() : std::vector<JsonView>{}) {
        const auto id = task.get("id");
        if (!id || isEmptyArray(task, "interrupts")) continue;
        writer.key(id->string().value_or("")).raw(*task.get("interrupts"));
    }
    writer.endObject();
    return RawJson::trusted(writer.take());
}

// An object with a `thread_id` of ours, such as a checkpoint or metadata.
RawJson renamedObject(JsonView object, const std::string& from, const std::string& to) {
    const auto thread = object.get("thread_id");
    if (!thread || thread->string() != from) return RawJson::copy(object);
    JsonWriter over;
    over.beginObject().key("thread_id").string(to).endObject();
    return mergeObjects(object, JsonView::trusted(over.text()));
}

void writeTasks(JsonWriter& out, JsonView tasks, const std::string& from, const std::string& to) {
    out.beginArray();
    for (const JsonView task : tasks.elements()) {
        out.beginObject();
        for (const auto& field : task.fields()) {
            out.key(field.key);
            if (field.key == "checkpoint") {
                out.raw(renamedObject(field.value, from, to));
            } else if (field.key == "state" && field.value.isObject()) {
                out.raw(renamedState(field.value, from, to));
            } else {
                out.raw(field.value);
            }
        }
        out.endObject();
    }
    out.endArray();
}

}  // namespace

void takeState(Thread& thread, JsonView state, std::optional<std::string> checkpoint_id, Timestamp now) {
    thread.state = RawJson::copy(state);
    thread.state_checkpoint_id = std::move(checkpoint_id);
    const auto values = state.get("values");
    thread.values = values ? RawJson::copy(*values) : RawJson();
    thread.interrupts = interruptsByTask(state);
    thread.state_updated_at = now;
}

bool isEmptyArray(JsonView object, std::string_view key) {
    const auto value = object.get(key);
    return !value || value->elements().empty();
}

ThreadStatus restingStatus(JsonView state) {
    const bool waits =
        state.isObject() && (!isEmptyArray(state, "next") || !isEmptyArray(state, "interrupts"));
    return waits ? ThreadStatus::kInterrupted : ThreadStatus::kIdle;
}

RawJson renamedState(JsonView state, const std::string& from, const std::string& to) {
    if (!state.isObject()) return RawJson::copy(state);
    JsonWriter out;
    out.beginObject();
    for (const auto& field : state.fields()) {
        out.key(field.key);
        if (field.key == "checkpoint" || field.key == "parent_checkpoint" || field.key == "metadata") {
            out.raw(renamedObject(field.value, from, to));
        } else if (field.key == "tasks") {
            writeTasks(out, field.value, from, to);
        } else {
            out.raw(field.value);
        }
    }
    out.endObject();
    return RawJson::trusted(out.take());
}

}  // namespace heddle::run
