import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import * as ed from '@noble/ed25519';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOfBase64, verifyEd25519, whyKeyUnusable } from './ed25519.ts';

// The categories of Project Wycheproof's Ed25519 set, made here: the group order, small points and encodings are facts
// of the curve (RFC 8032, section 5.1), the keys are new at every run.
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P = 2n ** 255n - 19n;
const MESSAGE = Buffer.from('{"plan":"pro"}');

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const KEY = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
const SIGNATURE = new Uint8Array(sign(null, MESSAGE, privateKey));

function littleEndian(value: bigint, bytes = 32): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) + BigInt(byte), 0n);
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const [R, S] = [SIGNATURE.subarray(0, 32), SIGNATURE.subarray(32)];

/** The points of order 1, 2, 4 and 8, in their shortest encodings. */
const ORDER_8 = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a';
const ORDER_8_OTHER = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05';
const SMALL: Readonly<Record<string, Uint8Array>> = {
  'order 1': littleEndian(1n),
  'order 2': littleEndian(P - 1n),
  'order 4': littleEndian(0n),
  'order 4, negative': littleEndian(0n + (1n << 255n)),
  'order 8': Buffer.from(ORDER_8, 'hex'),
  'order 8, negative': littleEndian(numberOf(Buffer.from(ORDER_8, 'hex')) | (1n << 255n)),
  'order 8, other': Buffer.from(ORDER_8_OTHER, 'hex'),
  'order 8, other, negative': littleEndian(numberOf(Buffer.from(ORDER_8_OTHER, 'hex')) | (1n << 255n)),
};

/** Longer encodings of y: at or above the field's size, or a negative zero. */
const LONG: Readonly<Record<string, Uint8Array>> = {
  'y = p': littleEndian(P),
  'y = p, negative': littleEndian(P | (1n << 255n)),
  'y = p + 1': littleEndian(P + 1n),
  'y = p + 1, negative': littleEndian((P + 1n) | (1n << 255n)),
  'y = 2^255 - 1': littleEndian(2n ** 255n - 1n),
  'all ones': littleEndian(2n ** 256n - 1n),
  'x = 0, negative': littleEndian(1n | (1n << 255n)),
  'y = p - 1, x = 0, negative': littleEndian((P - 1n) | (1n << 255n)),
};

describe('the known good', () => {
  // RFC 8032, section 7.1, tests 1 to 3: key, message, signature.
  it.each([
    [
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('key %s', (key, message, signature) => {
    const [k, m, s] = [key, message, signature].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));
    expect(verifyEd25519(s!, m!, k!)).toBe(true);
    expect(verifyEd25519(s!, join(m!, Uint8Array.of(0)), k!)).toBe(false);
  });

  it('a new key and its signature', () => {
    expect(whyKeyUnusable(KEY)).toBeNull();
    expect(verifyEd25519(SIGNATURE, MESSAGE, KEY)).toBe(true);
  });
});

describe('malleated signatures', () => {
  it.each([1n, 2n, 8n, 15n])('S + %d L, which satisfies the same equation', (times) => {
    const shifted = numberOf(S) + times * L;
    expect(shifted < 2n ** 256n).toBe(true);
    expect(verifyEd25519(join(R, littleEndian(shifted)), MESSAGE, KEY)).toBe(false);
  });

  it.each([
    ['0', 0n],
    ['1', 1n],
    ['L - 1', L - 1n],
    ['L', L],
    ['L + 1', L + 1n],
    ['2^252', 2n ** 252n],
    ['2^253 - 1', 2n ** 253n - 1n],
    ['2^255', 2n ** 255n],
    ['2^256 - 1', 2n ** 256n - 1n],
    ['-S', L - numberOf(S)],
  ])('S = %s', (_name, value) => {
    expect(verifyEd25519(join(R, littleEndian(value)), MESSAGE, KEY)).toBe(false);
  });

  it('every single flipped bit', () => {
    for (let bit = 0; bit < 512; bit += 1) {
      const changed = Uint8Array.from(SIGNATURE);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifyEd25519(changed, MESSAGE, KEY), `bit ${bit}`).toBe(false);
    }
  });
});

describe('lengths', () => {
  it.each([0, 1, 31, 32, 63, 65, 96, 128])('a signature of %i bytes', (length) => {
    const padded = join(SIGNATURE, new Uint8Array(64)).subarray(0, length);
    expect(verifyEd25519(padded, MESSAGE, KEY)).toBe(false);
  });

  it.each([0, 1, 31, 33, 64])('a key of %i bytes', (length) => {
    const padded = join(KEY, new Uint8Array(32)).subarray(0, length);
    expect(verifyEd25519(SIGNATURE, MESSAGE, padded)).toBe(false);
    expect(whyKeyUnusable(padded)).toContain(`has ${length} bytes`);
  });
});

