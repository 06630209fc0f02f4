import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ended, frame, setUp } from './call.test-support';
import { Trouble } from './problems';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('starting', () => {
  test('sound is opened before anything is awaited, inside the click', () => {
    const { start, did } = setUp();
    void start();
    expect(did).toEqual(['context']);
  });

  test('the token travels as a subprotocol and not in the address', async () => {
    const { start, fake } = setUp();
    await start();
    expect(fake.dialled).toEqual([{ url: 'ws://here/api/call', protocols: ['call.v1', 'bearer.secret'] }]);
  });

  test('call.start is the first message, and only then the microphone begins', async () => {
    const { start, socket, did, fake } = setUp();
    await start();
    fake.microphone?.frame(0, frame());
    expect(socket.sent).toEqual([]);
    expect(did).not.toContain('begin');
    socket.accept();
    expect(socket.messages()).toEqual([{ type: 'call.start', profile: 'anytelco' }]);
    expect(did).toContain('begin');
  });

  test('an edited prompt is sent along', async () => {
    const { start, socket } = setUp({ prompt: 'Be brief.' });
    await start();
    socket.accept();
    expect(socket.messages()[0]).toEqual({ type: 'call.start', profile: 'anytelco', prompt: 'Be brief.' });
  });

  test('muted while it rings, the microphone opens muted', async () => {
    const { call, start, did } = setUp();
    const started = start();
    call.setMuted(true);
    await started;
    expect(did).toContain('mute');
  });
});

