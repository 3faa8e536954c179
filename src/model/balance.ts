// How large each inner channel of an MLP is made before it is quantised. A row of activations is
// rounded with one step for all channels, so a channel should be large where the down projection
// weighs it much: its up weights times a factor, its down weights divided by it, changes nothing else.
// Only additions, multiplications, divisions and square roots: the same bits on every machine.
import type { Checkpoint } from './checkpoint.js';
import type { LayerTensors } from './decoder-tensors.js';
import { forEachRow } from './tensor-rows.js';

/**
 * What up weights are multiplied by and down weights divided by, [inner].
 * @throws ModelError INVALID_FILE or INVALID_MODEL
 */
export async function channelFactors(
  checkpoint: Checkpoint,
  { mlpNorm, gate, up, down }: LayerTensors,
): Promise<Float64Array> {
  const norm = await checkpoint.read(mlpNorm); // [H]
  const afterNorm = async (tensor: string) => {
    const squares: number[] = [];
    await forEachRow(checkpoint, tensor, (row) => {
      let sum = 0;
      for (let i = 0; i < row.length; i++) {
        const weight = (row[i] as number) * (norm[i] as number);
        sum += weight * weight;
      }
      squares.push(sum);
    });
    return squares;
  };
  const [gates, ups] = [await afterNorm(gate), await afterNorm(up)];
  const downs = new Float64Array(ups.length);
  await forEachRow(checkpoint, down, (row) => {
    for (let i = 0; i < row.length; i++) {
      downs[i] = (downs[i] as number) + (row[i] as number) * (row[i] as number);
    }
  });
  return downs.map((square, i) => channelFactor(gates[i] as number, ups[i] as number, square));
}

/**
 * The factor of a channel that makes the rounding error of the whole product least, if the rows that
 * enter the MLP are of unit size in every direction: the square root of |down| / rms(activation).
 * @param gate squared length of the channel's gate weights, the norm's weight folded in
 * @param up likewise of its up weights
 * @param down squared length of its down weights
 */
export function channelFactor(gate: number, up: number, down: number): number {
  const ratio = down / (up * meanSquaredSilu(gate));
  const factor = Math.sqrt(Math.sqrt(ratio));
  return factor > 0 && Number.isFinite(factor) ? factor : 1;
}

/**
 * The mean of silu(x)^2 for normal x of this variance: v/4 + 3 v^2/16 where v is small, v/2 where it is
 * large, and within 1% of the integral between.
 */
export function meanSquaredSilu(variance: number): number {
  return (variance * (2 + 3 * variance)) / (8 + 6 * variance);
}
