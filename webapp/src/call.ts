/**
 * One call: microphone, socket and speaker wired together. Its life is in `phases`; every way out of it leads through
 * `#end`.
 */

import {
  type AudioFrame,
  decodeAudio,
  decodeText,
  encodeAudio,
  encodeText,
  type GatewayMessage,
  MalformedMessage,
  type MessageOf,
  type PageMessage,
} from './messages';
import type { Microphone, MicrophoneListener } from './microphone';
import { Phases } from './phases';
import { endingProblem, type Problem, problem, problemOf } from './problems';
import type { Speaker, SpeakerListener } from './speaker';
import type { CallEvent, Ending } from './state';
import { AGENT_RATE_HZ, CALLER_RATE_HZ, type Heard, type PlayoutEvent } from './worklets/ports';

export interface Order {
  /** ws: or wss: address of the gateway's `/api/call`. */
  url: string;
  profile: string;
  /** Replaces the profile's prompt; null for the profile's own. */
  prompt: string | null;
  /** A valid access token, renewed where needed. Throws `Trouble`. */
  token(): Promise<string>;
  /** Why the gateway refused the handshake, which browsers hide from pages. */
  whyRefused(): Promise<Problem>;
}

/** Everything a call touches outside itself. */
export interface Edges {
  openContext(): AudioContext;
  prepare(context: AudioContext): Promise<void>;
  openMicrophone(context: AudioContext, listener: MicrophoneListener): Promise<Microphone>;
  openSpeaker(context: AudioContext, listener: SpeakerListener): Speaker;
  openSocket(url: string, protocols: string[]): WebSocket;
}

export interface CallListener {
  heard(event: CallEvent): void;
  level(which: 'caller' | 'agent', rms: number): void;
  microphoneLost(): void;
}

const PING_EVERY_MS = 5_000;
/** The gateway acknowledges audio every second, so this many pings with no message since mean a dead connection. */
const UNANSWERED_PINGS = 3;
/** Two seconds of audio: more than this waiting would reach the agent too late to be of use. */
const SEND_BUFFER_BYTES = 64 * 1024;

const HUNG_UP: Ending = { reason: 'You ended the call.', problem: null };

export class Call {
  readonly #edges: Edges;
  readonly #listener: CallListener;
  readonly #phases = new Phases();
  #pinging: ReturnType<typeof setInterval> | undefined;
  #context: AudioContext | null = null;
  #microphone: Microphone | null = null;
  #speaker: Speaker | null = null;
  #socket: WebSocket | null = null;
  #unfinished = new Set<number>();
  #ending: Ending | null = null;
  #muted = false;
  #unanswered = 0;

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
    const socket = this.#edges.openSocket(order.url, ['call.v1', `bearer.${token}`]);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#join(order);
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = () => this.#closed(order);
  }

  #join({ profile, prompt }: Order): void {
    this.#phases.waitIn('joining', () => this.#fail(problem('unavailable')));
    this.#send({ type: 'call.start', profile, ...(prompt === null ? {} : { prompt }) });
    this.#microphone?.begin();
    this.#pinging = setInterval(() => this.#ping(), PING_EVERY_MS);
  }

  /** Pings are counted, not time: a page that was frozen for a while has missed its own timers, not the gateway. */
  #ping(): void {
    if (this.#unanswered >= UNANSWERED_PINGS) return this.#fail(problem('connection_lost'));
    this.#unanswered += 1;
    this.#send({ type: 'ping', id: Date.now() });
  }

  #received(data: string | ArrayBuffer): void {
    this.#unanswered = 0;
    try {
      if (typeof data === 'string') {
        const message = decodeText(data);
        if (message) this.#told(message);
      } else {
        const frame = decodeAudio(data);
        if (frame) this.#speaker?.push(frame.utterance, frame.pcm);
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      console.error(error.message);
      this.#fail(problem('protocol'));
    }
  }

  #told(message: GatewayMessage): void {
    switch (message.type) {
      case 'call.started':
        if (this.#phases.now === 'joining') this.#phases.enter('live');
        break;
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
    clearInterval(this.#pinging);
    this.#microphone?.stop();
    for (const utterance of this.#unfinished) this.#speaker?.end(utterance);
  }

  #closed(order: Order): void {
    if (this.#phases.now === 'dialling') {
      this.#phases.enter('over');
      order.whyRefused().then(
        (why) => this.#finish({ reason: '', problem: why }),
        (error: unknown) => this.#finish({ reason: '', problem: problemOf(error) }),
      );
    } else if (this.#phases.now === 'leaving') {
      this.#end(HUNG_UP);
    } else if (this.#phases.now !== 'draining') {
      this.#fail(problem('connection_lost'));
    }
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

  /** What was handed to the device still sounds after a flush, so played samples are heard samples. */
  #report({ utterance, samples }: Heard): void {
    const played_ms = Math.floor((samples * 1000) / AGENT_RATE_HZ);
    this.#send({ type: 'playback.report', utterance, played_ms });
  }

  #send(message: PageMessage): void {
    const socket = this.#socket;
    if (socket?.readyState === socket?.OPEN) socket?.send(encodeText(message));
  }

  #sendAudio(frame: AudioFrame): void {
    const socket = this.#socket;
    if (!socket || socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount <= SEND_BUFFER_BYTES) socket.send(encodeAudio(frame));
    else this.#listener.heard({ type: 'page.dropped', ms: (frame.pcm.length * 1000) / CALLER_RATE_HZ });
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
    clearInterval(this.#pinging);
    this.#microphone?.stop();
    if (this.#socket) Object.assign(this.#socket, { onopen: null, onmessage: null, onclose: null });
    this.#socket?.close();
    if (this.#context?.state !== 'closed') this.#context?.close().catch(() => {});
    this.#listener.level('caller', 0);
    this.#listener.level('agent', 0);
  }

  /** Worklets may speak once more after they were told to stop. */
  #level(which: 'caller' | 'agent', rms: number): void {
    if (this.#phases.now !== 'over') this.#listener.level(which, rms);
  }
}
