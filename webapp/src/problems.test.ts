import { describe, expect, test, vi } from 'vitest';
import {
  endingProblem,
  isRefusal,
  mediaTrouble,
  PROBLEM_CODES,
  problem,
  problemOf,
  refusalTrouble,
  Trouble,
} from './problems';

test.each(PROBLEM_CODES)('%s has a title, a sentence and a fix', (code) => {
  const { title, sentence, fix } = problem(code);
  expect(title).not.toMatch(/[.]$/);
  expect(sentence).toMatch(/[.]$/);
  expect(fix).toMatch(/[.]$/);
});

test('no two problems look the same', () => {
  expect(new Set(PROBLEM_CODES.map((code) => problem(code).title)).size).toBe(PROBLEM_CODES.length);
});

test.each([
  ['NotFoundError', 'no_microphone'],
  ['NotAllowedError', 'microphone_denied'],
  ['NotReadableError', 'microphone_busy'],
])('a browser’s %s means %s', (name, code) => {
  expect(mediaTrouble(new DOMException('', name)).problem.code).toBe(code);
});

describe('a refusal of the session route', () => {
  test.each([
    [401, 'token_expired', 'signed_out'],
    [401, 'token_invalid', 'signed_out'],
    [401, '', 'signed_out'],
    [403, 'not_an_operator', 'not_an_operator'],
    [403, 'origin_not_allowed', 'origin_not_allowed'],
    [503, 'identity_unavailable', 'identity_unavailable'],
    [502, '', 'unreachable'],
  ])('%i %s is %s', (status, code, expected) => {
    expect(refusalTrouble(status, code).problem.code).toBe(expected);
  });
});

test('only the operator and the page are refused for good', () => {
  expect(PROBLEM_CODES.filter((code) => isRefusal(problem(code)))).toEqual([
    'signed_out',
    'not_an_operator',
    'origin_not_allowed',
  ]);
});

test('a call that goes on elsewhere is told so', () => {
  expect(problem('moved').sentence).toBe('This call goes on over another connection.');
});

describe('an ending', () => {
  const ended = (code: string, more: object = {}) => ({
    type: 'call.ended' as const,
    code,
    message: 'The gateway’s own sentence.',
    retryable: true,
    retry_after_s: undefined,
    ...more,
  });

  test('that is an ordinary goodbye is no problem', () => {
    expect(endingProblem(ended('ended'))).toBeNull();
  });

  test.each([
    ['busy', 'busy'],
    ['unavailable', 'unavailable'],
    ['draining', 'draining'],
    ['moved', 'moved'],
    ['idle', 'idle'],
    ['too_long', 'too_long'],
    ['forbidden', 'forbidden'],
    ['protocol', 'protocol'],
    ['too_big', 'protocol'],
    ['internal', 'internal'],
    ['something_new', 'internal'],
    ['toString', 'internal'],
  ])('with code %s is shown as %s, in the gateway’s words', (code, expected) => {
    expect(endingProblem(ended(code))).toMatchObject({
      code: expected,
      sentence: 'The gateway’s own sentence.',
    });
  });

  test('without a message keeps a sentence of its own', () => {
    expect(endingProblem(ended('busy', { message: ' ' }))?.sentence).toBe(problem('busy').sentence);
  });

  test('that cannot be retried offers no new call', () => {
    expect(endingProblem(ended('internal', { retryable: false }))?.remedy).toBeNull();
  });
});

test('an unexpected error is shown as a fault of the page and kept for the developer', () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const error = new TypeError('x');
  expect(problemOf(error).code).toBe('page_fault');
  expect(log).toHaveBeenCalledWith(error);
  expect(problemOf(new Trouble('busy')).code).toBe('busy');
});
