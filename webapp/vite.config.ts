import { loadEnv } from 'vite';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` finds a running gateway: the one `make up` starts, or a deployment named in `.env.local`.
const gateway =
  loadEnv('development', import.meta.dirname, 'DEV_')['DEV_GATEWAY_URL'] ?? 'http://127.0.0.1:8080';
// CloudFront answers to its own name only; a gateway on this machine takes a page for its own by the name the page has.
const proxied = { target: gateway, changeOrigin: gateway.startsWith('https:') };

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // A strict Content-Security-Policy refuses data: and blob: scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { ...proxied, ws: true }, '/config.json': proxied },
  },
  test: { environment: 'node', include: ['src/**/*.test.{ts,tsx}'], testTimeout: 30_000 },
});
