import { adam } from './adam';
import { binaryFlat, binaryRows, unary } from './elementwise';
import { multiply } from './gemm';
import { addProduct, maskResidual, quadratic, quadraticGradient, residual, scaleRows, squaredNorm } from './qcqp';
import { sumColumns, sumRows } from './reduce';

/** One item of an operation; the numbers are those of `../operations.ts`. */
export function runItem(operation: i32, item: i32): void {
  switch (operation) {
    case 0:
      return multiply(item);
    case 1:
      return binaryFlat(item);
    case 2:
      return binaryRows(item);
    case 3:
      return unary(item);
    case 4:
      return sumRows(item);
    case 5:
      return sumColumns(item);
    case 6:
      return adam(item);
    case 7:
      return residual(item);
    case 8:
      return scaleRows(item);
    case 9:
      return addProduct(item);
    case 10:
      return quadratic(item);
    case 11:
      return quadraticGradient(item);
    case 12:
      return maskResidual(item);
    case 13:
      return squaredNorm(item);
    default:
      unreachable();
  }
}
