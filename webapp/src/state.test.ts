import { describe, expect, test } from 'vitest';
import type { MessageOf } from './messages';
import { problem } from './problems';
import { activity, type CallEvent, type CallState, elapsedMs, NO_CALL, reduce } from './state';

const STARTED: MessageOf<'call.started'> = {
  type: 'call.started',
  call: 'c1',
  profile: 'anytelco',
  agent: 'Telly',
  voice: 'tiffany',
  tools: ['lookup'],
  limits: { call_s: 1800, idle_s: 120 },
};

type Said = Partial<MessageOf<'transcript'>>;

function caller(turn: number, text: string, more: Said = {}): CallEvent {
  return { type: 'transcript', speaker: 'caller', turn, text, final: true, ...blank, ...more };
}

function agent(turn: number, utterance: number, sentence: number, text: string, more: Said = {}): CallEvent {
  return {
    type: 'transcript',
    speaker: 'agent',
    turn,
    text,
    final: true,
    ...blank,
    utterance,
    sentence,
    ...more,
  };
}

const blank = { typed: undefined, utterance: undefined, sentence: undefined, heard_chars: undefined };

const toolStarted: CallEvent = {
  type: 'tool.started',
  tool_use: 't1',
  turn: 1,
  name: 'lookup',
  input: { query: 'x' },
};

function toolFinished(ok: boolean): CallEvent {
  const outcome = ok
    ? { result: { passages: [] }, code: undefined }
    : { result: { error: 'x' }, code: 'timeout' };
  return { type: 'tool.finished', tool_use: 't1', name: 'lookup', ok, duration_ms: 88, ...outcome };
}

/** A live call that these events have happened to, a second apart, from 1000 s on. */
function callWith(...events: CallEvent[]): CallState {
  const all: CallEvent[] = [{ type: 'page.dialling' }, STARTED, ...events];
  return all.reduce((state, event, i) => reduce(state, event, 999_000 + i * 1000), NO_CALL);
}

const texts = (state: CallState) =>
  state.lines.map((line) => `${line.speaker}: ${line.sentences.map((s) => s.text).join(' ')}`);

describe('the transcript', () => {
  test('a final replaces the draft of the same sentence', () => {
    const draft = callWith(agent(1, 1, 0, 'Your bill is', { final: false }));
    expect(draft.lines[0]?.sentences).toMatchObject([{ text: 'Your bill is', final: false }]);
    const final = reduce(draft, agent(1, 1, 0, 'Your bill is 40 dollars.'), 0);
    expect(final.lines).toHaveLength(1);
    expect(final.lines[0]?.sentences).toMatchObject([{ text: 'Your bill is 40 dollars.', final: true }]);
  });

  test('the caller saying the same word in two turns is kept twice', () => {
    const state = callWith(caller(1, 'Yes.'), agent(1, 1, 0, 'And this?'), caller(2, 'Yes.'));
    expect(texts(state)).toEqual(['caller: Yes.', 'agent: And this?', 'caller: Yes.']);
  });

  test('the agent repeating a sentence is kept twice', () => {
    const state = callWith(agent(0, 1, 0, 'Yes.'), agent(0, 1, 1, 'Yes.'), agent(1, 2, 0, 'Yes.'));
    expect(texts(state)).toEqual(['agent: Yes. Yes.', 'agent: Yes.']);
  });

  test('sentences stand in their order, whichever came first', () => {
    expect(texts(callWith(agent(1, 1, 1, 'Two.'), agent(1, 1, 0, 'One.')))).toEqual(['agent: One. Two.']);
  });

  test('words of the caller recognised late still stand before the answer', () => {
    const state = callWith(
      agent(0, 1, 0, 'Hello.'),
      agent(1, 2, 0, 'It is 40 dollars.'),
      caller(1, 'My bill?'),
    );
    expect(texts(state)).toEqual(['agent: Hello.', 'caller: My bill?', 'agent: It is 40 dollars.']);
  });

  test('the place where the caller broke in is kept', () => {
    const state = callWith(agent(1, 1, 0, 'Your plan is active.', { heard_chars: 9 }));
    expect(state.lines[0]).toMatchObject({ interrupted: true, sentences: [{ heardChars: 9 }] });
  });

  test('a barge-in marks the utterance before its final text is known', () => {
    const state = callWith(agent(0, 1, 0, 'Hello.'), agent(1, 2, 0, 'Your', { final: false }), {
      type: 'barge_in',
      utterance: 2,
    });
    expect(state.lines.map((line) => line.interrupted)).toEqual([false, true]);
  });

  test('typed words are marked', () => {
    expect(callWith(caller(1, 'Hi', { typed: true })).lines[0]?.typed).toBe(true);
  });

  test('lines carry the time since the call was answered', () => {
    expect(callWith(caller(1, 'Hi')).lines[0]?.atMs).toBe(1000);
  });

  test('only final words are announced, and only what was heard of them', () => {
    expect(callWith(agent(1, 1, 0, 'Draft', { final: false })).announcement).toBe('');
    expect(callWith(caller(1, 'Hello')).announcement).toBe('Caller: Hello');
    expect(callWith(agent(1, 1, 0, 'Your plan', { heard_chars: 4 })).announcement).toBe(
      'Agent, interrupted: Your',
    );
    expect(callWith(agent(1, 1, 0, 'Your plan', { heard_chars: 0 })).announcement).toBe('Agent, interrupted');
  });
});

