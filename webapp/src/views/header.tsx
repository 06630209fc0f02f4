import type { Desk } from '../desk';
import type { Activity } from '../state';
import { clock } from './format';

const WORDS: Record<Activity, string> = {
  idle: 'Ready',
  connecting: 'Connecting',
  listening: 'Listening',
  thinking: 'Thinking',
  speaking: 'Speaking',
  reconnecting: 'Reconnecting',
  ended: 'Ended',
};

export function Header({ desk }: { desk: Desk }) {
  const activity = desk.activity.value;
  const roundTripMs = desk.call.value.roundTripMs;
  return (
    <header class="top">
      <h1>
        <img src="/favicon.svg" alt="" width="24" height="24" /> Sonic Switchboard
      </h1>
      <span class={`badge ${activity}`} data-testid="state" data-state={activity}>
        {WORDS[activity]}
      </span>
      {activity !== 'idle' && (
        <span class="stat">
          <b role="timer" data-testid="timer">
            {clock(desk.elapsedMs.value)}
          </b>{' '}
          call time
        </span>
      )}
      {desk.inCall.value && roundTripMs !== null && (
        <span class="stat wide">
          <b>{roundTripMs} ms</b> round trip
        </span>
      )}
      <span class="grow" />
      <span class="stat" data-testid="operator">
        <span class="sr">Signed in as </span>
        {desk.session.value?.operator.name}
      </span>
      <button type="button" class="btn" data-testid="sign-out" onClick={() => void desk.signOut()}>
        Sign out
      </button>
    </header>
  );
}
