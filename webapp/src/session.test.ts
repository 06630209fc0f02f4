import { expect, test, vi } from 'vitest';
import { SESSION } from './fakes.test-support';
import { Trouble } from './problems';
import { loadSession } from './session';

async function trouble(response: Response): Promise<string> {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const error: unknown = await loadSession(async () => response, '/api/session', 't').catch(
    (e: unknown) => e,
  );
  return error instanceof Trouble ? error.problem.code : 'no trouble';
}

test('the token is sent as a bearer and the answer is taken', async () => {
  const asked: unknown[] = [];
  const fetcher = async (url: unknown, init?: RequestInit) => {
    asked.push(url, init?.headers);
    return Response.json(SESSION);
  };
  expect(await loadSession(fetcher, '/api/session', 'secret')).toEqual(SESSION);
  expect(asked).toEqual(['/api/session', { Authorization: 'Bearer secret' }]);
});

test.each([
  [
    'a refusal',
    Response.json({ error: { code: 'not_an_operator', message: '' } }, { status: 403 }),
    'not_an_operator',
  ],
  ['a proxy’s own page', new Response('<html>', { status: 502 }), 'unreachable'],
  ['a bare 401', new Response('', { status: 401 }), 'signed_out'],
  ['an answer without profiles', Response.json({ ...SESSION, profiles: [] }), 'protocol'],
  ['an answer that is no session', Response.json({ hello: 1 }), 'protocol'],
])('%s', async (_, response, code) => {
  expect(await trouble(response)).toBe(code);
});

test('no answer at all is an unreachable gateway', async () => {
  const fetcher = async () => Promise.reject(new TypeError('network'));
  await expect(loadSession(fetcher, '/api/session', 't')).rejects.toMatchObject({
    problem: { code: 'unreachable' },
  });
});
