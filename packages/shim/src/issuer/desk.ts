import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { issueLicense, type IssuedLicense } from './issue.ts';
import type { Invite } from './invites.ts';
import type { IssuerState, PendingDevice } from './issuer-state.ts';
import type { SigningKey } from './signing-key.ts';

/** A question that is answered with a status and a text. */
export interface Refusal {
  readonly status: 400 | 404 | 409 | 410;
  readonly message: string;
}

export interface Ask {
  readonly invite_code?: string | undefined;
  readonly email?: string | undefined;
  readonly device?: string | undefined;
  readonly redirect_url?: string | undefined;
}

export interface DeskOptions {
  readonly key: SigningKey;
  readonly state: IssuerState;
  readonly invites: () => readonly Invite[];
  readonly nowTs: () => number;
}

export type Polled =
  | { readonly status: 'pending' | 'expired' | 'denied' | 'not_found' }
  | { readonly status: 'ok'; issued: IssuedLicense };

/** How long a device may wait for approval. */
export const DEVICE_S = 600;
/** Devices that may wait at once: a crowd of strangers must not fill the disk. */
const MOST_WAITING = 1000;
const DAY_S = 86_400;
/** Without the letters and digits that are taken for one another. */
const CODE_SIGNS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** Decides who gets a license. Speaks no HTTP. */
export class Desk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** An invite is enough. */
  issue(ask: Ask): IssuedLicense | Refusal {
    if (ask.invite_code === undefined || ask.invite_code === '') return refuse(400, 'invite_code required');
    const invite = this.#invite(ask.invite_code);
    if ('status' in invite) return invite;
    const { nowTs, key } = this.#options;
    const issued = issueLicense(this.#grant(invite, ask), key, nowTs());
    if (typeof issued === 'string') return refuse(400, `the license ${issued}`);
    this.#keep(issued, invite.code);
    return issued;
  }

  /** A device asks; somebody has to say yes before it gets anything. */
  begin(ask: Ask): { readonly pending: PendingDevice; readonly pollToken: string } | Refusal {
    const { state, nowTs } = this.#options;
    const invite = this.#invite(
      ask.invite_code === undefined || ask.invite_code === '' ? 'DEV-TRIAL-7D' : ask.invite_code,
    );
    if ('status' in invite) return invite;
    const redirect = ask.redirect_url === undefined || ask.redirect_url === '' ? null : ask.redirect_url;
    if (redirect !== null && !isLoopback(redirect))
      return refuse(400, 'redirect_url must be http://127.0.0.1:<port>/…');
    this.#sweep();
    if (state.devices.length >= MOST_WAITING) return refuse(409, 'too many devices are waiting');
    const grant = this.#grant(invite, ask);
    const pollToken = randomBytes(16).toString('base64url');
    const pending: PendingDevice = {
      user_code: this.#freeCode(),
      poll_sha256: sha256(pollToken),
      invite_code: invite.code,
      sub: grant.sub,
      plan: grant.plan,
      features: grant.features,
      exp: Math.floor(grant.expTs),
      device: grant.device,
      redirect_url: redirect,
      expires_ts: nowTs() + DEVICE_S,
      status: 'pending',
    };
    state.change(({ devices }) => devices.push(pending));
    return { pending, pollToken };
  }

  waiting(userCode: string): PendingDevice | null {
    const code = userCode.trim().toUpperCase();
    const found = this.#options.state.devices.find(({ user_code }) => user_code === code);
    return found !== undefined && found.expires_ts > this.#options.nowTs() ? found : null;
  }

  list(): readonly PendingDevice[] {
    return this.#options.state.devices.filter(({ expires_ts: ts }) => ts > this.#options.nowTs());
  }

  /** Somebody who may decide has decided. The invite is used up here, not when the device comes for its license. */
  decide(userCode: string, approve: boolean): PendingDevice | Refusal {
    const pending = this.waiting(userCode);
    if (pending === null) return refuse(404, 'no device waits with this code');
    if (pending.status !== 'pending') return refuse(409, `it was ${pending.status} already`);
    if (approve) {
      const invite = this.#invite(pending.invite_code);
      if ('status' in invite) return invite;
    }
    this.#options.state.change(({ redeemed }) => {
      pending.status = approve ? 'approved' : 'denied';
      if (approve) redeemed[pending.invite_code] = this.#options.state.redeemed(pending.invite_code) + 1;
    });
    return pending;
  }

  /** The license is made when it is fetched, and the token is spent by whatever ends the wait. */
  poll(pollToken: string): Polled {
    const { state, nowTs, key } = this.#options;
    const hash = sha256(pollToken);
    const pending = state.devices.find(({ poll_sha256 }) => isSame(poll_sha256, hash));
    if (pending === undefined) return { status: 'not_found' };
    const forget = (): void =>
      state.change((kept) => void (kept.devices = kept.devices.filter((one) => one !== pending)));
    if (pending.expires_ts <= nowTs()) {
      forget();
      return { status: 'expired' };
    }
    if (pending.status === 'pending') return { status: 'pending' };
    if (pending.status === 'denied') {
      forget();
      return { status: 'denied' };
    }
    const issued = issueLicense({ ...pending, expTs: pending.exp }, key, nowTs());
    if (typeof issued === 'string') throw new Error(`an approved license ${issued}`);
    this.#keep(issued, null);
    forget();
    return { status: 'ok', issued };
  }

  #invite(code: string): Invite | Refusal {
    const { invites, nowTs, state } = this.#options;
    const invite = invites().find((one) => one.code === code);
    if (invite === undefined) return refuse(404, 'invalid invite');
    if (invite.expiresTs !== null && invite.expiresTs <= nowTs()) return refuse(410, 'invite expired');
    if (invite.maxRedemptions !== null && state.redeemed(code) >= invite.maxRedemptions)
      return refuse(409, 'invite exhausted');
    return invite;
  }

  #grant(
    invite: Invite,
    ask: Ask,
  ): { sub: string; plan: string; features: readonly string[]; expTs: number; device: string | null } {
    const ends = this.#options.nowTs() + invite.ttlDays * DAY_S;
    return {
      // Readers of licenses agree on ASCII only.
      sub: ask.email?.replaceAll(/[^\x20-\x7e]|[<>&]/g, '?') || `invite:${invite.code}`,
      plan: invite.plan,
      features: invite.features,
      expTs: Math.min(ends, invite.expiresTs ?? ends),
      device: ask.device || null,
    };
  }

  #keep({ claims, licenseId }: IssuedLicense, redeemedCode: string | null): void {
    const { state } = this.#options;
    const { sub = '', plan, exp, iat = 0 } = claims;
    state.change(({ issued, redeemed }) => {
      issued.push({ license_id: licenseId, sub, plan, exp, issued_ts: iat });
      if (redeemedCode !== null) redeemed[redeemedCode] = state.redeemed(redeemedCode) + 1;
    });
  }

  /** An hour late, so that a device that comes late is told so. */
  #sweep(): void {
    const limit = this.#options.nowTs() - 3600;
    const { state } = this.#options;
    if (state.devices.every(({ expires_ts: ts }) => ts > limit)) return;
    state.change((kept) => void (kept.devices = kept.devices.filter(({ expires_ts: ts }) => ts > limit)));
  }

  #freeCode(): string {
    for (;;) {
      const signs = Array.from({ length: 8 }, () => CODE_SIGNS[randomInt(CODE_SIGNS.length)] ?? 'A').join('');
      const code = (signs.match(/../g) ?? []).join('-');
      if (!this.#options.state.devices.some(({ user_code }) => user_code === code)) return code;
    }
  }
}

function refuse(status: Refusal['status'], message: string): Refusal {
  return { status, message };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** Anything else would let an issuer's page send people to strangers. */
function isLoopback(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === 'http:' && (url.hostname === '127.0.0.1' || url.hostname === '[::1]');
}
