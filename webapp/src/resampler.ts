/**
 * Streaming sample-rate conversion by a Kaiser-windowed sinc, for any ratio.
 *
 * The page keeps its one AudioContext at the device's own rate: only there do Firefox's echo canceller and every
 * browser's microphone path work as they should, so the conversion to and from call rates is done here.
 * Plain arithmetic on typed arrays: runs in a worklet, in a page and in Node.
 */

const ZERO_CROSSINGS = 16;
const PHASES = 256;
const BETA = 8.6;
const ROLLOFF = 0.94;

function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Filter taps for each fraction of a sample, with unity gain at DC so that no phase is louder than another. */
function phaseTable(half: number, cutoff: number): Float32Array {
  const taps = 2 * half;
  const table = new Float32Array((PHASES + 1) * taps);
  for (let phase = 0; phase <= PHASES; phase++) {
    const row = table.subarray(phase * taps, (phase + 1) * taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const x = tap - half + 1 - phase / PHASES;
      const r = x / half;
      const window = Math.abs(r) >= 1 ? 0 : besselI0(BETA * Math.sqrt(1 - r * r)) / besselI0(BETA);
      const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
      row[tap] = sinc * window;
      sum += sinc * window;
    }
    for (let tap = 0; tap < taps; tap++) row[tap] = (row[tap] ?? 0) / sum;
  }
  return table;
}

export class Resampler {
  readonly #inputHz: number;
  readonly #outputHz: number;
  readonly #half: number;
  readonly #taps: number;
  readonly #table: Float32Array;
  #input = new Float32Array(8192);
  #filled = 0;
  /** Where the next output lies: `start` whole samples into the input and `remainder / outputHz` of one more. */
  #start = 0;
  #remainder = 0;

  /** Rates in Hz. Output sample k lies exactly at input time k / outputHz: the filter adds no shift. */
  constructor(inputHz: number, outputHz: number) {
    const ratio = Math.min(1, outputHz / inputHz);
    this.#inputHz = inputHz;
    this.#outputHz = outputHz;
    this.#half = Math.ceil(ZERO_CROSSINGS / ratio);
    this.#taps = 2 * this.#half;
    this.#table = phaseTable(this.#half, ROLLOFF * ratio);
    this.reset();
  }

  /** Forget everything fed so far; the next sample fed is sample 0. */
  reset(): void {
    this.#input.fill(0);
    this.#filled = this.#half - 1;
    this.#start = 0;
    this.#remainder = 0;
  }

  /** Append input, in -1..1. It is copied. */
  feed(samples: Float32Array): void {
    const needed = this.#filled + samples.length;
    if (needed > this.#input.length) {
      const larger = new Float32Array(needed * 2);
      larger.set(this.#input.subarray(0, this.#filled));
      this.#input = larger;
    }
    this.#input.set(samples, this.#filled);
    this.#filled = needed;
  }

  /** No more input follows: feed the silence the filter needs to let the last samples out. */
  finish(): void {
    this.feed(new Float32Array(this.#half));
  }

  /** Write as much output as the input allows, at most `out.length`; returns how many samples were written. */
  draw(out: Float32Array): number {
    let written = 0;
    while (written < out.length && this.#start + this.#taps <= this.#filled) {
      out[written++] = this.#interpolate(this.#start, this.#remainder / this.#outputHz);
      this.#advance();
    }
    this.#forgetUsedInput();
    return written;
  }

  /** In whole numbers, so that no rounding adds up over a long call. */
  #advance(): void {
    const next = this.#remainder + this.#inputHz;
    this.#start += Math.floor(next / this.#outputHz);
    this.#remainder = next % this.#outputHz;
  }

  #interpolate(start: number, fraction: number): number {
    const phase = Math.floor(fraction * PHASES);
    const between = fraction * PHASES - phase;
    const low = phase * this.#taps;
    const high = low + this.#taps;
    let a = 0;
    let b = 0;
    for (let tap = 0; tap < this.#taps; tap++) {
      const sample = this.#input[start + tap] as number;
      a += sample * (this.#table[low + tap] as number);
      b += sample * (this.#table[high + tap] as number);
    }
    return a + between * (b - a);
  }

  #forgetUsedInput(): void {
    const used = Math.min(this.#start, this.#filled);
    if (used === 0) return;
    this.#input.copyWithin(0, used, this.#filled);
    this.#filled -= used;
    this.#start -= used;
  }
}
