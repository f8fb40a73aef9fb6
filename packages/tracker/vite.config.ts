import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// The dashboard's page. Everything is a file of its own: a strict Content-Security-Policy allows nothing inline.
export default defineConfig({
  root: at('src/views/dashboard/'),
  base: '/',
  publicDir: false,
  build: {
    outDir: at('dist/page/'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: false,
    sourcemap: false,
  },
});
