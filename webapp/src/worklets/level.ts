/** Loudness for the meters: root mean square over 50 ms, told 20 times a second. */

const PERIOD_S = 0.05;

export class Level {
  readonly #quantum: number;
  #sum = 0;
  #count = 0;

  constructor(rateHz: number) {
    this.#quantum = Math.round(rateHz * PERIOD_S);
  }

  /** Take in samples; returns the level when a period is full, otherwise null. */
  add(samples: Float32Array): number | null {
    for (const sample of samples) this.#sum += sample * sample;
    this.#count += samples.length;
    if (this.#count < this.#quantum) return null;
    const rms = Math.sqrt(this.#sum / this.#count);
    this.#sum = 0;
    this.#count = 0;
    return rms;
  }
}
