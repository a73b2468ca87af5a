// Oblivious HTTP, composed from @hpke/core after RFC 9458, draft-ietf-ohai-chunked-ohttp and docs/spec/ohttp.md, with
// nothing of ours in it: client and gateway, whole, chunked and session. For tests only.
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { Aes128Gcm, Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

const AEADS = {
  1: { make: () => new Aes128Gcm(), node: "aes-128-gcm", key: 16 },
  2: { make: () => new Aes256Gcm(), node: "aes-256-gcm", key: 32 },
  3: { make: () => new Chacha20Poly1305(), node: "chacha20-poly1305", key: 32 },
};
const NONCE = 12, TAG = 16;

export const FORMATS = {
  whole: { info: "message/bhttp request", response: "message/bhttp response",
           media: "message/ohttp-req" },
  chunked: { info: "message/bhttp chunked request", response: "message/bhttp chunked response",
             media: "message/ohttp-chunked-req" },
  session: { info: "message/bhttp cocoon session", media: "message/cocoon-ohttp-session-req" },
};

const concat = (...parts) => Buffer.concat(parts.map((p) => Buffer.from(p)));
const text = (s) => Buffer.from(s, "ascii");

function u64(n) {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(BigInt(n));
  return b;
}

// --- application/ohttp-keys ---

export function readConfigs(bytes) {
  const configs = [];
  for (let at = 0; at < bytes.length;) {
    const len = bytes.readUInt16BE(at);
    const one = bytes.subarray(at + 2, at + 2 + len);
    const algs = [];
    for (let i = 37; i < one.length; i += 4)
      algs.push({ kdf: one.readUInt16BE(i), aead: one.readUInt16BE(i + 2) });
    configs.push({ id: one[0], kem: one.readUInt16BE(1), public: one.subarray(3, 35), algs });
    at += 2 + len;
  }
  return configs;
}

export function putConfig(id, publicKey, aeads) {
  const list = Buffer.alloc(4 * aeads.length);
  aeads.forEach((aead, i) => {
    list.writeUInt16BE(1, 4 * i);
    list.writeUInt16BE(aead, 4 * i + 2);
  });
  const len = Buffer.alloc(2);
  len.writeUInt16BE(list.length);
  return concat([id, 0, 0x20], publicKey, len, list);
}

// --- one direction ---

function chunkNonce(base, counter) {
  const n = Buffer.from(base);
  const c = concat(Buffer.alloc(4), u64(counter));
  for (let i = 0; i < NONCE; i++) n[i] ^= c[i];
  return n;
}

function seal(aead, key, nonce, aad, plain) {
  const c = createCipheriv(AEADS[aead].node, key, nonce, { authTagLength: TAG });
  c.setAAD(aad, { plaintextLength: plain.length });
  return concat(c.update(plain), c.final(), c.getAuthTag());
}

function open(aead, key, nonce, aad, sealed) {
  const d = createDecipheriv(AEADS[aead].node, key, nonce, { authTagLength: TAG });
  d.setAAD(aad, { plaintextLength: sealed.length - TAG });
  d.setAuthTag(sealed.subarray(sealed.length - TAG));
  return concat(d.update(sealed.subarray(0, sealed.length - TAG)), d.final());
}

function varint(n) {
  if (n < 64) return Buffer.from([n]);
  const b = Buffer.alloc(n < 16384 ? 2 : 4);
  n < 16384 ? b.writeUInt16BE(n | 0x4000) : b.writeUInt32BE((n | 0x80000000) >>> 0);
  return b;
}

function readVarint(bytes, at) {
  const width = 1 << (bytes[at] >> 6);
  let value = BigInt(bytes[at] & 0x3f);
  for (let i = 1; i < width; i++) value = (value << 8n) | BigInt(bytes[at + i]);
  return [Number(value), at + width];
}

class Lane {
  constructor(aead, key, base, whole) {
    Object.assign(this, { aead, key, base, whole, counter: 0 });
  }
  // pieces: an array of buffers, the last of which is final.
  seal(pieces) {
    if (this.whole) return seal(this.aead, this.key, this.base, Buffer.alloc(0), concat(...pieces));
    return concat(...pieces.map((p, i) => {
      const final = i === pieces.length - 1;
      const c = seal(this.aead, this.key, chunkNonce(this.base, this.counter++), text(final ? "final" : ""), p);
      return concat(varint(final ? 0 : c.length), c);
    }));
  }
  open(bytes) {
    if (this.whole) return open(this.aead, this.key, this.base, Buffer.alloc(0), bytes);
    const out = [];
    for (let at = 0, len = 1; len !== 0;) {
      [len, at] = readVarint(bytes, at);
      const end = len === 0 ? bytes.length : at + len;
      const nonce = chunkNonce(this.base, this.counter++);
      out.push(open(this.aead, this.key, nonce, text(len === 0 ? "final" : ""), bytes.subarray(at, end)));
      at = end;
    }
    return concat(...out);
  }
}

// --- exchanges ---

// HPKE gives out the context's key to nobody, so a request goes through the context itself.
async function sealByContext(context, pieces, whole) {
  if (whole) return Buffer.from(await context.seal(concat(...pieces), new Uint8Array()));
  const out = [];
  for (let i = 0; i < pieces.length; i++) {
    const final = i === pieces.length - 1;
    const c = Buffer.from(await context.seal(pieces[i], text(final ? "final" : "")));
    out.push(varint(final ? 0 : c.length), c);
  }
  return concat(...out);
}

async function openByContext(context, bytes, whole) {
  if (whole) return Buffer.from(await context.open(bytes, new Uint8Array()));
  const out = [];
  for (let at = 0, len = 1; len !== 0;) {
    [len, at] = readVarint(bytes, at);
    const end = len === 0 ? bytes.length : at + len;
    out.push(Buffer.from(await context.open(bytes.subarray(at, end), text(len === 0 ? "final" : ""))));
    at = end;
  }
  return concat(...out);
}

function responseLane(aead, enc, nonce, secret, whole) {
  const prk = createHmac("sha256", concat(enc, nonce)).update(secret).digest();
  const expand = (label, len) => createHmac("sha256", prk).update(concat(text(label), [1])).digest().subarray(0, len);
  return new Lane(aead, expand("key", AEADS[aead].key), expand("nonce", NONCE), whole);
}

async function sessionKeys(context, aead, counter) {
  const key = AEADS[aead].key, entropy = Math.max(key, NONCE);
  const okm = Buffer.from(await context.export(concat(text("cocoon session request"), u64(counter)),
                                               key + NONCE + 16 + entropy));
  return { lane: new Lane(aead, okm.subarray(0, key), okm.subarray(key, key + NONCE), false),
           id: okm.subarray(key + NONCE, key + NONCE + 16), secret: okm.subarray(key + NONCE + 16) };
}

async function singleKeys(context, format, aead) {
  const entropy = Math.max(AEADS[aead].key, NONCE);
  return { id: Buffer.from(await context.export(text("cocoon request id"), 16)),
           secret: Buffer.from(await context.export(text(FORMATS[format].response), entropy)) };
}

function suiteOf(aead) {
  return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: AEADS[aead].make() });
}

