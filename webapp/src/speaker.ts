/** The agent's voice: the playback worklet behind plain calls. */

import type { FromPlayback, Heard, PlayoutEvent, ToPlayback } from './worklets/ports';

export interface SpeakerListener {
  /** An utterance began or resumed to sound, ran dry, or was played to its end. */
  playout(event: PlayoutEvent): void;
  /** About four times a second while an utterance sounds. */
  progress(heard: Heard): void;
  /** After `flush`: what of each dropped utterance had been played. */
  flushed(heard: Heard[]): void;
  level(rms: number): void;
}

export interface Speaker {
  push(utterance: number, pcm: Int16Array): void;
  end(utterance: number): void;
  /** Fall silent at once; audio up to this utterance that still arrives is dropped. */
  flush(upto: number): void;
}

/** `tap`, when given, receives exactly the 24 kHz samples that were played. */
export function openSpeaker(
  context: AudioContext,
  listener: SpeakerListener,
  tap: ((pcm: Int16Array) => void) | null,
): Speaker {
  const node = new AudioWorkletNode(context, 'playback', {
    numberOfInputs: 0,
    outputChannelCount: [1],
    processorOptions: { tap: tap !== null },
  });
  node.connect(context.destination);
  node.port.onmessage = ({ data }: MessageEvent<FromPlayback>) => dispatch(data, listener, tap);
  const tell = (message: ToPlayback) => node.port.postMessage(message);
  return {
    push: (utterance, pcm) => tell({ type: 'push', utterance, pcm }),
    end: (utterance) => tell({ type: 'end', utterance }),
    flush: (upto) => tell({ type: 'flush', upto }),
  };
}

function dispatch(
  message: FromPlayback,
  listener: SpeakerListener,
  tap: ((pcm: Int16Array) => void) | null,
): void {
  switch (message.type) {
    case 'progress':
      return listener.progress(message);
    case 'flushed':
      return listener.flushed(message.heard);
    case 'level':
      return listener.level(message.rms);
    case 'tap':
      return tap?.(message.pcm);
    default:
      return listener.playout(message);
  }
}
