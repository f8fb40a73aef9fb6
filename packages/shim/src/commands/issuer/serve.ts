import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { isLoopback } from '../../config/settings.ts';
import { startIssuer } from '../../issuer/issuer-server.ts';
import { IssuerState } from '../../issuer/issuer-state.ts';
import { parseInvites, readInvites } from '../../issuer/invites.ts';
import { signingKeyOf, type SigningKey } from '../../issuer/signing-key.ts';
import { writeOutput } from '../license/files.ts';
import { mended, signer } from '../license/signer.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { folderOf, withFolder, type FolderFlags, type IssuerFolder } from './folder.ts';

interface Flags extends FolderFlags {
  readonly port: string;
  readonly host: string;
  readonly key?: string;
  readonly kid?: string;
  readonly authorizeBase?: string;
  readonly behindTls?: true;
  readonly json?: true;
}

/** `shim issuer serve`: the license API. */
export function serveIssuerCommand(): Command {
  return withFolder(operatorCommand('serve', 'serve invites, devices and approvals until stopped'))
    .option('--port <n>', 'port; 0 picks a free one', '8787')
    .option('--host <address>', 'address to bind', '127.0.0.1')
    .option('--behind-tls', 'allow another address than loopback: a proxy in front of it does TLS')
    .option('--key <file>', 'private key (default: the only *.key.pem of the folder, else PRIVATE_SEED_B64)')
    .option('--kid <id>', 'id of the key (LICISSUER_KID, default: as PUBKEYS.json beside it says)')
    .option('--authorize-base <url>', 'where people approve; {code} stands for the code (LICISSUER_AUTHORIZE_BASE)')
    .option('--json', 'print one JSON line when listening')
    .action((flags: Flags) => answering(() => serve(flags)));
}

async function serve(flags: Flags): Promise<0> {
  const port = Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new OperatorError(`--port ${flags.port} is no port`, 'give a whole number from 0 to 65535', 2);
  if (!isLoopback(flags.host) && !flags.behindTls)
    throw new OperatorError(
      `--host ${flags.host} would hand out licenses without encryption`,
      'put a TLS proxy before 127.0.0.1, or say --behind-tls',
      2,
    );
  const folder = folderOf(flags);
  const key = keyOf(flags, folder);
  const adminKey = adminKeyOf(folder);
  const invites = (): ReturnType<typeof readInvites> => readInvites(folder.invites);
  const count = mended(() =>
    existsSync(folder.invites) ? parseInvites(folder.invites, readFileSync(folder.invites, 'utf8')).length : 0,
  );
  const issuer = await startIssuer({
    host: flags.host,
    port,
    adminKey,
    key,
    state: mended(() => new IssuerState(folder.state)),
    invites,
    nowTs: () => Date.now() / 1000,
    keysFile: folder.keys,
    revocationsFile: folder.revocations,
    authorizeBase: flags.authorizeBase ?? process.env['LICISSUER_AUTHORIZE_BASE'] ?? null,
  }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(`port ${port} can't be had (${code ?? String(error)})`, 'give another --port, or 0');
  });
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ event: 'listening', url: issuer.url, pid: process.pid, kid: key.kid })}\n`,
    );
  else
    process.stdout.write(
      `issuer is listening on ${issuer.url}\n  key        ${key.kid}\n  invites    ${count} (${folder.invites})\n  approve    ${issuer.url}/device with the key in ${folder.adminKey}, or: shim issuer approve CODE\n  stop       Ctrl-C\n`,
    );
  await new Promise<void>((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve));
  await issuer.close();
  return 0;
}

function keyOf({ key, kid }: Flags, { dir }: IssuerFolder): SigningKey {
  const id = kid ?? process.env['LICISSUER_KID'];
  if (key !== undefined) return signer(key, id);
  const files = existsSync(dir) ? readdirSync(dir).filter((file) => file.endsWith('.key.pem')) : [];
  const [only, ...more] = files;
  if (only !== undefined && more.length === 0) return signer(join(dir, only), id);
  if (more.length > 0) throw new OperatorError(`${dir} holds ${files.length} keys`, 'say which one: --key FILE', 2);
  const seed = process.env['PRIVATE_SEED_B64'];
  const fromEnv = seed === undefined || id === undefined ? null : signingKeyOf(seed, id);
  if (fromEnv !== null) return fromEnv;
  throw new OperatorError(
    `there is no key in ${dir}`,
    `make one: shim license keygen --out ${dir} (or give --key FILE, or PRIVATE_SEED_B64 with --kid)`,
  );
}

/** Whoever can read this file may approve. Made at the first start. */
function adminKeyOf({ dir, adminKey: file }: IssuerFolder): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const key = randomBytes(24).toString('base64url');
  writeOutput(file, `${key}\n`);
  return key;
}
