// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Desk } from '../desk';
import { CONFIG, fakeEdges, SESSION, STARTED } from '../fakes.test-support';
import { PROBLEM_CODES, problem } from '../problems';
import { App } from './app';
import { clock } from './format';
import { litCells } from './meter';

beforeEach(() => localStorage.clear());
afterEach(cleanup);

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Colours are not computed here; the browser tests measure them. */
async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, {
    runOnly: RULES,
    rules: { 'color-contrast': { enabled: false }, region: { enabled: true } },
  });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
}

async function setUp({ signedIn = true } = {}) {
  const { edges, fake, socket, did } = fakeEdges();
  const desk = new Desk({
    auth: {
      finishSignIn: async () => {},
      signedIn: async () => signedIn,
      token: async () => 'secret',
      signIn: async () => {},
      signOut: async () => {},
    },
    config: CONFIG,
    edges,
    fetch: async () => Response.json(SESSION),
    origin: 'https://console.example',
    secure: true,
    storage: localStorage,
    now: Date.now,
    reload: () => {},
  });
  render(<App desk={desk} />);
  await desk.open();
  await settle();
  return { desk, fake, socket, did, user: userEvent.setup() };
}

type Page = Awaited<ReturnType<typeof setUp>>;

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

async function hear({ socket }: Page, ...messages: object[]): Promise<void> {
  for (const message of messages) socket.hear(message);
  await settle();
}

async function inCall(): Promise<Page> {
  const page = await setUp();
  await page.user.click(screen.getByTestId('start'));
  await settle();
  page.socket.accept();
  await hear(page, STARTED);
  return page;
}

const agentSays = (text: string, more: object = {}) => ({
  type: 'transcript',
  speaker: 'agent',
  turn: 1,
  utterance: 1,
  sentence: 0,
  text,
  final: true,
  ...more,
});
const callerSays = (turn: number, text: string) => ({
  type: 'transcript',
  speaker: 'caller',
  turn,
  text,
  final: true,
});
const state = () => screen.getByTestId('state').dataset['state'];

describe('before the console', () => {
  test('the signed-out page has one button to sign in', async () => {
    await setUp({ signedIn: false });
    expect(screen.getByTestId('sign-in').textContent).toBe('Sign in');
    await expectAccessible();
  });

  test.each(PROBLEM_CODES)('the problem %s is an alert with its fix', async (code) => {
    const { desk } = await setUp();
    desk.problem.value = problem(code);
    await settle();
    const alert = screen.getByRole('alert');
    expect(alert.dataset['code']).toBe(code);
    expect(alert.textContent).toContain(problem(code).title);
    expect(alert.textContent).toContain(problem(code).fix);
    await expectAccessible();
  });
});

