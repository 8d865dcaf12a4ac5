// SPDX-License-Identifier: Apache-2.0
// client.assistants and client.store.
"use strict";

exports.makes_versions_and_goes_back = async (client, { assert, refused }) => {
  const made = await client.assistants.create({ graphId: "echo", context: { a: 1 }, metadata: { js: "versions" }, name: "One" });
  const id = made.assistant_id;
  assert.equal((await client.assistants.update(id, { graphId: "echo", context: { a: 2 }, name: "Two" })).version, 2);
  assert.deepEqual((await client.assistants.getVersions(id)).map((each) => [each.version, each.name]), [[2, "Two"], [1, "One"]]);
  const back = await client.assistants.setLatest(id, 1);
  assert.deepEqual([back.version, back.name, back.context], [1, "One", { a: 1 }]);
  await refused(404, client.assistants.setLatest(id, 9));
  assert.deepEqual((await client.assistants.search({ metadata: { js: "versions" } })).map((each) => each.assistant_id), [id]);
  assert.equal(await client.assistants.count({ metadata: { js: "versions" } }), 1);
  await client.assistants.delete(id);
  await refused(404, client.assistants.get(id));
};

exports.shows_graphs = async (client, { assert }) => {
  const [{ assistant_id: id }] = await client.assistants.search({ graphId: "parent", metadata: { created_by: "system" } });
  assert.deepEqual((await client.assistants.getGraph(id)).nodes.map((node) => node.id), ["__start__", "child", "fin", "__end__"]);
  assert.equal((await client.assistants.getGraph(id, { xray: true })).nodes.length, 5);
  assert.equal((await client.assistants.getSchemas(id)).graph_id, "parent");
  assert.deepEqual(Object.keys(await client.assistants.getSubgraphs(id, { recurse: true })), ["child"]);
  assert.deepEqual(Object.keys(await client.assistants.getSubgraphs(id, { namespace: "child" })), ["child"]);
};

exports.keeps_items = async (client, { assert, refused }) => {
  const root = crypto.randomUUID();
  await client.store.putItem([root, "a"], "k", { n: 1 });
  await client.store.putItem([root, "b"], "k", { n: 2 }, { index: false, ttl: 5 });
  assert.deepEqual((await client.store.getItem([root, "a"], "k")).value, { n: 1 });
  const found = await client.store.searchItems([root], { filter: { n: { $gt: 1 } }, limit: 5, offset: 0 });
  assert.deepEqual(found.items.map((item) => item.namespace), [[root, "b"]]);
  assert.deepEqual((await client.store.listNamespaces({ prefix: [root], maxDepth: 2 })).namespaces, [[root, "a"], [root, "b"]]);
  await client.store.deleteItem([root, "a"], "k");
  assert.equal(await client.store.getItem([root, "a"], "k"), null);
  await refused(422, client.store.putItem(["langgraph"], "k", {}));
};
