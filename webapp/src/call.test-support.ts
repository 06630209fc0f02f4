/** A call with everything around it under the test's hand, and what it told the page. */

import { Call } from './call';
import type { Order } from './edges';
import { fakeEdges, STARTED } from './fakes.test-support';
import { problem } from './problems';
import type { CallEvent, Ending } from './state';

export function setUp(order: Partial<Order> = {}) {
  const { edges, fake, socket, did } = fakeEdges();
  const heard: CallEvent[] = [];
  const levels: [string, number][] = [];
  let lost = 0;
  const call = new Call(edges, {
    heard: (event) => heard.push(event),
    level: (which, rms) => levels.push([which, rms]),
    microphoneLost: () => {
      lost += 1;
    },
  });
  const start = () =>
    call.start({
      url: 'ws://here/api/call',
      profile: 'anytelco',
      prompt: null,
      token: async () => 'secret',
      whyRefused: async () => problem('not_an_operator'),
      ...order,
    });
  const live = async () => {
    await start();
    socket.accept();
    socket.hear(STARTED);
  };
  const ending = (): Ending | undefined =>
    heard.flatMap((event) => (event.type === 'page.over' ? [event.ending] : []))[0];
  const endings = () => heard.filter((event) => event.type === 'page.over').length;
  /** The connection of the newest try. */
  const newest = () => fake.sockets.at(-1) ?? socket;
  return { call, newest, start, live, ending, endings, heard, levels, did, fake, socket, lost: () => lost };
}

export const frame = (samples = 512) => new Int16Array(samples).fill(100);
export const ended = (more: object = {}) => ({
  type: 'call.ended',
  code: 'ended',
  message: 'Goodbye.',
  retryable: false,
  ...more,
});
