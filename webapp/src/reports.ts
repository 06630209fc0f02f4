/** What the gateway is told of how much the caller has heard, kept until a lost connection is back. */

import type { PageMessage } from './messages';
import { AGENT_RATE_HZ, type Heard } from './worklets/ports';

export type Report = Extract<PageMessage, { type: 'playback.report' }>;

/** The gateway may ask nothing about utterances older than these. */
const KEPT = 16;

export class Reports {
  readonly #latest = new Map<number, Report>();
  #forgottenUpto = 0;

  /** What was handed to the device still sounds after a flush, so played samples are heard samples. */
  of({ utterance, samples }: Heard): Report | null {
    if (utterance <= this.#forgottenUpto) return null;
    const played_ms = Math.floor((samples * 1000) / AGENT_RATE_HZ);
    const report: Report = { type: 'playback.report', utterance, played_ms };
    this.#latest.set(utterance, report);
    const [oldest] = this.#latest.keys();
    if (this.#latest.size > KEPT && oldest !== undefined) this.#latest.delete(oldest);
    return report;
  }

  /** A lost connection takes with it what was just said on it, so all of it is said again: only the most counts. */
  latest(): Report[] {
    return [...this.#latest.values()];
  }

  /** The gateway knows nothing of these utterances any more. */
  forget(upto: number): void {
    this.#forgottenUpto = upto;
    for (const utterance of this.#latest.keys()) if (utterance <= upto) this.#latest.delete(utterance);
  }
}
