/** Is told after each piece of work how much is done; the work goes on when it resolves. */
export type Progress = (done: number, of: number) => void | Promise<void>;
