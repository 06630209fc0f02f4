/**
 * Agent audio waiting to be heard, and an exact account of what was.
 *
 * Utterances play in order, by number. Each waits for a short prebuffer before it sounds, and again after it ran dry,
 * unless all of it is here already. A flush drops utterances up to a number at once, and their late audio after it.
 * All counts are samples at the agent's rate.
 */

import { Resampler } from '../resampler';
import type { Heard, PlayoutEvent } from './ports';

const PREBUFFER_S = 0.07;
/** Long enough not to click, short enough to be silence at once. */
const FADE_S = 0.004;
const FEED_SAMPLES = 128;
/** Audio beyond this much waiting is dropped, newest first: no answer is that long. */
const LONGEST_WAIT_S = 600;
/** A barge-in may name an utterance that has just ended; how many ended ones to remember. */
const REMEMBERED = 32;

class Utterance {
  readonly number: number;
  received = 0;
  fed = 0;
  tapped = 0;
  /** Output samples handed to the device. */
  emitted = 0;
  ended = false;
  finishing = false;
  #pcm: Int16Array;

  constructor(number: number, capacity: number) {
    this.number = number;
    this.#pcm = new Int16Array(capacity);
  }

  append(pcm: Int16Array): void {
    if (this.received + pcm.length > this.#pcm.length) {
      const larger = new Int16Array((this.received + pcm.length) * 2);
      larger.set(this.#pcm);
      this.#pcm = larger;
    }
    this.#pcm.set(pcm, this.received);
    this.received += pcm.length;
  }

  between(from: number, to: number): Int16Array {
    return this.#pcm.subarray(from, to);
  }
}

export class Playout {
  readonly #sourceHz: number;
  readonly #outputHz: number;
  readonly #resampler: Resampler;
  readonly #tell: (event: PlayoutEvent) => void;
  readonly #tap: (pcm: Int16Array) => void;
  readonly #feed = new Float32Array(FEED_SAMPLES);
  readonly #ended = new Map<number, number>();
  #queue: Utterance[] = [];
  #flowing = false;
  #discardedUpto = 0;
  #fade: Float32Array = new Float32Array(0);

  /** `tap`, when given, receives exactly the samples that were played, as they are. */
  constructor(
    sourceHz: number,
    outputHz: number,
    tell: (event: PlayoutEvent) => void,
    tap: (pcm: Int16Array) => void = () => {},
  ) {
    this.#sourceHz = sourceHz;
    this.#outputHz = outputHz;
    this.#resampler = new Resampler(sourceHz, outputHz);
    this.#tell = tell;
    this.#tap = tap;
  }

