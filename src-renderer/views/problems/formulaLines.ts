/** A problem's formula in two lines, objective and constraints, for where there is no room for one. */
export const formulaLines = (formula: string): string[] => formula.split(/\\quad(?=\\text\{s\.t\.\})/);
