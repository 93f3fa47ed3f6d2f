// Results in the Test Anything Protocol, one line a test.

import { appendFileSync } from "node:fs";

export class Tap {
  private number = 0;
  failed = 0;

  /** Writes to a file, or to standard output. */
  constructor(private readonly file?: string) {}

  /** Runs a test. What it throws is what it saw. */
  async test(name: string, run: () => Promise<void>): Promise<boolean> {
    this.number += 1;
    const start = Date.now();
    try {
      await run();
      this.write(`ok ${this.number} - ${name} # ${Date.now() - start} ms\n`);
      return true;
    } catch (error) {
      this.failed += 1;
      const saw = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const lines = saw.split("\n").map((line) => `# ${line}\n`);
      this.write(`not ok ${this.number} - ${name}\n${lines.join("")}`);
      return false;
    }
  }

  /** Takes over the results of other tests, with numbers of our own. */
  adopt(lines: string): void {
    for (const line of lines.split("\n")) {
      const result = /^(ok|not ok) \d+ (.*)$/.exec(line);
      if (result) {
        this.number += 1;
        this.failed += result[1] === "ok" ? 0 : 1;
        this.write(`${result[1] ?? ""} ${this.number} ${result[2] ?? ""}\n`);
      } else if (line.startsWith("#")) {
        this.write(`${line}\n`);
      }
    }
  }

  /** Says how many there were; without it whoever reads knows that something ended early. */
  plan(): void {
    this.write(`1..${this.number}\n`);
  }

  write(text: string): void {
    if (this.file === undefined) {
      process.stdout.write(text);
    } else {
      appendFileSync(this.file, text);
    }
  }
}
