/** A call's surroundings under the test's hand: a socket, a microphone and a speaker that do as they are told. */

import type { Edges } from './edges';
import { type AudioFrame, decodeAudio, encodeAudio } from './messages';
import type { MicrophoneListener } from './microphone';
import type { SpeakerListener } from './speaker';

export class FakeSocket {
  readonly OPEN = 1;
  readyState = 0;
  bufferedAmount = 0;
  binaryType = '';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: (string | ArrayBuffer)[] = [];
  closed = false;

  send(data: string | ArrayBuffer): void {
    this.sent.push(data);
  }

  close(): void {
    this.closed = true;
    this.readyState = 3;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  hear(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  hearAudio(frame: AudioFrame): void {
    this.onmessage?.({ data: encodeAudio(frame) });
  }

  /** The connection ends, whoever ended it. */
  drop(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  messages(): { type: string; [field: string]: unknown }[] {
    return this.sent.flatMap((data) => (typeof data === 'string' ? [JSON.parse(data)] : []));
  }

  audio(): (AudioFrame | null)[] {
    return this.sent.flatMap((data) => (typeof data === 'string' ? [] : [decodeAudio(data)]));
  }
}

export function fakeEdges() {
  const did: string[] = [];
  const socket = new FakeSocket();
  const fake = {
    did,
    /** The first connection. */
    socket,
    /** Every connection dialled, the newest last. */
    sockets: [] as FakeSocket[],
    random: 1,
    dialled: [] as { url: string; protocols: string[] }[],
    microphone: null as MicrophoneListener | null,
    speaker: null as SpeakerListener | null,
    pushed: [] as { utterance: number; samples: number }[],
    refuseMicrophone: null as Error | null,
    refuseReopen: null as Error | null,
  };
  const edges: Edges = {
    openContext() {
      did.push('context');
      return {
        close: async () => void did.push('silence'),
        resume: async () => void did.push('wake'),
      } as AudioContext;
    },
    async prepare() {},
    async openMicrophone(_, listener) {
      if (fake.refuseMicrophone) throw fake.refuseMicrophone;
      fake.microphone = listener;
      return {
        begin: () => void did.push('begin'),
        setMuted: (muted) => void did.push(muted ? 'mute' : 'unmute'),
        async reopen() {
          if (fake.refuseReopen) throw fake.refuseReopen;
          did.push('reopen');
        },
        stop: () => void did.push('stop'),
      };
    },
    openSpeaker(_, listener) {
      fake.speaker = listener;
      return {
        push: (utterance, pcm) => void fake.pushed.push({ utterance, samples: pcm.length }),
        end: (utterance) => void did.push(`end ${utterance}`),
        flush: (upto) => void did.push(`flush ${upto}`),
      };
    },
    openSocket(url, protocols) {
      fake.dialled.push({ url, protocols });
      const dialled = fake.sockets.length === 0 ? socket : new FakeSocket();
      fake.sockets.push(dialled);
      return dialled as unknown as WebSocket;
    },
    random: () => fake.random,
  };
  return { ...fake, edges, fake };
}

export const STARTED = {
  type: 'call.started',
  call: 'c1',
  profile: 'anytelco',
  agent: 'Telly',
  voice: 'tiffany',
  tools: ['lookup'],
  limits: { call_s: 1800, idle_s: 120 },
};

export const SESSION = {
  operator: { id: 'u1', name: 'Maria Schmidt' },
  profiles: [
    {
      name: 'anytelco',
      agent: 'Telly',
      title: 'Care',
      voice: 'tiffany',
      prompt: 'Be kind.',
      prompt_editable: true,
    },
    {
      name: 'brief',
      agent: 'Telly',
      title: 'Brief',
      voice: 'matthew',
      prompt: undefined,
      prompt_editable: false,
    },
  ],
  limits: { call_s: 1800, idle_s: 120, prompt_chars: 10_000 },
};

export const CONFIG = {
  hosted_ui: 'https://example.auth.us-east-1.amazoncognito.com',
  issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc',
  client_id: 'abc',
  scope: 'openid email profile',
  api: '',
};
