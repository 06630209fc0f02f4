/** The page's beginning: load the configuration, set up the desk, show it. */

import { render } from 'preact';
import { openContext, prepare } from './audio';
import { openAuth } from './auth';
import { loadConfig } from './config';
import { Desk } from './desk';
import type { Edges } from './edges';
import { openMicrophone } from './microphone';
import { problemOf } from './problems';
import { openSpeaker } from './speaker';
import { openTap } from './tap';
import { App } from './views/app';
import { Welcome } from './views/welcome';

let tap: ReturnType<typeof openTap> = null;

const edges: Edges = {
  openContext,
  prepare,
  openMicrophone,
  openSpeaker(context, listener) {
    tap ??= openTap(location.search);
    return openSpeaker(context, listener, tap);
  },
  openSocket: (url, protocols) => new WebSocket(url, protocols),
  random: Math.random,
};

async function main(root: HTMLElement): Promise<void> {
  const reload = () => location.reload();
  try {
    const config = await loadConfig(fetch.bind(window));
    const desk = new Desk({
      auth: openAuth(config, window),
      config,
      edges,
      fetch: fetch.bind(window),
      origin: location.origin,
      secure: window.isSecureContext,
      storage: localStorage,
      now: Date.now,
      reload,
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') desk.wake();
    });
    window.addEventListener('online', () => desk.networkChanged(true));
    window.addEventListener('offline', () => desk.networkChanged(false));
    render(<App desk={desk} />, root);
    await desk.open();
  } catch (error) {
    render(<Welcome problem={problemOf(error)} onRemedy={reload} />, root);
  }
}

const root = document.getElementById('app');
if (root) void main(root);
