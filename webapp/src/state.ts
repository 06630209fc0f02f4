/** What the page knows of a call, and how each message changes it. Pure: (state, event, now) -> state. */

import type { GatewayMessage, MessageOf } from './messages';
import type { Problem } from './problems';

export interface Sentence {
  /** Position in its utterance; 0 for a caller's line. */
  index: number;
  text: string;
  final: boolean;
  /** Where the caller broke in: the text from this character on was not heard. */
  heardChars: number | null;
  /** A draft whose final words will not come. */
  abandoned: boolean;
}

/** One utterance of the agent, or the words of the caller's turn. */
export interface Line {
  key: string;
  speaker: 'caller' | 'agent';
  turn: number;
  utterance: number;
  atMs: number;
  typed: boolean;
  interrupted: boolean;
  sentences: Sentence[];
  /** Tool uses that this answer rests on, by id. */
  tools: string[];
}

export interface ToolUse {
  id: string;
  turn: number;
  name: string;
  input: Record<string, unknown>;
  status: 'running' | 'succeeded' | 'failed' | 'lost';
  code: string | null;
  result: Record<string, unknown> | null;
  durationMs: number | null;
}

export interface Ending {
  /** One sentence for a call that ended as calls should. */
  reason: string;
  problem: Problem | null;
}

/** Another server went on with the call, from its record. */
export interface Takeover {
  atMs: number;
  /** How many lines stood in the transcript then. Those change no more. */
  lines: number;
}

export interface CallState {
  phase: 'idle' | 'connecting' | 'live' | 'reconnecting' | 'ended';
  startedAtMs: number;
  endedAtMs: number;
  info: MessageOf<'call.started'> | null;
  /** By turn, the caller's words before the agent's. */
  lines: Line[];
  takeovers: Takeover[];
  tools: ToolUse[];
  timings: MessageOf<'turn.timing'>[];
  usage: MessageOf<'usage'> | null;
  roundTripMs: number | null;
  /** Of the caller's speech, what the connection did not take. */
  droppedMs: number;
  /** The utterance that is coming out of the loudspeaker. */
  sounding: number | null;
  /** The agent owes an answer. */
  awaiting: boolean;
  /** The newest final words, for screen readers. */
  announcement: string;
  ending: Ending | null;
}

export type PageEvent =
  | { type: 'page.dialling' }
  | { type: 'page.sounding'; utterance: number }
  | { type: 'page.stalled' }
  | { type: 'page.finished' }
  | { type: 'page.silenced' }
  | { type: 'page.round_trip'; ms: number }
  | { type: 'page.dropped'; ms: number }
  | { type: 'page.reconnecting' }
  | { type: 'page.over'; ending: Ending };

export type CallEvent = GatewayMessage | PageEvent;

export const NO_CALL: CallState = {
  phase: 'idle',
  startedAtMs: 0,
  endedAtMs: 0,
  info: null,
  lines: [],
  takeovers: [],
  tools: [],
  timings: [],
  usage: null,
  roundTripMs: null,
  droppedMs: 0,
  sounding: null,
  awaiting: false,
  announcement: '',
  ending: null,
};

export type Activity =
  | 'idle'
  | 'connecting'
  | 'listening'
  | 'thinking'
  | 'speaking'
  | 'reconnecting'
  | 'ended';

/** The one word for what is going on. */
export function activity(state: CallState): Activity {
  if (state.phase !== 'live') return state.phase;
  if (state.sounding !== null) return 'speaking';
  const looking = state.tools.some((tool) => tool.status === 'running');
  return state.awaiting || looking ? 'thinking' : 'listening';
}

/** The caller and the agent are on the line, connected or about to be so again. */
function answered({ phase }: CallState): boolean {
  return phase === 'live' || phase === 'reconnecting';
}

export function elapsedMs(state: CallState, nowMs: number): number {
  if (answered(state)) return Math.max(0, nowMs - state.startedAtMs);
  return state.phase === 'ended' ? state.endedAtMs - state.startedAtMs : 0;
}

export function reduce(state: CallState, event: CallEvent, nowMs: number): CallState {
  switch (event.type) {
    case 'page.dialling':
      return { ...NO_CALL, phase: 'connecting' };
    case 'call.started':
      return { ...state, phase: 'live', startedAtMs: nowMs, info: event };
    case 'page.reconnecting':
      return { ...state, phase: 'reconnecting', announcement: '' };
    case 'call.resumed':
      return resumed(state, event, nowMs);
    case 'page.over':
      return over(state, event.ending, nowMs);
    case 'transcript':
      return transcript(state, event, nowMs);
    case 'barge_in':
      return { ...state, sounding: null, lines: interrupt(state.lines, event.utterance) };
    case 'tool.started':
      return { ...state, tools: [...state.tools, newTool(event)] };
    case 'tool.finished':
      return { ...state, tools: state.tools.map((tool) => finishTool(tool, event)) };
    case 'turn.timing':
      return { ...state, timings: [...state.timings.filter((t) => t.turn !== event.turn), event] };
    case 'usage':
      return { ...state, usage: event };
    case 'page.round_trip':
      return { ...state, roundTripMs: event.ms };
    case 'page.dropped':
      return { ...state, droppedMs: state.droppedMs + event.ms };
    default:
      return sound(state, event);
  }
}

