import type { Desk } from '../desk';
import { Agent } from './agent';
import { Controls } from './controls';
import { Figures } from './figures';
import { Header } from './header';
import { ProblemAlert } from './problem';
import { PromptEditor } from './prompt-editor';
import { Tools } from './tools';
import { Transcript } from './transcript';

/** How the call ended, where the conversation ends. */
function Ended({ desk }: { desk: Desk }) {
  const ending = desk.call.value.ending;
  if (!ending) return null;
  return (
    <p class="ending" role="status" data-testid="ending">
      <span>{ending.problem ? ending.problem.title : ending.reason || 'The call ended.'}</span>
    </p>
  );
}

/** Always on the page: screen readers announce what appears in a region that was there before. */
function LostConnection({ desk }: { desk: Desk }) {
  return (
    <div role="status">
      {desk.activity.value === 'reconnecting' && (
        <p class="notice" data-testid="reconnecting">
          <strong>Connection lost, trying to get it back.</strong>{' '}
          <span>Until then the agent neither hears you nor reads what you type.</span>
        </p>
      )}
    </div>
  );
}

export function Console({ desk }: { desk: Desk }) {
  const problem = desk.problem.value;
  return (
    <div class="shell">
      <Header desk={desk} />
      {problem && (
        <ProblemAlert
          problem={problem}
          onRemedy={(remedy) => void desk.remedy(remedy)}
          onDismiss={() => desk.dismiss()}
        />
      )}
      <LostConnection desk={desk} />
      <main>
        <Transcript call={desk.call.value}>
          <Ended desk={desk} />
        </Transcript>
        <aside aria-label="About this call">
          <Agent desk={desk} />
          <Tools tools={desk.call.value.tools} />
          <Figures call={desk.call.value} />
        </aside>
      </main>
      <Controls desk={desk} />
      <PromptEditor desk={desk} />
    </div>
  );
}
