#!/usr/bin/env node
// Mutates a valid license pack again and again: none may be accepted. A text that still says the same thing under the
// same signature (white space, order of keys) is no mutant and is counted apart.
// Usage: node scripts/license-fuzz.mjs [--count N] [--seed N] [--out FILE]
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { canonicalJson, parseKeyBundle, sealDocument, verifyLicense } from '@ccp/contracts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const wanted = Number(values.count);
const NOW = 1_900_000_000;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Mulberry32: small, and the same everywhere. */
function generator(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const random = generator(Number(values.seed));
const pick = (list) => list[random(list.length)];
// Keys are new at every run; what is done to the texts follows the seed.
const own = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const base64 = own.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
const { keys } = parseKeyBundle(JSON.stringify({ keys: [{ id: 'one', type: 'ed25519', base64 }] }));
const claims = {
  schema: 'ccp.license.v1',
  sub: 'somebody@example.test',
  plan: 'trial',
  features: ['zai_offload', 'telemetry_minimized'],
  iat: NOW - 10,
  exp: NOW + 1000,
  device: null,
  kid: 'one',
  nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
};
const sealed = sealDocument('license', claims, (bytes) => sign(null, bytes, own.privateKey));
const other = sealDocument('license', { ...claims, sub: 'other' }, (bytes) => sign(null, bytes, own.privateKey));
const original = Buffer.from(sealed.pack);
const signature = Buffer.from(sealed.signature, 'base64');
const context = { keys, nowTs: NOW, lastSeenTs: null, device: 'this', revocations: null };

const packOf = (body, sig) => Buffer.from(`{"license":${body},"signature":"${Buffer.from(sig).toString('base64')}"}`);

const kinds = {
  flipped_bits(pack) {
    const copy = Buffer.from(pack);
    for (let times = random(4); times >= 0; times -= 1) copy[random(copy.length)] ^= 1 << random(8);
    return copy;
  },
  replaced_bytes(pack) {
    const copy = Buffer.from(pack);
    for (let times = random(4); times >= 0; times -= 1)
      copy[random(copy.length)] = pick([...Buffer.from('"\\{}[]:,0129azAZ+/= \n\u00e9\u0000')]);
    return copy;
  },
  cut(pack) {
    return pack.subarray(0, random(pack.length));
  },
  removed(pack) {
    const at = random(pack.length);
    return Buffer.concat([pack.subarray(0, at), pack.subarray(at + 1 + random(8))]);
  },
  inserted(pack) {
    const at = random(pack.length);
    const piece = Buffer.from(
      pick(['"', '\\', '{}', ',', '"x":1,', '\\u0000', '0', ' ', '\ufeff', '"exp":9999999999,']),
    );
    return Buffer.concat([pack.subarray(0, at), piece, pack.subarray(at)]);
  },
  moved(pack) {
    const [a, b] = [random(pack.length), random(pack.length)].toSorted((x, y) => x - y);
    const c = random(pack.length);
    const rest = Buffer.concat([pack.subarray(0, a), pack.subarray(b)]);
    return Buffer.concat([rest.subarray(0, c), pack.subarray(a, b), rest.subarray(c)]);
  },
  other_claims() {
    const changed = { ...claims };
    for (let times = random(3); times >= 0; times -= 1) {
      const key = pick(Object.keys(claims));
      changed[key] = pick([
        NOW + 1 + random(1e9),
        'enterprise',
        ['telemetry_full', 'zai_offload'],
        null,
        true,
        {},
        'one',
        '',
      ]);
      if (random(6) === 0) delete changed[key];
      if (random(8) === 0) changed[`x${random(9)}`] = random(1000);
    }
    return packOf(random(2) === 0 ? JSON.stringify(changed) : canonicalJson(changed, 'html'), signature);
  },
  named_twice() {
    const more = canonicalJson({ ...claims, exp: NOW + 1 + random(1e9) }, 'html');
    return Buffer.from(
      pick([
        `{"license":${more},"license":${sealed.body},"signature":"${sealed.signature}"}`,
        `{"license":${sealed.body},"license":${more},"signature":"${sealed.signature}"}`,
        `{"license":${sealed.body},"signature":"${sealed.signature}","lice\\u006ese":${more}}`,
        `{"license":{"exp":${NOW + random(1e9)},${sealed.body.slice(1)},"signature":"${sealed.signature}"}`,
        `{"license":${sealed.body.slice(0, -1)},"exp":${NOW + random(1e9)}},"signature":"${sealed.signature}"}`,
      ]),
    );
  },
  other_signature() {
    const sig = Buffer.from(signature);
    const s = BigInt(`0x${Buffer.from(sig.subarray(32)).reverse().toString('hex')}`);
    const withS = (value) =>
      Buffer.concat([sig.subarray(0, 32), Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse()]);
    const small = Buffer.alloc(32, 0);
    small[0] = random(2);
    switch (random(7)) {
      case 0:
        return packOf(sealed.body, withS(s + ORDER * BigInt(1 + random(15))));
      case 1:
        return packOf(sealed.body, withS((ORDER - s) % ORDER));
      case 2:
        return packOf(sealed.body, Buffer.concat([small, sig.subarray(32)]));
      case 3:
        return packOf(sealed.body, Buffer.concat([small, Buffer.alloc(32, 0)]));
      case 4:
        return packOf(sealed.body, sign(null, Buffer.from(sealed.body), stranger.privateKey));
      case 5:
        return packOf(sealed.body, Buffer.concat([sig, Buffer.alloc(random(9))]).subarray(random(3)));
      default:
        sig[random(64)] ^= 1 << random(8);
        return packOf(sealed.body, sig);
    }
  },
  spliced() {
    return random(2) === 0
      ? packOf(sealed.body, Buffer.from(other.signature, 'base64'))
      : packOf(other.body, Buffer.from(sealed.signature, 'base64'));
  },
};

/** The same statement under the same signature: only the way it is written differs. */
function saysTheSame(pack, license) {
  const text = JSON.parse(new TextDecoder().decode(pack));
  return canonicalJson(license.claims, 'html') === sealed.body && text.signature.trim() === sealed.signature;
}

if (!verifyLicense({ pack: original }, context).ok)
  throw new Error('the original is not accepted: the run would prove nothing');
const began = Date.now();
const made = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, 0]));
const denials = {};
const accepted = [];
let [mutants, same] = [0, 0];
const names = Object.keys(kinds);
while (mutants < wanted) {
  const kind = pick(names);
  const pack = kinds[kind](original);
  const verdict = verifyLicense({ pack }, context);
  if (verdict.ok && saysTheSame(pack, verdict.license)) {
    same += 1;
    continue;
  }
  mutants += 1;
  made[kind] += 1;
  if (verdict.ok)
    accepted.push({ kind, sha256: createHash('sha256').update(pack).digest('hex'), pack: pack.toString('latin1') });
  else denials[verdict.denial.code] = (denials[verdict.denial.code] ?? 0) + 1;
}
const report = {
  mutants,
  accepted: accepted.length,
  rewritten_but_the_same: same,
  seed: Number(values.seed),
  made,
  denials,
  seconds: (Date.now() - began) / 1000,
  node: process.version,
  first_accepted: accepted.slice(0, 5),
};
if (values.out !== undefined) {
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
}
console.log(JSON.stringify(report));
process.exitCode = accepted.length === 0 ? 0 : 1;
