import { describe, expect, test, vi } from 'vitest';
import { gatewayUrl, loadConfig } from './config';
import { CONFIG as GOOD } from './fakes.test-support';
import { Trouble } from './problems';

const serving = (response: Response | Error) => async () => {
  if (response instanceof Error) throw response;
  return response;
};

async function trouble(response: Response | Error): Promise<string> {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const error: unknown = await loadConfig(serving(response)).catch((thrown: unknown) => thrown);
  return error instanceof Trouble ? error.problem.code : 'no trouble';
}

test('a complete configuration is taken as it is', async () => {
  expect(await loadConfig(serving(Response.json(GOOD)))).toEqual(GOOD);
});

test.each([
  ['is not there', new Response('', { status: 404 })],
  ['cannot be fetched', new TypeError('network')],
])('one that %s is missing', async (_, response) => {
  expect(await trouble(response)).toBe('config_missing');
});

test.each([
  ['is a page instead', new Response('<!doctype html>')],
  ['lacks a field', Response.json({ ...GOOD, issuer: undefined })],
  ['has an empty client', Response.json({ ...GOOD, client_id: '' })],
  ['has an address that is none', Response.json({ ...GOOD, hosted_ui: 'example' })],
  ['has a gateway address that is none', Response.json({ ...GOOD, api: '/api' })],
  ['is a list', Response.json([])],
])('one that %s is malformed', async (_, response) => {
  expect(await trouble(response)).toBe('config_malformed');
});

describe('the gateway’s address', () => {
  test.each([
    ['', 'http://localhost:8080', false, 'http://localhost:8080/api/call'],
    ['', 'http://localhost:8080', true, 'ws://localhost:8080/api/call'],
    ['https://gw.example', 'https://console.example', true, 'wss://gw.example/api/call'],
  ])('api "%s" on %s', (api, origin, socket, url) => {
    expect(gatewayUrl(api, origin, '/api/call', socket)).toBe(url);
  });
});
