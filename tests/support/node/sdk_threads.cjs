// SPDX-License-Identifier: Apache-2.0
// client.threads and client.assistants: objects, search, state and history.
"use strict";

exports.creates_gets_updates_and_deletes = async (client, { assert, refused }) => {
  const made = await client.threads.create({ metadata: { js: "objects" }, graphId: "echo" });
  const id = made.thread_id;
  assert.deepEqual(made.metadata, { js: "objects", graph_id: "echo" });
  assert.equal((await client.threads.update(id, { metadata: { more: 1 } })).metadata.more, 1);
  assert.equal(await client.threads.update(id, { metadata: { more: 2 }, returnMinimal: true }), undefined);
  assert.deepEqual((await client.threads.get(id)).metadata, { js: "objects", graph_id: "echo", more: 2 });
  await refused(409, client.threads.create({ threadId: id }));
  assert.equal((await client.threads.create({ threadId: id, ifExists: "do_nothing" })).thread_id, id);
  await client.threads.delete(id);
  await refused(404, client.threads.get(id));
};

exports.searches_and_counts = async (client, { assert, thread }) => {
  const mark = crypto.randomUUID();
  const ids = [];
  for (const n of [1, 2, 3]) ids.push(await thread({ metadata: { mark, n } }));
  await client.runs.wait(ids[1], "echo", { input: { text: mark } });
  assert.equal(await client.threads.count({ metadata: { mark } }), 3);
  const found = async (query) => (await client.threads.search({ metadata: { mark }, ...query })).map((each) => each.thread_id);
  assert.deepEqual(await found({ sortBy: "created_at", sortOrder: "asc" }), ids);
  assert.deepEqual(await found({ sortBy: "created_at", sortOrder: "desc", limit: 1, offset: 1 }), [ids[1]]);
  assert.deepEqual(await found({ values: { out: mark } }), [ids[1]]);
  assert.deepEqual(await found({ ids: [ids[2]], status: "idle" }), [ids[2]]);
  const [part] = await client.threads.search({ ids: [ids[1]], select: ["thread_id"], extract: { said: "values.out" } });
  assert.deepEqual(part, { thread_id: ids[1], extracted: { said: mark } });
};

exports.reads_states_and_history = async (client, { assert, thread, refused }) => {
  const id = await thread();
  for (const text of ["a", "b"]) await client.runs.wait(id, "echo", { input: { text } });
  const history = await client.threads.getHistory(id);
  assert.deepEqual(history.map((state) => state.values.out).filter((out, at, list) => out !== list[at - 1]), ["b", "a", undefined]);
  assert.deepEqual((await client.threads.getState(id)).values, { text: "b", out: "b" });
  const old = history.find((state) => state.values.out === "a" && state.next.length === 0);
  for (const which of [old.checkpoint.checkpoint_id, old.checkpoint]) {
    assert.deepEqual((await client.threads.getState(id, which)).values, { text: "a", out: "a" });
  }
  const before = await client.threads.getHistory(id, { limit: 1, before: { configurable: { checkpoint_id: old.checkpoint.checkpoint_id } } });
  assert.equal(before.length, 1);
  assert.equal(before[0].checkpoint.checkpoint_id, old.parent_checkpoint.checkpoint_id);
  assert.equal((await client.threads.getHistory(id, { metadata: { source: "input" } })).length, 2);
  await refused(404, client.threads.getState(id, "00000000-0000-7000-8000-000000000000"));
};

exports.updates_a_state_and_forks = async (client, { assert, thread, refused }) => {
  const id = await thread();
  await client.runs.wait(id, "human", { input: { text: "t" } });
  const made = await client.threads.updateState(id, { values: { text: "edited" }, asNode: "before" });
  assert.ok(made.configurable.checkpoint_id);
  const state = await client.threads.getState(id);
  assert.deepEqual([state.values.text, state.next], ["edited", ["ask"]]);
  await refused(400, client.threads.updateState(id, { values: {}, asNode: "nobody" }));
  const asked = await client.runs.wait(id, "human", { input: null, checkpoint: state.checkpoint });
  assert.equal(asked.__interrupt__[0].value.text, "edited");
  const first = (await client.threads.getHistory(id, { limit: 100 })).find((each) => each.next.includes("before"));
  const forked = await client.runs.wait(id, "human", { input: null, checkpointId: first.checkpoint.checkpoint_id });
  assert.equal(forked.__interrupt__[0].value.text, "t");
};

