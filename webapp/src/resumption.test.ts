import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ended, frame, setUp } from './call.test-support';
import type { Order } from './edges';
import { problem, Trouble } from './problems';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const FIRST_WAIT_MS = 250;
const COUNTED = { type: 'audio.ack', samples: 0 };
const resumed = (warm: boolean, more: object = {}) => ({
  type: 'call.resumed',
  call: 'c1',
  warm,
  turn: 2,
  utterance: 3,
  ...more,
});

/** A live call whose connection has just been lost. `call.started` and whatever `heard` says came over it. */
async function lost(order: Partial<Order> = {}, heard: object[] = []) {
  const given = setUp({ whyRefused: async () => problem('unreachable'), ...order });
  await given.live();
  for (const message of heard) given.socket.hear(message);
  given.socket.drop();
  const tryOn = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  const back = async (warm: boolean) => {
    await tryOn(FIRST_WAIT_MS);
    given.newest().accept();
    given.newest().hear(resumed(warm));
  };
  const reconnecting = () => given.heard.filter(({ type }) => type === 'page.reconnecting').length;
  return { ...given, tryOn, back, reconnecting };
}

describe('losing the connection', () => {
  test('is told, and leaves microphone, sound and buffered speech alone', async () => {
    const { did, ending, reconnecting } = await lost();
    expect(reconnecting()).toBe(1);
    expect(ending()).toBeUndefined();
    expect(did).not.toContain('stop');
    expect(did).not.toContain('silence');
    expect(did.some((what) => what.startsWith('flush'))).toBe(false);
  });

  test('is noticed when nothing comes any more', async () => {
    const { live, heard, socket, fake } = setUp();
    await live();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(heard).not.toContainEqual({ type: 'page.reconnecting' });
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toContainEqual({ type: 'page.reconnecting' });
    expect(socket.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(FIRST_WAIT_MS);
    expect(fake.dialled).toHaveLength(2);
  });

  test('the caller’s audio meanwhile is dropped and counted, and its numbers go on', async () => {
    const { fake, heard, back, newest } = await lost();
    fake.microphone?.frame(512, frame());
    await back(true);
    fake.microphone?.frame(1024, frame());
    expect(newest().audio()).toMatchObject([{ sequence: 1024 }]);
    expect(heard.filter(({ type }) => type === 'page.dropped')).toEqual([{ type: 'page.dropped', ms: 32 }]);
  });

  test('nothing but call.resume is sent before the gateway has the call', async () => {
    const { call, fake, tryOn, newest } = await lost();
    await tryOn(FIRST_WAIT_MS);
    newest().accept();
    fake.microphone?.frame(512, frame());
    fake.speaker?.progress({ utterance: 1, samples: 2400 });
    call.say('Hello?');
    await tryOn(5_000);
    expect(newest().sent).toEqual([JSON.stringify({ type: 'call.resume', call: 'c1', received: 1 })]);
  });

  test('hanging up then ends the call at once and stops trying', async () => {
    const { call, ending, fake, tryOn, did } = await lost();
    call.hangUp();
    expect(ending()).toEqual({ reason: 'You ended the call.', problem: null });
    expect(did).toContain('silence');
    await tryOn(60_000);
    expect(fake.dialled).toHaveLength(1);
  });

  test('hanging up on an open connection tells the gateway too', async () => {
    const { call, tryOn, newest } = await lost();
    await tryOn(FIRST_WAIT_MS);
    newest().accept();
    call.hangUp();
    expect(newest().messages().at(-1)).toEqual({ type: 'call.end' });
    expect(newest().closed).toBe(true);
  });
});

describe('trying again', () => {
  /** When the tries begin, in milliseconds after the loss, if each socket is refused at once. */
  async function tries(random: number): Promise<number[]> {
    const { fake, tryOn, newest } = await lost();
    fake.random = random;
    const begun: number[] = [];
    for (let ms = 50; ms <= 20_000; ms += 50) {
      const before = fake.dialled.length;
      await tryOn(50);
      if (fake.dialled.length === before) continue;
      begun.push(ms);
      newest().drop();
    }
    return begun;
  }

  test('comes later and later, up to every two seconds, for twenty', async () => {
    expect(await tries(1)).toEqual([
      250, 750, 1_750, 3_750, 5_750, 7_750, 9_750, 11_750, 13_750, 15_750, 17_750, 19_750,
    ]);
  });

  test('waits as little as half of that', async () => {
    expect((await tries(0)).slice(0, 5)).toEqual([250, 500, 1_000, 2_000, 3_000]);
  });

  test('ends with the call after twenty seconds', async () => {
    const { ending, tryOn, fake } = await lost();
    await tryOn(19_999);
    expect(ending()).toBeUndefined();
    await tryOn(1);
    expect(ending()?.problem).toMatchObject({
      code: 'connection_lost',
      sentence: 'The connection was lost and could not be restored.',
      fix: expect.stringMatching(/^Call again\./),
      remedy: 'call-again',
    });
    const dialled = fake.dialled.length;
    await tryOn(60_000);
    expect(fake.dialled).toHaveLength(dialled);
  });

  test('each try brings a fresh token', async () => {
    let renewals = 0;
    const { fake, tryOn, newest } = await lost({ token: async () => `token-${renewals++}` });
    await tryOn(FIRST_WAIT_MS);
    newest().drop();
    await tryOn(500);
    expect(fake.dialled.map(({ protocols }) => protocols[1])).toEqual([
      'bearer.token-0',
      'bearer.token-1',
      'bearer.token-2',
    ]);
  });

  test('a handshake that nobody answers is given four seconds', async () => {
    const { fake, tryOn } = await lost();
    await tryOn(FIRST_WAIT_MS + 4_000);
    expect(fake.dialled).toHaveLength(2);
    await tryOn(500);
    expect(fake.dialled).toHaveLength(3);
    expect(fake.sockets[1]?.closed).toBe(true);
  });

  test('a connection that closes before the gateway answered is one more try', async () => {
    const whyRefused = vi.fn(async () => problem('not_an_operator'));
    const { ending, tryOn, newest, fake } = await lost({ whyRefused });
    await tryOn(FIRST_WAIT_MS);
    newest().accept();
    newest().drop();
    await tryOn(500);
    expect(fake.dialled).toHaveLength(3);
    expect(ending()).toBeUndefined();
    expect(whyRefused).not.toHaveBeenCalled();
  });

  test.each(['signed_out', 'not_an_operator', 'origin_not_allowed'] as const)(
    'a handshake refused with %s ends the call with its own sentence',
    async (code) => {
      const { ending, tryOn, newest, fake } = await lost({
        whyRefused: () => Promise.reject(new Trouble(code)),
      });
      await tryOn(FIRST_WAIT_MS);
      newest().drop();
      await tryOn(60_000);
      expect(ending()?.problem).toEqual(problem(code));
      expect(fake.dialled).toHaveLength(2);
    },
  );

  test.each(['unreachable', 'unavailable', 'identity_unavailable'] as const)(
    'a handshake that fails with %s does not',
    async (code) => {
      const { ending, tryOn, newest, fake } = await lost({ whyRefused: async () => problem(code) });
      await tryOn(FIRST_WAIT_MS);
      newest().drop();
      await tryOn(500);
      expect(ending()).toBeUndefined();
      expect(fake.dialled).toHaveLength(3);
    },
  );

  test('why it was refused is asked beside the tries, one question at a time', async () => {
    const whyRefused = vi.fn(() => new Promise<never>(() => {}));
    const { tryOn, newest, fake } = await lost({ whyRefused });
    for (const wait of [FIRST_WAIT_MS, 500, 1_000]) {
      await tryOn(wait);
      newest().drop();
    }
    expect(fake.dialled).toHaveLength(4);
    expect(whyRefused).toHaveBeenCalledOnce();
  });

  test.each([
    ['signed_out', 1, 'signed_out'],
    ['identity_unavailable', 1, undefined],
  ] as const)(
    'a token refused with %s means %i connection and the ending %s',
    async (code, dialled, shown) => {
      let asked = 0;
      const token = async () => {
        if (asked++ > 0) throw new Trouble(code);
        return 'secret';
      };
      const { ending, tryOn, fake } = await lost({ token });
      await tryOn(5_000);
      expect([fake.dialled.length, ending()?.problem?.code]).toEqual([dialled, shown]);
      expect(asked > 2).toBe(shown === undefined);
    },
  );
});

describe('the network coming back', () => {
  test('is a reason to try at once, and soon again', async () => {
    const { call, tryOn, fake, newest } = await lost();
    for (const wait of [250, 500, 1_000]) {
      await tryOn(wait);
      newest().drop();
    }
    await tryOn(100);
    expect(fake.dialled).toHaveLength(4);
    call.networkChanged(true);
    await tryOn(0);
    expect(fake.dialled).toHaveLength(5);
    newest().drop();
    await tryOn(FIRST_WAIT_MS);
    expect(fake.dialled).toHaveLength(6);
  });

  test('makes one connection, also where the token is still awaited', async () => {
    const asked: ((token: string) => void)[] = [];
    const token = () => new Promise<string>((resolve) => asked.push(resolve));
    const given = setUp({ token });
    const starting = given.live();
    await vi.advanceTimersByTimeAsync(0);
    asked[0]?.('first');
    await starting;
    given.socket.drop();
    given.call.networkChanged(true);
    given.call.networkChanged(true);
    asked[1]?.('second');
    asked[2]?.('third');
    await vi.advanceTimersByTimeAsync(0);
    expect(given.fake.dialled.map(({ protocols }) => protocols[1])).toEqual(['bearer.first', 'bearer.third']);
  });

  test('means nothing to a call that is over', async () => {
    const { call, tryOn, fake } = await lost();
    call.hangUp();
    call.networkChanged(true);
    await tryOn(60_000);
    expect(fake.dialled).toHaveLength(1);
  });

  test('takes the place of a try that is under way', async () => {
    const { call, tryOn, newest, heard, fake } = await lost();
    await tryOn(FIRST_WAIT_MS);
    const stuck = newest();
    call.networkChanged(true);
    await tryOn(0);
    expect([stuck.closed, fake.dialled.length]).toEqual([true, 3]);
    newest().accept();
    newest().hear(resumed(true));
    expect(heard).toContainEqual(resumed(true));
  });

  test('going offline starts no try', async () => {
    const { call, tryOn, fake } = await lost();
    call.networkChanged(false);
    await tryOn(FIRST_WAIT_MS - 1);
    expect(fake.dialled).toHaveLength(1);
  });

  test.each([true, false])(
    'a live connection has to show that it outlived it (online: %s)',
    async (online) => {
      const { call, live, socket, heard } = setUp();
      await live();
      call.networkChanged(online);
      expect(socket.messages().at(-1)).toMatchObject({ type: 'ping' });
      await vi.advanceTimersByTimeAsync(1_000);
      socket.hear(COUNTED);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(heard).not.toContainEqual({ type: 'page.reconnecting' });
      call.networkChanged(online);
      await vi.advanceTimersByTimeAsync(3_000);
      expect(heard).toContainEqual({ type: 'page.reconnecting' });
    },
  );
});

describe('what the page says it has got', () => {
  const received = (socket: { messages(): { [field: string]: unknown }[] }) =>
    socket.messages()[0]?.['received'];

  test('is every text and binary frame, known or not', async () => {
    const given = setUp();
    await given.live();
    given.socket.hearAudio({ utterance: 1, sequence: 0, pcm: frame(240) });
    given.socket.hear({ type: 'pong', id: 1 });
    given.socket.hear({ type: 'something.new' });
    given.socket.drop();
    await vi.advanceTimersByTimeAsync(FIRST_WAIT_MS);
    given.newest().accept();
    expect(given.newest().messages()).toEqual([{ type: 'call.resume', call: 'c1', received: 4 }]);
  });

  test('is counted over all connections, call.resumed left out', async () => {
    const { back, newest, tryOn } = await lost({}, [COUNTED]);
    await back(true);
    newest().hear(COUNTED);
    newest().hear(COUNTED);
    newest().drop();
    await tryOn(FIRST_WAIT_MS);
    newest().accept();
    expect(received(newest())).toBe(4);
  });

  test('begins again with a gateway that has taken the call over', async () => {
    const { back, newest, tryOn } = await lost({}, [COUNTED, COUNTED]);
    await back(false);
    newest().hear(COUNTED);
    newest().drop();
    await tryOn(FIRST_WAIT_MS);
    newest().accept();
    expect(received(newest())).toBe(1);
  });

  test('what a connection brings after it was given up is not taken', async () => {
    const { live, socket, heard, newest } = setUp();
    await live();
    await vi.advanceTimersByTimeAsync(10_000 + FIRST_WAIT_MS);
    newest().accept();
    socket.hear({ type: 'barge_in', utterance: 1 });
    expect(heard).not.toContainEqual({ type: 'barge_in', utterance: 1 });
    expect(received(newest())).toBe(1);
  });
});

describe('the call going on', () => {
  test('a warm one brings what was missed, in order and once', async () => {
    const { back, newest, heard, fake } = await lost({}, [
      { type: 'utterance.started', utterance: 1, turn: 0 },
    ]);
    await back(true);
    newest().hearAudio({ utterance: 1, sequence: 0, pcm: frame(2400) });
    newest().hear({ type: 'utterance.ended', utterance: 1, turn: 0, duration_ms: 100 });
    expect(fake.pushed).toEqual([{ utterance: 1, samples: 2400 }]);
    expect(heard.slice(-3).map(({ type }) => type)).toEqual([
      'page.reconnecting',
      'call.resumed',
      'utterance.ended',
    ]);
  });

  test('what was played meanwhile is reported when a warm connection is back', async () => {
    const { back, newest, fake } = await lost();
    fake.speaker?.progress({ utterance: 2, samples: 2400 });
    fake.speaker?.playout({ type: 'finished', utterance: 2, samples: 12_000 });
    await back(true);
    expect(newest().messages().slice(1)).toEqual([{ type: 'playback.report', utterance: 2, played_ms: 500 }]);
  });

  test('a cold one lets buffered speech play to its end and reports nothing of it', async () => {
    const { back, newest, fake, did } = await lost({}, [
      { type: 'utterance.started', utterance: 2, turn: 1 },
      { type: 'utterance.started', utterance: 3, turn: 1 },
    ]);
    fake.speaker?.playout({ type: 'finished', utterance: 2, samples: 2400 });
    await back(false);
    expect(did.filter((what) => what.startsWith('end'))).toEqual(['end 3']);
    fake.speaker?.playout({ type: 'finished', utterance: 3, samples: 2400 });
    fake.speaker?.playout({ type: 'finished', utterance: 4, samples: 2400 });
    expect(newest().messages().slice(1)).toEqual([{ type: 'playback.report', utterance: 4, played_ms: 100 }]);
  });

  test('the microphone goes on without beginning anew, and typing works again', async () => {
    const { call, back, did, newest } = await lost();
    await back(true);
    call.say('Hello?');
    expect(did.filter((what) => what === 'begin')).toHaveLength(1);
    expect(newest().messages().at(-1)).toEqual({ type: 'text.say', text: 'Hello?' });
  });

  test('it may be lost again, and has its twenty seconds again', async () => {
    const { back, newest, tryOn, reconnecting, ending } = await lost();
    await tryOn(15_000);
    await back(true);
    newest().drop();
    await tryOn(15_000);
    expect(reconnecting()).toBe(2);
    expect(ending()).toBeUndefined();
  });

  test('the new connection is watched as the first one was', async () => {
    const { back, tryOn, reconnecting } = await lost();
    await back(true);
    await tryOn(10_000);
    expect(reconnecting()).toBe(2);
  });

  test('the old connection closing late changes nothing', async () => {
    const { live, socket, newest, heard, ending } = setUp();
    await live();
    await vi.advanceTimersByTimeAsync(10_000 + FIRST_WAIT_MS);
    newest().accept();
    newest().hear(resumed(true));
    socket.drop();
    expect(ending()).toBeUndefined();
    expect(heard.filter(({ type }) => type === 'page.reconnecting')).toHaveLength(1);
  });
});

describe('a gateway that has the call no more', () => {
  test.each(['unavailable', 'moved', 'draining', 'internal'])(
    'says so with %s, in its own words, and nothing is tried again',
    async (code) => {
      const { ending, tryOn, newest, fake } = await lost();
      await tryOn(FIRST_WAIT_MS);
      newest().accept();
      newest().hear(ended({ code, message: 'This call is over.' }));
      newest().drop();
      await tryOn(60_000);
      expect(ending()?.problem).toMatchObject({ code, sentence: 'This call is over.' });
      expect(fake.dialled).toHaveLength(2);
    },
  );
});
