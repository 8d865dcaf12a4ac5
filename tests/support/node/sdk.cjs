// SPDX-License-Identifier: Apache-2.0
// A case of the official JavaScript SDK against a server: `node sdk.cjs FILE CASE URL`. Exit code 0 when it holds.
// CommonJS, so that NODE_PATH can name the folder the library is installed in.
"use strict";
const assert = require("node:assert/strict");
const path = require("node:path");
const { Client } = require("@langchain/langgraph-sdk");

// What a case gets beside the client.
const tools = {
  assert,

  /** Collects a stream's parts. */
  async all(stream) {
    const parts = [];
    for await (const part of stream) parts.push(part);
    return parts;
  },

  /** The promise must fail with this HTTP status; the error's text. */
  async refused(status, promise) {
    const error = await promise.then(
      (value) => assert.fail(`expected ${status}, got ${JSON.stringify(value)}`),
      (caught) => caught,
    );
    assert.equal(error.status, status, error.message);
    return error.message;
  },

  /** Asks until the answer is true; fails after a deadline. */
  async until(ask, what) {
    const end = Date.now() + 20_000;
    for (;;) {
      const answer = await ask();
      if (answer) return answer;
      assert.ok(Date.now() < end, `waited in vain for ${what}`);
      await new Promise((go) => setTimeout(go, 10));
    }
  },
};

async function main([file, name, url]) {
  const { [name]: run } = require(path.resolve(__dirname, file));
  const client = new Client({ apiUrl: url, apiKey: null, callerOptions: { maxRetries: 0 } });
  await run(client, { ...tools, url, thread: async (more) => (await client.threads.create(more)).thread_id });
}

main(process.argv.slice(2)).then(
  () => process.exit(0), // connections that are kept alive would hold the process
  (error) => {
    console.error(error.stack || error);
    process.exit(1);
  },
);