describe('the console', () => {
  test('idle, it names the operator and invites a call', async () => {
    await setUp();
    expect(screen.getByTestId('operator').textContent).toContain('Maria Schmidt');
    expect(state()).toBe('idle');
    expect(screen.getByTestId('mute')).toHaveProperty('disabled', true);
    expect(screen.getByTestId('say-input')).toHaveProperty('disabled', true);
    await expectAccessible();
  });

  test('a whole call shows its words, its tools and its times', async () => {
    const page = await inCall();
    await hear(
      page,
      callerSays(1, 'What is my bill?'),
      { type: 'tool.started', tool_use: 't1', turn: 1, name: 'lookup', input: { query: 'bill' } },
      {
        type: 'tool.finished',
        tool_use: 't1',
        name: 'lookup',
        ok: true,
        result: { total: 42 },
        duration_ms: 88,
      },
      { type: 'turn.timing', turn: 1, answer_ms: 1140, tools_ms: 88 },
      agentSays('It is forty two dollars.'),
      { type: 'usage', input_tokens: 4120, output_tokens: 962 },
    );
    const [caller, agent] = screen.getAllByTestId('line');
    expect(caller?.dataset).toMatchObject({ speaker: 'caller', final: 'true', interrupted: 'false' });
    expect(agent?.textContent).toContain('It is forty two dollars.');
    expect(agent?.textContent).toContain('1.14 s');
    expect(
      within(agent as HTMLElement)
        .getByRole('link')
        .getAttribute('href'),
    ).toBe('#tool-t1');
    const tool = screen.getByTestId('tool');
    expect(tool.dataset).toMatchObject({ name: 'lookup', ok: 'true' });
    expect(tool.textContent).toContain('Succeeded');
    expect(tool.textContent).toContain('"total": 42');
    expect(screen.getByTestId('usage').textContent).toContain('4,120 in, 962 out');
    await expectAccessible();
  });

  test('a draft looks like one until its final words come', async () => {
    const page = await inCall();
    await hear(page, agentSays('I will look', { final: false }));
    expect(screen.getByTestId('line').dataset['final']).toBe('false');
    expect(screen.getByText('draft')).toBeTruthy();
    await hear(page, agentSays('I will look it up.'));
    expect(screen.getByTestId('line').dataset['final']).toBe('true');
    expect(screen.queryByText('draft')).toBeNull();
  });

  test('what an interrupted agent was not heard saying is struck through', async () => {
    const page = await inCall();
    await hear(page, agentSays('Your plan is active and paid.', { heard_chars: 19 }));
    expect(screen.getByTestId('unheard').tagName).toBe('DEL');
    expect(screen.getByTestId('unheard').textContent).toBe(' and paid.');
    expect(screen.getByTestId('line').dataset['interrupted']).toBe('true');
    await expectAccessible();
  });

  test('the badge follows the call', async () => {
    const page = await inCall();
    expect(state()).toBe('listening');
    await hear(page, callerSays(1, 'Hello'));
    expect(state()).toBe('thinking');
    page.fake.speaker?.playout({ type: 'playing', utterance: 1, samples: 0 });
    await settle();
    expect(state()).toBe('speaking');
    await hear(page, {
      type: 'call.ended',
      code: 'ended',
      message: 'The agent said goodbye.',
      retryable: false,
    });
    expect(state()).toBe('ended');
    expect(screen.getByTestId('ending').textContent).toBe('The agent said goodbye.');
    expect(screen.queryByRole('alert')).toBeNull();
    expect(screen.getByTestId('start')).toBeTruthy();
  });

  test('screen readers hear final words only, one line at a time', async () => {
    const page = await inCall();
    await hear(page, agentSays('I will', { final: false }));
    expect(screen.getByTestId('announcement').textContent).toBe('');
    await hear(page, agentSays('I will look.'), callerSays(2, 'Thanks.'));
    expect(screen.getByTestId('announcement').textContent).toBe('Caller: Thanks.');
    expect(screen.getByRole('log').getAttribute('aria-live')).toBe('off');
  });

  test('the second click of a double click on the start button does not hang up', async () => {
    const page = await inCall();
    fireEvent.click(screen.getByTestId('end'), { detail: 2 });
    expect(page.socket.messages()).not.toContainEqual({ type: 'call.end' });
    fireEvent.click(screen.getByTestId('end'), { detail: 1 });
    expect(page.socket.messages().at(-1)).toEqual({ type: 'call.end' });
  });

  test('typed words are sent and the field is empty again', async () => {
    const page = await inCall();
    await page.user.type(screen.getByTestId('say-input'), 'Hello{Enter}');
    expect(page.socket.messages().at(-1)).toEqual({ type: 'text.say', text: 'Hello' });
    expect(screen.getByTestId('say-input')).toHaveProperty('value', '');
  });
});

describe('a lost connection', () => {
  async function lostCall(...before: object[]): Promise<Page> {
    const page = await inCall();
    await hear(page, ...before);
    page.socket.drop();
    await settle();
    return page;
  }

  async function comeBack(page: Page, warm: boolean): Promise<void> {
    page.desk.networkChanged(true);
    await settle();
    const again = page.fake.sockets.at(-1);
    again?.accept();
    again?.hear({ type: 'call.resumed', call: 'c1', warm, turn: 1, utterance: 1 });
    await settle();
  }

  test('is told in a sentence that screen readers speak, and the call can be ended', async () => {
    const page = await lostCall();
    expect(state()).toBe('reconnecting');
    expect(screen.getByTestId('state').textContent).toBe('Reconnecting');
    expect(screen.getByTestId('reconnecting').textContent).toContain(
      'Connection lost, trying to get it back.',
    );
    expect(screen.getByTestId('reconnecting').parentElement?.getAttribute('role')).toBe('status');
    expect(screen.getByTestId('mute')).toHaveProperty('disabled', false);
    await expectAccessible();
    await page.user.click(screen.getByTestId('end'));
    expect(state()).toBe('ended');
    expect(screen.queryByTestId('reconnecting')).toBeNull();
  });

  test('disables typing, says why, and keeps what was typed', async () => {
    const page = await inCall();
    await page.user.type(screen.getByTestId('say-input'), 'My number is');
    page.socket.drop();
    await settle();
    expect(screen.getByTestId('say-input')).toMatchObject({
      disabled: true,
      value: 'My number is',
      placeholder: 'Type again when the connection is back',
    });
    expect(screen.getByTestId('say-send')).toHaveProperty('disabled', true);
    await comeBack(page, true);
    expect(screen.getByTestId('say-input')).toMatchObject({ disabled: false, value: 'My number is' });
  });

  test('that is back leaves no trace', async () => {
    const page = await lostCall(agentSays('I will', { final: false }));
    await comeBack(page, true);
    expect(state()).toBe('listening');
    expect(screen.queryByTestId('reconnecting')).toBeNull();
    expect(screen.queryByTestId('takeover')).toBeNull();
    expect(screen.getByTestId('announcement').textContent).toBe('The connection is back.');
  });

  test('that another server took over leaves a note where it happened, and marks what was lost', async () => {
    const page = await lostCall(
      callerSays(1, 'What is my bill?'),
      { type: 'tool.started', tool_use: 't1', turn: 1, name: 'lookup', input: { query: 'bill' } },
      agentSays('I will look', { final: false }),
    );
    await comeBack(page, false);
    expect(screen.getByTestId('takeover').textContent).toContain('Another server has taken this call over.');
    expect(screen.getByTestId('abandoned').tagName).toBe('DEL');
    expect(screen.getByTestId('abandoned').textContent).toBe('I will look');
    expect(screen.queryByText('draft')).toBeNull();
    expect(screen.getByText('not finished')).toBeTruthy();
    expect(screen.getByTestId('tool').dataset).toMatchObject({ status: 'lost', ok: 'false' });
    page.fake.sockets.at(-1)?.hear({ ...agentSays('I am back.'), turn: 2, utterance: 2 });
    await settle();
    const order = [...screen.getByTestId('transcript').querySelectorAll('li')].map(
      (li) => li.dataset['testid'],
    );
    expect(order).toEqual(['line', 'line', 'takeover', 'line']);
    await expectAccessible();
  });
});

