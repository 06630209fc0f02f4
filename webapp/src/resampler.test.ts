import { describe, expect, test } from 'vitest';
import { Resampler } from './resampler';

function tone(hz: number, rateHz: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rateHz * seconds) }, (_, i) =>
    Math.sin((2 * Math.PI * hz * i) / rateHz),
  );
}

function resample(input: Float32Array, inputHz: number, outputHz: number, chunk = 128): Float32Array {
  const resampler = new Resampler(inputHz, outputHz);
  const out: number[] = [];
  const drawn = new Float32Array(100);
  const drain = () => {
    for (let n = resampler.draw(drawn); n > 0; n = resampler.draw(drawn)) out.push(...drawn.subarray(0, n));
  };
  for (let i = 0; i < input.length; i += chunk) {
    resampler.feed(input.subarray(i, i + chunk));
    drain();
  }
  resampler.finish();
  drain();
  return Float32Array.from(out);
}

/** Signal to error in dB, edges left out: there the filter sees silence beside the tone. */
function snrDb(got: Float32Array, wanted: Float32Array): number {
  const margin = 200;
  let signal = 0;
  let error = 0;
  for (let i = margin; i < Math.min(got.length, wanted.length) - margin; i++) {
    signal += (wanted[i] ?? 0) ** 2;
    error += ((got[i] ?? 0) - (wanted[i] ?? 0)) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

describe.each([
  [48_000, 16_000],
  [44_100, 16_000],
  [96_000, 16_000],
  [24_000, 48_000],
  [24_000, 44_100],
])('from %i Hz to %i Hz', (inputHz, outputHz) => {
  test.each([220, 1000, 3400])('a tone of %i Hz keeps its place and its shape', (hz) => {
    const got = resample(tone(hz, inputHz, 0.5), inputHz, outputHz);
    expect(snrDb(got, tone(hz, outputHz, 0.5))).toBeGreaterThan(80);
  });

  test('every input sample is answered, none twice', () => {
    const got = resample(tone(440, inputHz, 0.1), inputHz, outputHz);
    expect(got.length).toBe(Math.ceil((inputHz * 0.1 * outputHz) / inputHz));
  });

  test('the size of the pieces fed does not matter', () => {
    const input = tone(700, inputHz, 0.1);
    const inOne = resample(input, inputHz, outputHz, 1024);
    const difference = resample(input, inputHz, outputHz, 37).map((sample, i) => sample - (inOne[i] ?? 9));
    expect(Math.max(...difference.map(Math.abs))).toBeLessThan(1e-6);
  });

  test('after a reset nothing of the past is left', () => {
    const resampler = new Resampler(inputHz, outputHz);
    resampler.feed(tone(440, inputHz, 0.1));
    resampler.reset();
    resampler.feed(new Float32Array(1000));
    const out = new Float32Array(4096).fill(1);
    expect(out.subarray(0, resampler.draw(out)).every((sample) => sample === 0)).toBe(true);
  });
});

test('what 16 kHz cannot carry does not come back as another tone', () => {
  const got = resample(tone(11_000, 48_000, 0.5), 48_000, 16_000);
  const rms = Math.sqrt(got.subarray(200, -200).reduce((sum, x) => sum + x * x, 0) / (got.length - 400));
  expect(20 * Math.log10(rms)).toBeLessThan(-75);
});
