// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { logoutUrl, openAuth } from './auth';
import { CONFIG } from './fakes.test-support';

const HOME = 'https://console.example/';

/** A page at an address, in a tab that forgets nothing. */
function pageAt(path: string) {
  const { origin, search, href } = new URL(path, HOME);
  const location = { origin, search, href, assign: vi.fn() };
  const history = { replaceState: vi.fn() };
  return {
    location,
    history,
    sessionStorage,
    page: { location, history, sessionStorage } as unknown as Window,
  };
}

function jwt(claims: object): string {
  const part = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '');
  return `${part({ alg: 'RS256' })}.${part(claims)}.x`;
}

function tokens(lifetimeS: number, access: string) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: CONFIG.issuer, aud: 'abc', sub: 'u1', iat: now, exp: now + lifetimeS };
  return {
    access_token: access,
    id_token: jwt(claims),
    refresh_token: 'refresh',
    token_type: 'Bearer',
    expires_in: lifetimeS,
  };
}

/** Walk to the sign-in page: where it went, and the address the answer comes back to. */
async function leave(path = '/'): Promise<{ asked: URLSearchParams; back: string; url: string }> {
  const assign = vi.fn();
  vi.spyOn(window.location, 'assign').mockImplementation(assign);
  void openAuth(CONFIG, pageAt(path).page).signIn();
  await vi.waitFor(() => expect(assign).toHaveBeenCalled());
  const url = new URL(String(assign.mock.calls[0]?.[0]));
  return {
    asked: url.searchParams,
    back: `/?code=c1&state=${url.searchParams.get('state')}`,
    url: url.origin + url.pathname,
  };
}

async function comeBack(path: string, answer: object) {
  const fetcher = vi.fn(async (..._: unknown[]) => Response.json(answer));
  vi.stubGlobal('fetch', fetcher);
  const at = pageAt(path);
  const auth = openAuth(CONFIG, at.page);
  await auth.finishSignIn();
  return { auth, at, fetcher };
}

beforeEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

describe('signing in', () => {
  test('it goes to the hosted page with a code challenge, discovering nothing', async () => {
    const fetcher = vi.fn();
    vi.stubGlobal('fetch', fetcher);
    const { asked, url } = await leave();
    expect(url).toBe(`${CONFIG.hosted_ui}/oauth2/authorize`);
    expect(Object.fromEntries(asked)).toMatchObject({
      client_id: 'abc',
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: HOME,
      scope: CONFIG.scope,
    });
    expect(fetcher).not.toHaveBeenCalled();
  });

  test('the answer becomes a token, and leaves the address as it was before', async () => {
    const { back } = await leave('/?tap');
    const { auth, at, fetcher } = await comeBack(back, tokens(3600, 'access-1'));
    expect(String(fetcher.mock.calls[0]?.[0])).toBe(`${CONFIG.hosted_ui}/oauth2/token`);
    expect(at.history.replaceState).toHaveBeenCalledWith(null, '', '/?tap');
    expect(await auth.signedIn()).toBe(true);
    expect(await auth.token()).toBe('access-1');
  });

  test.each(['/?code=c1&state=forged', '/?error=access_denied&state=x'])(
    'the answer %s is refused',
    async (path) => {
      vi.spyOn(console, 'error').mockImplementation(() => {});
      await expect(comeBack(path, {})).rejects.toMatchObject({ problem: { code: 'sign_in_failed' } });
    },
  );

  test('an address without an answer changes nothing', async () => {
    const { at, auth } = await comeBack('/?tap', {});
    expect(at.history.replaceState).not.toHaveBeenCalled();
    expect(await auth.signedIn()).toBe(false);
    await expect(auth.token()).rejects.toMatchObject({ problem: { code: 'signed_out' } });
  });
});

describe('a token that is about to expire', () => {
  test('is renewed by the refresh token, without leaving the page', async () => {
    const { back } = await leave();
    const { auth, fetcher } = await comeBack(back, tokens(30, 'access-1'));
    fetcher.mockImplementation(async () => Response.json(tokens(3600, 'access-2')));
    expect(await auth.token()).toBe('access-2');
    const body = String((fetcher.mock.calls.at(-1)?.[1] as RequestInit | undefined)?.body);
    expect(new URLSearchParams(body).get('grant_type')).toBe('refresh_token');
  });

  test('and cannot be renewed means signed out', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const { back } = await leave();
    const { auth, fetcher } = await comeBack(back, tokens(30, 'access-1'));
    fetcher.mockImplementation(async () => Response.json({ error: 'invalid_grant' }, { status: 400 }));
    await expect(auth.token()).rejects.toMatchObject({ problem: { code: 'signed_out' } });
    expect(await auth.signedIn()).toBe(false);
  });
});

describe('a token that expires while the network is away', () => {
  async function away() {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const { back } = await leave();
    const signedIn = await comeBack(back, tokens(30, 'access-1'));
    signedIn.fetcher.mockImplementation(async () => Promise.reject(new TypeError('Failed to fetch')));
    return signedIn;
  }

  test('cannot be had, and the operator stays signed in', async () => {
    const { auth } = await away();
    await expect(auth.token()).rejects.toMatchObject({ problem: { code: 'identity_unavailable' } });
    expect(await auth.signedIn()).toBe(true);
  });

  test('is renewed when it is back, once for all who ask', async () => {
    const { auth, fetcher } = await away();
    await auth.token().catch(() => {});
    const before = fetcher.mock.calls.length;
    fetcher.mockImplementation(async () => Response.json(tokens(3600, 'access-2')));
    expect(await Promise.all([auth.token(), auth.token()])).toEqual(['access-2', 'access-2']);
    expect(fetcher.mock.calls.length).toBe(before + 1);
  });
});

test('signing out forgets the tokens and ends the session at Cognito', async () => {
  const { back } = await leave();
  const { auth, at } = await comeBack(back, tokens(3600, 'access-1'));
  await auth.signOut();
  expect(await auth.signedIn()).toBe(false);
  expect(at.location.assign).toHaveBeenCalledWith(logoutUrl(CONFIG, HOME));
  expect(logoutUrl(CONFIG, HOME)).toBe(
    `${CONFIG.hosted_ui}/logout?client_id=abc&logout_uri=${encodeURIComponent(HOME)}`,
  );
});
