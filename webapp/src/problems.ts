/** Everything that can go wrong on this page, each as a title, a sentence and a way out. */

import type { MessageOf } from './messages';

/** What the page offers as a button beside the problem. */
export type Remedy = 'sign-in' | 'sign-out' | 'call-again' | 'reopen-microphone' | 'reload';

export interface Problem {
  code: ProblemCode;
  title: string;
  sentence: string;
  fix: string;
  remedy: Remedy | null;
}

const PROBLEMS = {
  no_microphone: {
    title: 'No microphone found',
    sentence: 'This computer has no microphone that the browser can use.',
    fix: 'Plug one in or switch it on in the system’s sound settings, then start the call again.',
    remedy: 'call-again',
  },
  microphone_denied: {
    title: 'Microphone blocked',
    sentence: 'The browser did not allow this page to use the microphone.',
    fix: 'Allow the microphone in the site settings beside the address bar, then start the call again.',
    remedy: 'call-again',
  },
  microphone_busy: {
    title: 'Microphone not available',
    sentence: 'The browser found a microphone but could not open it; another program may be using it.',
    fix: 'Close programs that use the microphone, then start the call again.',
    remedy: 'call-again',
  },
  microphone_lost: {
    title: 'Microphone lost',
    sentence: 'The microphone stopped during the call, so the agent no longer hears you. The call goes on.',
    fix: 'Check the cable or headset and use the microphone again, or type to the agent.',
    remedy: 'reopen-microphone',
  },
  insecure_origin: {
    title: 'This address is not secure',
    sentence: 'Browsers give the microphone only to pages on https:// or on this very computer.',
    fix: 'Open the console by its https:// address, or as http://localhost on the machine that serves it.',
    remedy: null,
  },
  no_sound: {
    title: 'No sound output',
    sentence: 'The browser could not start its audio output.',
    fix: 'Check that a speaker or headset is connected, then start the call again.',
    remedy: 'call-again',
  },
  signed_out: {
    title: 'Your sign-in has ended',
    sentence: 'The gateway no longer accepts this sign-in.',
    fix: 'Sign in again; your saved prompts stay in this browser.',
    remedy: 'sign-in',
  },
  sign_in_failed: {
    title: 'Sign-in did not finish',
    sentence: 'The sign-in page did not send back a valid answer.',
    fix: 'Sign in again from this page. If it keeps failing, allow this site to store data and check the clock.',
    remedy: 'sign-in',
  },
  not_an_operator: {
    title: 'No permission to make calls',
    sentence: 'You are signed in, but your account is not in the operators group.',
    fix: 'Ask an administrator to add you to the group, then sign out and in again.',
    remedy: 'sign-out',
  },
  origin_not_allowed: {
    title: 'The gateway does not know this address',
    sentence: 'The gateway refuses pages that are served from here.',
    fix: 'Open the console by its usual address, or add this one to GATEWAY_ALLOWED_ORIGINS.',
    remedy: null,
  },
  identity_unavailable: {
    title: 'Sign-in service not reachable',
    sentence: 'The gateway cannot check your sign-in at the moment.',
    fix: 'Wait a minute and try again.',
    remedy: 'reload',
  },
  unreachable: {
    title: 'Gateway not reachable',
    sentence: 'The page got no answer from the gateway.',
    fix: 'Check the network and that the gateway is running, then try again.',
    remedy: 'reload',
  },
  busy: {
    title: 'All lines are busy',
    sentence: 'No line to the agent is free right now.',
    fix: 'Wait a moment, then call again.',
    remedy: 'call-again',
  },
  unavailable: {
    title: 'The agent is not available',
    sentence: 'The gateway could not reach the agent.',
    fix: 'Call again in a minute. If it stays so, check the gateway’s log and its access to the model.',
    remedy: 'call-again',
  },
  draining: {
    title: 'The call was cut by an update',
    sentence: 'The gateway that carried this call is being replaced.',
    fix: 'Call again: another one answers.',
    remedy: 'call-again',
  },
  moved: {
    title: 'The call goes on elsewhere',
    sentence: 'This call goes on over another connection.',
    fix: 'Look for it in your other tabs and windows, or call again.',
    remedy: 'call-again',
  },
  idle: {
    title: 'The call ended in silence',
    sentence: 'Nobody spoke for a long while, so the gateway hung up.',
    fix: 'Call again when you are ready to speak.',
    remedy: 'call-again',
  },
  too_long: {
    title: 'The call reached its limit',
    sentence: 'Calls have a longest duration, and this one used it up.',
    fix: 'Call again to go on.',
    remedy: 'call-again',
  },
  forbidden: {
    title: 'Not allowed',
    sentence: 'The gateway did not allow what this call asked for.',
    fix: 'Reset the prompt to its default and call again.',
    remedy: 'call-again',
  },
  protocol: {
    title: 'Page and gateway do not understand each other',
    sentence: 'One of them sent something that the other does not accept; their versions may differ.',
    fix: 'Reload the page to get its newest version.',
    remedy: 'reload',
  },
  internal: {
    title: 'Something broke in the gateway',
    sentence: 'The call ended because of a fault on our side.',
    fix: 'Call again. If it happens again, look for this call in the gateway’s log.',
    remedy: 'call-again',
  },
  connection_lost: {
    title: 'Connection lost',
    sentence: 'The connection was lost and could not be restored.',
    fix: 'Call again. If that fails too, check the network.',
    remedy: 'call-again',
  },
  config_missing: {
    title: 'The console is not configured',
    sentence: 'The page could not load /config.json from the server that served it.',
    fix: 'Serve config.json beside index.html, then reload.',
    remedy: 'reload',
  },
  config_malformed: {
    title: 'The console’s configuration is broken',
    sentence: 'The page loaded /config.json but cannot use what is in it.',
    fix: 'It must be JSON with the texts hosted_ui, issuer, client_id, scope and api. Correct it, then reload.',
    remedy: 'reload',
  },
  page_outdated: {
    title: 'This page is out of date',
    sentence: 'The page could not load a part of itself; the server may have a newer version by now.',
    fix: 'Reload the page, then start the call again.',
    remedy: 'reload',
  },
  page_fault: {
    title: 'Something broke in this page',
    sentence: 'The page met an error of its own.',
    fix: 'Reload the page. If it happens again, report what the browser’s console shows.',
    remedy: 'reload',
  },
} as const satisfies Record<string, Omit<Problem, 'code'>>;

