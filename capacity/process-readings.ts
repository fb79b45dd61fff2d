/**
 * CPU time and memory of the program and its children, by what they do. Linux tells it for each
 * thread (/proc); elsewhere `ps` tells it for each process, which leaves door, helpers and shards
 * together, and sink and ClickHouse.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { processTree, residentMiB } from "../bench/process-tree.ts";
import { type CpuCost, cpuParts } from "./calibration.ts";

/** pid -1: it runs elsewhere, or not at all. */
export type Pids = { main: number; nats: number; analytics: number };

/** Linux counts CPU time to programs in hundredths of a second, whatever the kernel does. */
const ticksPerSecond = 100;
/** Shard threads run at this niceness (runtime/thread-priority.ts); nothing else of main does. */
const shardNiceness = 10;
const mebibyte = 1024 ** 2;

type Thread = { isMain: boolean; niceness: number; seconds: number };

export const hasThreads = process.platform === "linux";

/** CPU seconds since each process began. */
export function cpuSeconds(pids: Pids): CpuCost {
  if (!hasThreads) return wholeProcesses(pids);
  const main = threadsOf(pids.main);
  const analytics = threadsOf(pids.analytics);
  const own = (threads: Thread[]) => sum(threads.filter((each) => each.isMain));
  const others = main.filter((each) => !each.isMain);
  // A sandbox may forbid niceness; then what is not the door counts as shards.
  const shards = others.filter((each) => each.niceness === shardNiceness);
  return {
    door: own(main),
    helpers: shards.length === 0 ? 0 : sum(others) - sum(shards),
    shards: shards.length === 0 ? sum(others) : sum(shards),
    nats: sum(threadsOf(pids.nats)),
    sink: own(analytics),
    clickhouse: sum(analytics) - own(analytics),
  };
}

export function costBetween(before: CpuCost, after: CpuCost, alerts: number): CpuCost {
  const cost = { ...after };
  // A thread that ended in between takes its time along.
  for (const part of cpuParts) {
    cost[part] = Math.max(0, after[part] - before[part]) / Math.max(1, alerts);
  }
  return cost;
}

/** Resident memory of the program itself, and of its children together. */
export type Resident = { main: number; children: number };

export function residentBytes(pid: number): Resident {
  if (hasThreads) {
    const [main = 0, ...others] = processTree(pid).map((each) => residentMiB(each) * mebibyte);
    return { main, children: others.reduce((bytes, each) => bytes + each, 0) };
  }
  const all = processTable();
  const main = all.find((each) => each.pid === pid)?.residentBytes ?? 0;
  const children = all.filter((each) => each.parent === pid);
  return { main, children: children.reduce((bytes, each) => bytes + each.residentBytes, 0) };
}

function threadsOf(pid: number): Thread[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const read = threadStat(`/proc/${pid}/task/${thread}/stat`);
      return read === null ? [] : [{ ...read, isMain: Number(thread) === pid }];
    });
  } catch {
    return [];
  }
}

function threadStat(path: string): { niceness: number; seconds: number } | null {
  try {
    const stat = readFileSync(path, "utf8");
    // The name stands in brackets and may hold anything; fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { seconds: ticks / ticksPerSecond, niceness: Number(fields[16]) };
  } catch {
    return null;
  }
}

const sum = (threads: Thread[]): number =>
  threads.reduce((seconds, each) => seconds + each.seconds, 0);

function wholeProcesses(pids: Pids): CpuCost {
  const all = processTable();
  const of = (pid: number): number => all.find((each) => each.pid === pid)?.seconds ?? 0;
  const none = { door: 0, helpers: 0, sink: 0 };
  return { ...none, shards: of(pids.main), nats: of(pids.nats), clickhouse: of(pids.analytics) };
}

type Row = { pid: number; parent: number; residentBytes: number; seconds: number };

function processTable(): Row[] {
  try {
    return readPs(execFileSync("ps", ["-axo", "pid=,ppid=,rss=,time="], { encoding: "utf8" }));
  } catch {
    return [];
  }
}

/** Lines of `pid ppid kibibytes [[days-]hours:]minutes:seconds`. */
export function readPs(text: string): Row[] {
  return text.split("\n").flatMap((line) => {
    const [pid, parent, kibibytes, time] = line.trim().split(/\s+/);
    if (time === undefined) return [];
    const [days, clock] = time.includes("-") ? time.split("-") : ["0", time];
    const seconds = (clock ?? "").split(":").reduce((all, part) => all * 60 + Number(part), 0);
    const row = { pid: Number(pid), parent: Number(parent) };
    const residentBytes = Number(kibibytes) * 1024;
    return [{ ...row, residentBytes, seconds: Number(days) * 86_400 + seconds }];
  });
}