describe('the key M', () => {
  const pressed = () => screen.getByTestId('mute').getAttribute('aria-pressed');

  test('mutes and unmutes', async () => {
    const page = await inCall();
    await page.user.keyboard('m');
    expect(pressed()).toBe('true');
    await page.user.keyboard('M');
    expect(pressed()).toBe('false');
  });

  test('is a letter while one types', async () => {
    const page = await inCall();
    await page.user.type(screen.getByTestId('say-input'), 'mm');
    expect(pressed()).toBe('false');
    expect(screen.getByTestId('say-input')).toHaveProperty('value', 'mm');
  });

  test('can be switched off', async () => {
    const page = await inCall();
    await page.user.click(screen.getByTestId('mute-shortcut'));
    (document.activeElement as HTMLElement | null)?.blur();
    await page.user.keyboard('m');
    expect(pressed()).toBe('false');
  });
});

describe('the prompt editor', () => {
  async function open() {
    const page = await setUp();
    await page.user.click(screen.getByTestId('edit-prompt'));
    return page;
  }
  const condition = () => screen.getByTestId('prompt-condition').textContent;

  test('begins with the profile’s own prompt', async () => {
    await open();
    expect(screen.getByTestId('prompt')).toHaveProperty('value', 'Be kind.');
    expect(condition()).toBe('This is the default prompt.');
    expect(screen.getByTestId('prompt-save')).toHaveProperty('disabled', true);
    await expectAccessible();
  });

  test('saves a change, says so, and resets it', async () => {
    const page = await open();
    fireEvent.input(screen.getByTestId('prompt'), { target: { value: 'Be brief.' } });
    expect(condition()).toBe('Changed, not saved yet.');
    await page.user.click(screen.getByTestId('prompt-save'));
    expect(screen.getByTestId('prompt-state').textContent).toBe('edited');
    await page.user.click(screen.getByTestId('edit-prompt'));
    expect(condition()).toBe('Saved in this browser; used from the next call on.');
    await page.user.click(screen.getByTestId('prompt-reset'));
    await page.user.click(screen.getByTestId('prompt-save'));
    expect(screen.getByTestId('prompt-state').textContent).toBe('default');
  });

  test('does not save an empty prompt', async () => {
    await open();
    fireEvent.input(screen.getByTestId('prompt'), { target: { value: '  ' } });
    expect(condition()).toBe('A prompt cannot be empty.');
    expect(screen.getByTestId('prompt-save')).toHaveProperty('disabled', true);
  });

  test('is not offered where the profile does not allow it', async () => {
    const { desk } = await setUp();
    desk.chooseProfile('brief');
    await settle();
    expect(screen.queryByTestId('edit-prompt')).toBeNull();
  });
});

test.each([
  [0, '0:00'],
  [161_000, '2:41'],
  [3_540_000, '59:00'],
  [3_600_000, '1:00:00'],
  [3_761_999, '1:02:41'],
])('%i ms of a call are shown as %s', (ms, shown) => {
  expect(clock(ms)).toBe(shown);
});

test.each([
  [0, 0],
  [10 ** (-54 / 20), 0],
  [10 ** (-27 / 20), 10],
  [1, 20],
  [2, 20],
])('a level of %f lights %i cells', (rms, cells) => {
  expect(litCells(rms)).toBe(cells);
});
