import type { Problem, Remedy } from '../problems';

const LABELS: Record<Remedy, string> = {
  'sign-in': 'Sign in again',
  'sign-out': 'Sign out',
  'call-again': 'Call again',
  'reopen-microphone': 'Use the microphone again',
  reload: 'Reload',
};

interface Props {
  problem: Problem;
  onRemedy: (remedy: Remedy) => void;
  onDismiss?: (() => void) | undefined;
}

/** What went wrong and the way out of it. */
export function ProblemAlert({ problem, onRemedy, onDismiss }: Props) {
  const { remedy } = problem;
  return (
    <div class="problem" role="alert" data-testid="problem" data-code={problem.code}>
      <span class="problem-icon" aria-hidden="true">
        !
      </span>
      <div class="problem-text">
        <strong>{problem.title}</strong>
        <p>
          {problem.sentence} <span class="fix">{problem.fix}</span>
        </p>
      </div>
      <div class="problem-actions">
        {remedy && (
          <button type="button" class="btn" data-testid="remedy" onClick={() => onRemedy(remedy)}>
            {LABELS[remedy]}
          </button>
        )}
        {onDismiss && (
          <button type="button" class="btn icon" aria-label="Dismiss this message" onClick={onDismiss}>
            ×
          </button>
        )}
      </div>
    </div>
  );
}
