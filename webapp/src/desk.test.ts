// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Auth } from './auth';
import { Desk } from './desk';
import { CONFIG, fakeEdges, SESSION, STARTED } from './fakes.test-support';
import { Trouble } from './problems';

beforeEach(() => localStorage.clear());

interface Given {
  signedIn?: boolean;
  secure?: boolean;
  session?: () => Response;
  auth?: Partial<Auth>;
}

function setUp({
  signedIn = true,
  secure = true,
  session = () => Response.json(SESSION),
  auth = {},
}: Given = {}) {
  const { edges, fake, socket, did } = fakeEdges();
  const reload = vi.fn();
  const signIn = vi.fn(async () => {});
  const signOut = vi.fn(async () => {});
  const desk = new Desk({
    auth: {
      finishSignIn: async () => {},
      signedIn: async () => signedIn,
      token: async () => 'secret',
      signIn,
      signOut,
      ...auth,
    },
    config: CONFIG,
    edges,
    fetch: async () => session(),
    origin: 'https://console.example',
    secure,
    storage: localStorage,
    now: () => 1000,
    reload,
  });
  const live = async () => {
    await desk.open();
    await desk.startCall();
    socket.accept();
    socket.hear(STARTED);
  };
  return { desk, live, fake, socket, did, reload, signIn, signOut };
}

const refusal = (status: number, code: string) => () =>
  Response.json({ error: { code, message: '' } }, { status });

describe('opening the page', () => {
  test('signed out, it offers to sign in', async () => {
    const { desk, signIn } = setUp({ signedIn: false });
    await desk.open();
    expect(desk.page.value).toBe('signed_out');
    expect(desk.problem.value).toBeNull();
    await desk.remedy('sign-in');
    expect(signIn).toHaveBeenCalledOnce();
  });

  test('signed in, it knows the operator and the profiles', async () => {
    const { desk } = setUp();
    await desk.open();
    expect(desk.page.value).toBe('console');
    expect(desk.session.value?.operator.name).toBe('Maria Schmidt');
    expect(desk.profile.value?.name).toBe('anytelco');
  });

  test.each([
    [401, 'token_expired', 'signed_out', 'signed_out'],
    [403, 'not_an_operator', 'refused', 'not_an_operator'],
    [503, 'identity_unavailable', 'refused', 'identity_unavailable'],
  ])(
    'a session refused with %i %s shows the page "%s" and the problem %s',
    async (status, code, page, shown) => {
      const { desk } = setUp({ session: refusal(status, code) });
      await desk.open();
      expect([desk.page.value, desk.problem.value?.code]).toEqual([page, shown]);
    },
  );

  test('a failed answer of the sign-in page is shown beside the button', async () => {
    const finishSignIn = () => Promise.reject(new Trouble('sign_in_failed', 'User is disabled.'));
    const { desk } = setUp({ auth: { finishSignIn } });
    await desk.open();
    expect(desk.page.value).toBe('signed_out');
    expect(desk.problem.value?.sentence).toBe('User is disabled.');
  });

  test('on an address that is not secure nothing is tried', async () => {
    const { desk } = setUp({ secure: false });
    await desk.open();
    expect([desk.page.value, desk.problem.value?.code]).toEqual(['refused', 'insecure_origin']);
  });
});

