import type { Desk } from '../desk';
import { Console } from './console';
import { SignIn, Welcome } from './welcome';

export function App({ desk }: { desk: Desk }) {
  const page = desk.page.value;
  if (page === 'console') return <Console desk={desk} />;
  const signedOut = page === 'signed_out';
  const problem = desk.problem.value;
  return (
    // Signed out, the page has its own button to sign in, so the problem needs none.
    <Welcome
      problem={problem && signedOut ? { ...problem, remedy: null } : problem}
      onRemedy={(remedy) => void desk.remedy(remedy)}
    >
      {page === 'starting' && <p role="status">Loading…</p>}
      {signedOut && <SignIn onSignIn={() => void desk.signIn()} />}
    </Welcome>
  );
}
