/** Where to sign in and where the gateway is: `/config.json`, the one thing that differs between deployments. */

import { MalformedMessage, shape, text } from './messages';
import { Trouble } from './problems';

const DEADLINE_MS = 10_000;

const config = shape({
  /** Base address of `/oauth2/authorize`, `/oauth2/token` and `/logout`. */
  hosted_ui: text,
  issuer: text,
  client_id: text,
  scope: text,
  /** Base address of the gateway; empty where it serves this page itself. */
  api: text,
});

export type Config = ReturnType<typeof config>;

/** Throws `Trouble`: `config_missing` or `config_malformed`. */
export async function loadConfig(fetcher: typeof fetch): Promise<Config> {
  const response = await fetcher('/config.json', {
    cache: 'no-store',
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).catch(() => null);
  if (!response?.ok) throw new Trouble('config_missing');
  return checked(await response.text().catch(() => ''));
}

function checked(body: string): Config {
  try {
    const found = config(JSON.parse(body), 'config.json');
    if (!found.client_id || !found.scope) throw new MalformedMessage('config.json names no client or scope');
    for (const address of [found.hosted_ui, found.issuer, found.api || found.issuer]) new URL(address);
    return found;
  } catch (error) {
    console.error(error);
    throw new Trouble('config_malformed');
  }
}

/** Address of a gateway route, for `http` or for a WebSocket. */
export function gatewayUrl(api: string, origin: string, path: string, socket = false): string {
  const url = new URL(path, api || origin);
  if (socket) url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