export type ProblemCode = keyof typeof PROBLEMS;
export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** The problem of that code; `detail` replaces its sentence where someone nearer to the cause has a better one. */
export function problem(code: ProblemCode, detail = ''): Problem {
  const known = PROBLEMS[code];
  return { ...known, code, sentence: detail.trim() || known.sentence };
}

/** A problem on its way to whoever shows it. */
export class Trouble extends Error {
  override name = 'Trouble';
  readonly problem: Problem;

  constructor(code: ProblemCode, detail = '') {
    super(`${code} ${detail}`.trim());
    this.problem = problem(code, detail);
  }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof Trouble) return error.problem;
  console.error(error);
  return problem('page_fault');
}

const MEDIA_ERRORS: Record<string, ProblemCode> = {
  NotFoundError: 'no_microphone',
  OverconstrainedError: 'no_microphone',
  NotAllowedError: 'microphone_denied',
  SecurityError: 'microphone_denied',
  NotReadableError: 'microphone_busy',
  AbortError: 'microphone_busy',
};

/** What a rejected `getUserMedia` means (W3C Media Capture and Streams, section 10.2). */
export function mediaTrouble(error: unknown): Trouble {
  const code = MEDIA_ERRORS[(error as { name?: string } | null)?.name ?? ''];
  if (code) return new Trouble(code);
  console.error(error);
  return new Trouble('microphone_busy');
}

const REFUSALS: Record<string, ProblemCode> = {
  token_missing: 'signed_out',
  token_malformed: 'signed_out',
  token_expired: 'signed_out',
  token_invalid: 'signed_out',
  not_an_operator: 'not_an_operator',
  origin_not_allowed: 'origin_not_allowed',
  identity_unavailable: 'identity_unavailable',
};

/** What a refusal of `GET /api/session` means. */
export function refusalTrouble(status: number, code: string): Trouble {
  const known = REFUSALS[code];
  if (known) return new Trouble(known);
  if (status === 401) return new Trouble('signed_out');
  return new Trouble('unreachable', `The gateway answered with status ${status}.`);
}

const FINAL: ReadonlySet<ProblemCode> = new Set(['signed_out', 'not_an_operator', 'origin_not_allowed']);

/** Whether the gateway does not want this operator or this page, which no other try changes. */
export function isRefusal({ code }: Problem): boolean {
  return FINAL.has(code);
}

/** What an ending means to the caller: null for a call that simply ended. */
export function endingProblem(ended: MessageOf<'call.ended'>): Problem | null {
  if (ended.code === 'ended') return null;
  const code = ended.code === 'too_big' ? 'protocol' : ended.code;
  const found = problem(Object.hasOwn(PROBLEMS, code) ? (code as ProblemCode) : 'internal', ended.message);
  if (found.remedy !== 'call-again') return found;
  if (!ended.retryable) return { ...found, remedy: null };
  const wait_s = ended.retry_after_s;
  return wait_s === undefined ? found : { ...found, fix: `Wait ${Math.ceil(wait_s)} s, then call again.` };
}
