export { begin, execute, serve } from './pool';
export { addPairAdjoints, twoLoops } from './lbfgs';
export {
  addScaled,
  addSelected,
  addTransposedVector,
  cholesky,
  curvedRow,
  multiplyByLowerTransposed,
  multiplyLower,
  multiplyLowerTransposed,
  multiplySelected,
  multiplySymmetric,
  multiplyTransposed,
  multiplyVector,
  quadraticRows,
  solveLower,
  solveLowerTransposed,
} from './dense';
export { splitRows } from './splitting';
