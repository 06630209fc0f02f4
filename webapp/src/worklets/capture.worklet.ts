/** The microphone, from the device's rate to 32 ms frames of 16 kHz PCM, numbered by samples captured. */

import { Resampler } from '../resampler';
import { Level } from './level';
import { CALLER_RATE_HZ, type FromCapture, type ToCapture } from './ports';

const FRAME_SAMPLES = 512;

/** The device may give two channels even when one was asked for. */
function mono(channels: Float32Array[]): Float32Array {
  const [first] = channels;
  if (!first || channels.length === 1) return first ?? new Float32Array(0);
  return first.map((_, i) => channels.reduce((sum, channel) => sum + (channel[i] ?? 0), 0) / channels.length);
}

class Capture extends AudioWorkletProcessor {
  readonly #resampler = new Resampler(sampleRate, CALLER_RATE_HZ);
  readonly #level = new Level(sampleRate);
  readonly #drawn = new Float32Array(1024);
  #frame = new Int16Array(FRAME_SAMPLES);
  #filled = 0;
  #captured = 0;
  #on = false;
  #alive = true;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<ToCapture>) => {
      if (data.type === 'begin') this.#on = true;
      else this.#alive = false;
    };
  }

  process([input]: Float32Array[][]): boolean {
    const samples = mono(input ?? []);
    if (samples.length === 0) return this.#alive;
    const rms = this.#level.add(samples);
    if (rms !== null) this.#say({ type: 'level', rms });
    if (this.#on) this.#take(samples);
    return this.#alive;
  }

  #take(samples: Float32Array): void {
    this.#resampler.feed(samples);
    for (let n = this.#resampler.draw(this.#drawn); n > 0; n = this.#resampler.draw(this.#drawn)) {
      for (const sample of this.#drawn.subarray(0, n)) this.#put(sample);
    }
  }

  #put(sample: number): void {
    this.#frame[this.#filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
    if (this.#filled < FRAME_SAMPLES) return;
    const pcm = this.#frame;
    this.#frame = new Int16Array(FRAME_SAMPLES);
    this.#filled = 0;
    this.#say({ type: 'frame', first: this.#captured, pcm }, [pcm.buffer]);
    this.#captured += FRAME_SAMPLES;
  }

  #say(message: FromCapture, transfer: Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }
}

registerProcessor('capture', Capture);
