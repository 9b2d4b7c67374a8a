export { begin, execute, serve } from './pool';
export {
  addScaled,
  addTransposedVector,
  cholesky,
  curvedRow,
  multiplyByLowerTransposed,
  multiplyLower,
  multiplyLowerTransposed,
  multiplySymmetric,
  multiplyTransposed,
  multiplyVector,
  quadraticRows,
  solveLower,
  solveLowerTransposed,
} from './dense';
