// SPDX-License-Identifier: Apache-2.0
// Resumable streams and the stream of a thread.
"use strict";
const net = require("node:net");
const { Client } = require("@langchain/langgraph-sdk");

exports.replays_a_resumable_stream = async (client, { assert, all, thread }) => {
  const id = await thread();
  const whole = await all(
    client.runs.stream(id, "custom", { input: { n: 5 }, streamMode: ["custom", "values"], streamResumable: true }),
  );
  assert.ok(whole.every((part) => part.id), JSON.stringify(whole));
  const run = whole[0].data.run_id;
  assert.deepEqual(await all(client.runs.joinStream(id, run, { lastEventId: "-1" })), whole);
  for (const at of [0, 2, whole.length - 1]) {
    assert.deepEqual(await all(client.runs.joinStream(id, run, { lastEventId: whole[at].id })), whole.slice(at + 1));
  }
  const some = await all(client.runs.joinStream(id, run, { lastEventId: "-1", streamMode: "custom" }));
  assert.deepEqual(some, whole.filter((part) => part.event === "custom"));
};

exports.replays_while_the_run_goes_on = async (client, { assert, all, thread }) => {
  const id = await thread();
  const run = await client.runs.create(id, "sleepy", { input: { seconds: 0.4 }, streamMode: "updates", streamResumable: true });
  const [one, two] = await Promise.all(["-1", "0"].map((lastEventId) => all(client.runs.joinStream(id, run.run_id, { lastEventId }))));
  assert.deepEqual(one, two);
  assert.deepEqual(one.map((part) => part.event), ["metadata", "updates", "updates"]);
};

/** A proxy that breaks the first connections after so many bytes of the answers. */
function gate(target, cuts) {
  const { port, pathname } = new URL(target);
  return new Promise((ready) => {
    const server = net.createServer((down) => {
      const up = net.connect(Number(port), "127.0.0.1");
      let left = cuts.shift() ?? Infinity;
      down.on("error", () => up.destroy()).pipe(up).on("error", () => down.destroy());
      up.on("data", (bytes) => {
        const piece = bytes.subarray(0, Math.min(left, bytes.length));
        left -= piece.length;
        down.write(piece, () => {
          if (left === 0) down.resetAndDestroy();
        });
      }).on("end", () => down.end());
    });
    server.listen(0, "127.0.0.1", () => ready({ url: `http://127.0.0.1:${server.address().port}${pathname.replace(/\/$/, "")}`, close: () => server.close() }));
  });
}

exports.reconnects_by_itself = async (client, { assert, all, thread, url }) => {
  const id = await thread();
  const run = { input: { n: 20 }, streamMode: "custom", streamResumable: true };
  const cuts = [900, 700, 800, 1000]; // of heads and events: somewhere in the stream each time
  const { url: through, close } = await gate(url, cuts);
  const parts = await all(new Client({ apiUrl: through, apiKey: null }).runs.stream(id, "custom", run));
  close();
  assert.equal(cuts.length, 0, "the connection was not cut as often as it should be");
  assert.deepEqual(parts.map((part) => part.data.progress).slice(1), [...Array(20).keys()]);
  assert.deepEqual(parts, await all(client.runs.joinStream(id, parts[0].data.run_id, { lastEventId: "-1" })));
};

exports.joins_the_stream_of_a_thread = async (client, { assert, thread }) => {
  const id = await thread();
  const leave = new AbortController();
  const stream = client.threads.joinStream(id, { signal: leave.signal, streamMode: ["run_modes", "lifecycle"] });
  const parts = [];
  const reading = (async () => {
    for await (const part of stream) {
      parts.push(part);
      if (part.event === "metadata" && part.data.status === "run_done" && parts.filter((each) => each.data.status === "run_done").length === 2) return;
    }
  })();
  await new Promise((go) => setTimeout(go, 300)); // a client cannot know when its stream is open
  for (const text of ["a", "b"]) await client.runs.wait(id, "echo", { input: { text } });
  await reading;
  leave.abort();
  const outputs = parts.filter((part) => part.event === "values" && part.data.out).map((part) => part.data.out);
  assert.deepEqual(outputs.filter((text, at) => text !== outputs[at - 1]), ["a", "b"]);
  assert.ok(parts.every((part) => part.id));
};
