/** One WebSocket of a call: frames to and from messages, how many came, and whether anybody is still there. */

import {
  type AudioFrame,
  decodeAudio,
  decodeText,
  encodeAudio,
  encodeText,
  type GatewayMessage,
  MalformedMessage,
  type PageMessage,
} from './messages';

export interface ConnectionListener {
  opened(): void;
  heard(message: GatewayMessage): void;
  audio(frame: AudioFrame): void;
  /** The gateway sent what this page cannot read. */
  garbled(): void;
  /** The socket has closed, or its gateway has been silent for too long. Nothing is heard after it. */
  closed(): void;
}

const PING_EVERY_MS = 2_500;
/** The gateway acknowledges audio every second, so this many pings with no message since mean a dead connection. */
const UNANSWERED_PINGS = 3;
/** How soon a connection has to show that it outlived a change of the network. */
const PROOF_MS = 3_000;
/** Two seconds of audio: more than this waiting would reach the agent too late to be of use. */
const SEND_BUFFER_BYTES = 64 * 1024;

export class Connection {
  readonly #socket: WebSocket;
  readonly #listener: ConnectionListener;
  #pinging: ReturnType<typeof setInterval> | undefined;
  #doubting: ReturnType<typeof setTimeout> | undefined;
  #unanswered = 0;
  #received = 0;

  constructor(socket: WebSocket, listener: ConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => listener.opened();
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => this.#lose();
  }

  /** Frames of the call that came over this socket, `call.resumed` not counted. */
  get received(): number {
    return this.#received;
  }

  /** From now on the gateway must be heard from again and again. */
  watch(): void {
    clearInterval(this.#pinging);
    this.#pinging = setInterval(() => this.#ping(), PING_EVERY_MS);
  }

  /** The network has changed, and sockets do not notice: the gateway must be heard from soon. */
  doubt(): void {
    clearTimeout(this.#doubting);
    this.#doubting = setTimeout(() => this.#lose(), PROOF_MS);
    this.send({ type: 'ping', id: Date.now() });
  }

  send(message: PageMessage): void {
    if (this.#open) this.#socket.send(encodeText(message));
  }

  /** False where the connection does not take it. */
  sendAudio(frame: AudioFrame): boolean {
    if (!this.#open || this.#socket.bufferedAmount > SEND_BUFFER_BYTES) return false;
    this.#socket.send(encodeAudio(frame));
    return true;
  }

  drop(): void {
    this.rest();
    Object.assign(this.#socket, { onopen: null, onmessage: null, onclose: null });
    this.#socket.close();
  }

  /** No longer ask whether the gateway is there. */
  rest(): void {
    clearInterval(this.#pinging);
    clearTimeout(this.#doubting);
  }

  get #open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Pings are counted, not time: a page that was frozen for a while has missed its own timers, not the gateway. */
  #ping(): void {
    if (this.#unanswered >= UNANSWERED_PINGS) return this.#lose();
    this.#unanswered += 1;
    this.send({ type: 'ping', id: Date.now() });
  }

  #lose(): void {
    this.drop();
    this.#listener.closed();
  }

  #receive(data: string | ArrayBuffer): void {
    this.#unanswered = 0;
    clearTimeout(this.#doubting);
    this.#received += 1;
    try {
      if (typeof data === 'string') this.#hear(decodeText(data));
      else this.#listen(decodeAudio(data));
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      console.error(error.message);
      this.#listener.garbled();
    }
  }

  #hear(message: GatewayMessage | null): void {
    if (message?.type === 'call.resumed') this.#received -= 1;
    if (message) this.#listener.heard(message);
  }

  #listen(frame: AudioFrame | null): void {
    if (frame) this.#listener.audio(frame);
  }
}