describe('a tool use', () => {
  test('it runs, then holds its outcome', () => {
    expect(callWith(toolStarted).tools).toMatchObject([
      { name: 'lookup', status: 'running', input: { query: 'x' } },
    ]);
    expect(callWith(toolStarted, toolFinished(true)).tools).toMatchObject([
      { status: 'succeeded', durationMs: 88 },
    ]);
    expect(callWith(toolStarted, toolFinished(false)).tools).toMatchObject([
      { status: 'failed', code: 'timeout' },
    ]);
  });

  test('it is tied to the first line that the agent says after it, and to that alone', () => {
    const state = callWith(
      caller(1, 'Roaming?'),
      agent(1, 1, 0, 'One moment.'),
      toolStarted,
      toolFinished(true),
      agent(1, 2, 0, 'Twelve dollars.'),
      agent(1, 3, 0, 'Anything else?'),
    );
    expect(state.lines.map((line) => line.tools)).toEqual([[], [], ['t1'], []]);
  });

  test('one still open when the call ends has failed', () => {
    const state = callWith(toolStarted, { type: 'page.over', ending: { reason: '', problem: null } });
    expect(state.tools).toMatchObject([{ status: 'failed', code: 'call_ended' }]);
  });
});

describe('the one word for what is going on', () => {
  test.each<[string, CallEvent[]]>([
    ['listening', []],
    ['thinking', [caller(1, 'Hi')]],
    ['listening', [caller(1, 'H', { final: false })]],
    ['thinking', [toolStarted]],
    ['listening', [toolStarted, toolFinished(true)]],
    ['speaking', [caller(1, 'Hi'), { type: 'page.sounding', utterance: 1 }]],
    ['thinking', [{ type: 'page.sounding', utterance: 1 }, { type: 'page.stalled' }]],
    ['listening', [{ type: 'page.sounding', utterance: 1 }, { type: 'page.finished' }]],
    [
      'listening',
      [
        { type: 'page.sounding', utterance: 1 },
        { type: 'barge_in', utterance: 1 },
      ],
    ],
    ['thinking', [{ type: 'page.sounding', utterance: 1 }, { type: 'page.silenced' }, caller(2, 'Stop')]],
    ['ended', [{ type: 'page.over', ending: { reason: 'Bye.', problem: null } }]],
  ])('%s', (word, events) => {
    expect(activity(callWith(...events))).toBe(word);
  });

  test('idle before, connecting while it rings', () => {
    expect(activity(NO_CALL)).toBe('idle');
    expect(activity(reduce(NO_CALL, { type: 'page.dialling' }, 0))).toBe('connecting');
  });
});