exports.creates_with_supersteps = async (client, { assert, thread }) => {
  const id = await thread({
    graphId: "echo",
    supersteps: [
      { updates: [{ values: { text: "a" }, asNode: "__input__" }] },
      { updates: [{ values: { out: "by hand" }, asNode: "echo" }] },
    ],
  });
  assert.deepEqual((await client.threads.getState(id)).values, { text: "a", out: "by hand" });
};

exports.copies_a_thread = async (client, { assert, thread, refused }) => {
  const id = await thread({ metadata: { copied: "yes" } });
  await client.runs.wait(id, "echo", { input: { text: "a" } });
  const copy = (await client.threads.copy(id)).thread_id;
  assert.notEqual(copy, id);
  await client.runs.wait(copy, "echo", { input: { text: "b" } });
  assert.equal((await client.threads.getState(id)).values.out, "a");
  assert.equal((await client.threads.getState(copy)).values.out, "b");
  assert.equal((await client.threads.getHistory(copy, { limit: 100 })).length, 2 * (await client.threads.getHistory(id, { limit: 100 })).length);
  const gone = crypto.randomUUID();
  await client.threads.copy(gone).then(() => assert.fail("copied what is not there"), (error) => assert.ok([404, 409].includes(error.status)));
};

exports.prunes_threads = async (client, { assert, thread, refused }) => {
  const ids = [await thread(), await thread()];
  for (const id of ids) for (const text of ["a", "b"]) await client.runs.wait(id, "echo", { input: { text } });
  assert.deepEqual(await client.threads.prune([ids[0]], { strategy: "keep_latest" }), { pruned_count: 1 });
  assert.equal((await client.threads.getHistory(ids[0], { limit: 100 })).length, 1);
  assert.equal((await client.threads.getState(ids[0])).values.out, "b");
  assert.deepEqual(await client.threads.prune(ids), { pruned_count: 2 });
  for (const id of ids) await refused(404, client.threads.get(id));
};

exports.gives_threads_a_time_to_live = async (client, { assert }) => {
  const made = await client.threads.create({ ttl: 60 });
  const shown = await client.threads.get(made.thread_id, { include: ["ttl"] });
  assert.equal(shown.ttl.strategy, "delete");
  assert.equal(shown.ttl.ttl_minutes, 60);
  await client.threads.update(made.thread_id, { ttl: { ttl: 5, strategy: "delete" } });
  assert.equal((await client.threads.get(made.thread_id, { include: ["ttl"] })).ttl.ttl_minutes, 5);
};

exports.finds_assistants = async (client, { assert, refused }) => {
  const [found] = await client.assistants.search({ graphId: "echo" });
  assert.equal(found.graph_id, "echo");
  assert.deepEqual(await client.assistants.get(found.assistant_id), found);
  assert.equal(await client.assistants.count({ graphId: "echo", metadata: { created_by: "system" } }), 1);
  await refused(404, client.assistants.get("00000000-0000-7000-8000-000000000000"));
};

exports.creates_assistants = async (client, { assert, refused }) => {
  const made = await client.assistants.create({ graphId: "custom", name: "Ada's", metadata: { js: 1 }, context: { user_name: "Ada" } });
  const id = made.assistant_id;
  assert.equal((await client.runs.wait(null, id, { input: { n: 0 } })).info.context.user_name, "Ada");
  const changed = await client.assistants.update(id, { name: "Bob's", context: { user_name: "Bob" } });
  assert.equal(changed.name, "Bob's");
  assert.equal(changed.version, 2);
  assert.equal((await client.runs.wait(null, id, { input: { n: 0 } })).info.context.user_name, "Bob");
  await client.assistants.delete(id);
  await refused(404, client.assistants.get(id));
};
