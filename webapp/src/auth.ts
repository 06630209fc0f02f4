/**
 * Signing in with Cognito's hosted pages: authorization code with PKCE, tokens in this tab's sessionStorage.
 *
 * The endpoints come from `/config.json`, so nothing is discovered. The page never judges a token: the gateway does.
 */

import { ErrorResponse, type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import type { Config } from './config';
import { Trouble } from './problems';

/** Renew an access token that would not outlive the handshake. */
const FRESH_FOR_S = 60;

export interface Auth {
  /** Takes the answer of the sign-in page out of the address, if there is one. Throws `Trouble`. */
  finishSignIn(): Promise<void>;
  signedIn(): Promise<boolean>;
  /**
   * A valid access token, renewed without a page change where needed. Throws `Trouble`: `signed_out`, or
   * `identity_unavailable` where the sign-in service did not answer, which leaves the operator signed in.
   */
  token(): Promise<string>;
  signIn(): Promise<void>;
  signOut(): Promise<void>;
}

export function openAuth(config: Config, page: Window): Auth {
  const home = `${page.location.origin}/`;
  const users = new UserManager(settings(config, home, page.sessionStorage));
  const renewed = sharing(() => renew(users));
  return {
    async finishSignIn() {
      const answer = new URLSearchParams(page.location.search);
      if (!answer.has('code') && !answer.has('error')) return;
      try {
        const user = await users.signinCallback(page.location.href);
        page.history.replaceState(null, '', `/${asSearch(user?.state)}`);
      } catch (error) {
        console.error(error);
        page.history.replaceState(null, '', '/');
        throw new Trouble('sign_in_failed', answer.get('error_description') ?? '');
      }
    },
    async signedIn() {
      return (await users.getUser()) !== null;
    },
    async token() {
      const user = await users.getUser();
      if (user && (user.expires_in ?? 0) > FRESH_FOR_S) return user.access_token;
      return (await renewed()).access_token;
    },
    async signIn() {
      await users.signinRedirect({ state: page.location.search });
    },
    async signOut() {
      await users.removeUser();
      page.location.assign(logoutUrl(config, home));
    },
  };
}

async function renew(users: UserManager): Promise<User> {
  try {
    const user = (await users.getUser())?.refresh_token ? await users.signinSilent() : null;
    if (user) return user;
  } catch (error) {
    console.error(error);
    const refused = error instanceof ErrorResponse;
    if (!refused) throw new Trouble('identity_unavailable', 'Your sign-in could not be renewed in time.');
  }
  await users.removeUser();
  throw new Trouble('signed_out');
}

/** Whoever asks while an answer is under way gets that one: a refresh token may be good for one use only. */
function sharing<T>(ask: () => Promise<T>): () => Promise<T> {
  let underway: Promise<T> | null = null;
  return () => {
    underway ??= ask().finally(() => {
      underway = null;
    });
    return underway;
  };
}

/** The query the page had before it went to sign in; anything else found there is not ours. */
function asSearch(state: unknown): string {
  return typeof state === 'string' && state.startsWith('?') ? state : '';
}

/** Cognito's own logout parameters (Amazon Cognito, "The managed login sign-out endpoint: /logout"). */
export function logoutUrl(config: Config, home: string): string {
  const url = new URL(endpoint(config, 'logout'));
  url.searchParams.set('client_id', config.client_id);
  url.searchParams.set('logout_uri', home);
  return url.href;
}

function endpoint(config: Config, path: string): string {
  return `${config.hosted_ui.replace(/\/+$/, '')}/${path}`;
}

export function settings(config: Config, home: string, storage: Storage) {
  return {
    authority: config.issuer,
    metadata: {
      issuer: config.issuer,
      authorization_endpoint: endpoint(config, 'oauth2/authorize'),
      token_endpoint: endpoint(config, 'oauth2/token'),
    },
    client_id: config.client_id,
    redirect_uri: home,
    response_type: 'code',
    scope: config.scope,
    // A token is needed only when a call connects, and is renewed then.
    automaticSilentRenew: false,
    silentRequestTimeoutInSeconds: 10,
    requestTimeoutInSeconds: 10,
    userStore: new WebStorageStateStore({ store: storage }),
    stateStore: new WebStorageStateStore({ store: storage }),
  };
}
