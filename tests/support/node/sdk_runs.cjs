// SPDX-License-Identifier: Apache-2.0
// client.runs: create, wait, stream, batch, list, get, delete, and the parameters of a run.
"use strict";

exports.waits_for_a_run = async (client, { assert, thread }) => {
  const id = await thread({ metadata: { js: "wait" } });
  const created = [];
  const values = await client.runs.wait(id, "echo", { input: { text: "a" }, onRunCreated: (run) => created.push(run) });
  assert.deepEqual(values, { text: "a", out: "a" });
  assert.equal(created[0].thread_id, id);
  assert.equal((await client.runs.get(id, created[0].run_id)).status, "success");
  assert.deepEqual(await client.runs.wait(null, "echo", { input: { text: "b" } }), { text: "b", out: "b" });
};

exports.creates_joins_lists_and_deletes = async (client, { assert, thread, refused }) => {
  const id = await thread();
  const created = [];
  const runs = [];
  for (const text of ["1", "2", "3"]) {
    const run = await client.runs.create(id, "echo", { input: { text }, metadata: { text }, onRunCreated: (each) => created.push(each) });
    runs.push(run.run_id);
    assert.equal((await client.runs.join(id, run.run_id)).out, text);
  }
  assert.deepEqual(created.map((each) => each.run_id), runs);
  const newest = [...runs].reverse();
  assert.deepEqual((await client.runs.list(id)).map((each) => each.run_id), newest);
  assert.deepEqual((await client.runs.list(id, { limit: 1, offset: 1 })).map((each) => each.run_id), [newest[1]]);
  assert.equal((await client.runs.list(id, { status: "success" })).length, 3);
  assert.equal((await client.runs.list(id, { status: "error" })).length, 0);
  assert.deepEqual(await client.runs.list(id, { limit: 1, select: ["run_id", "metadata"] }).then((list) => Object.keys(list[0]).sort()), [
    "metadata",
    "run_id",
  ]);
  await client.runs.delete(id, runs[0]);
  await refused(404, client.runs.get(id, runs[0]));
  assert.equal((await client.runs.list(id)).length, 2);
};

exports.streams_in_every_mode = async (client, { assert, all, thread }) => {
  const id = await thread();
  const parts = await all(
    client.runs.stream(id, "agent", {
      input: { messages: [{ role: "user", content: "hi there" }] },
      streamMode: ["values", "updates", "messages-tuple", "events", "tasks", "checkpoints", "debug"],
    }),
  );
  assert.equal(parts[0].event, "metadata");
  const spoken = parts.filter((part) => part.event === "messages").map((part) => part.data[0].content);
  assert.equal(spoken.join(""), "echo: hi there");
  const seen = new Set(parts.map((part) => part.event));
  for (const mode of ["values", "updates", "messages", "events", "tasks", "checkpoints", "debug"]) assert.ok(seen.has(mode), mode);
  const custom = await all(client.runs.stream(null, "custom", { input: { n: 3 }, streamMode: "custom" }));
  assert.deepEqual(custom.slice(1).map((part) => part.data), [{ progress: 0 }, { progress: 1 }, { progress: 2 }]);
  const nested = await all(client.runs.stream(null, "parent", { input: { text: "x" }, streamMode: "updates", streamSubgraphs: true }));
  assert.ok(nested.some((part) => part.event.startsWith("updates|child:")));
  const accumulated = await all(
    client.runs.stream(id, "agent", { input: { messages: [{ role: "user", content: "again" }] }, streamMode: "messages" }),
  );
  assert.ok(accumulated.some((part) => part.event === "messages/partial"));
};

exports.joins_a_stream = async (client, { assert, all, thread }) => {
  const id = await thread();
  const run = await client.runs.create(id, "sleepy", { input: { seconds: 0.4 }, streamMode: ["values", "updates"] });
  const parts = await all(client.runs.joinStream(id, run.run_id, { streamMode: "values" }));
  assert.ok(parts.every((part) => part.event === "values"), JSON.stringify(parts));
  assert.deepEqual(parts.at(-1).data.steps, ["nap1", "nap2"]);
  assert.deepEqual(await client.runs.join(id, run.run_id), { seconds: 0.4, steps: ["nap1", "nap2"] });
};

exports.creates_a_batch = async (client, { assert, refused }) => {
  const runs = await client.runs.createBatch([
    { assistantId: "echo", input: { text: "1" } },
    { assistantId: "echo", input: { text: "2" } },
  ]);
  assert.equal(new Set(runs.map((run) => run.run_id)).size, 2);
  await refused(422, client.runs.createBatch([{ assistantId: "echo", input: {} }, { assistantId: "nope", input: {} }]));
};

