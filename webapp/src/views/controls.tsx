import { useEffect, useState } from 'preact/hooks';
import type { Desk } from '../desk';
import type { CallState } from '../state';
import { Meter } from './meter';

const SAY_CHARS = 2000;
const HINTS: Partial<Record<CallState['phase'], string>> = {
  live: 'Type instead of speaking',
  reconnecting: 'Type again when the connection is back',
};

/** M mutes and unmutes, except where letters are typed. */
function useMuteKey(desk: Desk): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = (event.target as Element | null)?.closest?.('input, textarea, select, dialog');
      if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (event.key.toLowerCase() === 'm' && desk.muteShortcut.value) desk.toggleMute();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [desk]);
}

function Say({ desk }: { desk: Desk }) {
  const [text, setText] = useState('');
  const { phase } = desk.call.value;
  const live = phase === 'live';
  return (
    <form
      class="say"
      onSubmit={(event) => {
        event.preventDefault();
        desk.say(text);
        setText('');
      }}
    >
      <label class="sr" for="say">
        Message to the agent
      </label>
      <input
        id="say"
        autocomplete="off"
        maxLength={SAY_CHARS}
        disabled={!live}
        value={text}
        placeholder={HINTS[phase] ?? 'Type to the agent during a call'}
        data-testid="say-input"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="btn" disabled={!live || text.trim() === ''} data-testid="say-send">
        Send
      </button>
    </form>
  );
}

function MuteShortcut({ desk }: { desk: Desk }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={desk.muteShortcut.value}
        data-testid="mute-shortcut"
        onChange={(event) => desk.setMuteShortcut(event.currentTarget.checked)}
      />
      Key <kbd>M</kbd> mutes
    </label>
  );
}

export function Controls({ desk }: { desk: Desk }) {
  useMuteKey(desk);
  const inCall = desk.inCall.value;
  const muted = desk.muted.value;
  return (
    <section class="controls" aria-label="Call controls">
      {inCall ? (
        <button
          type="button"
          class="btn danger"
          data-testid="end"
          // The second click of a double click on “Start call” lands here; it must not hang up.
          onClick={(event) => event.detail < 2 && desk.endCall()}
        >
          End call
        </button>
      ) : (
        <button type="button" class="btn primary" data-testid="start" onClick={() => void desk.startCall()}>
          Start call
        </button>
      )}
      <button
        type="button"
        class="btn mute"
        aria-pressed={muted}
        {...(desk.muteShortcut.value ? { 'aria-keyshortcuts': 'M' } : {})}
        disabled={!inCall}
        data-testid="mute"
        onClick={() => desk.toggleMute()}
      >
        Mute
      </button>
      <MuteShortcut desk={desk} />
      <div class="meters">
        <Meter label="You" level={desk.callerLevel} muted={muted} />
        <Meter label="Agent" level={desk.agentLevel} />
      </div>
      <Say desk={desk} />
    </section>
  );
}
