/** The caller's voice: permission, device and capture worklet, as numbered frames of 16 kHz PCM. */

import { mediaTrouble } from './problems';
import type { FromCapture, ToCapture } from './worklets/ports';

export interface MicrophoneListener {
  /** 32 ms of PCM; `first` counts samples since `begin`. */
  frame(first: number, pcm: Int16Array): void;
  level(rms: number): void;
  /** The device went away, or the browser took it back. */
  lost(): void;
}

export interface Microphone {
  /** From now on frames flow; the next sample is number 0. */
  begin(): void;
  /** Muted, frames go on and hold silence, so that the agent's timing stays true. */
  setMuted(muted: boolean): void;
  /** Ask for a device again after it was lost. Throws `Trouble`. */
  reopen(): Promise<void>;
  stop(): void;
}

const CONSTRAINTS: MediaStreamConstraints = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
};

export async function openMicrophone(
  context: AudioContext,
  listener: MicrophoneListener,
): Promise<Microphone> {
  const microphone = new WorkletMicrophone(context, listener);
  await microphone.reopen();
  return microphone;
}

class WorkletMicrophone implements Microphone {
  readonly #context: AudioContext;
  readonly #listener: MicrophoneListener;
  readonly #node: AudioWorkletNode;
  #stream: MediaStream | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #muted = false;
  #stopped = false;

  constructor(context: AudioContext, listener: MicrophoneListener) {
    this.#context = context;
    this.#listener = listener;
    this.#node = new AudioWorkletNode(context, 'capture', { numberOfInputs: 1, numberOfOutputs: 0 });
    this.#node.port.onmessage = ({ data }: MessageEvent<FromCapture>) => {
      if (data.type === 'level') listener.level(data.rms);
      else listener.frame(data.first, data.pcm);
    };
  }

  async reopen(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia(CONSTRAINTS).catch((error: unknown) => {
      throw mediaTrouble(error);
    });
    this.#release();
    this.#stream = stream;
    if (this.#stopped) return this.#release();
    for (const track of stream.getAudioTracks()) {
      track.enabled = !this.#muted;
      track.onended = () => this.#listener.lost();
    }
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#node);
  }

  begin(): void {
    this.#tell({ type: 'begin' });
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  stop(): void {
    this.#stopped = true;
    this.#tell({ type: 'stop' });
    this.#release();
  }

  #tell(message: ToCapture): void {
    this.#node.port.postMessage(message);
  }

  #release(): void {
    this.#source?.disconnect();
    this.#source = null;
    for (const track of this.#stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.#stream = null;
  }
}
