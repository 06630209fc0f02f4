import type { Desk } from '../desk';

/** Who answers the next call, and with which prompt. */
export function Agent({ desk }: { desk: Desk }) {
  const profile = desk.profile.value;
  const profiles = desk.session.value?.profiles ?? [];
  if (!profile) return null;
  return (
    <section class="panel" aria-labelledby="agent-title">
      <header>
        <h2 id="agent-title">Agent</h2>
        <span class="muted">
          {profile.agent}, voice {profile.voice}
        </span>
      </header>
      <div class="agent-body">
        {profiles.length > 1 ? (
          <label class="field">
            Profile
            <select
              data-testid="profile"
              value={profile.name}
              disabled={desk.inCall.value}
              onChange={(event) => desk.chooseProfile(event.currentTarget.value)}
            >
              {profiles.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        ) : (
          <span>{profile.title}</span>
        )}
        {profile.prompt_editable && (
          <div class="prompt-row">
            <span>
              System prompt:{' '}
              <b data-testid="prompt-state">{desk.prompt.value === null ? 'default' : 'edited'}</b>
            </span>
            <button
              type="button"
              class="btn small"
              data-testid="edit-prompt"
              onClick={() => {
                desk.editingPrompt.value = true;
              }}
            >
              Edit prompt
            </button>
          </div>
        )}
      </div>
    </section>
  );
}
