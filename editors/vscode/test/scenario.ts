// The scenario that all editors go through, and the project it is about.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Fix {
  file: string;
  code: string;
  message: string;
  start: [number, number];
  end: [number, number];
  evidence: { line: number; message: string }[];
  hover: string;
  title: string;
  number?: string;
}

export interface Scenario {
  fixes: [Fix, Fix, Fix];
  fixAll: { file: string; code: string; count: number };
  notOpen: { file: string; code: string; line: number };
  leaks: number;
  silencing: { file: string; text: string; code: string };
}

/** The folder of the scenario, which is given to every driver. */
export const FIXTURES = required("LEAKWRIGHT_FIXTURES");

export const scenario = JSON.parse(readFileSync(join(FIXTURES, "scenario.json"), "utf8")) as Scenario;

/** What a file of the project is to hold once it is fixed. */
export function fixed(file: string): string {
  return readFileSync(join(FIXTURES, "fixed", file.replace("inbox/", "")), "utf8");
}

export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`${name} is not set`);
  }
  return value;
}

/** Asks until there is an answer; fails with what was seen last. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  seen: () => unknown = () => "nothing",
  seconds = 20,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) {
      return answer;
    }
    if (Date.now() > end) {
      throw new Error(`${what}: not within ${seconds} s; saw ${JSON.stringify(await seen(), null, 1)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Fails unless both are the same. */
export function equal(what: string, is: unknown, wanted: unknown): void {
  const [left, right] = [JSON.stringify(is, null, 1), JSON.stringify(wanted, null, 1)];
  if (left !== right) {
    throw new Error(`${what}: saw ${left}\nwanted ${right}`);
  }
}
