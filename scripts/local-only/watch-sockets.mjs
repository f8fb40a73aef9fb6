// Preloaded into every process of a run (NODE_OPTIONS=--import): writes down each attempt to connect to something that is
// not this machine, and each name that is looked up, and lets none of them happen.
import { appendFileSync } from 'node:fs';
import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const LOG = process.env.CCP_SOCKET_LOG;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\]|::ffff:127(\.\d{1,3}){3})$/i;

function note(what, where) {
  appendFileSync(
    LOG,
    `${JSON.stringify({ pid: process.pid, what, where: String(where), argv: process.argv.slice(1, 4) })}\n`,
  );
}

const { value: connect } = Object.getOwnPropertyDescriptor(net.Socket.prototype, 'connect');
net.Socket.prototype.connect = function (...args) {
  // Node hands its own normalised list over from net.connect.
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  const isPath =
    typeof first === 'string' ? Number.isNaN(Number(first)) : first?.path !== undefined && first.path !== null;
  const host =
    typeof first === 'object' && first !== null
      ? (first.host ?? 'localhost')
      : typeof second === 'string'
        ? second
        : 'localhost';
  if (!isPath) note(LOOPBACK.test(host) ? 'loopback' : 'connect', host);
  if (!isPath && !LOOPBACK.test(host))
    throw Object.assign(new Error(`refused by the watch: ${host}`), { code: 'EACCES' });
  return connect.apply(this, args);
};

const { value: send } = Object.getOwnPropertyDescriptor(dgram.Socket.prototype, 'send');
dgram.Socket.prototype.send = function (...args) {
  note('datagram', args.find((arg) => typeof arg === 'string') ?? '');
  return send.apply(this, args);
};

for (const holder of [dns, dns.promises]) {
  for (const name of Object.keys(holder).filter((key) => /^(lookup|lookupService|resolve|reverse)/.test(key))) {
    const asked = holder[name];
    if (typeof asked !== 'function') continue;
    holder[name] = function (host, ...rest) {
      // An address is no name: nothing is asked for it. localhost stands in the hosts file.
      if (!LOOPBACK.test(String(host)) && !net.isIP(String(host))) note('dns', host);
      return asked.call(this, host, ...rest);
    };
  }
}
syncBuiltinESMExports();
note('watched', '');
