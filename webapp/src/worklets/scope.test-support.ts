/** Enough of an AudioWorkletGlobalScope to run a processor in Node, one quantum at a time. */

type Processor = {
  port: { sent: Record<string, unknown>[]; onmessage: ((event: { data: unknown }) => void) | null };
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
};

class StubProcessor {
  port = {
    sent: [] as Record<string, unknown>[],
    onmessage: null,
    postMessage(message: Record<string, unknown>) {
      this.sent.push(message);
    },
  };
}

const QUANTUM = 128;

/** Load a worklet module into a scope of that rate, and make its processor. */
export async function loadProcessor(load: () => Promise<unknown>, rateHz: number, options: object = {}) {
  let Registered: (new (options: object) => Processor) | undefined;
  const scope = Object.assign(globalThis as Record<string, unknown>, {
    AudioWorkletProcessor: StubProcessor,
    registerProcessor: (_: string, processor: new (options: object) => Processor) => {
      Registered = processor;
    },
    sampleRate: rateHz,
    currentFrame: 0,
    currentTime: 0,
  });
  await load();
  if (!Registered) throw new Error('the module registered no processor');
  const processor = new Registered(options);
  return {
    tell: (data: unknown) => processor.port.onmessage?.({ data }),
    sent: (type: string) => processor.port.sent.filter((message) => message['type'] === type),
    /** Returns what `process` answered: whether the processor wants to live on. */
    quantum(input: Float32Array[], output: Float32Array[] = []): boolean {
      const alive = processor.process([input], [output]);
      scope['currentFrame'] = (scope['currentFrame'] as number) + QUANTUM;
      scope['currentTime'] = (scope['currentFrame'] as number) / rateHz;
      return alive;
    },
  };
}
