/**
 * Colours of series on a light ground, safe for the colour-blind: Okabe & Ito (2008) without its yellow and black, which one of the two themes
 * would swallow, then Tol's "muted" scheme (SRON/EPS/TN/09-002).
 */
export const paperColours = [
  '#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9',
  '#882255', '#117733', '#332288', '#999933', '#cc6677', '#44aa99', '#aa4499', '#6b7280',
] as const; // prettier-ignore
