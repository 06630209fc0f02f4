import { beforeEach, describe, expect, test, vi } from 'vitest';
import { loadProcessor } from './scope.test-support';

beforeEach(() => vi.resetModules());

function setUp(rateHz: number) {
  return loadProcessor(() => import('./capture.worklet'), rateHz);
}

type Capture = Awaited<ReturnType<typeof setUp>>;

/** A tone of 500 Hz at half of full scale. */
function speak(capture: Capture, rateHz: number, seconds: number, channels = 1): void {
  for (let start = 0; start < rateHz * seconds; start += 128) {
    const samples = Float32Array.from(
      { length: 128 },
      (_, i) => Math.sin((2 * Math.PI * 500 * (start + i)) / rateHz) / 2,
    );
    capture.quantum(Array.from({ length: channels }, () => samples));
  }
}

describe.each([48_000, 44_100, 16_000])('at a device rate of %i Hz', (rateHz) => {
  test('frames are 32 ms of 16 kHz, numbered by samples without a gap', async () => {
    const capture = await setUp(rateHz);
    capture.tell({ type: 'begin' });
    speak(capture, rateHz, 1);
    const frames = capture.sent('frame');
    expect(frames.length).toBeGreaterThanOrEqual(30);
    expect(frames.map((frame) => frame['first'])).toEqual(frames.map((_, i) => i * 512));
    for (const frame of frames) expect((frame['pcm'] as Int16Array).length).toBe(512);
  });

  test('the tone arrives at its own loudness', async () => {
    const capture = await setUp(rateHz);
    capture.tell({ type: 'begin' });
    speak(capture, rateHz, 1, 2);
    const pcm = capture.sent('frame').flatMap((frame) => [...(frame['pcm'] as Int16Array)]);
    const rms = Math.sqrt(pcm.slice(1000).reduce((sum, x) => sum + x * x, 0) / (pcm.length - 1000));
    expect(rms / 32768).toBeCloseTo(0.5 / Math.SQRT2, 2);
  });
});

test('before the call begins the level shows but no frame is made', async () => {
  const capture = await setUp(48_000);
  speak(capture, 48_000, 0.5);
  expect(capture.sent('frame')).toEqual([]);
  expect(capture.sent('level').at(-1)?.['rms']).toBeCloseTo(0.5 / Math.SQRT2, 2);
});

test('sound beyond full scale is clipped, not wrapped', async () => {
  const capture = await setUp(16_000);
  capture.tell({ type: 'begin' });
  for (let i = 0; i < 20; i++) capture.quantum([new Float32Array(128).fill(i < 10 ? 3 : -3)]);
  const pcm = capture.sent('frame').flatMap((frame) => [...(frame['pcm'] as Int16Array)]);
  expect(pcm[600]).toBe(32767);
  expect(pcm[1900]).toBe(-32768);
});

test('a device that gives nothing for a while makes no frames and keeps the count', async () => {
  const capture = await setUp(48_000);
  capture.tell({ type: 'begin' });
  speak(capture, 48_000, 0.2);
  for (let i = 0; i < 100; i++) capture.quantum([]);
  speak(capture, 48_000, 0.2);
  const firsts = capture.sent('frame').map((frame) => frame['first']);
  expect(firsts).toEqual(firsts.map((_, i) => i * 512));
});

test('told to stop, it asks to be released', async () => {
  const capture = await setUp(48_000);
  expect(capture.quantum([new Float32Array(128)])).toBe(true);
  capture.tell({ type: 'stop' });
  expect(capture.quantum([new Float32Array(128)])).toBe(false);
});
