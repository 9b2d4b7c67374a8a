// Functions that TensorFlow.js approximates to the digits of float32, to those of float64.

/** ln(1 + eˣ), without overflow and without cancellation. */
export function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}

/** x for x ≥ 0, else eˣ − 1. */
export function elu(x: number): number {
  return x >= 0 ? x : Math.expm1(x);
}

/** Klambauer et al., Self-Normalizing Neural Networks, NeurIPS 2017. */
export function selu(x: number): number {
  const scale = 1.0507009873554804934193349852946;
  const alpha = 1.6732632423543772848170429916717;
  return x >= 0 ? scale * x : scale * alpha * Math.expm1(x);
}

const twoOverRootPi = 1.1283791670955126;

/**
 * The error function, to a few units in the last place: its Maclaurin series erf x = 2/√π e^{−x²} Σ 2ᵏ x^{2k+1}/(2k+1)!! (all terms of one sign)
 * below 2.5, and 1 − erfc x with the continued fraction of erfc above (Abramowitz & Stegun, 7.1.6 and 7.1.14).
 */
export function erf(x: number): number {
  const z = Math.abs(x);
  // From here on 1 − erf is below half a unit in the last place.
  if (z > 5.93) return Math.sign(x);
  if (!(z > 2.5)) {
    const square = x * x;
    let term = x;
    let sum = x;
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
      term *= (2 * square) / (2 * k + 1);
      sum += term;
    }
    return twoOverRootPi * Math.exp(-square) * sum;
  }
  let fraction = z;
  for (let k = 60; k > 0; k--) fraction = z + k / 2 / fraction;
  const complement = Math.exp(-z * z) / (fraction * Math.sqrt(Math.PI));
  return Math.sign(x) * (1 - complement);
}
