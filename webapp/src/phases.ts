/**
 * The life of a call:
 *
 *   new -> opening -> dialling -> joining -> live -> (leaving) -> (draining) -> over
 *                                              \-> reconnecting -> live or over
 *
 * opening: permission and devices. dialling: the WebSocket handshake. joining: until `call.started`. reconnecting:
 * the connection is lost, until `call.resumed`; the gateway keeps the call as long. leaving: hung up, until the gateway
 * confirms. draining: the gateway has ended the call and the agent's last words are still playing. Every phase in which somebody else must act has a deadline; opening waits for the person, who may take their time.
 */

export type Phase =
  | 'new'
  | 'opening'
  | 'dialling'
  | 'joining'
  | 'live'
  | 'reconnecting'
  | 'leaving'
  | 'draining'
  | 'over';

const NEXT: Record<Phase, readonly Phase[]> = {
  new: ['opening'],
  opening: ['dialling', 'over'],
  dialling: ['joining', 'over'],
  joining: ['live', 'leaving', 'over'],
  live: ['reconnecting', 'leaving', 'draining', 'over'],
  reconnecting: ['live', 'over'],
  leaving: ['over'],
  draining: ['over'],
  over: [],
};

const DEADLINES_MS = {
  dialling: 10_000,
  joining: 15_000,
  reconnecting: 20_000,
  leaving: 3_000,
  draining: 30_000,
};

export class Phases {
  #now: Phase = 'new';
  #deadline: ReturnType<typeof setTimeout> | undefined;

  get now(): Phase {
    return this.#now;
  }

  enter(phase: 'opening' | 'live' | 'over'): void {
    this.#move(phase);
  }

  /** Enter a phase that must not last; `late` is called when it does. */
  waitIn(phase: keyof typeof DEADLINES_MS, late: () => void): void {
    this.#move(phase);
    this.#deadline = setTimeout(late, DEADLINES_MS[phase]);
  }

  #move(phase: Phase): void {
    if (!NEXT[this.#now].includes(phase)) throw new Error(`a call cannot go from ${this.#now} to ${phase}`);
    clearTimeout(this.#deadline);
    this.#now = phase;
  }
}