/** What the loudspeaker does. Events that change nothing on the page fall through. */
function sound(state: CallState, event: CallEvent): CallState {
  switch (event.type) {
    case 'page.sounding':
      return { ...state, sounding: event.utterance, awaiting: false };
    case 'page.stalled':
      return { ...state, sounding: null, awaiting: true };
    case 'page.finished':
      return { ...state, sounding: null, awaiting: false };
    case 'page.silenced':
      return { ...state, sounding: null };
    default:
      return state;
  }
}

function over(state: CallState, ending: Ending, nowMs: number): CallState {
  if (state.phase === 'ended') return state;
  return {
    ...state,
    phase: 'ended',
    startedAtMs: answered(state) ? state.startedAtMs : nowMs,
    endedAtMs: nowMs,
    sounding: null,
    awaiting: false,
    ending,
    tools: state.tools.map((tool) =>
      tool.status === 'running' ? { ...tool, status: 'failed', code: 'call_ended' } : tool,
    ),
  };
}

function resumed(state: CallState, { warm }: MessageOf<'call.resumed'>, nowMs: number): CallState {
  if (warm) return { ...state, phase: 'live', announcement: 'The connection is back.' };
  return {
    ...state,
    phase: 'live',
    lines: state.lines.map(abandon),
    takeovers: [...state.takeovers, { atMs: nowMs - state.startedAtMs, lines: state.lines.length }],
    tools: state.tools.map((tool) => (tool.status === 'running' ? { ...tool, status: 'lost' } : tool)),
    awaiting: false,
    announcement: 'The connection is back. Another server has taken the call over.',
  };
}

function abandon(line: Line): Line {
  const close = (sentence: Sentence) => (sentence.final ? sentence : { ...sentence, abandoned: true });
  return { ...line, sentences: line.sentences.map(close) };
}

function transcript(state: CallState, said: MessageOf<'transcript'>, nowMs: number): CallState {
  const utterance = said.utterance ?? 0;
  const settled = state.takeovers.at(-1)?.lines ?? 0;
  const key = [state.takeovers.length, said.speaker, said.turn, utterance].join('-');
  const known = state.lines.find((line) => line.key === key);
  const line = withSentence(known ?? newLine(state, key, said, nowMs), said);
  const open = state.lines.slice(settled);
  return {
    ...state,
    lines: known
      ? state.lines.map((other) => (other === known ? line : other))
      : [...state.lines.slice(0, settled), ...insert(open, line)],
    awaiting: said.speaker === 'caller' && said.final ? true : state.awaiting,
    announcement: said.final ? announce(said) : state.announcement,
  };
}

function newLine(state: CallState, key: string, said: MessageOf<'transcript'>, nowMs: number): Line {
  const claimed = new Set(state.lines.flatMap((line) => line.tools));
  const tools = state.tools.filter((tool) => tool.turn === said.turn && !claimed.has(tool.id));
  return {
    key,
    speaker: said.speaker,
    turn: said.turn,
    utterance: said.utterance ?? 0,
    atMs: nowMs - state.startedAtMs,
    typed: said.typed ?? false,
    interrupted: false,
    sentences: [],
    tools: said.speaker === 'agent' ? tools.map((tool) => tool.id) : [],
  };
}

function withSentence(line: Line, said: MessageOf<'transcript'>): Line {
  const sentence: Sentence = {
    index: said.sentence ?? 0,
    text: said.text,
    final: said.final,
    heardChars: said.heard_chars ?? null,
    abandoned: false,
  };
  const others = line.sentences.filter((other) => other.index !== sentence.index);
  return {
    ...line,
    typed: said.typed ?? line.typed,
    interrupted: line.interrupted || sentence.heardChars !== null,
    sentences: [...others, sentence].sort((a, b) => a.index - b.index),
  };
}

/** The caller's words may be recognised after the agent's first draft of the answer; they still stand first. */
function insert(lines: Line[], line: Line): Line[] {
  const rank = (of: Line) => (of.speaker === 'caller' ? 0 : 1);
  const after = (other: Line) =>
    other.turn - line.turn || rank(other) - rank(line) || other.utterance - line.utterance;
  const place = lines.findIndex((other) => after(other) > 0);
  return place < 0 ? [...lines, line] : lines.toSpliced(place, 0, line);
}

function interrupt(lines: Line[], utterance: number): Line[] {
  return lines.map((line) =>
    line.speaker === 'agent' && line.utterance === utterance ? { ...line, interrupted: true } : line,
  );
}

function announce(said: MessageOf<'transcript'>): string {
  if (said.speaker === 'caller') return `Caller: ${said.text}`;
  if (said.heard_chars === undefined) return `Agent: ${said.text}`;
  const heard = said.text.slice(0, said.heard_chars).trim();
  return heard ? `Agent, interrupted: ${heard}` : 'Agent, interrupted';
}

function newTool(started: MessageOf<'tool.started'>): ToolUse {
  return {
    id: started.tool_use,
    turn: started.turn,
    name: started.name,
    input: started.input,
    status: 'running',
    code: null,
    result: null,
    durationMs: null,
  };
}

function finishTool(tool: ToolUse, finished: MessageOf<'tool.finished'>): ToolUse {
  if (tool.id !== finished.tool_use) return tool;
  return {
    ...tool,
    status: finished.ok ? 'succeeded' : 'failed',
    code: finished.code ?? null,
    result: finished.result,
    durationMs: finished.duration_ms,
  };
}
