/**
 * Getting a lost connection back: tries that are further and further apart, each with a fresh token.
 *
 * How long a call waits for that is decided by its phases. A gateway that refuses the operator is told at once;
 * everything else may be different at the next try.
 */

import { isRefusal, type Problem, problemOf } from './problems';

export interface Way {
  /** A valid access token, renewed where needed. Throws `Trouble`. */
  token(): Promise<string>;
  /** Why the gateway refused the handshake, which browsers hide from pages. Throws `Trouble`. */
  whyRefused(): Promise<Problem>;
  /** Open a socket, in place of the one before; tell `opened` and `closed` what becomes of it. */
  dial(token: string): void;
  /** No try can succeed any more. */
  refused(why: Problem): void;
  /** From 0 up to 1. */
  random(): number;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 2_000;
const HANDSHAKE_MS = 4_000;

export class Resumption {
  readonly #way: Way;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitMs = FIRST_WAIT_MS;
  #tries = 0;
  #open = false;
  #asking = false;
  #stopped = false;

  constructor(way: Way) {
    this.#way = way;
    this.#tryLater();
  }

  /** The gateway has taken the handshake; whether it still has the call is about to come. */
  opened(): void {
    this.#open = true;
    clearTimeout(this.#timer);
  }

  closed(): void {
    if (!this.#open) void this.#askWhy();
    this.#open = false;
    this.#tryLater();
  }

  /** The network is back: try at once, and often again. */
  hurry(): void {
    this.#waitMs = FIRST_WAIT_MS;
    void this.#try();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Between half and all of the wait, so that the pages of a gateway that went down do not come back as one. */
  #tryLater(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#try(), this.#waitMs * (0.5 + this.#way.random() / 2));
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 2);
  }

  async #try(): Promise<void> {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#tries += 1;
    const mine = this.#tries;
    const current = () => mine === this.#tries && !this.#stopped;
    try {
      const token = await this.#way.token();
      if (!current()) return;
      this.#open = false;
      this.#timer = setTimeout(() => this.#tryLater(), HANDSHAKE_MS);
      this.#way.dial(token);
    } catch (error) {
      if (current() && !this.#refusedBy(problemOf(error))) this.#tryLater();
    }
  }

  /** Beside the next try, not before it: on a dead network the answer takes longer than the call can wait. */
  async #askWhy(): Promise<void> {
    if (this.#asking || this.#stopped) return;
    this.#asking = true;
    this.#refusedBy(await this.#way.whyRefused().catch(problemOf));
    this.#asking = false;
  }

  #refusedBy(why: Problem): boolean {
    if (this.#stopped || !isRefusal(why)) return false;
    this.#way.refused(why);
    return true;
  }
}
