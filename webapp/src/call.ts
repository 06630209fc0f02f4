/**
 * One call: microphone, connection and speaker wired together. Its life is in `phases`; every way out of it leads
 * through `#end`.
 */

import { Connection } from './connection';
import type { CallListener, Edges, Order } from './edges';
import type { AudioFrame, GatewayMessage, MessageOf, PageMessage } from './messages';
import type { Microphone } from './microphone';
import { Phases } from './phases';
import { endingProblem, type Problem, problem, problemOf } from './problems';
import { Reports } from './reports';
import { Resumption } from './resumption';
import type { Speaker } from './speaker';
import type { Ending } from './state';
import { CALLER_RATE_HZ, type Heard, type PlayoutEvent } from './worklets/ports';

const HUNG_UP: Ending = { reason: 'You ended the call.', problem: null };

export class Call {
  readonly #edges: Edges;
  readonly #listener: CallListener;
  readonly #phases = new Phases();
  readonly #reports = new Reports();
  #context: AudioContext | null = null;
  #microphone: Microphone | null = null;
  #speaker: Speaker | null = null;
  #connection: Connection | null = null;
  #resumption: Resumption | null = null;
  /** By which the gateway knows the call; empty until it has started. */
  #name = '';
  /** Frames got over the connections before this one. */
  #received = 0;
  #unfinished = new Set<number>();
  #ending: Ending | null = null;
  #muted = false;

  constructor(edges: Edges, listener: CallListener) {
    this.#edges = edges;
    this.#listener = listener;
  }

