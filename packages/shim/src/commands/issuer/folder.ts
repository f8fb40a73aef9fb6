import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { settingsOf } from '../config/settings-of.ts';

export interface FolderFlags {
  readonly dir?: string;
}

/** The files of one issuer. */
export interface IssuerFolder {
  readonly dir: string;
  readonly invites: string;
  readonly state: string;
  readonly adminKey: string;
  readonly keys: string;
  readonly revocations: string;
}

export function withFolder(command: Command): Command {
  return command.option('--dir <dir>', "the issuer's folder (CCP_ISSUER_DIR, default: issuer in the state folder)");
}

export function folderOf({ dir: flag }: FolderFlags): IssuerFolder {
  const named = flag ?? (process.env['CCP_ISSUER_DIR']?.trim() || undefined);
  const dir = named === undefined ? join(settingsOf({}).stateDir, 'issuer') : resolve(named);
  const { LICISSUER_INVITES: invites, LICISSUER_INVITES_STATE: state } = process.env;
  return {
    dir,
    invites: resolve(invites?.trim() || join(dir, 'invites.json')),
    state: resolve(state?.trim() || join(dir, 'issuer-state.json')),
    adminKey: join(dir, 'approval.key'),
    keys: join(dir, 'PUBKEYS.json'),
    revocations: join(dir, 'revocations.pack'),
  };
}
