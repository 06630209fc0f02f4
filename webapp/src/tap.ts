/**
 * The page's own tap: with `?tap` in its address the page keeps every sample of the agent that it really played.
 *
 * End-to-end tests read `window.tap`, one Int16Array at 24 kHz with nothing between utterances. Without `?tap` the
 * playback worklet posts no samples and `window.tap` does not exist.
 */

export function openTap(search: string): ((pcm: Int16Array) => void) | null {
  if (!new URLSearchParams(search).has('tap')) return null;
  let samples = new Int16Array(24_000 * 60);
  let length = 0;
  Object.defineProperty(window, 'tap', { get: () => samples.slice(0, length), configurable: true });
  return (pcm) => {
    if (length + pcm.length > samples.length) {
      const larger = new Int16Array((length + pcm.length) * 2);
      larger.set(samples);
      samples = larger;
    }
    samples.set(pcm, length);
    length += pcm.length;
  };
}