  /** Call from within a click. Every failure ends in a `page.over` event; nothing is thrown. */
  async start(order: Order): Promise<void> {
    this.#phases.enter('opening');
    this.#listener.heard({ type: 'page.dialling' });
    try {
      await this.#openAudio();
      const token = this.#phases.now === 'opening' ? await order.token() : '';
      if (this.#phases.now === 'opening') this.#dial(order, token);
      else this.#release();
    } catch (error) {
      this.#fail(problemOf(error));
    }
  }

  hangUp(): void {
    if (this.#phases.now === 'live' || this.#phases.now === 'joining') {
      this.#phases.waitIn('leaving', () => this.#end(HUNG_UP));
      this.#microphone?.stop();
      this.#send({ type: 'call.end' });
    } else {
      if (this.#phases.now === 'reconnecting') this.#send({ type: 'call.end' });
      this.#end(this.#ending ?? HUNG_UP);
    }
  }

  /** Words typed instead of spoken. */
  say(text: string): void {
    if (this.#phases.now === 'live') this.#send({ type: 'text.say', text });
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#microphone?.setMuted(muted);
  }

  /** Throws `Trouble`. */
  async reopenMicrophone(): Promise<void> {
    await this.#microphone?.reopen();
  }

  networkChanged(online: boolean): void {
    if (this.#phases.now === 'live') this.#connection?.doubt();
    else if (online) this.#resumption?.hurry();
  }

  /** A phone call or a sleeping tab may have paused the sound. */
  wake(): void {
    this.#context?.resume().catch(() => {});
  }

  async #openAudio(): Promise<void> {
    const context = this.#edges.openContext();
    this.#context = context;
    await this.#edges.prepare(context);
    this.#microphone = await this.#edges.openMicrophone(context, {
      frame: (first, pcm) => this.#sendAudio({ utterance: 0, sequence: first, pcm }),
      level: (rms) => this.#level('caller', rms),
      lost: () => this.#listener.microphoneLost(),
    });
    this.#microphone.setMuted(this.#muted);
    this.#speaker = this.#edges.openSpeaker(context, {
      playout: (event) => this.#played(event),
      progress: (heard) => this.#report(heard),
      flushed: (heard) => this.#flushed(heard),
      level: (rms) => this.#level('agent', rms),
    });
  }

  #dial(order: Order, token: string): void {
    this.#phases.waitIn('dialling', () => this.#fail(problem('unreachable')));
    this.#connect(order, token);
  }

  #connect(order: Order, token: string): void {
    this.#connection?.drop();
    const socket = this.#edges.openSocket(order.url, ['call.v1', `bearer.${token}`]);
    this.#connection = new Connection(socket, {
      opened: () => this.#opened(order),
      heard: (message) => this.#told(message),
      audio: (frame) => this.#speaker?.push(frame.utterance, frame.pcm),
      garbled: () => this.#fail(problem('protocol')),
      closed: () => this.#closed(order),
    });
  }

  #opened(order: Order): void {
    if (this.#phases.now === 'dialling') return this.#join(order);
    this.#resumption?.opened();
    this.#send({ type: 'call.resume', call: this.#name, received: this.#received });
  }

  #join({ profile, prompt }: Order): void {
    this.#phases.waitIn('joining', () => this.#fail(problem('unavailable')));
    this.#send({ type: 'call.start', profile, ...(prompt === null ? {} : { prompt }) });
    this.#microphone?.begin();
  }

  #told(message: GatewayMessage): void {
    switch (message.type) {
      case 'call.started':
        if (this.#phases.now === 'joining') this.#goLive();
        this.#name = message.call;
        break;
      case 'call.resumed':
        return this.#resumed(message);
      case 'utterance.started':
        this.#unfinished.add(message.utterance);
        break;
      case 'utterance.ended':
        this.#speaker?.end(message.utterance);
        break;
      case 'barge_in':
        this.#speaker?.flush(message.utterance);
        break;
      case 'pong':
        return this.#listener.heard({ type: 'page.round_trip', ms: Math.max(0, Date.now() - message.id) });
      case 'call.ended':
        return this.#ended(message);
    }
    this.#listener.heard(message);
  }

  /** The agent's goodbye is sent faster than it plays: a call that ends well ends when it has been heard. */
  #ended(message: MessageOf<'call.ended'>): void {
    const ending: Ending = { reason: message.message, problem: endingProblem(message) };
    if (this.#phases.now !== 'live' || ending.problem || this.#unfinished.size === 0)
      return this.#end(ending);
    this.#ending = ending;
    this.#phases.waitIn('draining', () => this.#end(ending));
    this.#connection?.rest();
    this.#microphone?.stop();
    for (const utterance of this.#unfinished) this.#speaker?.end(utterance);
  }

  #closed(order: Order): void {
    switch (this.#phases.now) {
      case 'dialling':
        return this.#refused(order);
      case 'joining':
        return this.#fail(problem('connection_lost', 'The connection broke before the agent answered.'));
      case 'live':
        return this.#reconnect(order);
      case 'reconnecting':
        return this.#resumption?.closed();
      case 'leaving':
        return this.#end(HUNG_UP);
    }
  }

  #refused(order: Order): void {
    this.#phases.enter('over');
    order.whyRefused().then(
      (why) => this.#finish({ reason: '', problem: why }),
      (error: unknown) => this.#finish({ reason: '', problem: problemOf(error) }),
    );
  }

  #reconnect(order: Order): void {
    this.#received += this.#connection?.received ?? 0;
    this.#phases.waitIn('reconnecting', () => this.#fail(problem('connection_lost')));
    this.#resumption = new Resumption({
      token: () => order.token(),
      whyRefused: () => order.whyRefused(),
      dial: (token) => this.#connect(order, token),
      refused: (why) => this.#fail(why),
      random: () => this.#edges.random(),
    });
    this.#listener.heard({ type: 'page.reconnecting' });
  }

  #resumed(message: MessageOf<'call.resumed'>): void {
    if (this.#phases.now !== 'reconnecting') return;
    this.#resumption?.stop();
    this.#goLive();
    if (message.warm) for (const report of this.#reports.latest()) this.#send(report);
    else this.#startOver(message.utterance);
    this.#listener.heard(message);
  }

  /** Another gateway has the call: it counts anew, and of the utterances so far only what is here will be heard. */
  #startOver(lastUtterance: number): void {
    this.#received = 0;
    this.#reports.forget(lastUtterance);
    for (const utterance of this.#unfinished) this.#speaker?.end(utterance);
  }

  #goLive(): void {
    this.#phases.enter('live');
    this.#connection?.watch();
  }

  #played(event: PlayoutEvent): void {
    switch (event.type) {
      case 'playing':
        this.#listener.heard({ type: 'page.sounding', utterance: event.utterance });
        break;
      case 'stalled':
        this.#listener.heard({ type: 'page.stalled' });
        break;
      case 'finished':
        this.#report(event);
        this.#listener.heard({ type: 'page.finished' });
        this.#settle([event]);
    }
  }

  #flushed(heard: Heard[]): void {
    for (const each of heard) this.#report(each);
    this.#listener.heard({ type: 'page.silenced' });
    this.#settle(heard);
  }

  #settle(heard: Heard[]): void {
    for (const { utterance } of heard) this.#unfinished.delete(utterance);
    if (this.#phases.now === 'draining' && this.#unfinished.size === 0 && this.#ending)
      this.#end(this.#ending);
  }

  #report(heard: Heard): void {
    const report = this.#reports.of(heard);
    if (report && this.#phases.now !== 'reconnecting') this.#send(report);
  }

  #send(message: PageMessage): void {
    this.#connection?.send(message);
  }

  /** While the connection is lost the agent hears silence; the numbers of the frames after it tell how much. */
  #sendAudio(frame: AudioFrame): void {
    const phase = this.#phases.now;
    if (phase !== 'joining' && phase !== 'live' && phase !== 'reconnecting') return;
    if (phase !== 'reconnecting' && this.#connection?.sendAudio(frame)) return;
    this.#listener.heard({ type: 'page.dropped', ms: (frame.pcm.length * 1000) / CALLER_RATE_HZ });
  }

  #fail(why: Problem): void {
    this.#end({ reason: '', problem: why });
  }

  #end(ending: Ending): void {
    if (this.#phases.now === 'new' || this.#phases.now === 'over') return this.#release();
    this.#phases.enter('over');
    this.#finish(ending);
  }

  #finish(ending: Ending): void {
    this.#release();
    this.#listener.heard({ type: 'page.over', ending });
  }

  #release(): void {
    this.#resumption?.stop();
    this.#connection?.drop();
    this.#microphone?.stop();
    if (this.#context?.state !== 'closed') this.#context?.close().catch(() => {});
    this.#listener.level('caller', 0);
    this.#listener.level('agent', 0);
  }

  /** Worklets may speak once more after they were told to stop. */
  #level(which: 'caller' | 'agent', rms: number): void {
    if (this.#phases.now !== 'over') this.#listener.level(which, rms);
  }
}
