// Our OHTTP against one composed from npm @hpke/core and bhttp-js (ohttp.mjs), both ways round, in every format and
// AEAD. Our side is the program given as argument (src/channel/ohttp_pipe_test.c), spoken to in lines.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

let ohttp, bhttp;
try {
  ohttp = await import("./ohttp.mjs");
  bhttp = await import("bhttp-js");
} catch (e) {
  console.error(`SKIPPED: npm packages are not installed (npm install --prefix tests/interop): ${e.message}`);
  process.exit(77);
}

const pipe = spawn(process.argv[2], { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: pipe.stdout })[Symbol.asyncIterator]();

// Send one command; return the words of the answer, the first of which must be "ok".
async function ours(...words) {
  pipe.stdin.write(words.map((w) => (Buffer.isBuffer(w) ? w.toString("hex") || "-" : w)).join(" ") + "\n");
  const { value } = await lines.next();
  const [status, ...rest] = value.split(" ");
  assert.equal(status, "ok", `${words[0]}: ${value}`);
  return rest.map((w) => Buffer.from(w === "-" ? "" : w, "hex"));
}

const PIECES = [[Buffer.from("one piece")], [Buffer.from("a"), Buffer.from("bc"), Buffer.alloc(0)],
                [randomBytes(100), randomBytes(16384), randomBytes(7)], [Buffer.alloc(0)],
                [randomBytes(20000)]];
let count = 0;

// Their client, our gateway.
const [configs] = await ours("config");
const config = ohttp.readConfigs(configs)[0];
assert.deepEqual(config.algs.map((a) => a.aead), [2, 1, 3]);
for (const format of ["whole", "chunked", "session"])
  for (const aead of [1, 2, 3]) {
    const session = await ohttp.startSession(config, aead);
    for (const request of PIECES)
      for (const answer of PIECES) {
        const asked = format === "session" ? await session.ask(request)
                                           : await ohttp.ask(config, format, aead, request);
        const [plain, id] = await ours("receive", format, asked.wire);
        assert.deepEqual(plain, Buffer.concat(request));
        assert.deepEqual(id, asked.id);
        const [response] = await ours("answer", format, ...(format === "whole" ? [Buffer.concat(answer)] : answer));
        assert.deepEqual(asked.open(response), Buffer.concat(answer));
        count++;
      }
  }

// Our client, their gateway.
const gateway = await ohttp.makeGateway(9);
for (const format of ["whole", "chunked", "session"])
  for (const aead of [1, 2, 3])
    for (const request of PIECES)
      for (const answer of PIECES) {
        const pieces = format === "whole" ? [Buffer.concat(request)] : request;
        const [wire, id] = await ours("ask", format, String(aead), gateway.config, ...pieces);
        const got = await gateway.open(format, wire);
        assert.deepEqual(got.plain, Buffer.concat(request));
        assert.deepEqual(got.id, id);
        const [plain] = await ours("read", got.answer(answer));
        assert.deepEqual(plain, Buffer.concat(answer));
        count++;
      }

// The example that docs/spec/ohttp.md prints.
{
  const spec = await readFile(new URL("../../docs/spec/ohttp.md", import.meta.url), "utf8");
  const printed = (name) => Buffer.from(new RegExp(`^\\| ${name}.*\\| \`([0-9a-f]+)\` \\|$`, "m").exec(spec)[1], "hex");
  const got = await (await ohttp.makeGateway(1, printed("worker's private key"))).open("session", printed("request:"));
  assert.equal(got.plain.toString(), "ask");
  assert.deepEqual(got.id, printed("request id"));
  assert.deepEqual(got.answer([Buffer.from("answer")], printed("response nonce")), printed("response:"));
  count++;
}

// A binary HTTP message of bhttp-js through our gateway and back.
{
  const encoder = new bhttp.BHttpEncoder(), decoder = new bhttp.BHttpDecoder();
  const request = new Request("https://worker.example/v1/models", { headers: { accept: "application/json" } });
  const asked = await ohttp.ask(config, "chunked", 2, [Buffer.from(await encoder.encodeRequest(request))]);
  const [plain] = await ours("receive", "chunked", asked.wire);
  assert.equal(decoder.decodeRequest(plain).url, request.url);
  count++;
}

pipe.stdin.end();
console.log(`${count} exchanges agreed with @hpke/core`);
