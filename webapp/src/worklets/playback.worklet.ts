/** The agent's voice: 24 kHz PCM by utterance in, sound at the device's rate out, and reports of what was played. */

import { Level } from './level';
import { Playout } from './playout';
import { AGENT_RATE_HZ, type FromPlayback, type ToPlayback } from './ports';

const REPORT_S = 0.25;

class Playback extends AudioWorkletProcessor {
  readonly #level = new Level(sampleRate);
  readonly #playout: Playout;
  #reportDue = 0;

  constructor(options: { processorOptions?: { tap?: boolean } }) {
    super();
    const tapped = options.processorOptions?.tap === true;
    const tap = tapped ? (pcm: Int16Array) => this.#say({ type: 'tap', pcm: pcm.slice() }) : undefined;
    this.#playout = new Playout(AGENT_RATE_HZ, sampleRate, (event) => this.#say(event), tap);
    this.port.onmessage = ({ data }: MessageEvent<ToPlayback>) => this.#told(data);
  }

  process(_: Float32Array[][], [output]: Float32Array[][]): boolean {
    const [first, ...others] = output ?? [];
    if (!first) return true;
    this.#playout.render(first);
    for (const other of others) other.set(first);
    const rms = this.#level.add(first);
    if (rms !== null) this.#say({ type: 'level', rms });
    this.#report();
    return true;
  }

  #told(message: ToPlayback): void {
    switch (message.type) {
      case 'push':
        return this.#playout.push(message.utterance, message.pcm);
      case 'end':
        return this.#playout.end(message.utterance);
      case 'flush':
        return this.#say({ type: 'flushed', heard: this.#playout.flush(message.upto) });
    }
  }

  #report(): void {
    if (currentTime < this.#reportDue) return;
    const sounding = this.#playout.sounding();
    if (!sounding) return;
    this.#say({ type: 'progress', ...sounding });
    this.#reportDue = currentTime + REPORT_S;
  }

  #say(message: FromPlayback): void {
    this.port.postMessage(message);
  }
}

registerProcessor('playback', Playback);
