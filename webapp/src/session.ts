/** `GET /api/session`: who the gateway takes the operator for, and which profiles a call may use. */

import { flag, list, MalformedMessage, maybe, number, record, shape, text } from './messages';
import { refusalTrouble, Trouble } from './problems';

const DEADLINE_MS = 10_000;

const profile = shape({
  name: text,
  agent: text,
  title: text,
  voice: text,
  /** The system prompt; only where it may be edited. */
  prompt: maybe(text),
  prompt_editable: flag,
});

const session = shape({
  operator: shape({ id: text, name: text }),
  profiles: list(profile),
  limits: shape({ call_s: number, idle_s: number, prompt_chars: number }),
});

export type Profile = ReturnType<typeof profile>;
export type Session = ReturnType<typeof session>;

/** Throws `Trouble` that says why the gateway does not want this operator, or that it cannot be reached. */
export async function loadSession(fetcher: typeof fetch, url: string, token: string): Promise<Session> {
  const response = await fetcher(url, {
    headers: { Authorization: `Bearer ${token}` },
    cache: 'no-store',
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).catch(() => null);
  if (!response) throw new Trouble('unreachable');
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw refusalTrouble(response.status, errorCode(body));
  try {
    const found = session(body, 'the session');
    if (found.profiles.length === 0) throw new MalformedMessage('the session has no profile');
    return found;
  } catch (error) {
    console.error(error);
    throw new Trouble('protocol');
  }
}

function errorCode(body: unknown): string {
  try {
    return text(record(record(body, 'body').error, 'error').code, 'code');
  } catch {
    return '';
  }
}
