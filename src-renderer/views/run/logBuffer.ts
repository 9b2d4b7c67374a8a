export interface LogPart {
  text: string;
  /** Of its first and behind its last byte, in the file. */
  offset: number;
  end: number;
}

/** The part of a log that is loaded: one stretch of the file that grows at both ends. */
export class LogBuffer {
  start = 0;
  end: number | null = null;
  private text = '';

  /** @returns whether anything came */
  append(part: LogPart): boolean {
    if (this.end === null) {
      this.start = part.offset;
      // The first line of a tail is rarely whole.
      this.text = part.offset > 0 ? part.text.slice(part.text.indexOf('\n') + 1) : part.text;
    } else if (part.offset === this.end) this.text += part.text;
    else return false;
    const grown = this.end === null || part.end > this.end;
    this.end = part.end;
    return grown;
  }

  /** Puts an earlier part in front. */
  prepend(part: LogPart): void {
    this.start = part.offset;
    this.text = (part.offset > 0 ? part.text.slice(part.text.indexOf('\n') + 1) : part.text) + this.text;
  }

  lines(): string[] {
    const lines = this.text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines;
  }
}

export interface LogLine {
  /** As written: ISO 8601, UTC; empty on lines that continue the one above. */
  time: string;
  text: string;
  level: 'error' | 'warning' | 'info';
}

/** Lines that continue one are indented by the width of its time, which stands in a column of its own here. */
const timeIndent = /^ {1,25}/;

/** A line taken apart; its level follows from its first words. */
export function readLine(line: string): LogLine {
  const [, time = '', text = ''] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)? ?(.*)$/s.exec(line) ?? [];
  return time
    ? { time, text, level: levelOf(text) }
    : { time, text: text.replace(timeIndent, ''), level: levelOf(text) };
}

function levelOf(text: string): LogLine['level'] {
  if (/^(failed|crashed|error|\w*Error:)/i.test(text)) return 'error';
  return /^(repair|warning)\b/i.test(text) || text.includes('cannot be used') ? 'warning' : 'info';
}
