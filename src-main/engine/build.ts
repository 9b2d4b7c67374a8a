declare const __ADJOINT_VERSION__: string | undefined;
declare const __ADJOINT_COMMIT__: string | null | undefined;

/** What this program is; both are put in by the build and go into every manifest. */
export const build = {
  version: typeof __ADJOINT_VERSION__ === 'undefined' ? 'development' : __ADJOINT_VERSION__,
  commit: typeof __ADJOINT_COMMIT__ === 'undefined' ? null : __ADJOINT_COMMIT__,
};
