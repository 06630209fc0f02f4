import type { ToolUse } from '../state';
import { duration } from './format';

const STATUS = { running: 'Running', succeeded: 'Succeeded', failed: 'Failed', lost: 'Lost' } as const;
const ICON = { running: '◌', succeeded: '✓', failed: '✕', lost: '?' } as const;

function Json({ title, value }: { title: string; value: Record<string, unknown> }) {
  return (
    <>
      <h3>{title}</h3>
      <pre>{JSON.stringify(value, null, 2)}</pre>
    </>
  );
}

function Tool({ tool }: { tool: ToolUse }) {
  const ok = tool.status === 'running' ? undefined : tool.status === 'succeeded';
  return (
    <li
      id={`tool-${tool.id}`}
      data-testid="tool"
      data-name={tool.name}
      data-status={tool.status}
      {...(ok === undefined ? {} : { 'data-ok': String(ok) })}
    >
      <details>
        <summary>
          <span class={`status ${tool.status}`}>
            <span aria-hidden="true">{ICON[tool.status]}</span> {STATUS[tool.status]}
          </span>
          <code>{tool.name}</code>
          <span class="ms">{tool.durationMs === null ? '' : duration(tool.durationMs)}</span>
        </summary>
        {tool.code && (
          <p class="code">
            Code <code>{tool.code}</code>
          </p>
        )}
        {tool.status === 'lost' && (
          <p class="hint">Another server took the call over before the answer to this came.</p>
        )}
        <Json title="Input" value={tool.input} />
        {tool.result && <Json title="Result" value={tool.result} />}
      </details>
    </li>
  );
}

/** What the agent looked up, newest last, as it was asked and answered. */
export function Tools({ tools }: { tools: ToolUse[] }) {
  return (
    <section class="panel tools-panel" aria-labelledby="tools-title">
      <header>
        <h2 id="tools-title">Tool uses</h2>
        <span class="muted">{tools.length || ''}</span>
      </header>
      {tools.length === 0 ? (
        <p class="none">Nothing looked up yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll region must be reachable by keyboard
        <section class="scroll" aria-label="Tool uses of this call" tabIndex={0}>
          <ul class="tools">
            {tools.map((tool) => (
              <Tool key={tool.id} tool={tool} />
            ))}
          </ul>
        </section>
      )}
    </section>
  );
}
