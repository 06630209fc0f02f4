// One call through the stock AWS SDK for JavaScript: events go in as lines, what the SDK makes of the answer comes out.
//
// In:  each line is one event as JSON; the end of input ends the request.
// Out: {"opened": requestId}, {"event": ...}, {"error": {name, message, status}} or {"ended": true}.
// Endpoint, credentials, region and trust come from the environment, as the SDK and Node read them.
import { createInterface } from "node:readline";
import { BedrockRuntimeClient, InvokeModelWithBidirectionalStreamCommand } from "@aws-sdk/client-bedrock-runtime";

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const lines = createInterface({ input: process.stdin });

async function* body() {
  for await (const line of lines) yield { chunk: { bytes: Buffer.from(line) } };
}

const client = new BedrockRuntimeClient();
try {
  const command = new InvokeModelWithBidirectionalStreamCommand({ modelId: process.argv[2], body: body() });
  const response = await client.send(command);
  say({ opened: response.$metadata.requestId });
  for await (const part of response.body) say(JSON.parse(Buffer.from(part.chunk.bytes).toString()));
  say({ ended: true });
} catch (error) {
  say({ error: { name: error.name, message: error.message, status: error.$metadata?.httpStatusCode ?? null } });
}
lines.close();
process.stdin.destroy();
client.destroy();
