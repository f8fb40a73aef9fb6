// Preloaded into servers under test: some bind every interface and can't be told otherwise.
import { Server } from 'node:net';

const listen = Object.getOwnPropertyDescriptor(Server.prototype, 'listen')?.value;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

Server.prototype.listen = function listenOnLoopback(...args) {
  const [first, second] = args;
  if (typeof first === 'object' && first !== null && first.port !== undefined) {
    args[0] = LOOPBACK.has(first.host) ? first : { ...first, host: '127.0.0.1' };
  } else if (typeof first === 'number' || typeof first === 'string') {
    if (typeof second === 'string') args[1] = LOOPBACK.has(second) ? second : '127.0.0.1';
    else args.splice(1, second === undefined ? 1 : 0, '127.0.0.1');
  }
  return listen.apply(this, args);
};