describe('a lost connection', () => {
  const lost: CallEvent = { type: 'page.reconnecting' };
  const resumed = (warm: boolean): CallEvent => ({
    type: 'call.resumed',
    call: 'c1',
    warm,
    turn: 1,
    utterance: 2,
  });

  test('is what is going on, whoever was speaking, until the call goes on', () => {
    expect(activity(callWith({ type: 'page.sounding', utterance: 1 }, lost))).toBe('reconnecting');
    expect(activity(callWith(toolStarted, lost))).toBe('reconnecting');
    expect(activity(callWith(lost, resumed(true)))).toBe('listening');
    expect(activity(callWith(lost, resumed(false)))).toBe('listening');
  });

  test('does not stop the clock, and does not start it anew', () => {
    expect(elapsedMs(callWith(lost), 1_007_000)).toBe(7_000);
    expect(elapsedMs(callWith(lost, resumed(true)), 1_007_000)).toBe(7_000);
    const ending = { reason: '', problem: problem('connection_lost') };
    expect(elapsedMs(callWith(lost, { type: 'page.over', ending }), 1_007_000)).toBe(2_000);
  });

  test('that comes back warm has changed nothing', () => {
    const before = callWith(caller(1, 'Hi'), agent(1, 1, 0, 'Let me', { final: false }), toolStarted);
    const after = [lost, resumed(true)].reduce((state, event) => reduce(state, event, 0), before);
    expect(after).toEqual({ ...before, announcement: 'The connection is back.' });
    const said = reduce(after, agent(1, 1, 0, 'Let me look.'), 0);
    expect(said.lines[1]?.sentences).toMatchObject([{ text: 'Let me look.', final: true, abandoned: false }]);
  });

  test('that another server takes over leaves drafts unfinished and what was said as it is', () => {
    const state = callWith(
      caller(1, 'Hi'),
      agent(1, 2, 0, 'Hello.'),
      agent(1, 2, 1, 'Your bill', { final: false }),
      lost,
      resumed(false),
    );
    expect(texts(state)).toEqual(['caller: Hi', 'agent: Hello. Your bill']);
    expect(state.lines[1]?.sentences.map(({ final, abandoned }) => [final, abandoned])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  test('that another server takes over leaves open tool uses lost and finished ones as they are', () => {
    const other: CallEvent = { ...toolStarted, tool_use: 't2' } as CallEvent;
    const state = callWith(toolStarted, toolFinished(true), other, lost, resumed(false));
    expect(state.tools.map(({ status }) => status)).toEqual(['succeeded', 'lost']);
  });

  test('that another server takes over owes no answer, and keeps what still sounds', () => {
    expect(callWith(caller(1, 'Hi'), lost, resumed(false)).awaiting).toBe(false);
    expect(callWith({ type: 'page.sounding', utterance: 2 }, lost, resumed(false)).sounding).toBe(2);
  });

  test('the taking over has its place and time in the transcript, and new words come after it', () => {
    const state = callWith(
      agent(0, 1, 0, 'Hello.'),
      caller(1, 'My bill?'),
      lost,
      resumed(false),
      agent(2, 3, 0, 'Here I am again.'),
      caller(2, 'Good.'),
    );
    expect(state.takeovers).toEqual([{ atMs: 4_000, lines: 2 }]);
    expect(texts(state)).toEqual([
      'agent: Hello.',
      'caller: My bill?',
      'caller: Good.',
      'agent: Here I am again.',
    ]);
  });

  test('words after it never change words before it, even under the same numbers', () => {
    const state = callWith(
      caller(1, 'My bill?'),
      agent(1, 2, 0, 'It is', { final: false }),
      lost,
      resumed(false),
      agent(1, 2, 0, 'Once more.'),
    );
    expect(texts(state)).toEqual(['caller: My bill?', 'agent: It is', 'agent: Once more.']);
    expect(new Set(state.lines.map(({ key }) => key)).size).toBe(3);
  });

  test('is announced once when it is over, each time anew', () => {
    expect(callWith(caller(1, 'Hi'), lost).announcement).toBe('');
    expect(callWith(lost, resumed(false)).announcement).toContain('Another server');
  });
});

describe('the end', () => {
  test('it keeps its reason and stops the clock', () => {
    const ending = { reason: '', problem: problem('busy') };
    const state = callWith(caller(1, 'Hi'), { type: 'page.over', ending });
    expect(state.ending).toBe(ending);
    expect(elapsedMs(state, 9_999_999)).toBe(2000);
  });

  test('a call that was never answered lasted no time', () => {
    const ringing = reduce(NO_CALL, { type: 'page.dialling' }, 5000);
    const over = reduce(
      ringing,
      { type: 'page.over', ending: { reason: '', problem: problem('busy') } },
      9000,
    );
    expect(elapsedMs(over, 20_000)).toBe(0);
  });

  test('a second end changes nothing', () => {
    const over: CallEvent = { type: 'page.over', ending: { reason: 'First.', problem: null } };
    const state = callWith(over);
    expect(reduce(state, { type: 'page.over', ending: { reason: 'Second.', problem: null } }, 0)).toBe(state);
  });

  test('the next call starts with a clean page', () => {
    const state = reduce(callWith(caller(1, 'Hi'), toolStarted), { type: 'page.dialling' }, 0);
    expect(state).toEqual({ ...NO_CALL, phase: 'connecting' });
  });
});

test('answer times are kept by turn, usage is the latest', () => {
  const state = callWith(
    { type: 'turn.timing', turn: 1, answer_ms: 900, tools_ms: 0 },
    { type: 'turn.timing', turn: 2, answer_ms: 700, tools_ms: 100 },
    { type: 'turn.timing', turn: 1, answer_ms: 950, tools_ms: 0 },
    { type: 'usage', input_tokens: 5, output_tokens: 1 },
    { type: 'usage', input_tokens: 9, output_tokens: 3 },
  );
  expect(state.timings.map(({ turn, answer_ms }) => [turn, answer_ms])).toEqual([
    [2, 700],
    [1, 950],
  ]);
  expect(state.usage).toMatchObject({ input_tokens: 9, output_tokens: 3 });
});

test('speech that was lost on a slow connection adds up', () => {
  const lost: CallEvent = { type: 'page.dropped', ms: 32 };
  expect(callWith(lost, lost).droppedMs).toBe(64);
});
