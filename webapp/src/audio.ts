/** The page's one AudioContext: capture and playback share it, at the device's own rate. */

import { Trouble } from './problems';
import captureUrl from './worklets/capture.worklet.ts?worker&url';
import playbackUrl from './worklets/playback.worklet.ts?worker&url';

const START_DEADLINE_MS = 5_000;

/** Must run inside the click: only there may a page start making sound. */
export function openContext(): AudioContext {
  if (!window.isSecureContext || !navigator.mediaDevices) throw new Trouble('insecure_origin');
  const context = new AudioContext({ latencyHint: 'interactive' });
  // Awaited in `prepare`; a rejection that comes earlier is still seen there.
  context.resume().catch(() => {});
  return context;
}

/** Wait until the context runs and knows both worklets. Throws `Trouble`. */
export async function prepare(context: AudioContext): Promise<void> {
  const running = Promise.all([context.resume(), load(context, captureUrl), load(context, playbackUrl)]);
  let timer = 0;
  const late = new Promise<never>((_, reject) => {
    timer = window.setTimeout(() => reject(new Trouble('no_sound')), START_DEADLINE_MS);
  });
  try {
    await Promise.race([running, late]);
  } catch (error) {
    throw error instanceof Trouble ? error : new Trouble('no_sound');
  } finally {
    window.clearTimeout(timer);
  }
}

/** A server that was updated since this page was loaded no longer has the file that this page asks for. */
async function load(context: AudioContext, url: string): Promise<void> {
  try {
    await context.audioWorklet.addModule(url);
  } catch {
    throw new Trouble('page_outdated');
  }
}
