import type { ComponentChildren } from 'preact';
import type { Problem, Remedy } from '../problems';
import { ProblemAlert } from './problem';

interface Props {
  problem: Problem | null;
  onRemedy: (remedy: Remedy) => void;
  children?: ComponentChildren;
}

/** The page before there is a console: starting, signed out, or refused. */
export function Welcome({ problem, onRemedy, children }: Props) {
  return (
    <main class="welcome">
      <div class="panel card">
        <h1>
          <img src="/favicon.svg" alt="" width="32" height="32" /> Sonic Switchboard
        </h1>
        <p>Speak with Telly, AnyTelco’s voice agent, and watch what happens on the call.</p>
        {problem && <ProblemAlert problem={problem} onRemedy={onRemedy} />}
        {children}
      </div>
    </main>
  );
}

export function SignIn({ onSignIn }: { onSignIn: () => void }) {
  return (
    <>
      <button type="button" class="btn primary large" data-testid="sign-in" onClick={onSignIn}>
        Sign in
      </button>
      <p class="hint">You need an operator’s account. A call uses your microphone and speakers.</p>
    </>
  );
}
