// SPDX-License-Identifier: Apache-2.0
// Verifies webhooks with the npm library. A line of input: {"secret", "body" (base64), "headers"}; a line of output: "ok",
// or why not. CommonJS, so that NODE_PATH can name the folder the library is installed in.
"use strict";
const readline = require("node:readline");
const { Webhook } = require("standardwebhooks");

readline.createInterface({ input: process.stdin, crlfDelay: Infinity }).on("line", (line) => {
  const { secret, body, headers } = JSON.parse(line);
  let verdict = "ok";
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64").toString(), headers);
  } catch (error) {
    verdict = `${error.name}: ${error.message}`;
  }
  process.stdout.write(`${verdict}\n`);
});
