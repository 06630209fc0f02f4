/** What the page and its two worklets say to each other over their MessagePorts. */

/** Samples of one agent utterance handed to the loudspeaker, at the agent's rate. */
export interface Heard {
  utterance: number;
  samples: number;
}

export const CALLER_RATE_HZ = 16_000;
export const AGENT_RATE_HZ = 24_000;

export type ToCapture = { type: 'begin' } | { type: 'stop' };

export type FromCapture =
  /** 32 ms of the microphone; `first` counts samples captured since `begin`. */
  | { type: 'frame'; first: number; pcm: Int16Array }
  /** Root mean square of the last 50 ms, 0..1. */
  | { type: 'level'; rms: number };

export type ToPlayback =
  | { type: 'push'; utterance: number; pcm: Int16Array }
  | { type: 'end'; utterance: number }
  | { type: 'flush'; upto: number };

export type PlayoutEvent =
  /** The utterance sounds, for the first time or again after a stall. */
  | { type: 'playing'; utterance: number; samples: number }
  /** The utterance has run dry before its end. */
  | { type: 'stalled'; utterance: number; samples: number }
  /** The last sample of the utterance has been handed to the device. */
  | { type: 'finished'; utterance: number; samples: number };

export type FromPlayback =
  | PlayoutEvent
  | { type: 'progress'; utterance: number; samples: number }
  | { type: 'flushed'; heard: Heard[] }
  | { type: 'level'; rms: number }
  /** Only with the page's own tap on: the samples that have just been played. */
  | { type: 'tap'; pcm: Int16Array };
