/** Everything a call touches outside itself. */

import type { Microphone, MicrophoneListener } from './microphone';
import type { Problem } from './problems';
import type { Speaker, SpeakerListener } from './speaker';
import type { CallEvent } from './state';

export interface Order {
  /** ws: or wss: address of the gateway's `/api/call`. */
  url: string;
  profile: string;
  /** Replaces the profile's prompt; null for the profile's own. */
  prompt: string | null;
  /** A valid access token, renewed where needed. Throws `Trouble`. */
  token(): Promise<string>;
  /** Why the gateway refused the handshake, which browsers hide from pages. */
  whyRefused(): Promise<Problem>;
}

export interface Edges {
  openContext(): AudioContext;
  prepare(context: AudioContext): Promise<void>;
  openMicrophone(context: AudioContext, listener: MicrophoneListener): Promise<Microphone>;
  openSpeaker(context: AudioContext, listener: SpeakerListener): Speaker;
  openSocket(url: string, protocols: string[]): WebSocket;
  /** From 0 up to 1. */
  random(): number;
}

export interface CallListener {
  heard(event: CallEvent): void;
  level(which: 'caller' | 'agent', rms: number): void;
  microphoneLost(): void;
}
