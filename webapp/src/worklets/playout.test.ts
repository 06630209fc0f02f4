import { describe, expect, test } from 'vitest';
import { Playout } from './playout';
import type { PlayoutEvent } from './ports';

const SOURCE_HZ = 24_000;
const QUANTUM = 128;

function setUp(outputHz = 48_000) {
  const events: PlayoutEvent[] = [];
  const tapped: number[] = [];
  const playout = new Playout(
    SOURCE_HZ,
    outputHz,
    (event) => events.push(event),
    (pcm) => tapped.push(...pcm),
  );
  const render = (quanta: number) => {
    const out = new Float32Array(quanta * QUANTUM);
    for (let i = 0; i < quanta; i++) playout.render(out.subarray(i * QUANTUM, (i + 1) * QUANTUM));
    return out;
  };
  return { playout, events, tapped, render };
}

const speech = (samples: number, value = 8000) => new Int16Array(samples).fill(value);
const loudest = (samples: Float32Array) => samples.reduce((peak, x) => Math.max(peak, Math.abs(x)), 0);
const kinds = (events: PlayoutEvent[]) => events.map(({ type, utterance }) => `${type} ${utterance}`);

describe('prebuffer', () => {
  test('an utterance is silent until 70 ms of it are here', () => {
    const { playout, events, render } = setUp();
    playout.push(1, speech(1679));
    expect(loudest(render(20))).toBe(0);
    expect(events).toEqual([]);
    playout.push(1, speech(1));
    expect(loudest(render(2))).toBeGreaterThan(0.2);
    expect(kinds(events)).toEqual(['playing 1']);
  });

  test('an utterance that is complete sounds at once, however short', () => {
    const { playout, events, render } = setUp();
    playout.push(1, speech(240));
    playout.end(1);
    expect(loudest(render(1))).toBeGreaterThan(0.2);
    render(10);
    expect(events.at(-1)).toEqual({ type: 'finished', utterance: 1, samples: 240 });
  });

  test('after running dry it waits for a new prebuffer', () => {
    const { playout, events, render } = setUp();
    playout.push(1, speech(2400));
    render(50);
    expect(kinds(events)).toEqual(['playing 1', 'stalled 1']);
    playout.push(1, speech(1200));
    expect(loudest(render(5))).toBe(0);
    playout.push(1, speech(1200));
    expect(loudest(render(5))).toBeGreaterThan(0.2);
    expect(kinds(events)).toEqual(['playing 1', 'stalled 1', 'playing 1']);
  });
});

describe.each([48_000, 44_100, 24_000, 96_000])('at a device rate of %i Hz', (outputHz) => {
  test('every sample is played once, in order, and counted', () => {
    const { playout, events, tapped, render } = setUp(outputHz);
    const ramp = Int16Array.from({ length: 5000 }, (_, i) => i);
    for (let i = 0; i < 5000; i += 1000) playout.push(1, ramp.subarray(i, i + 1000));
    playout.end(1);
    const needed = Math.ceil((5000 * outputHz) / SOURCE_HZ);
    const out = render(Math.ceil(needed / QUANTUM) + 1);
    expect(tapped).toEqual([...ramp]);
    expect(events.at(-1)).toEqual({ type: 'finished', utterance: 1, samples: 5000 });
    expect(loudest(out.subarray(needed))).toBe(0);
    expect(loudest(out.subarray(needed - QUANTUM, needed))).toBeGreaterThan(0);
  });

  test('a flush tells the samples played, which is what the tap has', () => {
    const { playout, tapped, render } = setUp(outputHz);
    playout.push(1, speech(24_000));
    render(100);
    const [heard] = playout.flush(1);
    expect(heard).toEqual({ utterance: 1, samples: Math.floor((100 * QUANTUM * SOURCE_HZ) / outputHz) });
    expect(tapped.length).toBe(heard?.samples);
  });
});

describe('flush', () => {
  test('it is silent within 4 ms and does not click', () => {
    const { playout, render } = setUp();
    playout.push(1, speech(24_000));
    render(50);
    playout.flush(1);
    const after = render(10);
    const steps = after.slice(1).map((x, i) => Math.abs(x - (after[i] ?? 0)));
    expect(loudest(after.subarray(192))).toBe(0);
    expect(loudest(after.subarray(0, 96))).toBeGreaterThan(0.1);
    expect(Math.max(...steps)).toBeLessThan(0.01);
  });

  test('late audio of a flushed utterance is never heard, the next utterance is', () => {
    const { playout, events, render } = setUp();
    playout.push(1, speech(2400));
    render(5);
    playout.flush(1);
    render(4);
    playout.push(1, speech(24_000));
    playout.end(1);
    expect(loudest(render(20))).toBe(0);
    playout.push(2, speech(2400));
    expect(loudest(render(5))).toBeGreaterThan(0.2);
    expect(kinds(events)).toEqual(['playing 1', 'playing 2']);
  });

  test('an utterance nobody heard yet counts as 0', () => {
    const { playout } = setUp();
    expect(playout.flush(3)).toEqual([{ utterance: 3, samples: 0 }]);
    playout.push(4, speech(500));
    expect(playout.flush(4)).toEqual([{ utterance: 4, samples: 0 }]);
  });

  test('an utterance that was played to its end counts in full', () => {
    const { playout, render } = setUp();
    playout.push(1, speech(1000));
    playout.end(1);
    render(30);
    expect(playout.flush(1)).toEqual([{ utterance: 1, samples: 1000 }]);
  });

  test('each of several dropped utterances is accounted for, later ones stay', () => {
    const { playout, render } = setUp();
    for (const number of [1, 2, 3]) playout.push(number, speech(4800));
    render(10);
    expect(playout.flush(2)).toEqual([
      { utterance: 1, samples: 640 },
      { utterance: 2, samples: 0 },
    ]);
    expect(loudest(render(10))).toBeGreaterThan(0.2);
    expect(playout.sounding()?.utterance).toBe(3);
  });
});

test('audio of the next utterance ends the one before it', () => {
  const { playout, events, render } = setUp();
  playout.push(1, speech(2400));
  playout.push(2, speech(2400));
  playout.end(2);
  render(100);
  expect(kinds(events)).toEqual(['playing 1', 'finished 1', 'playing 2', 'finished 2']);
});

test('an utterance without audio finishes without having sounded', () => {
  const { playout, events, render } = setUp();
  playout.end(1);
  render(1);
  expect(events).toEqual([{ type: 'finished', utterance: 1, samples: 0 }]);
});

test('more than ten minutes waiting is dropped, newest first', () => {
  const { playout, render } = setUp();
  const minute = speech(SOURCE_HZ * 60);
  for (let i = 0; i < 11; i++) playout.push(1, minute);
  playout.push(2, minute);
  expect(playout.flush(2).map(({ utterance }) => utterance)).toEqual([1, 2]);
  expect(loudest(render(5))).toBe(0);
});