describe('a call', () => {
  test('goes to the gateway with the chosen profile', async () => {
    const { desk, fake, socket } = setUp();
    await desk.open();
    desk.chooseProfile('brief');
    await desk.startCall();
    socket.accept();
    expect(fake.dialled[0]?.url).toBe('wss://console.example/api/call');
    expect(socket.messages()[0]).toEqual({ type: 'call.start', profile: 'brief' });
  });

  test('a second start while one is on is ignored', async () => {
    const { desk, live, fake } = setUp();
    await live();
    await desk.startCall();
    expect(fake.dialled).toHaveLength(1);
  });

  test('muting goes to the microphone and ends with the call', async () => {
    const { desk, live, did } = setUp();
    desk.toggleMute();
    expect(desk.muted.value).toBe(false);
    await live();
    desk.toggleMute();
    expect([desk.muted.value, did.includes('mute')]).toEqual([true, true]);
  });

  test('only words are sent as words', async () => {
    const { desk, live, socket } = setUp();
    await live();
    desk.say('   ');
    desk.say(' Hello ');
    expect(socket.messages().slice(1)).toEqual([{ type: 'text.say', text: 'Hello' }]);
  });

  test('a refused handshake is explained, even when the session answers well', async () => {
    const { desk, socket } = setUp();
    await desk.open();
    await desk.startCall();
    socket.drop();
    await vi.waitFor(() => expect(desk.problem.value?.code).toBe('unavailable'));
    expect(desk.activity.value).toBe('ended');
  });

  test('a lost microphone is a problem that reopening it takes away', async () => {
    const { desk, live, fake } = setUp();
    await live();
    fake.microphone?.lost();
    expect(desk.problem.value?.code).toBe('microphone_lost');
    fake.refuseReopen = new Trouble('no_microphone');
    await desk.remedy('reopen-microphone');
    expect(desk.problem.value).toMatchObject({ code: 'no_microphone', remedy: 'reopen-microphone' });
    fake.refuseReopen = null;
    await desk.remedy('reopen-microphone');
    expect(desk.problem.value).toBeNull();
    expect(desk.activity.value).toBe('listening');
  });

  test('a lost connection is still the same call', async () => {
    const { desk, live, socket, fake } = setUp();
    await live();
    socket.drop();
    expect([desk.activity.value, desk.inCall.value, desk.problem.value]).toEqual([
      'reconnecting',
      true,
      null,
    ]);
    await desk.startCall();
    expect(fake.dialled).toHaveLength(1);
  });

  test('the network coming back goes to the call', async () => {
    const { desk, live, socket, fake } = setUp();
    desk.networkChanged(true);
    await live();
    socket.drop();
    desk.networkChanged(true);
    await vi.waitFor(() => expect(fake.dialled).toHaveLength(2));
    fake.sockets[1]?.accept();
    expect(fake.sockets[1]?.messages()).toEqual([{ type: 'call.resume', call: 'c1', received: 1 }]);
    desk.endCall();
  });

  test('a sign-in that ends while the connection is lost ends the call', async () => {
    let known = true;
    const session = () => (known ? Response.json(SESSION) : refusal(401, 'token_expired')());
    const { desk, live, socket, fake } = setUp({ session });
    await live();
    known = false;
    socket.drop();
    desk.networkChanged(true);
    await vi.waitFor(() => expect(fake.dialled).toHaveLength(2));
    fake.sockets[1]?.drop();
    await vi.waitFor(() => expect(desk.problem.value?.code).toBe('signed_out'));
    expect(desk.activity.value).toBe('ended');
  });

  test('signing out hangs up first', async () => {
    const { desk, live, socket, signOut } = setUp();
    await live();
    await desk.signOut();
    expect(socket.messages().at(-1)).toEqual({ type: 'call.end' });
    expect(signOut).toHaveBeenCalledOnce();
  });
});

describe('the system prompt', () => {
  test('an edited one is kept and goes with the next call, the default does not', async () => {
    const first = setUp();
    await first.desk.open();
    first.desk.savePrompt('Be brief.');
    const later = setUp();
    await later.live();
    expect(later.socket.messages()[0]).toMatchObject({ prompt: 'Be brief.' });
    later.desk.savePrompt('Be kind.');
    const last = setUp();
    await last.live();
    expect(last.socket.messages()[0]).not.toHaveProperty('prompt');
  });

  test('each profile has its own, and one that may not be edited has none', async () => {
    const { desk } = setUp();
    await desk.open();
    desk.savePrompt('Be brief.');
    localStorage.setItem('prompt.brief', 'Left over from another day.');
    desk.chooseProfile('brief');
    expect(desk.prompt.value).toBeNull();
    desk.chooseProfile('anytelco');
    expect(desk.prompt.value).toBe('Be brief.');
  });
});

test('the choice of the mute key is remembered', () => {
  setUp().desk.setMuteShortcut(false);
  expect(setUp().desk.muteShortcut.value).toBe(false);
});