exports.tells_what_went_wrong = async (client, { assert, all, thread, refused }) => {
  const id = await thread();
  await assert.rejects(client.runs.wait(id, "boom", { input: { msg: "z" } }), /ValueError: z/);
  const kept = await client.runs.wait(id, "boom", { input: { msg: "z" }, raiseError: false });
  assert.deepEqual(kept, { __error__: { error: "ValueError", message: "z" } });
  const parts = await all(client.runs.stream(id, "boom", { input: { msg: "z" } }));
  assert.deepEqual(parts.at(-1), { id: undefined, event: "error", data: { error: "ValueError", message: "z" } });
  assert.match(await refused(422, client.runs.create(id, "nope", { input: {} })), /nope/);
  await refused(404, client.runs.create("00000000-0000-7000-8000-000000000000", "echo", { input: {} }));
  await refused(404, client.runs.get(id, "00000000-0000-7000-8000-000000000000"));
  await refused(422, client.runs.create(id, "echo", { input: {}, streamMode: "bad" }));
};

exports.passes_config_context_and_metadata = async (client, { assert, thread, refused }) => {
  const id = await thread({ metadata: { from: "thread" } });
  const { info } = await client.runs.wait(id, "custom", {
    input: { n: 0 },
    metadata: { from: "run" },
    config: { tags: ["t"], recursion_limit: 7 },
    context: { user_name: "Ada" },
  });
  assert.equal(info.context.user_name, "Ada");
  assert.equal(info.recursion_limit, 7);
  assert.deepEqual(info.tags, ["t"]);
  assert.equal(info.metadata.from, "run");
  await refused(400, client.runs.wait(id, "custom", { input: {}, config: { configurable: { lang: "de" } }, context: { lang: "en" } }));
};

exports.makes_the_thread_if_asked = async (client, { assert, refused }) => {
  const id = crypto.randomUUID();
  await refused(404, client.runs.create(id, "echo", { input: { text: "x" } }));
  assert.equal((await client.runs.wait(id, "echo", { input: { text: "x" }, ifNotExists: "create" })).out, "x");
  assert.equal((await client.threads.get(id)).status, "idle");
};

exports.keeps_or_deletes_stateless_threads = async (client, { assert, refused }) => {
  const start = (onCompletion) => client.runs.create(null, "echo", { input: { text: "x" }, onCompletion });
  const kept = await start("keep");
  const deleted = await start("delete");
  for (const run of [kept, deleted]) await client.runs.join(run.thread_id, run.run_id).catch(() => undefined);
  assert.equal((await client.threads.get(kept.thread_id)).values.out, "x");
  await refused(404, client.threads.get(deleted.thread_id));
};

exports.delays_a_run = async (client, { assert, thread }) => {
  const id = await thread();
  const began = Date.now();
  const run = await client.runs.create(id, "echo", { input: { text: "later" }, afterSeconds: 1 });
  assert.equal(run.status, "pending");
  assert.equal((await client.runs.join(id, run.run_id)).out, "later");
  assert.ok(Date.now() - began >= 950);
};

exports.stops_before_and_after_nodes = async (client, { assert, thread }) => {
  const id = await thread();
  await client.runs.wait(id, "human", { input: { text: "t" }, interruptBefore: ["ask"] });
  assert.deepEqual((await client.threads.getState(id)).next, ["ask"]);
  const other = await thread();
  await client.runs.wait(other, "human", { input: { text: "t" }, interruptAfter: ["before"] });
  const state = await client.threads.getState(other);
  assert.deepEqual([state.next, state.values.steps], [["ask"], ["before"]]);
  assert.equal((await client.threads.get(other)).status, "interrupted");
};

exports.resumes_with_a_command = async (client, { assert, all, thread }) => {
  const id = await thread();
  const asked = await client.runs.wait(id, "human", { input: { text: "t" } });
  assert.equal(asked.__interrupt__[0].value.question, "approve?");
  const state = await client.threads.getState(id);
  assert.equal(state.tasks[0].interrupts[0].value.question, "approve?");
  const parts = await all(client.runs.stream(id, "human", { command: { resume: "yes" } }));
  assert.equal(parts.at(-1).data.answer, "yes");
  assert.equal((await client.threads.get(id)).status, "idle");
};

exports.answers_two_questions_by_their_ids = async (client, { assert, thread }) => {
  const id = await thread();
  const asked = (await client.runs.wait(id, "two", { input: { text: "t" } })).__interrupt__;
  assert.equal(asked.length, 2);
  const first = await client.runs.wait(id, "two", { command: { resume: { [asked[0].id]: "one" } } });
  assert.equal(first.__interrupt__.length, 1);
  const second = await client.runs.wait(id, "two", { command: { resume: { [asked[1].id]: "two" } } });
  assert.deepEqual(second.got.map((pair) => pair[1]).sort(), ["one", "two"]);
};

exports.updates_and_goes_to_nodes_with_a_command = async (client, { assert, thread }) => {
  const id = await thread();
  await client.runs.wait(id, "echo", { input: { text: "t" } });
  const values = await client.runs.wait(id, "echo", { command: { update: { text: "changed" }, goto: "echo" } });
  assert.deepEqual(values, { text: "changed", out: "changed" });
  const fanned = await client.runs.wait(null, "fan", { command: { goto: [1, 2].map((item) => ({ node: "work", input: { item } })) } });
  assert.deepEqual(fanned.results, ["w1", "w2"]);
};