  /** Audio of an utterance; ignored when that utterance was flushed. */
  push(number: number, pcm: Int16Array): void {
    if (number <= this.#discardedUpto) return;
    const waiting = this.#queue.reduce((sum, utterance) => sum + utterance.received - utterance.fed, 0);
    if (waiting + pcm.length > LONGEST_WAIT_S * this.#sourceHz) return;
    this.#utterance(number).append(pcm);
  }

  /** The utterance is complete. */
  end(number: number): void {
    if (number > this.#discardedUpto) this.#utterance(number).ended = true;
  }

  /** Fall silent and forget every utterance up to this one; tells what of each had been played. */
  flush(upto: number): Heard[] {
    this.#discardedUpto = Math.max(this.#discardedUpto, upto);
    const dropped = this.#queue.filter((utterance) => utterance.number <= upto);
    const heard = dropped.map((utterance) => ({
      utterance: utterance.number,
      samples: this.#heard(utterance),
    }));
    const [current] = dropped;
    if (current && this.#flowing) {
      this.#fade = this.#fadeOut(current);
      this.#flowing = false;
    }
    this.#queue = this.#queue.filter((utterance) => utterance.number > upto);
    for (const { utterance, samples } of heard) this.#remember(utterance, samples);
    if (!heard.some(({ utterance }) => utterance === upto)) {
      heard.push({ utterance: upto, samples: this.#ended.get(upto) ?? 0 });
    }
    return heard;
  }

  /** The utterance that sounds now and how much of it was handed over, or null in silence. */
  sounding(): Heard | null {
    const [current] = this.#queue;
    return current && this.#flowing ? { utterance: current.number, samples: this.#heard(current) } : null;
  }

  /** Fill one quantum of output; what no utterance fills is silence. */
  render(out: Float32Array): void {
    let written = this.#renderFade(out);
    while (written < out.length) {
      const [current] = this.#queue;
      if (!current || !this.#ready(current)) break;
      written += this.#draw(current, out.subarray(written));
      if (written === out.length) break;
      if (current.ended) this.#finish(current);
      else this.#stall(current);
    }
    out.fill(0, written);
  }

  #utterance(number: number): Utterance {
    const known = this.#queue.find((utterance) => utterance.number === number);
    if (known) return known;
    for (const earlier of this.#queue) earlier.ended = true;
    const utterance = new Utterance(number, this.#sourceHz);
    this.#queue.push(utterance);
    return utterance;
  }

  #ready(current: Utterance): boolean {
    if (this.#flowing) return true;
    const buffered = current.received - this.#heard(current);
    if (!current.ended && buffered < Math.round(PREBUFFER_S * this.#sourceHz)) return false;
    if (current.fed === 0) this.#resampler.reset();
    this.#flowing = true;
    if (current.received > 0) {
      this.#tell({ type: 'playing', utterance: current.number, samples: this.#heard(current) });
    }
    return true;
  }

  #draw(current: Utterance, out: Float32Array): number {
    const drawn = this.#pull(current, out);
    current.emitted += drawn;
    this.#tapPlayed(current);
    return drawn;
  }

  #tapPlayed(current: Utterance): void {
    const heard = this.#heard(current);
    if (heard > current.tapped) this.#tap(current.between(current.tapped, heard));
    current.tapped = heard;
  }

  /** Resample until `out` is full or the utterance has nothing more. */
  #pull(current: Utterance, out: Float32Array): number {
    let drawn = this.#resampler.draw(out);
    while (drawn < out.length && this.#feedSome(current)) drawn += this.#resampler.draw(out.subarray(drawn));
    return drawn;
  }

  #feedSome(current: Utterance): boolean {
    const pcm = current.between(current.fed, Math.min(current.received, current.fed + FEED_SAMPLES));
    if (pcm.length > 0) {
      for (let i = 0; i < pcm.length; i++) this.#feed[i] = (pcm[i] as number) / 32768;
      this.#resampler.feed(this.#feed.subarray(0, pcm.length));
      current.fed += pcm.length;
      return true;
    }
    if (!current.ended || current.finishing) return false;
    current.finishing = true;
    this.#resampler.finish();
    return true;
  }

  #heard(utterance: Utterance): number {
    const samples = Math.floor((utterance.emitted * this.#sourceHz) / this.#outputHz);
    return Math.min(utterance.received, samples);
  }

  #finish(current: Utterance): void {
    current.emitted = Math.ceil((current.received * this.#outputHz) / this.#sourceHz);
    this.#tapPlayed(current);
    this.#flowing = false;
    this.#queue.shift();
    this.#remember(current.number, current.received);
    this.#tell({ type: 'finished', utterance: current.number, samples: current.received });
  }

  #stall(current: Utterance): void {
    this.#flowing = false;
    this.#tell({ type: 'stalled', utterance: current.number, samples: this.#heard(current) });
  }

  #remember(number: number, samples: number): void {
    this.#ended.set(number, samples);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > REMEMBERED && oldest !== undefined) this.#ended.delete(oldest);
  }

  #fadeOut(current: Utterance): Float32Array {
    const fade = new Float32Array(Math.round(FADE_S * this.#outputHz));
    const drawn = fade.subarray(0, this.#pull(current, fade));
    return drawn.map((sample, i) => sample * (1 - (i + 1) / drawn.length));
  }

  #renderFade(out: Float32Array): number {
    const part = this.#fade.subarray(0, out.length);
    out.set(part);
    this.#fade = this.#fade.subarray(part.length);
    return part.length;
  }
}
