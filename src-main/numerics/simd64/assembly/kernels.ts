export { begin, execute, serve } from './pool';
export { addPairAdjoints, twoLoops } from './lbfgs';
export {
  addScaled,
  addSelected,
  addTransposedVector,
  curvedRow,
  multiplyLower,
  multiplyLowerTransposed,
  multiplySelected,
  multiplyVector,
  quadraticRows,
  solveLower,
  solveLowerTransposed,
} from './dense';
export { cholesky, multiplyByLowerTransposed, multiplySymmetric, multiplyTransposed } from './denseProducts';
export { splitRows } from './splitting';
