import { beforeEach, expect, test, vi } from 'vitest';
import { loadProcessor } from './scope.test-support';

beforeEach(() => vi.resetModules());

async function setUp(processorOptions: object = {}) {
  const playback = await loadProcessor(() => import('./playback.worklet'), 48_000, { processorOptions });
  const play = (seconds: number) => {
    const outs = Array.from({ length: Math.round((seconds * 48_000) / 128) }, () => {
      const stereo = [new Float32Array(128), new Float32Array(128)];
      playback.quantum([], stereo);
      return stereo;
    });
    return outs;
  };
  return { ...playback, play };
}

const speech = (samples: number) => new Int16Array(samples).fill(8000);

test('progress is told about four times a second while it sounds, and not in silence', async () => {
  const { tell, sent, play } = await setUp();
  play(1);
  expect(sent('progress')).toEqual([]);
  tell({ type: 'push', utterance: 1, pcm: speech(48_000) });
  play(2);
  expect(sent('progress').length).toBe(8);
  expect(sent('progress')[4]).toMatchObject({ utterance: 1, samples: expect.closeTo(24_000, -3) });
});

test('a flush is answered with what had been played', async () => {
  const { tell, sent, play } = await setUp();
  tell({ type: 'push', utterance: 7, pcm: speech(24_000) });
  play(0.512);
  tell({ type: 'flush', upto: 7 });
  expect(sent('flushed')).toEqual([{ type: 'flushed', heard: [{ utterance: 7, samples: 12_288 }] }]);
});

test('both channels carry the same sound', async () => {
  const { tell, play } = await setUp();
  tell({ type: 'push', utterance: 1, pcm: speech(4800) });
  const [left, right] = play(0.1).at(-1) ?? [];
  expect(left?.some((sample) => sample > 0.2)).toBe(true);
  expect(right).toEqual(left);
});

test('the tap is closed unless it was asked for', async () => {
  const { tell, sent, play } = await setUp();
  tell({ type: 'push', utterance: 1, pcm: speech(4800) });
  play(0.2);
  expect(sent('tap')).toEqual([]);
});

test('the tap carries the very samples that were played', async () => {
  const { tell, sent, play } = await setUp({ tap: true });
  const pcm = Int16Array.from({ length: 3000 }, (_, i) => i * 3 - 4000);
  tell({ type: 'push', utterance: 1, pcm });
  tell({ type: 'end', utterance: 1 });
  play(0.2);
  expect(sent('tap').flatMap((message) => [...(message['pcm'] as Int16Array)])).toEqual([...pcm]);
  expect(sent('finished')).toEqual([{ type: 'finished', utterance: 1, samples: 3000 }]);
});

test('the level is told 20 times a second', async () => {
  const { tell, sent, play } = await setUp();
  tell({ type: 'push', utterance: 1, pcm: speech(48_000) });
  play(1);
  expect(sent('level').length).toBeGreaterThanOrEqual(19);
  expect(sent('level').at(-1)?.['rms']).toBeCloseTo(8000 / 32768, 3);
});
