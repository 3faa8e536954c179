// ± and ∓: an expression with them stands for several values.
import { type Expression, negate, operandsOf, someNode, withOperands } from './expression.js';
import { Undecided } from './work.js';

const mostSigns = 4;

/**
 * Every expression that one with ± stands for; itself alone where there is none. Several ± take
 * their signs apart; where ∓ is among them, all go together.
 * @throws Undecided on too many signs
 */
export function expandSigns(expression: Expression): readonly Expression[] {
  const count = countSigns(expression);
  if (count === 0) return [expression];
  if (count > mostSigns) throw new Undecided('too many signs');
  const isTogether = someNode(expression, (node) => node.kind === 'eitherSign' && node.flips);
  const choices = isTogether
    ? [0, 2 ** count - 1]
    : Array.from({ length: 2 ** count }, (_, i) => i);
  return choices.map((choice) => {
    let sign = 0;
    return replaceSigns(expression, () => ((choice >> sign++) % 2 === 0 ? 1 : -1));
  });
}

export function countSigns(node: Expression): number {
  const own = node.kind === 'eitherSign' ? 1 : 0;
  return operandsOf(node).reduce((sum, operand) => sum + countSigns(operand), own);
}

function replaceSigns(node: Expression, nextSign: () => 1 | -1): Expression {
  const operands = operandsOf(node);
  if (operands.length === 0) return node;
  if (node.kind !== 'eitherSign') {
    return withOperands(
      node,
      operands.map((operand) => replaceSigns(operand, nextSign)),
    );
  }
  const sign = node.flips ? -nextSign() : nextSign();
  const operand = replaceSigns(node.operands[0], nextSign);
  return sign < 0 ? negate(operand) : operand;
}
