import { Fragment } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { CallState, Line } from '../state';
import { clock } from './format';
import { LineView } from './line';

/** Closer to the end than this counts as reading the latest. */
const NEAR_END_PX = 48;

function firstOfAnswer(lines: Line[], line: Line): boolean {
  return (
    line.speaker === 'agent' && lines.find((l) => l.turn === line.turn && l.speaker === 'agent') === line
  );
}

function Empty() {
  return (
    <div class="empty">
      <p>
        <strong>No call yet.</strong>
      </p>
      <p>Press “Start call” and allow the microphone. Telly greets you; then speak.</p>
    </div>
  );
}

function TakeoverNotes({ call, after }: { call: CallState; after: number }) {
  return call.takeovers
    .filter(({ lines }) => lines === after)
    .map(({ atMs }) => (
      <li key={atMs} class="takeover" data-testid="takeover">
        <time>{clock(atMs)}</time> Another server has taken this call over. What was under way then is lost.
      </li>
    ));
}

/** The conversation. It follows the newest words only while its reader is at the end of it. */
export function Transcript({ call, children }: { call: CallState; children?: preact.ComponentChildren }) {
  const box = useRef<HTMLElement>(null);
  const [following, setFollowing] = useState(true);
  const toEnd = () => box.current?.scrollTo({ top: box.current.scrollHeight });
  useLayoutEffect(() => {
    if (following) toEnd();
  }, [call.lines, call.takeovers, call.ending, following]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => following && toEnd());
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, [following]);
  const onScroll = ({ currentTarget: el }: { currentTarget: HTMLElement }) =>
    setFollowing(el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_END_PX);
  return (
    <section class="panel transcript" aria-labelledby="transcript-title">
      <header>
        <h2 id="transcript-title">Transcript</h2>
        <span class="muted">{call.info ? `with ${call.info.agent}` : ''}</span>
      </header>
      <section
        ref={box}
        class="scroll"
        role="log"
        aria-live="off"
        aria-label="Conversation"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll region must be reachable by keyboard
        tabIndex={0}
        onScroll={onScroll}
        data-testid="transcript"
      >
        {call.lines.length === 0 && call.phase === 'idle' && <Empty />}
        <ol>
          <TakeoverNotes call={call} after={0} />
          {call.lines.map((line, i) => (
            <Fragment key={line.key}>
              <LineView
                line={line}
                agent={call.info?.agent ?? 'Agent'}
                tools={call.tools}
                timing={
                  firstOfAnswer(call.lines, line) ? call.timings.find((t) => t.turn === line.turn) : undefined
                }
              />
              <TakeoverNotes call={call} after={i + 1} />
            </Fragment>
          ))}
        </ol>
        {children}
      </section>
      {!following && (
        <button type="button" class="btn jump" onClick={toEnd}>
          <span aria-hidden="true">↓</span> Jump to latest
        </button>
      )}
      <div class="sr" aria-live="polite" aria-atomic="true" data-testid="announcement">
        {call.announcement}
      </div>
    </section>
  );
}
