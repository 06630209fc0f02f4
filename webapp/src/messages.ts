/**
 * The call protocol `call.v1` (docs/call-protocol.md): its messages as types, and bytes to and from them.
 *
 * What the gateway sends is checked field by field, so that the rest of the page can trust the types. Unknown message
 * types and unknown fields are ignored: a newer gateway may say more.
 */

export class MalformedMessage extends Error {
  override name = 'MalformedMessage';
}

type Check<T> = (value: unknown, where: string) => T;
type Fields = Record<string, Check<unknown>>;
type Checked<F extends Fields> = { [K in keyof F]: ReturnType<F[K]> };

function is<T>(kind: string, test: (value: unknown) => boolean): Check<T> {
  return (value, where) => {
    if (!test(value)) throw new MalformedMessage(`${where} is not ${kind}`);
    return value as T;
  };
}

export const text = is<string>('text', (value) => typeof value === 'string');
export const number = is<number>('a number', (value) => typeof value === 'number' && Number.isFinite(value));
export const flag = is<boolean>('true or false', (value) => typeof value === 'boolean');
export const record = is<Record<string, unknown>>(
  'an object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const speaker = is<'caller' | 'agent'>('a speaker', (value) => value === 'caller' || value === 'agent');

export function maybe<T>(check: Check<T>): Check<T | undefined> {
  return (value, where) => (value === undefined || value === null ? undefined : check(value, where));
}

export function list<T>(check: Check<T>): Check<T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) throw new MalformedMessage(`${where} is not a list`);
    return value.map((item, i) => check(item, `${where}[${i}]`));
  };
}

export function shape<F extends Fields>(fields: F): Check<Checked<F>> {
  return (value, where) => {
    const object = record(value, where);
    const checked = Object.entries(fields).map(([name, check]) => [
      name,
      check(object[name], `${where}.${name}`),
    ]);
    return Object.fromEntries(checked) as Checked<F>;
  };
}

const fromGateway = {
  'call.started': shape({
    call: text,
    profile: text,
    agent: text,
    voice: text,
    tools: list(text),
    limits: shape({ call_s: number, idle_s: number }),
  }),
  'call.resumed': shape({ call: text, warm: flag, turn: number, utterance: number }),
  'utterance.started': shape({ utterance: number, turn: number }),
  'utterance.ended': shape({ utterance: number, turn: number, duration_ms: number }),
  transcript: shape({
    speaker,
    turn: number,
    text,
    final: flag,
    typed: maybe(flag),
    utterance: maybe(number),
    sentence: maybe(number),
    heard_chars: maybe(number),
  }),
  barge_in: shape({ utterance: number }),
  'tool.started': shape({ tool_use: text, turn: number, name: text, input: record }),
  'tool.finished': shape({
    tool_use: text,
    name: text,
    ok: flag,
    code: maybe(text),
    result: record,
    duration_ms: number,
  }),
  'turn.timing': shape({ turn: number, answer_ms: number, tools_ms: number }),
  usage: shape({ input_tokens: number, output_tokens: number }),
  'audio.ack': shape({ samples: number }),
  pong: shape({ id: number }),
  'call.ended': shape({ code: text, message: text, retryable: flag, retry_after_s: maybe(number) }),
};

type FromGateway = typeof fromGateway;
export type MessageType = keyof FromGateway;
export type MessageOf<T extends MessageType> = { type: T } & ReturnType<FromGateway[T]>;
export type GatewayMessage = { [T in MessageType]: MessageOf<T> }[MessageType];

/** A text frame as a message, or null where its type is not known here. Throws `MalformedMessage`. */
export function decodeText(frame: string): GatewayMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    throw new MalformedMessage('a text frame is not JSON');
  }
  const type = text(record(value, 'the message').type, 'type');
  if (!Object.hasOwn(fromGateway, type)) return null;
  const fields = fromGateway[type as MessageType](value, type);
  return { type, ...fields } as GatewayMessage;
}

export type PageMessage =
  | { type: 'call.start'; profile?: string; prompt?: string }
  | { type: 'call.resume'; call: string; received: number }
  | { type: 'call.end' }
  | { type: 'playback.report'; utterance: number; played_ms: number }
  | { type: 'text.say'; text: string }
  | { type: 'ping'; id: number };

export function encodeText(message: PageMessage): string {
  return JSON.stringify(message);
}

export interface AudioFrame {
  /** Which agent utterance it belongs to; 0 from the caller. */
  utterance: number;
  /** Index of the first sample. */
  sequence: number;
  pcm: Int16Array;
}

const HEADER_BYTES = 8;
const AUDIO = 1;

export function encodeAudio({ utterance, sequence, pcm }: AudioFrame): ArrayBuffer {
  const frame = new ArrayBuffer(HEADER_BYTES + pcm.byteLength);
  const header = new DataView(frame);
  header.setUint8(0, AUDIO);
  header.setUint16(2, utterance, true);
  header.setUint32(4, sequence, true);
  // Every browser's typed arrays are little-endian today, as the wire is.
  new Int16Array(frame, HEADER_BYTES).set(pcm);
  return frame;
}

/** A binary frame as audio, or null where its kind is not known here. Throws `MalformedMessage`. */
export function decodeAudio(frame: ArrayBuffer): AudioFrame | null {
  if (frame.byteLength < HEADER_BYTES || frame.byteLength % 2 !== 0) {
    throw new MalformedMessage('an audio frame has no whole header and samples');
  }
  const header = new DataView(frame);
  if (header.getUint8(0) !== AUDIO) return null;
  return {
    utterance: header.getUint16(2, true),
    sequence: header.getUint32(4, true),
    pcm: new Int16Array(frame, HEADER_BYTES),
  };
}
