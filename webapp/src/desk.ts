/** The operator's desk: everything the page shows, as signals, and everything its buttons do. */

import { computed, signal } from '@preact/signals';
import type { Auth } from './auth';
import { Call } from './call';
import { type Config, gatewayUrl } from './config';
import type { Edges } from './edges';
import { type Problem, problem, problemOf, type Remedy } from './problems';
import { savedPrompt, savePrompt } from './prompts';
import { loadSession, type Profile, type Session } from './session';
import { activity, type CallEvent, elapsedMs, NO_CALL, reduce } from './state';

export type Page = 'starting' | 'signed_out' | 'refused' | 'console';

export interface Surroundings {
  auth: Auth;
  config: Config;
  edges: Edges;
  fetch: typeof fetch;
  origin: string;
  /** Whether browsers give this page a microphone and the cryptography that signing in needs. */
  secure: boolean;
  /** Holds saved prompts and preferences. */
  storage: Storage;
  now(): number;
  reload(): void;
}

const SHORTCUT_KEY = 'shortcut.mute';
const PROFILE_KEY = 'profile';
const TICK_MS = 250;

export class Desk {
  readonly page = signal<Page>('starting');
  readonly problem = signal<Problem | null>(null);
  readonly session = signal<Session | null>(null);
  readonly profileName = signal('');
  readonly prompt = signal<string | null>(null);
  readonly editingPrompt = signal(false);
  readonly call = signal(NO_CALL);
  readonly muted = signal(false);
  readonly muteShortcut = signal(true);
  readonly callerLevel = signal(0);
  readonly agentLevel = signal(0);
  readonly now = signal(0);

  readonly activity = computed(() => activity(this.call.value));
  readonly elapsedMs = computed(() => elapsedMs(this.call.value, this.now.value));
  readonly inCall = computed(() => ['connecting', 'live', 'reconnecting'].includes(this.call.value.phase));
  readonly profile = computed<Profile | null>(() => {
    const profiles = this.session.value?.profiles ?? [];
    return profiles.find(({ name }) => name === this.profileName.value) ?? profiles[0] ?? null;
  });

  readonly #around: Surroundings;
  #call: Call | null = null;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.muteShortcut.value = around.storage.getItem(SHORTCUT_KEY) !== 'off';
  }

  /** Work out who is here, and show them the page that is theirs. */
  async open(): Promise<void> {
    if (!this.#around.secure) return this.#refuse(problem('insecure_origin'));
    this.problem.value = null;
    try {
      await this.#around.auth.finishSignIn();
      if (await this.#around.auth.signedIn()) await this.#welcome();
      else this.page.value = 'signed_out';
    } catch (error) {
      this.#refuse(problemOf(error));
    }
  }

  async signIn(): Promise<void> {
    try {
      await this.#around.auth.signIn();
    } catch (error) {
      console.error(error);
      this.problem.value = problem('sign_in_failed');
    }
  }

  async signOut(): Promise<void> {
    this.#call?.hangUp();
    await this.#around.auth.signOut();
  }

  chooseProfile(name: string): void {
    this.#around.storage.setItem(PROFILE_KEY, name);
    this.#useProfile(name);
  }

  savePrompt(prompt: string | null): void {
    const profile = this.profile.value;
    if (!profile) return;
    savePrompt(this.#around.storage, profile, prompt);
    this.prompt.value = savedPrompt(this.#around.storage, profile);
  }

  setMuteShortcut(on: boolean): void {
    this.#around.storage.setItem(SHORTCUT_KEY, on ? 'on' : 'off');
    this.muteShortcut.value = on;
  }

  /** Call from within a click: browsers let sound begin only there. */
  async startCall(): Promise<void> {
    const profile = this.profile.value;
    if (!profile || this.inCall.value) return;
    this.#call?.hangUp();
    this.problem.value = null;
    this.muted.value = false;
    const call: Call = new Call(this.#around.edges, {
      heard: (event) => this.#heard(call, event),
      level: (which, rms) => {
        (which === 'caller' ? this.callerLevel : this.agentLevel).value = rms;
      },
      microphoneLost: () => {
        this.problem.value = problem('microphone_lost');
      },
    });
    this.#call = call;
    this.#tick();
    await call.start({
      url: this.#url('/api/call', true),
      profile: profile.name,
      prompt: this.prompt.value,
      token: () => this.#around.auth.token(),
      whyRefused: () => this.#whyRefused(),
    });
  }

  endCall(): void {
    this.#call?.hangUp();
  }

  toggleMute(): void {
    if (!this.inCall.value) return;
    this.muted.value = !this.muted.value;
    this.#call?.setMuted(this.muted.value);
  }

  say(text: string): void {
    const words = text.trim();
    if (words) this.#call?.say(words);
  }

  wake(): void {
    this.#call?.wake();
  }

  /** The browser has found or lost the network. */
  networkChanged(online: boolean): void {
    this.#call?.networkChanged(online);
  }

  dismiss(): void {
    this.problem.value = null;
  }

  async remedy(remedy: Remedy): Promise<void> {
    switch (remedy) {
      case 'sign-in':
        return this.signIn();
      case 'sign-out':
        return this.signOut();
      case 'call-again':
        return this.startCall();
      case 'reload':
        return this.#around.reload();
      case 'reopen-microphone':
        return this.#reopenMicrophone();
    }
  }

  async #reopenMicrophone(): Promise<void> {
    try {
      await this.#call?.reopenMicrophone();
      this.problem.value = null;
    } catch (error) {
      this.problem.value = { ...problemOf(error), remedy: 'reopen-microphone' };
    }
  }

  async #welcome(): Promise<void> {
    this.session.value = await this.#loadSession();
    this.#useProfile(this.#around.storage.getItem(PROFILE_KEY) ?? '');
    this.page.value = 'console';
  }

  async #loadSession(): Promise<Session> {
    const token = await this.#around.auth.token();
    return loadSession(this.#around.fetch, this.#url('/api/session'), token);
  }

  #useProfile(name: string): void {
    this.profileName.value = name;
    const profile = this.profile.value;
    this.prompt.value = profile && savedPrompt(this.#around.storage, profile);
  }

  #refuse(why: Problem): void {
    this.problem.value = why;
    this.page.value = why.remedy === 'sign-in' ? 'signed_out' : 'refused';
  }

  #heard(call: Call, event: CallEvent): void {
    if (call !== this.#call) return;
    this.now.value = this.#around.now();
    this.call.value = reduce(this.call.value, event, this.now.value);
    if (event.type !== 'page.over') return;
    clearInterval(this.#ticking);
    this.problem.value = event.ending.problem;
  }

  #tick(): void {
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => {
      this.now.value = this.#around.now();
    }, TICK_MS);
  }

  /** Browsers do not say why a handshake failed; the session route does. */
  async #whyRefused(): Promise<Problem> {
    await this.#loadSession();
    return problem('unavailable', 'The gateway knows you but did not take the call.');
  }

  #url(path: string, socket = false): string {
    return gatewayUrl(this.#around.config.api, this.#around.origin, path, socket);
  }
}
