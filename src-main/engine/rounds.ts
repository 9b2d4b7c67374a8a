import type { Workspace } from '../store/workspace';

const looksAtOnce = 50;

/** Goes through the run directories: others make, change and remove them too (the command line, an import, a file manager). */
export class Rounds {
  private readonly workspace: Workspace;
  private known = new Set<string>();
  private next = 0;

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  add(id: string): void {
    this.known.add(id);
  }

  delete(id: string): void {
    this.known.delete(id);
  }

  /**
   * Runs that are gone, and runs to look at: new ones, and a few of the known ones in turn, so that a change in thousands of
   * directories is noticed within a minute, at no cost.
   */
  go(): { gone: string[]; look: string[] } {
    const present = new Set(this.workspace.runs());
    const gone = [...this.known].filter((id) => !present.has(id));
    const unknown = [...present].filter((id) => !this.known.has(id));
    this.known = present;
    const ids = [...present];
    if (this.next >= ids.length) this.next = 0;
    const inTurn = ids.slice(this.next, this.next + looksAtOnce);
    this.next += looksAtOnce;
    return { gone, look: [...new Set([...unknown, ...inTurn])] };
  }
}
