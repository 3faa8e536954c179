// The peers that benchmarks run beside espalier, and why one is not there.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Trial } from './run-trial.js';
import { smollm2File } from './smollm2.js';

/** A trial's sizes, as trial.ts has them. */
export interface PeerTrial {
  readonly prompt: readonly number[];
  readonly branches: number;
  readonly tokens: number;
  readonly threads: number;
}

export interface Peer {
  readonly name: string;
  readonly trial: (options: PeerTrial) => Trial;
}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const llamaProgram = './peers/node-llama-cpp.mjs';

/** node-llama-cpp on the GGUF file itself; null, said aloud, where it is not installed. */
export function nodeLlamaCpp(): Peer | null {
  if (!existsSync(at('./node_modules/node-llama-cpp'))) {
    console.warn('SKIPPED: node-llama-cpp, which `npm install` in bench/ installs');
    return null;
  }
  return {
    name: 'node-llama-cpp (Q4_1)',
    trial: (options) => ({ program: llamaProgram, options: { ...options, model: smollm2File } }),
  };
}

/** Asks node-llama-cpp for its next token at each token of `chats`, a JSON file. */
export function agreementTrial(chats: string, threads: number): Trial {
  return { program: llamaProgram, options: { model: smollm2File, chats, threads } };
}

/** transformers.js in fp32 and int8; none, said aloud, where the export cannot be made. */
export function transformersJs(): Peer[] {
  const folder = join(tmpdir(), 'espalier-bench', 'smollm2-transformers-js');
  if (!existsSync(folder)) {
    const partial = `${folder}.partial`;
    mkdirSync(partial, { recursive: true });
    try {
      const args = [at('./peers/export-onnx.py'), smollm2File, partial];
      execFileSync('python3', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (error) {
      console.warn(`SKIPPED: transformers.js, whose ONNX export failed: ${lastLine(error)}`);
      return [];
    }
    renameSync(partial, folder);
  }
  return ['fp32', 'q8'].map((dtype) => ({
    name: `transformers.js (${dtype})`,
    trial: (options) => ({
      program: './peers/transformers-js.mjs',
      options: { ...options, model: folder, dtype },
    }),
  }));
}

/** Every peer that is there and that is asked for by name. */
export function allPeers(names: readonly string[] = ['node-llama-cpp', 'transformers.js']): Peer[] {
  const peers: Peer[] = [];
  if (names.includes('node-llama-cpp')) peers.push(...[nodeLlamaCpp() ?? []].flat());
  if (names.includes('transformers.js')) peers.push(...transformersJs());
  return peers;
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: Buffer; message: string };
  return stderr?.toString().trim().split('\n').at(-1) ?? message;
}
