declare module 'virtual:licences' {
  /** Packages that the workbench is made of (scripts/licences.mts). */
  export const licences: readonly { name: string; version: string; licence: string }[];
}