describe('points of small order', () => {
  it.each(Object.entries(SMALL))('a key of %s signs for nobody', (_name, key) => {
    expect(whyKeyUnusable(key)).toMatch(/of small order|no point/);
    // With such a key R = [S]B - [k]A can be had for some message without any secret: try a thousand.
    for (let count = 0; count < 64; count += 1) {
      const message = Buffer.from(`message ${count}`);
      const forged = join(littleEndian(1n), littleEndian(0n));
      expect(verifyEd25519(forged, message, key)).toBe(false);
    }
  });

  it('a forgery that a check of the equation alone believes: A and R of order 1, S = 0', () => {
    const [identity, zero] = [littleEndian(1n), littleEndian(0n)];
    // The test is worth something only while the weaker check says yes. node:crypto does in Node 22 and no longer in 24.
    expect(ed.verify(join(identity, zero), MESSAGE, identity, { zip215: true })).toBe(true);
    expect(verifyEd25519(join(identity, zero), MESSAGE, identity)).toBe(false);
  });

  it.each(Object.entries(SMALL))('R of %s', (_name, r) => {
    expect(verifyEd25519(join(r, S), MESSAGE, KEY)).toBe(false);
  });

  it('R of order 1 with the S that fits it, made by the owner of the key', () => {
    // S = k·a makes [S]B = R + [k]A true for R = the neutral point: one signer could deny having signed.
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
    const { scalar } = ed.utils.getExtendedPublicKey(new Uint8Array(seed));
    const r = littleEndian(1n);
    const k =
      numberOf(
        new Uint8Array(
          createHash('sha512')
            .update(join(r, KEY, MESSAGE))
            .digest(),
        ),
      ) % L;
    const signature = join(r, littleEndian((k * scalar) % L));
    expect(ed.verify(signature, MESSAGE, KEY, { zip215: true })).toBe(true);
    expect(verifyEd25519(signature, MESSAGE, KEY)).toBe(false);
  });

  it('a key with a part of small order, and a signature made for it', () => {
    const small = ed.Point.fromBytes(new Uint8Array(Buffer.from(ORDER_8, 'hex')), false);
    const mixed = ed.Point.fromBytes(KEY, false).add(small).toBytes();
    expect(whyKeyUnusable(mixed)).toBe('has a part of small order');
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
    const { scalar } = ed.utils.getExtendedPublicKey(new Uint8Array(seed));
    // Of eight messages one has k divisible by 8: there even the equation without a cofactor holds.
    for (let count = 0; count < 64; count += 1) {
      const message = Buffer.from(`message ${count}`);
      const nonce = 12345n + BigInt(count);
      const r = ed.Point.BASE.multiply(nonce).toBytes();
      const k =
        numberOf(
          new Uint8Array(
            createHash('sha512')
              .update(join(r, mixed, message))
              .digest(),
          ),
        ) % L;
      const signature = join(r, littleEndian((nonce + k * scalar) % L));
      expect(verifyEd25519(signature, message, mixed)).toBe(false);
    }
  });
});

describe('encodings that are not the shortest', () => {
  it.each(Object.entries(LONG))('a key with %s', (_name, key) => {
    expect(whyKeyUnusable(key)).toMatch(/no point|small order/);
    expect(verifyEd25519(SIGNATURE, MESSAGE, key)).toBe(false);
    expect(verifyEd25519(join(littleEndian(1n), littleEndian(0n)), MESSAGE, key)).toBe(false);
  });

  it.each(Object.entries(LONG))('R with %s', (_name, r) => {
    expect(verifyEd25519(join(r, S), MESSAGE, KEY)).toBe(false);
  });

  it('a key that is no point of the curve', () => {
    expect(whyKeyUnusable(littleEndian(2n))).toBe('is no point of the curve in its shortest form');
    expect(verifyEd25519(SIGNATURE, MESSAGE, littleEndian(2n))).toBe(false);
  });
});

describe('base64', () => {
  it.each(['AA', 'AA=', 'AB==', 'A A=', '__8=', 'AAA', '=', 'AA==AA=='])('%s is not the only form', (text) => {
    expect(bytesOfBase64(text)).toBeNull();
  });

  it('reads back what was written, and nothing else does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(bytesOfBase64(`${Buffer.from(bytes).toString('base64')}\n`)).toEqual(bytes);
      }),
    );
  });
});
