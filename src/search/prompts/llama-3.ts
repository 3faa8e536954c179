// Llama 3, 3.1, 3.2 and 3.3 as the paper asks them. Llama of another chat format is generic.
import { isMarkedBy, type PromptFamily } from './family.js';
import { generic } from './generic.js';

export const llama3: PromptFamily = {
  ...generic,
  name: 'llama-3',
  systemPrompt: `\
Solve the following math problem efficiently and clearly:

- For simple problems (2 steps or fewer):
Provide a concise solution with minimal explanation.

- For complex problems (3 steps or more):
Use this step-by-step format:

## Step 1: [Concise description]
[Brief explanation and calculations]

## Step 2: [Concise description]
[Brief explanation and calculations]

...

Regardless of the approach, always conclude with:

Therefore, the final answer is: $\\boxed{answer}$. I hope it is correct.

Where [answer] is just the final number or expression that solves the problem.`,
  matches: (evidence) =>
    evidence.architecture === 'LlamaForCausalLM' && isMarkedBy('<|start_header_id|>', evidence),
};