function header(id, aead) {
  return Buffer.from([id, 0, 0x20, 0, 1, 0, aead]);
}

function infoOf(format, hdr) {
  return concat(text(FORMATS[format].info), [0], hdr);
}

async function sender(config, format, aead) {
  const suite = suiteOf(aead), hdr = header(config.id, aead);
  const recipientPublicKey = await suite.kem.deserializePublicKey(config.public);
  const context = await suite.createSenderContext({ recipientPublicKey, info: infoOf(format, hdr) });
  return { context, hdr, enc: Buffer.from(context.enc) };
}

// Seal the request made of `pieces`; the result has { wire, id, open(response) }.
export async function ask(config, format, aead, pieces) {
  const { context, hdr, enc } = await sender(config, format, aead);
  const whole = format === "whole";
  const { id, secret } = await singleKeys(context, format, aead);
  const wire = concat(hdr, enc, await sealByContext(context, pieces, whole));
  return { wire, id, open: (response) => openResponse(aead, enc, secret, whole, response) };
}

function openResponse(aead, enc, secret, whole, response) {
  const n = secret.length;
  return responseLane(aead, enc, response.subarray(0, n), secret, whole).open(response.subarray(n));
}

// A client's session: ask(pieces) as above, any number of times.
export async function startSession(config, aead) {
  const { context, hdr, enc } = await sender(config, "session", aead);
  let counter = 0;
  return {
    async ask(pieces) {
      const n = counter++;
      const { lane, id, secret } = await sessionKeys(context, aead, n);
      return { wire: concat(hdr, enc, u64(n), lane.seal(pieces)), id,
               open: (response) => openResponse(aead, enc, secret, false, response) };
    },
  };
}

// A gateway with one key, drawn or given. open(format, wire) gives { plain, id, answer(pieces, nonce) }.
export async function makeGateway(id, privateBytes) {
  const kem = new DhkemX25519HkdfSha256();
  const pair = privateBytes ? { privateKey: await kem.deserializePrivateKey(privateBytes) } : await kem.generateKeyPair();
  const publicKey = privateBytes ? Buffer.alloc(32) : Buffer.from(await kem.serializePublicKey(pair.publicKey));
  return {
    config: putConfig(id, publicKey, [1, 2, 3]),
    async open(format, wire) {
      const hdr = wire.subarray(0, 7), enc = wire.subarray(7, 39), aead = hdr.readUInt16BE(5);
      const context = await suiteOf(aead).createRecipientContext(
        { recipientKey: pair.privateKey, enc, info: infoOf(format, hdr) });
      const whole = format === "whole";
      let keys, plain;
      if (format === "session") {
        keys = await sessionKeys(context, aead, wire.readBigUInt64BE(39));
        plain = keys.lane.open(wire.subarray(47));
      } else {
        keys = await singleKeys(context, format, aead);
        plain = await openByContext(context, wire.subarray(39), whole);
      }
      return {
        plain, id: keys.id,
        answer(pieces, nonce = randomBytes(keys.secret.length)) {
          return concat(nonce, responseLane(aead, enc, nonce, keys.secret, whole).seal(pieces));
        },
      };
    },
  };
}
