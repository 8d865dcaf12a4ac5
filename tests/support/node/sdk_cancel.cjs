// SPDX-License-Identifier: Apache-2.0
// Cancelling, double texting, and clients that leave.
"use strict";

const naps = { input: { seconds: 30 } };

async function running(client, { until }, id, more) {
  const run = await client.runs.create(id, "sleepy", { ...naps, ...more });
  await until(async () => (await client.runs.get(id, run.run_id)).status === "running", "the run to run");
  return run.run_id;
}

exports.cancels_by_interrupting = async (client, tools) => {
  const { assert, thread, refused } = tools;
  const id = await thread();
  const run = await running(client, tools, id);
  await client.runs.cancel(id, run, true, "interrupt");
  assert.equal((await client.runs.get(id, run)).status, "interrupted");
  assert.equal((await client.threads.get(id)).status, "interrupted");
  await refused(404, client.runs.cancel(id, run, false));
  assert.equal((await client.runs.wait(id, "echo", { input: { text: "next" } })).out, "next");
};

exports.cancels_by_rolling_back = async (client, tools) => {
  const { assert, thread, refused } = tools;
  const id = await thread();
  await client.runs.wait(id, "echo", { input: { text: "first" } });
  const before = (await client.threads.getState(id)).checkpoint.checkpoint_id;
  const run = await running(client, tools, id);
  await client.runs.cancel(id, run, true, "rollback");
  await refused(404, client.runs.get(id, run));
  assert.equal((await client.threads.getState(id)).checkpoint.checkpoint_id, before);
  assert.equal((await client.threads.get(id)).status, "idle");
};

exports.cancels_many = async (client, tools) => {
  const { assert, thread, refused, until } = tools;
  const id = await thread();
  const run = await running(client, tools, id);
  const queued = (await client.runs.create(id, "sleepy", naps)).run_id;
  await client.runs.cancelMany({ threadId: id, runIds: [run, queued] });
  for (const each of [run, queued]) {
    await until(async () => (await client.runs.get(id, each)).status === "interrupted", `run ${each} to be interrupted`);
  }
  await refused(404, client.runs.cancelMany({ threadId: id, runIds: [run] }));
  await refused(422, client.runs.cancelMany({}));
  assert.equal((await client.runs.wait(id, "echo", { input: { text: "next" } })).out, "next");
};

exports.cancels_with_a_reason = async (client, tools) => {
  const { assert, thread } = tools;
  const id = await thread();
  const run = await running(client, tools, id);
  await client.runs.cancel(id, run, true, "interrupt", { reason: "tired of waiting" });
  assert.equal((await client.runs.get(id, run)).status, "interrupted");
};

exports.rejects_a_second_run = async (client, tools) => {
  const id = await tools.thread();
  const run = await running(client, tools, id);
  const text = await tools.refused(409, client.runs.create(id, "echo", { input: { text: "x" }, multitaskStrategy: "reject" }));
  tools.assert.match(text, /already running/);
  await client.runs.cancel(id, run, true);
};

exports.enqueues_a_second_run = async (client, tools) => {
  const { assert, thread } = tools;
  const id = await thread();
  const first = await client.runs.create(id, "sleepy", { input: { seconds: 0.3 } });
  const second = await client.runs.create(id, "echo", { input: { text: "x" }, multitaskStrategy: "enqueue" });
  assert.equal((await client.runs.get(id, second.run_id)).status, "pending");
  assert.equal((await client.runs.join(id, second.run_id)).out, "x");
  assert.equal((await client.runs.get(id, first.run_id)).status, "success");
};

exports.interrupts_the_first_run = async (client, tools) => {
  const { assert, all, thread } = tools;
  const id = await thread();
  const first = await running(client, tools, id, { streamMode: "values" });
  const left = all(client.runs.joinStream(id, first));
  const values = await client.runs.wait(id, "echo", { input: { text: "x" }, multitaskStrategy: "interrupt" });
  assert.equal(values.out, "x");
  await left; // its stream ends
  assert.equal((await client.runs.get(id, first)).status, "interrupted");
  assert.equal((await client.threads.get(id)).status, "idle");
};

exports.rolls_the_first_run_back = async (client, tools) => {
  const { assert, thread, refused } = tools;
  const id = await thread();
  const first = await running(client, tools, id);
  const values = await client.runs.wait(id, "echo", { input: { text: "x" }, multitaskStrategy: "rollback" });
  assert.deepEqual(values, { text: "x", out: "x" });
  await refused(404, client.runs.get(id, first));
  const sources = (await client.threads.getHistory(id, { limit: 100 })).map((state) => state.metadata.run_id);
  assert.ok(!sources.includes(first));
};

exports.cancels_on_disconnect = async (client, { assert, thread, until }) => {
  const id = await thread();
  const leave = new AbortController();
  let run;
  const stream = client.runs.stream(id, "sleepy", {
    ...naps,
    onDisconnect: "cancel",
    signal: leave.signal,
    onRunCreated: (each) => (run = each.run_id),
  });
  assert.equal((await stream.next()).value.event, "metadata");
  leave.abort();
  await until(async () => (await client.runs.get(id, run)).status === "interrupted", "the run to be interrupted");
};

exports.goes_on_after_a_disconnect = async (client, { assert, thread }) => {
  const id = await thread();
  const leave = new AbortController();
  let run;
  const stream = client.runs.stream(id, "sleepy", {
    input: { seconds: 0.2 },
    onDisconnect: "continue",
    signal: leave.signal,
    onRunCreated: (each) => (run = each.run_id),
  });
  await stream.next();
  leave.abort();
  assert.deepEqual((await client.runs.join(id, run)).steps, ["nap1", "nap2"]);
};
