import { describe, expect, test } from 'vitest';
import { decodeAudio, decodeText, encodeAudio, encodeText, MalformedMessage } from './messages';

describe('text from the gateway', () => {
  test('a known message is decoded with its optional fields', () => {
    const sent = {
      type: 'transcript',
      speaker: 'agent',
      turn: 2,
      utterance: 3,
      sentence: 0,
      text: 'Hi.',
      final: true,
    };
    expect(decodeText(JSON.stringify({ ...sent, heard_chars: 2 }))).toMatchObject({
      ...sent,
      heard_chars: 2,
    });
    expect(decodeText(JSON.stringify(sent))).toMatchObject({ heard_chars: undefined });
  });

  test('the start of a call carries agent, tools and limits', () => {
    const started = {
      type: 'call.started',
      call: 'c',
      profile: 'p',
      agent: 'Telly',
      voice: 'tiffany',
      tools: ['lookup'],
      caller_rate_hz: 16000,
      agent_rate_hz: 24000,
      limits: { call_s: 1800, idle_s: 120 },
    };
    expect(decodeText(JSON.stringify(started))).toMatchObject({ agent: 'Telly', tools: ['lookup'] });
  });

  test('the resuming of a call says whether anything was lost', () => {
    const resumed = { type: 'call.resumed', call: 'c', warm: false, turn: 4, utterance: 7 };
    expect(decodeText(JSON.stringify(resumed))).toEqual(resumed);
    expect(() => decodeText(JSON.stringify({ ...resumed, warm: 1 }))).toThrow(MalformedMessage);
  });

  test.each(['call.renewed', 'toString', '__proto__'])('the unknown type %s is ignored', (type) => {
    expect(decodeText(`{"type": "${type}"}`)).toBeNull();
  });

  test('unknown fields are ignored', () => {
    expect(decodeText('{"type":"pong","id":4,"extra":[1]}')).toEqual({ type: 'pong', id: 4 });
  });

  test.each([
    'not json',
    '[]',
    'null',
    '{}',
    '{"type":5}',
    '{"type":"pong"}',
    '{"type":"pong","id":"4"}',
    '{"type":"transcript","speaker":"nobody","turn":1,"text":"x","final":true}',
    '{"type":"transcript","speaker":"agent","turn":1,"text":"x","final":"yes"}',
    '{"type":"tool.started","tool_use":"t","turn":1,"name":"lookup","input":[]}',
    '{"type":"call.started","call":"c","profile":"p","agent":"a","voice":"v","tools":[1],"limits":{"call_s":1,"idle_s":1}}',
  ])('%s is refused', (frame) => {
    expect(() => decodeText(frame)).toThrow(MalformedMessage);
  });
});

test('messages to the gateway are JSON with the protocol’s field names', () => {
  const report = encodeText({ type: 'playback.report', utterance: 2, played_ms: 1538 });
  expect(JSON.parse(report)).toEqual({ type: 'playback.report', utterance: 2, played_ms: 1538 });
});

describe('audio', () => {
  test('the header is kind, flags, utterance and sequence, little-endian, before the samples', () => {
    const frame = encodeAudio({ utterance: 0x0102, sequence: 0x0a0b0c0d, pcm: Int16Array.of(1, -2) });
    expect([...new Uint8Array(frame)]).toEqual([1, 0, 2, 1, 0x0d, 0x0c, 0x0b, 0x0a, 1, 0, 0xfe, 0xff]);
  });

  test('what is encoded decodes to the same', () => {
    const audio = { utterance: 65535, sequence: 4_000_000_000, pcm: Int16Array.of(32767, -32768, 0) };
    expect(decodeAudio(encodeAudio(audio))).toEqual(audio);
  });

  test('a frame of another kind is ignored', () => {
    expect(decodeAudio(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0).buffer)).toBeNull();
  });

  test.each([0, 7, 9])('a frame of %i bytes is refused', (length) => {
    expect(() => decodeAudio(new ArrayBuffer(length))).toThrow(MalformedMessage);
  });
});