describe('what does not start', () => {
  test('without a microphone nothing is dialled', async () => {
    const { start, fake, ending, did } = setUp();
    fake.refuseMicrophone = new Trouble('microphone_denied');
    await start();
    expect(ending()?.problem?.code).toBe('microphone_denied');
    expect(fake.dialled).toEqual([]);
    expect(did).toContain('silence');
  });

  test('a sign-in that has ended is told', async () => {
    const refuse = () => Promise.reject(new Trouble('signed_out'));
    const { start, ending, did } = setUp({ token: refuse });
    await start();
    expect(ending()?.problem?.code).toBe('signed_out');
    expect(did).toContain('stop');
  });

  test('a refused handshake is explained by the session route', async () => {
    const { start, socket, ending } = setUp();
    await start();
    socket.drop();
    await vi.runAllTimersAsync();
    expect(ending()?.problem?.code).toBe('not_an_operator');
  });

  test('a route that fails too explains with its own failure', async () => {
    const { start, socket, ending } = setUp({ whyRefused: () => Promise.reject(new Trouble('unreachable')) });
    await start();
    socket.drop();
    await vi.runAllTimersAsync();
    expect(ending()?.problem?.code).toBe('unreachable');
  });

  test('a gateway that never answers the handshake is given ten seconds', async () => {
    const { start, socket, ending } = setUp();
    await start();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(ending()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(ending()?.problem?.code).toBe('unreachable');
    expect(socket.closed).toBe(true);
  });

  test('an agent that never comes is given fifteen', async () => {
    const { start, socket, ending } = setUp();
    await start();
    socket.accept();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(ending()?.problem?.code).toBe('unavailable');
  });

  test('busy is told in the gateway’s words, with the wait', async () => {
    const { start, socket, ending } = setUp();
    await start();
    socket.accept();
    socket.hear(ended({ code: 'busy', message: 'All taken.', retryable: true, retry_after_s: 20 }));
    expect(ending()?.problem).toMatchObject({ code: 'busy', sentence: 'All taken.' });
    expect(ending()?.problem?.fix).toContain('20 s');
  });

  test('hanging up while the browser asks for the microphone leaves nothing open', async () => {
    const { call, start, fake, did, endings } = setUp();
    const started = start();
    call.hangUp();
    await started;
    expect(fake.dialled).toEqual([]);
    expect(did.slice(-2)).toEqual(['stop', 'silence']);
    expect(endings()).toBe(1);
  });
});

describe('the caller’s audio', () => {
  test('frames carry the number of their first sample', async () => {
    const { live, socket, fake } = setUp();
    await live();
    fake.microphone?.frame(0, frame());
    fake.microphone?.frame(512, frame());
    expect(socket.audio().map((audio) => [audio?.utterance, audio?.sequence, audio?.pcm.length])).toEqual([
      [0, 0, 512],
      [0, 512, 512],
    ]);
  });

  test('a connection that cannot keep up loses frames, and the gap shows in the numbers', async () => {
    const { live, socket, fake, heard } = setUp();
    await live();
    fake.microphone?.frame(0, frame());
    socket.bufferedAmount = 64 * 1024 + 1;
    fake.microphone?.frame(512, frame());
    socket.bufferedAmount = 0;
    fake.microphone?.frame(1024, frame());
    expect(socket.audio().map((audio) => audio?.sequence)).toEqual([0, 1024]);
    expect(heard.filter((event) => event.type === 'page.dropped')).toEqual([
      { type: 'page.dropped', ms: 32 },
    ]);
  });

  test('a lost microphone is told and does not end the call', async () => {
    const { call, live, fake, ending, lost, did } = setUp();
    await live();
    fake.microphone?.lost();
    expect(lost()).toBe(1);
    expect(ending()).toBeUndefined();
    await call.reopenMicrophone();
    expect(did).toContain('reopen');
  });
});

describe('the agent’s audio', () => {
  test('it goes to the speaker by utterance', async () => {
    const { live, socket, fake, did } = setUp();
    await live();
    socket.hearAudio({ utterance: 3, sequence: 0, pcm: frame(2400) });
    socket.hear({ type: 'utterance.ended', utterance: 3, turn: 1, duration_ms: 100 });
    expect(fake.pushed).toEqual([{ utterance: 3, samples: 2400 }]);
    expect(did).toContain('end 3');
  });

  test('what has been played is reported in whole milliseconds', async () => {
    const { live, socket, fake } = setUp();
    await live();
    fake.speaker?.progress({ utterance: 2, samples: 6143 });
    fake.speaker?.playout({ type: 'finished', utterance: 2, samples: 12_000 });
    expect(socket.messages().slice(1)).toEqual([
      { type: 'playback.report', utterance: 2, played_ms: 255 },
      { type: 'playback.report', utterance: 2, played_ms: 500 },
    ]);
  });

  test('a barge-in silences the speaker and what had been played is reported, even if nothing', async () => {
    const { live, socket, fake, did } = setUp();
    await live();
    socket.hear({ type: 'barge_in', utterance: 4 });
    expect(did).toContain('flush 4');
    fake.speaker?.flushed([
      { utterance: 3, samples: 2400 },
      { utterance: 4, samples: 0 },
    ]);
    expect(socket.messages().slice(1)).toEqual([
      { type: 'playback.report', utterance: 3, played_ms: 100 },
      { type: 'playback.report', utterance: 4, played_ms: 0 },
    ]);
  });
});

describe('the end', () => {
  test('hanging up says so, stops the microphone and waits for the gateway’s word', async () => {
    const { call, live, socket, did, ending } = setUp();
    await live();
    call.hangUp();
    expect(socket.messages().at(-1)).toEqual({ type: 'call.end' });
    expect(did).toContain('stop');
    expect(ending()).toBeUndefined();
    socket.hear(ended({ message: 'You hung up.' }));
    expect(ending()).toEqual({ reason: 'You hung up.', problem: null });
    expect(did).toContain('silence');
  });

  test('a gateway that does not confirm is not waited for longer than three seconds', async () => {
    const { call, live, ending, socket } = setUp();
    await live();
    call.hangUp();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(ending()).toEqual({ reason: 'You ended the call.', problem: null });
    expect(socket.closed).toBe(true);
  });

  test('the agent’s goodbye is heard to its end before the call is over', async () => {
    const { live, socket, fake, ending } = setUp();
    await live();
    socket.hear({ type: 'utterance.started', utterance: 1, turn: 1 });
    socket.hearAudio({ utterance: 1, sequence: 0, pcm: frame(2400) });
    socket.hear({ type: 'utterance.ended', utterance: 1, turn: 1, duration_ms: 100 });
    socket.hear(ended());
    socket.drop();
    expect(ending()).toBeUndefined();
    fake.speaker?.playout({ type: 'finished', utterance: 1, samples: 2400 });
    expect(ending()).toEqual({ reason: 'Goodbye.', problem: null });
  });

  test('a goodbye that never finishes playing is cut', async () => {
    const { live, socket, ending } = setUp();
    await live();
    socket.hear({ type: 'utterance.started', utterance: 1, turn: 1 });
    socket.hear(ended());
    await vi.advanceTimersByTimeAsync(30_000);
    expect(ending()?.reason).toBe('Goodbye.');
  });

  test('a connection that breaks before the agent answered is no call to go back to', async () => {
    const { start, socket, ending, fake } = setUp();
    await start();
    socket.accept();
    socket.drop();
    expect(ending()?.problem?.code).toBe('connection_lost');
    await vi.runAllTimersAsync();
    expect(fake.dialled).toHaveLength(1);
  });

  test('a connection that breaks while the caller hangs up ends the call as they wished', async () => {
    const { call, live, socket, ending } = setUp();
    await live();
    call.hangUp();
    socket.drop();
    expect(ending()).toEqual({ reason: 'You ended the call.', problem: null });
  });

  test('a gateway that acknowledges keeps the call, and pings tell the round trip', async () => {
    const { live, socket, ending, heard } = setUp();
    await live();
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      socket.hear({ type: 'audio.ack', samples: second * 16_000 });
    }
    const ping = socket.messages().find((message) => message.type === 'ping');
    await vi.advanceTimersByTimeAsync(30);
    socket.hear({ type: 'pong', id: Date.now() - 30 });
    expect(ping?.['id']).toEqual(expect.any(Number));
    expect(heard).toContainEqual({ type: 'page.round_trip', ms: 30 });
    expect(ending()).toBeUndefined();
  });

  test('a message that makes no sense ends the call', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const { live, socket, ending } = setUp();
    await live();
    socket.hear({ type: 'barge_in', utterance: 'two' });
    expect(ending()?.problem?.code).toBe('protocol');
  });

  test('it comes once, and nothing lights a meter after it', async () => {
    const { call, live, socket, fake, levels, endings } = setUp();
    await live();
    socket.hear(ended());
    call.hangUp();
    socket.hear(ended({ code: 'internal' }));
    fake.microphone?.level(0.5);
    expect(endings()).toBe(1);
    expect(levels.slice(-2)).toEqual([
      ['caller', 0],
      ['agent', 0],
    ]);
  });
});
