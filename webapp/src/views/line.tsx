import type { MessageOf } from '../messages';
import type { Line, Sentence, ToolUse } from '../state';
import { clock, duration } from './format';

/** One sentence: as it will be said, as it was said, as far as it was heard, or as it can no longer be said. */
function Words({ sentence }: { sentence: Sentence }) {
  const { text, heardChars, final, abandoned } = sentence;
  if (abandoned) {
    return (
      <>
        <span class="sr"> Not finished: </span>
        <del data-testid="abandoned">{text}</del>{' '}
      </>
    );
  }
  if (heardChars === null) return <span class={final ? undefined : 'draft'}>{text} </span>;
  return (
    <>
      {text.slice(0, heardChars)}
      {heardChars < text.length && (
        <>
          <span class="sr"> Not heard: </span>
          <del data-testid="unheard">{text.slice(heardChars)}</del>
        </>
      )}{' '}
    </>
  );
}

/** The link brings the tool use into view; what was asked and answered should then be seen too. */
function unfold(id: string): void {
  const details = document.getElementById(`tool-${id}`)?.querySelector('details');
  if (details) details.open = true;
}

function Tags({ line, tools }: { line: Line; tools: ToolUse[] }) {
  const abandoned = line.sentences.some((sentence) => sentence.abandoned);
  const draft = line.sentences.some((sentence) => !sentence.final && !sentence.abandoned);
  return (
    <>
      {line.typed && <span class="tag">typed</span>}
      {line.interrupted && <span class="tag warn">interrupted</span>}
      {abandoned && <span class="tag warn">not finished</span>}
      {draft && !line.interrupted && <span class="tag info">draft</span>}
      {line.tools.map((id) => (
        <a key={id} class="tag link" href={`#tool-${id}`} onClick={() => unfold(id)}>
          {tools.find((tool) => tool.id === id)?.name}
        </a>
      ))}
    </>
  );
}

function AnswerTime({ timing }: { timing: MessageOf<'turn.timing'> }) {
  const tools = timing.tools_ms > 0 ? `, ${duration(timing.tools_ms)} of it in tools` : '';
  return (
    <span class="answer" title={`Answered after ${duration(timing.answer_ms)}${tools}`}>
      <span class="sr">Answered after </span>
      {duration(timing.answer_ms)}
    </span>
  );
}

interface Props {
  line: Line;
  agent: string;
  tools: ToolUse[];
  /** Shown on the first line of an answer. */
  timing: MessageOf<'turn.timing'> | undefined;
}

export function LineView({ line, agent, tools, timing }: Props) {
  return (
    <li
      class={`line ${line.speaker}`}
      data-testid="line"
      data-speaker={line.speaker}
      data-turn={line.turn}
      data-final={line.sentences.every((sentence) => sentence.final)}
      data-interrupted={line.interrupted}
    >
      <div class="who">
        <b>{line.speaker === 'caller' ? 'Caller' : agent}</b>
        <time>{clock(line.atMs)}</time>
        <Tags line={line} tools={tools} />
        {timing && <AnswerTime timing={timing} />}
      </div>
      <p data-testid="words">
        {line.sentences.map((sentence) => (
          <Words key={sentence.index} sentence={sentence} />
        ))}
      </p>
    </li>
  );
}
