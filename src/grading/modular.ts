// Values of rational functions modulo a prime, at points that stand for random ones: two of them that
// agree there are the same function (Schwartz–Zippel; the odds against are about 2^-180). Variables,
// π and e are all letters here; i is a square root of −1. There is no rounding, so nothing is close.
import { createHash } from 'node:crypto';
import type { Arithmetic } from './evaluate.js';
import type { ConstantName } from './expression.js';
import type { Rational } from './rational.js';
import { size } from './rational.js';
import { Undecided, type Work } from './work.js';

/** A prime of no special form, one more than a multiple of 4. */
const prime = 0xea473088a6071740ff09c95500c665e38ad69cb32a8547cdn;
const rootOfMinusOne = 0xf100eb10ef7c3cb7aabe1bb75599b39fd4b1ad74b82a0abn;

/** How many points there are. */
export const modularPoints = 2;

/** Arithmetic modulo the prime at the point numbered `point`, charged to `work`. */
export class ModularArithmetic implements Arithmetic<bigint> {
  readonly #point: number;
  readonly #work: Work;
  readonly #symbols = new Map<string, bigint>();

  constructor(point: number, work: Work) {
    this.#point = point;
    this.#work = work;
  }

  number({ numerator, denominator }: Rational): bigint {
    this.#work.spend(size(numerator) + size(denominator));
    if (denominator === 1n) return modulo(numerator);
    return this.divide(modulo(numerator), modulo(denominator));
  }

  constant(name: ConstantName): bigint {
    if (name === 'infinity') throw new Undecided('no number');
    return name === 'i' ? rootOfMinusOne : this.symbol(`constant ${name}`);
  }

  symbol(name: string): bigint {
    const known = this.#symbols.get(name);
    if (known !== undefined) return known;
    this.#work.spend(8);
    const hash = createHash('sha256').update(`${this.#point} ${name}`).digest('hex');
    const value = modulo(BigInt(`0x${hash}`));
    this.#symbols.set(name, value);
    return value;
  }

  add(a: bigint, b: bigint): bigint {
    this.#work.spend(1);
    return (a + b) % prime;
  }

  multiply(a: bigint, b: bigint): bigint {
    this.#work.spend(1);
    return (a * b) % prime;
  }

  divide(a: bigint, b: bigint): bigint {
    this.#work.spend(60);
    return (a * inverse(b)) % prime;
  }

  power(base: bigint, _exponent: bigint, rational: Rational | null): bigint {
    if (rational === null || rational.denominator !== 1n) throw new Undecided('no integer power');
    const { numerator } = rational;
    const magnitude = numerator < 0n ? -numerator : numerator;
    if (size(magnitude) > 40) throw new Undecided('a power too large');
    if (base === 0n && numerator <= 0n) throw new Undecided('zero to a power not positive');
    let result = 1n;
    let square = base;
    for (let left = magnitude; left > 0n; left >>= 1n) {
      this.#work.spend(2);
      if (left % 2n === 1n) result = (result * square) % prime;
      square = (square * square) % prime;
    }
    return numerator < 0n ? this.divide(1n, result) : result;
  }

  root(): never {
    throw new Undecided('a root');
  }

  call(name: string, [operand = 0n]: readonly bigint[]): bigint {
    if (name === 'percent') return this.divide(operand, 100n);
    if (name === 'degrees') {
      return this.divide(this.multiply(operand, this.constant('pi')), 180n);
    }
    throw new Undecided('a function');
  }

  integer(): never {
    throw new Undecided('a series');
  }
}

/** The quotient of two residues, or null where the divisor is 0. */
export function modularQuotient(a: bigint, b: bigint): bigint | null {
  return b === 0n ? null : (a * inverse(b)) % prime;
}

function modulo(value: bigint): bigint {
  const rest = value % prime;
  return rest < 0n ? rest + prime : rest;
}

/** By Euclid's algorithm. */
function inverse(value: bigint): bigint {
  if (value === 0n) throw new Undecided('division by zero');
  let [a, b] = [value, prime];
  let [x, y] = [1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return modulo(x);
}
