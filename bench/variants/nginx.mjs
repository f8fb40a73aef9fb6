import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { end, freePort, SERVER_CORE, startPinned } from '../processes.mjs';
import { NotAvailable } from './not-available.mjs';

/** @type {import('./index.mjs').Variant} */
export const nginx = {
  name: 'nginx',
  label: 'nginx',
  start: async ({ upstreamPort, folder }) => {
    const command = findNginx();
    const port = await freePort();
    for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'nginx.conf'), configuration({ folder, port, upstreamPort }));
    const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
    const spawnedMs = performance.now();
    const child = startPinned(command, args, { core: SERVER_CORE });
    await untilOpen(child, port);
    const version = /nginx\/([\d.]+)/.exec(spawnSync(command, ['-v'], { encoding: 'utf8' }).stderr)?.[1] ?? '';
    return { port, pid: child.pid, version, readyMs: performance.now() - spawnedMs, stop: () => end(child) };
  },
};

function findNginx() {
  const named = process.env.CCP_BENCH_NGINX;
  const places =
    named === undefined ? ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'] : [named];
  const found = places.find((path) => existsSync(path));
  if (found === undefined) throw new NotAvailable(`nginx is not installed (looked for ${places.join(', ')})`);
  return found;
}

/** One worker, pooled upstream connections, bodies in memory, nothing held back, no log. */
function configuration({ folder, port, upstreamPort }) {
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${user}daemon off;
master_process on;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream recorded { server 127.0.0.1:${upstreamPort}; keepalive 2048; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    keepalive_requests 10000000;
    keepalive_timeout 300s;
    client_max_body_size 64m;
    client_body_buffer_size 4m;
    location / {
      proxy_pass http://recorded;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 300s;
    }
  }
}
`;
}

async function untilOpen(child, port) {
  for (let tries = 0; tries < 250; tries += 1) {
    if (child.exitCode !== null) throw new NotAvailable(`nginx did not start: ${child.stderrText.trim().slice(-200)}`);
    const isOpen = await new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port }, () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new NotAvailable('nginx did not listen within 5 s');
}
