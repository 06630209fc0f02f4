import type { CallState } from '../state';
import { duration, median } from './format';

/** How long the agent took to answer, turn by turn, and what the call has used. */
export function Figures({ call }: { call: CallState }) {
  const slowestMs = Math.max(1, ...call.timings.map((timing) => timing.answer_ms));
  const middle = median(call.timings.map((timing) => timing.answer_ms));
  return (
    <section class="panel" aria-labelledby="figures-title">
      <header>
        <h2 id="figures-title">Answer time</h2>
        <span class="muted">{middle === null ? '' : `median ${duration(middle)}`}</span>
      </header>
      {call.timings.length === 0 ? (
        <p class="none">From your words being recognised to Telly’s first sound, for every turn.</p>
      ) : (
        <table class="timings">
          <thead class="sr">
            <tr>
              <th scope="col">Turn</th>
              <th scope="col">Share</th>
              <th scope="col">Answer time</th>
              <th scope="col">Of it in tools</th>
            </tr>
          </thead>
          <tbody>
            {call.timings.slice(-6).map((timing) => (
              <tr key={timing.turn} data-testid="timing" data-turn={timing.turn}>
                <th scope="row">Turn {timing.turn}</th>
                <td class="share" aria-hidden="true">
                  <span class="bar" style={{ width: `${(timing.answer_ms / slowestMs) * 100}%` }}>
                    <i style={{ width: `${(timing.tools_ms / Math.max(1, timing.answer_ms)) * 100}%` }} />
                  </span>
                </td>
                <td>{duration(timing.answer_ms)}</td>
                <td class="muted">{timing.tools_ms > 0 ? `tools ${duration(timing.tools_ms)}` : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {call.droppedMs > 0 && (
        <p class="dropped" data-testid="dropped">
          Connection slow or lost: {duration(call.droppedMs)} of your audio did not reach the agent.
        </p>
      )}
      <p class="usage" data-testid="usage">
        Tokens: {call.usage?.input_tokens.toLocaleString('en') ?? 0} in,{' '}
        {call.usage?.output_tokens.toLocaleString('en') ?? 0} out
      </p>
    </section>
  );
}
