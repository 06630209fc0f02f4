import { useEffect, useRef, useState } from 'preact/hooks';
import type { Desk } from '../desk';

function condition(text: string, saved: string | null, standard: string): string {
  if (text.trim() === '') return 'A prompt cannot be empty.';
  if (text !== (saved ?? standard)) return 'Changed, not saved yet.';
  return saved === null
    ? 'This is the default prompt.'
    : 'Saved in this browser; used from the next call on.';
}

function Editor({ desk, close }: { desk: Desk; close: () => void }) {
  const standard = desk.profile.value?.prompt ?? '';
  const saved = desk.prompt.value;
  const limit = desk.session.value?.limits.prompt_chars ?? 0;
  const [text, setText] = useState(saved ?? standard);
  const changed = text !== (saved ?? standard);
  return (
    <form
      method="dialog"
      onSubmit={(event) => {
        event.preventDefault();
        desk.savePrompt(text);
        close();
      }}
    >
      <header>
        <h2 id="prompt-title">System prompt</h2>
        <button type="button" class="btn icon" aria-label="Close without saving" onClick={close}>
          ×
        </button>
      </header>
      <p class="hint" id="prompt-hint">
        What {desk.profile.value?.agent} is told before a call. Kept in this browser for the profile “
        {desk.profile.value?.title}”; a call that is running keeps the prompt it began with.
      </p>
      <label for="prompt" class="sr">
        System prompt
      </label>
      <textarea
        id="prompt"
        rows={16}
        maxLength={limit}
        value={text}
        aria-describedby="prompt-hint prompt-condition"
        data-testid="prompt"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <p class="condition" id="prompt-condition" role="status">
        <span data-testid="prompt-condition" class={changed ? 'changed' : undefined}>
          {condition(text, saved, standard)}
        </span>
        <span class="muted">
          {text.length.toLocaleString('en')} of {limit.toLocaleString('en')} characters
        </span>
      </p>
      <div class="actions">
        <button
          type="button"
          class="btn"
          disabled={text === standard}
          data-testid="prompt-reset"
          onClick={() => setText(standard)}
        >
          Reset to default
        </button>
        <span class="grow" />
        <button type="button" class="btn" onClick={close}>
          Cancel
        </button>
        <button
          type="submit"
          class="btn primary"
          disabled={!changed || text.trim() === ''}
          data-testid="prompt-save"
        >
          Save
        </button>
      </div>
    </form>
  );
}

/** A native modal dialog: the browser keeps focus inside, closes on Escape and gives focus back. */
export function PromptEditor({ desk }: { desk: Desk }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = desk.editingPrompt.value;
  const close = () => {
    desk.editingPrompt.value = false;
  };
  useEffect(() => {
    const el = dialog.current;
    if (open && !el?.open) el?.showModal();
    if (!open && el?.open) el.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="prompt-title" onClose={close}>
      {open && <Editor desk={desk} close={close} />}
    </dialog>
  );
}
